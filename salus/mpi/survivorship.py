"""The golden record: what the index says of a human being of whom several senders keep a record. Pure.

Of each field one identity is believed, and the record says which, why, and who says something else:

- names, birth, gender, death: the national register's record first, then the one that was changed last;
- address: the one that somebody moved to last;
- identifiers and former names: all of them.

What a record does not say does not count against one that does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")
N = TypeVar("N")


@dataclass(frozen=True, kw_only=True)
class Name:
    family: str
    given: str


@dataclass(frozen=True, kw_only=True)
class Home:
    country: str  # ISO 3166-1 alpha-2
    postal_code: str = ""
    municipality: str = ""
    line: str = ""
    since: date = field(compare=False)  # who says when does not make it another address


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One sender's record of a human being."""

    id: int
    in_register: bool  # the national register's: it has a matricule
    changed_at: datetime  # registered, where it never was
    name: Name
    birth_family: str  # '': not known, as are None and the gender 'unknown' below
    birth_date: date
    gender: str
    multiple_birth: int | None
    deceased_on: date | None
    home: Home | None
    identifiers: tuple[tuple[str, str], ...]  # system, value
    former_names: tuple[Name, ...]


class Why(StrEnum):
    """Why this identity is believed."""

    ONLY = "only"  # no other says anything of it
    REGISTER = "register"  # it is the national register's
    NEWEST = "newest"  # it was changed last, the address moved to last


@dataclass(frozen=True, kw_only=True)
class Said(Generic[T]):
    identity: int
    value: T


@dataclass(frozen=True, kw_only=True)
class Field(Generic[T]):
    """``identity`` and ``why`` are None where nobody says anything."""

    value: T
    identity: int | None
    why: Why | None
    conflicts: tuple[Said[T], ...]  # what others say instead


@dataclass(frozen=True, kw_only=True)
class Golden:
    root: int
    identities: tuple[int, ...]  # the root first
    name: Field[Name]
    birth_family: Field[str]
    birth_date: Field[date]
    gender: Field[str]  # 'unknown'
    multiple_birth: Field[int | None]
    deceased_on: Field[date | None]
    home: Field[Home | None]
    identifiers: tuple[Said[tuple[str, str]], ...]
    former_names: tuple[Said[Name], ...]

    @property
    def numbers(self) -> tuple[tuple[str, str], ...]:
        """The identifiers alone: system, value."""
        return tuple(one.value for one in self.identifiers)

    @property
    def has_conflicts(self) -> bool:
        fields = (value for value in vars(self).values() if isinstance(value, Field))
        return any(field.conflicts for field in fields)


def golden(root: int, identities: Sequence[Identity]) -> Golden:
    """Of all identities of one human being, of whom one is the root; the order does not matter."""
    believed = sorted(
        identities, key=lambda one: (one.in_register, one.changed_at, one.id), reverse=True
    )

    def chosen(said: Callable[[Identity], T | None], nothing: N) -> Field[T | N]:
        stated = [(one, value) for one in believed if (value := said(one)) is not None]
        return _first(stated, of_register=Why.REGISTER) if stated else _unsaid(nothing)

    return Golden(
        root=root,
        identities=(root, *sorted(one.id for one in identities if one.id != root)),
        name=_first([(one, one.name) for one in believed], of_register=Why.REGISTER),
        birth_family=chosen(lambda one: one.birth_family or None, ""),
        birth_date=_first([(one, one.birth_date) for one in believed], of_register=Why.REGISTER),
        gender=chosen(lambda one: None if one.gender == "unknown" else one.gender, "unknown"),
        multiple_birth=chosen(lambda one: one.multiple_birth, None),
        deceased_on=chosen(lambda one: one.deceased_on, None),
        home=_home(believed),
        identifiers=_united(believed, lambda one: one.identifiers),
        former_names=_united(believed, lambda one: one.former_names),
    )


def _home(believed: Sequence[Identity]) -> Field[Home | None]:
    """Of two who moved on one day the one who is believed otherwise."""
    homes = [(one, one.home) for one in believed if one.home]
    moved = sorted(homes, key=lambda said: said[1].since, reverse=True)
    return _first(moved, of_register=Why.NEWEST) if moved else _unsaid(None)


def _first(stated: Sequence[tuple[Identity, T]], *, of_register: Why) -> Field[T]:
    """What the first says; others are in conflict when they say something else."""
    (first, value), *others = stated
    why = of_register if first.in_register else Why.NEWEST
    conflicts = _distinct(Said(identity=one.id, value=other) for one, other in others)
    return Field(
        value=value,
        identity=first.id,
        why=why if others else Why.ONLY,
        conflicts=tuple(one for one in conflicts if one.value != value),
    )


def _unsaid(nothing: T) -> Field[T]:
    return Field(value=nothing, identity=None, why=None, conflicts=())


def _united(
    believed: Sequence[Identity], said: Callable[[Identity], Iterable[T]]
) -> tuple[Said[T], ...]:
    return _distinct(Said(identity=one.id, value=value) for one in believed for value in said(one))


def _distinct(said: Iterable[Said[T]]) -> tuple[Said[T], ...]:
    """Each value once, of the first who says it."""
    found: dict[T, Said[T]] = {}
    for one in said:
        found.setdefault(one.value, one)
    return tuple(found.values())
