"""The search itself: what a reading asks for, as one statement over the listings (ADR 0035)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from salus.country.gazetteer import EARTH, Position
from salus.directory.finding.grid import cells_within
from salus.directory.finding.words import EXACT, PREFIX, keys_of, rarity, similar

COUNTED = 1_000  # entries; beyond that "more than"
_RINGS = (3.0, 10.0, 30.0, 100.0)  # kilometres

Costs = Mapping[str, Mapping[str, int]]  # by typed word the words that may be meant


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What must hold of a listing; empty: anything."""

    today: date  # who may practise then
    kind: str = ""
    professions: tuple[str, ...] = ()
    type: str = ""
    languages: tuple[str, ...] = ()
    licence: str = ""
    new_patients: bool = False
    open_at: int | None = None  # minute of the week
    near: Position | None = None
    within: float | None = None  # kilometres
    postal_code: str = ""
    municipality: str = ""


@dataclass(frozen=True, kw_only=True)
class Ranked:
    kind: str
    entry: int
    cost: int
    distance: float | None


def known_of(typed: Collection[str], phrases: Collection[str]) -> tuple[Costs, set[str]]:
    """The words of names that may be meant by each typed one; and which phrases are municipalities of entries."""
    keys = {key for word in typed for key in keys_of(word)}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select true, word from (select distinct word from directory_wordkey where key = any (%s)) as near
            union all
            select false, key from unnest(%s::text[]) key
            where exists (select from directory_listing where municipality_key = key)
            """,
            [sorted(keys), sorted(phrases)],
        )
        known = cursor.fetchall()
    words = sorted(text for is_word, text in known if is_word)
    return _weighed(similar(typed, words)), {text for is_word, text in known if not is_word}


def _weighed(costs: Costs) -> Costs:
    """With the rarity of each word that was not typed."""
    others = {word for typed, words in costs.items() for word in words if word != typed}
    if not others:
        return costs
    with connection.cursor() as cursor:
        cursor.execute(
            "select word, count(*) from directory_nameword where word = any (%s) group by word",
            [sorted(others)],
        )
        bearers = dict(cursor.fetchall())
    return {
        typed: {
            word: far if word == typed else far + rarity(bearers.get(word, 0))
            for word, far in words.items()
        }
        for typed, words in costs.items()
    }


def ranked(
    wanted: Wanted, names: Sequence[tuple[str, Mapping[str, int]]], *, enough: int, prefixes: bool
) -> tuple[list[Ranked], bool]:
    """The best, at most `COUNTED` + 1; and whether these are all, or are the best of an unknown number.

    ``names``: each typed word with the words that count as it. Without names what is near is looked for in rings
    until there is enough.
    """
    if wanted.near is None or wanted.within is not None or names:
        found = _ask(wanted, names, wanted.within, prefixes)
        return found, len(found) <= COUNTED
    for ring in _RINGS:
        found = _ask(wanted, names, ring, prefixes)
        if len(found) > enough:
            return found, False
    found = _ask(wanted, names, None, prefixes)
    return found, len(found) <= COUNTED


def _ask(
    wanted: Wanted,
    names: Sequence[tuple[str, Mapping[str, int]]],
    within: float | None,
    prefixes: bool,
) -> list[Ranked]:
    joins, values = _named(names, prefixes)
    conditions, more = _conditions(wanted)
    values |= more
    distance = "null::float"
    if wanted.near is not None:
        distance = _DISTANCE
        values |= {"latitude": wanted.near[0], "longitude": wanted.near[1]}
        if within is not None:
            conditions.append(f"{_DISTANCE} <= %(within)s")
            values["within"] = within
            if (cells := cells_within(wanted.near, within)) is not None:
                conditions.append("l.cell = any (%(cells)s)")
                values["cells"] = cells
    cost = " + ".join(f"n{number}.cost" for number in range(len(joins))) or "0"
    sql = f"""
        select l.kind, l.entry, min({cost}) as cost, min({distance}) as distance
        from directory_listing l {" ".join(joins)}
        where {" and ".join(conditions)}
        group by l.name_key, l.kind, l.entry
        order by {"cost," if joins else ""} {"distance nulls last," if wanted.near else ""}
            l.kind desc, l.name_key, l.entry
        limit {COUNTED + 1}
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [
            Ranked(kind=kind, entry=entry, cost=cost, distance=distance)
            for kind, entry, cost, distance in cursor
        ]


# Haversine; a rounding must not leave what asin takes.
_DISTANCE = f"""{2 * EARTH} * asin(least(1, sqrt(
    power(sin(radians(l.latitude - %(latitude)s) / 2), 2)
    + cos(radians(%(latitude)s)) * cos(radians(l.latitude))
    * power(sin(radians(l.longitude - %(longitude)s) / 2), 2))))"""


def _named(
    names: Sequence[tuple[str, Mapping[str, int]]], prefixes: bool
) -> tuple[list[str], dict[str, Any]]:
    """A join for each typed word: the entries that have it, or what counts as it, at the least cost."""
    joins, values = [], dict[str, Any]()
    for number, (typed, costs) in enumerate(names):
        values |= {f"words{number}": list(costs), f"costs{number}": list(costs.values())}
        sources = [
            f"select kind, entry, cost from unnest(%(words{number})s::text[], %(costs{number})s::int[])"
            " as meant (word, cost) join directory_nameword using (word)"
        ]
        if prefixes:
            values |= {f"from{number}": typed, f"to{number}": f"{typed}~"}
            sources.append(
                f"select kind, entry, case when word = %(from{number})s then {EXACT} else {PREFIX} end"
                f" from directory_nameword where word >= %(from{number})s and word < %(to{number})s"
            )
        joins.append(
            f"join (select kind, entry, min(cost) as cost from ({' union all '.join(sources)}) as found"
            f" group by kind, entry) as n{number} using (kind, entry)"
        )
    return joins, values


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    given: list[tuple[bool, str, str, Any]] = [
        (
            True,
            "(l.out_since is null or l.out_since > %(today)s or l.out_until <= %(today)s)",
            "today",
            wanted.today,
        ),
        (bool(wanted.kind), "l.kind = %(kind)s", "kind", wanted.kind),
        (
            len(wanted.professions) == 1,
            "l.profession = %(profession)s",
            "profession",
            "".join(wanted.professions[:1]),
        ),
        (
            len(wanted.professions) > 1,
            "l.profession = any (%(professions)s)",
            "professions",
            list(wanted.professions),
        ),
        (bool(wanted.type), "l.type = %(type)s", "type", wanted.type),
        (
            bool(wanted.languages),
            "l.languages @> %(languages)s",
            "languages",
            list(wanted.languages),
        ),
        (bool(wanted.licence), "%(licence)s = any (l.licences)", "licence", wanted.licence),
        (wanted.new_patients, "l.new_patients", "", None),
        (
            wanted.open_at is not None,
            "exists (select from unnest(l.opens, l.closes) as open (first, last)"
            " where first <= %(minute)s and %(minute)s < last)",
            "minute",
            wanted.open_at,
        ),
        (
            bool(wanted.postal_code),
            "l.postal_code = %(postal_code)s",
            "postal_code",
            wanted.postal_code,
        ),
        (
            bool(wanted.municipality),
            "l.municipality_key = %(municipality)s",
            "municipality",
            wanted.municipality,
        ),
    ]
    asked = [one for one in given if one[0]]
    return (
        [condition for _asked, condition, _name, _value in asked],
        {name: value for _asked, _condition, name, value in asked if name},
    )
