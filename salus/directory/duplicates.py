"""Entries of several registers that tell of one professional or organisation.

Nothing is merged, and nothing by itself: a duplicate says whom it is the same as (``same_as``, its root), and can be
taken back. The directory shows the root, with what only its duplicates say (salus.directory.rules.survived).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from rapidfuzz import fuzz, process

from salus.directory.models import Kind, Organization, Practitioner, PractitionerRole, Statement
from salus.directory.projecting import TABLES

_ALIKE = 85  # percent of the letters, of names beside the same birth date
_NEARLY_EQUAL = 93  # beside the same place alone


@dataclass(frozen=True, kw_only=True)
class Likely:
    """Two rows that may tell of the same; ``root`` was registered first."""

    root: int
    duplicate: int
    because: str  # birth_date or place: what they have in common beside the name
    alike: int  # percent of the names' letters


@dataclass(frozen=True, kw_only=True)
class _Row:
    pk: int
    name: str  # search key
    birth_date: str = ""
    blocks: frozenset[Hashable] = frozenset()  # who shares one is compared
    above: frozenset[int] = frozenset()  # what it is part of


def rows_of(kind: Kind, entry: int) -> tuple[int, ...]:
    """The rows of the same professional or organisation as this one: the root first, then its duplicates."""
    table = TABLES[kind]
    root = table.objects.filter(pk=entry).values_list("same_as", flat=True).first() or entry
    others = table.objects.filter(same_as=root).order_by("pk")
    return root, *others.values_list("pk", flat=True)


def likely_duplicates(kind: Kind) -> list[Likely]:
    """All pairs that nobody has judged yet, the likeliest first.

    Professionals with alike names and the same birth date, or with nearly equal names, the same profession and a
    place in common; organisations with nearly equal names and the same place.
    """
    rows = _practitioners() if kind is Kind.PRACTITIONER else _organizations()
    apart = _last_said(kind, "apart_from")
    found: dict[tuple[int, int], Likely] = {}
    for one, other, alike in _alike(rows):
        born = {date for date in (one.birth_date, other.birth_date) if date}
        same_birth = len(born) == 1 and bool(one.birth_date and other.birth_date)
        judged = other.pk in apart.get(one.pk, ()) or one.pk in apart.get(other.pk, ())
        related = one.above & {other.pk, *other.above} or one.pk in other.above
        if judged or related or len(born) > 1 or not (same_birth or alike >= _NEARLY_EQUAL):
            continue
        root, duplicate = sorted((one.pk, other.pk))
        found[root, duplicate] = Likely(
            root=root,
            duplicate=duplicate,
            because="birth_date" if same_birth else "place",
            alike=alike,
        )
    return sorted(found.values(), key=lambda pair: (-pair.alike, pair.root, pair.duplicate))


def _alike(rows: Sequence[_Row]) -> Iterator[tuple[_Row, _Row, int]]:
    """Pairs that share a block, with how alike their names are."""
    blocks: dict[Hashable, list[_Row]] = {}
    for row in rows:
        for block in row.blocks:
            blocks.setdefault(block, []).append(row)
    for members in blocks.values():
        if len(members) < 2:
            continue
        names = [row.name for row in members]
        scores = process.cdist(names, names, scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE)
        for one, other in combinations(range(len(members)), 2):
            if scores[one][other]:
                yield members[one], members[other], int(scores[one][other])


def _practitioners() -> list[_Row]:
    born = _last_said(Kind.PRACTITIONER, "birth_date")
    places: dict[int, set[str]] = {}
    roles = PractitionerRole.objects.filter(until=None).exclude(organization__postal_code="")
    for practitioner, place in roles.values_list("practitioner", "organization__postal_code"):
        places.setdefault(practitioner, set()).add(place)
    shown = Practitioner.objects.filter(deregistered_at=None, same_as=None).order_by("pk")
    return [
        _Row(
            pk=pk,
            name=f"{family} {given}",
            birth_date=born.get(pk, ""),
            blocks=frozenset(
                [
                    *([born[pk]] if pk in born else []),
                    *((profession, place) for place in places.get(pk, ())),
                ]
            ),
        )
        for pk, family, given, profession in shown.values_list(
            "pk", "family_key", "given_key", "profession"
        )
    ]


def _organizations() -> list[_Row]:
    shown = Organization.objects.filter(deregistered_at=None, same_as=None).order_by("pk")
    return [
        _Row(
            pk=pk,
            name=name,
            blocks=frozenset([place] if place else []),
            above=frozenset([above] if above else []),  # parts of one house are called alike
        )
        for pk, name, place, above in shown.values_list("pk", "name_key", "postal_code", "part_of")
    ]


def _last_said(kind: Kind, field: str) -> Mapping[int, Any]:
    """By entry, the value that was said last, of those that have one."""
    said = Statement.objects.filter(
        kind=kind, said__has_key=field, change_set__rolled_back_at=None
    ).order_by("pk")
    last = dict(said.values_list("entry", f"said__{field}"))
    return {entry: value for entry, value in last.items() if value is not None}
