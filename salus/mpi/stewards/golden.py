"""The joint record of several entries, as the desk shows it: each field with the entry that is believed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format

from salus.mpi.stewards.comparison import order_of_birth
from salus.mpi.stewards.words import BELIEVED, FIELDS, GENDERS, Text
from salus.mpi.survivorship import Field, Golden, Home, Name


@dataclass(frozen=True, kw_only=True)
class Believed:
    """One field. ``before`` is what each side says by itself, '' where it says nothing."""

    label: Text
    before: tuple[str, ...]
    after: str
    entry: int | None  # whose word it is
    why: Text
    others: tuple[tuple[int, str], ...]  # entry, what it says instead


def joined(after: Golden, before: tuple[Golden, ...]) -> tuple[Believed, ...]:
    """Field by field, those alone of which anything is known."""
    return tuple(_fields(after, before))


def _fields(after: Golden, before: tuple[Golden, ...]) -> Iterator[Believed]:
    for name, (label, shown) in _SHOWN.items():
        field: Field[Any] = getattr(after, name)
        if field.value is None or field.why is None:
            continue
        yield Believed(
            label=label,
            before=tuple(_text(getattr(one, name), shown) for one in before),
            after=shown(field.value),
            entry=field.identity,
            why=BELIEVED[field.why],
            others=tuple((said.identity, shown(said.value)) for said in field.conflicts),
        )


def _text(field: Field[Any], shown: Callable[[Any], str]) -> str:
    return "" if field.value is None else shown(field.value)


def _name(name: Name) -> str:
    return f"{name.given} {name.family}"


def _home(home: Home) -> str:
    place = f"{home.postal_code} {home.municipality}".strip()
    return ", ".join(part for part in (home.line, place, home.country) if part)


_SHOWN: dict[str, tuple[Text, Callable[[Any], str]]] = {
    "name": (FIELDS["name"], _name),
    "birth_family": (FIELDS["birth_family"], str),
    "birth_date": (FIELDS["birth_date"], date_format),
    "gender": (FIELDS["sex"], lambda code: str(GENDERS[code])),
    "multiple_birth": (FIELDS["multiple_birth"], order_of_birth),
    "home": (FIELDS["home"], _home),
    "deceased_on": (FIELDS["deceased_on"], date_format),
}
