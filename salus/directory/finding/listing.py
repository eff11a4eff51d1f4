"""What the public can find, kept beside the tables that it follows from: listings, words of names, their keys.

Written after each change set by salus.directory.projecting, and by the loader once its tables are filled.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.db import connection

from salus.country.gazetteer import position_of, postal_key
from salus.directory.finding.grid import cell_of
from salus.directory.finding.hours import openings
from salus.directory.finding.words import keys_of, organization_words, person_words, plain
from salus.directory.models import Kind
from salus.kernel.search_key import search_key

_SOME = 2_000  # entries at a time
SHOWN = (Kind.PRACTITIONER, Kind.ORGANIZATION)
TABLES = ("directory_listing", "directory_nameword", "directory_wordkey")

# Each with the entries whose listing says something of it, as (kind, entry); roots of duplicates.
_PRACTITIONERS = "select 'Practitioner', coalesce(same_as_id, id) from directory_practitioner"
_ORGANIZATIONS = "select 'Organization', coalesce(same_as_id, id) from directory_organization"
_ROLES_OF = (
    "select 'Practitioner', coalesce(same_as_id, p.id) from directory_practitionerrole r"
    " join directory_practitioner p on p.id = practitioner_id"
)
_OWNER = (
    "select 'Organization', coalesce(same_as_id, o.id) from directory_{table} e"
    " join directory_organization o on o.id = e.organization_id where e.id = any (%(entries)s)"
)
_SPEAK_OF: Mapping[Kind, str] = {
    Kind.PRACTITIONER: f"{_PRACTITIONERS} where id = any (%(entries)s)",
    Kind.LICENCE: f"{_PRACTITIONERS} where id in"
    " (select practitioner_id from directory_licence where id = any (%(entries)s))",
    Kind.ROLE: f"{_ROLES_OF} where r.id = any (%(entries)s)",
    Kind.ORGANIZATION: f"{_ORGANIZATIONS} where id = any (%(entries)s)"
    f" union {_ROLES_OF} where r.organization_id = any (%(entries)s)",
    Kind.LOCATION: f"{_OWNER.format(table='location')}"
    f" union {_ROLES_OF} where r.location_id = any (%(entries)s)"
    f" union {_ROLES_OF} where r.organization_id in"
    " (select organization_id from directory_location where id = any (%(entries)s))",
    Kind.SERVICE: _OWNER.format(table="healthcareservice"),
}

_PLACES_OF_PRACTITIONERS = """
    select coalesce(p.same_as_id, p.id) as entry, coalesce(nullif(r.profession, ''), p.profession),
        o.type, r.id, o.id, l.id, r.new_patients,
        case when r.hours = '[]' then coalesce(l.hours, '[]') else r.hours end, {address}
    from directory_practitioner p
    join directory_practitionerrole r on r.practitioner_id = p.id
    join directory_organization o on o.id = r.organization_id
    left join lateral (
        select * from directory_location where id = r.location_id
        union all
        select * from directory_location where r.location_id is null and organization_id = o.id
    ) l on l.deregistered_at is null
    where (p.id = any (%(entries)s) or p.same_as_id = any (%(entries)s)) and p.deregistered_at is null
        and r.until is null and r.since <= %(today)s and r.deregistered_at is null and o.deregistered_at is null
"""
_PLACES_OF_ORGANIZATIONS = """
    select coalesce(o.same_as_id, o.id) as entry, '', o.type, null::bigint, o.id, l.id,
        (select bool_or(s.new_patients) from directory_healthcareservice s
            where s.organization_id = o.id and s.deregistered_at is null
                and (s.location_id is null or l.id is null or s.location_id = l.id)),
        coalesce(l.hours, '[]'), {address}
    from directory_organization o
    left join directory_location l on l.organization_id = o.id and l.deregistered_at is null
    where (o.id = any (%(entries)s) or o.same_as_id = any (%(entries)s)) and o.deregistered_at is null
"""
_ADDRESS = ", ".join(
    [
        *(
            f"case when coalesce(l.municipality, '') = '' then o.{column} else l.{column} end"
            for column in ("country", "postal_code", "municipality")
        ),
        "l.latitude",
        "l.longitude",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of directory_listing."""

    kind: str
    entry: int
    name_key: str
    profession: str
    type: str
    languages: list[str]
    licences: list[str]
    out_since: date | None
    out_until: date | None
    role: int | None = None
    organization: int | None = None
    location: int | None = None
    postal_code: str = ""
    municipality_key: str = ""
    latitude: float | None = None
    longitude: float | None = None
    cell: int | None = None
    new_patients: bool | None = None
    opens: list[int]
    closes: list[int]


Entries = set[tuple[str, int]]


def spoken_of(touched: Mapping[Kind, Collection[int]]) -> Entries:
    """The professionals and organisations whose listing follows from these entries."""
    found: Entries = set()
    with connection.cursor() as cursor:
        for kind, entries in touched.items():
            if entries and kind in _SPEAK_OF:
                cursor.execute(_SPEAK_OF[kind], {"entries": list(entries)})
                found |= set(cursor.fetchall())
    return found


def list_again(entries: Entries, *, today: date) -> None:
    """Bring the listing of these up to their tables."""
    for some in _by_kind(entries):
        with connection.cursor() as cursor:
            for table in ("directory_listing", "directory_nameword"):
                cursor.execute(f"delete from {table} where kind = %s and entry = any (%s)", some)
    list_new(entries, today=today)


def list_new(entries: Entries, *, today: date) -> None:
    """List these, of which nothing is listed so far."""
    for kind, some in _by_kind(entries):
        named, words = _named(kind, some)
        _insert_words(kind, words)
        _insert(_listed(kind, named, today))


def list_everything(*, today: date) -> None:
    """After a loader has filled the tables of an empty directory."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_PRACTITIONERS} union {_ORGANIZATIONS}")
        entries = set(cursor.fetchall())
    list_new(entries, today=today)


def _by_kind(entries: Entries) -> Iterable[tuple[str, list[int]]]:
    for kind in SHOWN:
        ordered = sorted(entry for of, entry in entries if of == kind)
        for start in range(0, len(ordered), _SOME):
            yield str(kind), ordered[start : start + _SOME]


def _named(kind: str, entries: list[int]) -> tuple[dict[int, dict[str, Any]], dict[int, set[str]]]:
    """What is the same at all places of each root, and the words of all its names."""
    if kind == Kind.PRACTITIONER:
        sql = """
            select coalesce(same_as_id, id), same_as_id is null, given, family, profession, languages,
                out_since, out_until, array(
                    select distinct country from directory_licence l
                    where practitioner_id = p.id and l.deregistered_at is null and status = 'active'
                        and until is null order by country)
            from directory_practitioner p
            where (id = any (%(entries)s) or same_as_id = any (%(entries)s)) and deregistered_at is null
        """
    else:
        sql = """
            select coalesce(same_as_id, id), same_as_id is null, '', name, '', array(
                    select distinct unnest(languages) from directory_healthcareservice s
                    where organization_id = o.id and s.deregistered_at is null order by 1),
                null, null, array[]::text[]
            from directory_organization o
            where (id = any (%(entries)s) or same_as_id = any (%(entries)s)) and deregistered_at is null
        """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"entries": entries})
        rows = sorted(cursor.fetchall(), key=lambda row: (row[0], not row[1]))  # roots first
    named: dict[int, dict[str, Any]] = {}
    words: dict[int, set[str]] = {}
    for entry, root, given, family, profession, languages, since, until, licences in rows:
        if not root and entry not in named:
            continue  # of somebody who is not shown
        mine = (
            person_words(given, family) if kind == Kind.PRACTITIONER else organization_words(family)
        )
        words.setdefault(entry, set()).update(mine)
        known = named.setdefault(
            entry,
            {
                "kind": kind,
                "entry": entry,
                "name_key": search_key(f"{family} {given}"),
                "profession": profession,
                "languages": [],
                "licences": [],
                "out_since": since,
                "out_until": until,
            },
        )
        known["languages"] += [one for one in languages if one not in known["languages"]]
        known["licences"] += [one for one in licences if one not in known["licences"]]
    return named, words


def _listed(kind: str, named: Mapping[int, dict[str, Any]], today: date) -> list[Listed]:
    sql = _PLACES_OF_PRACTITIONERS if kind == Kind.PRACTITIONER else _PLACES_OF_ORGANIZATIONS
    with connection.cursor() as cursor:
        cursor.execute(
            sql.format(address=_ADDRESS) + " order by 1, 4, 5, 6",
            {"entries": list(named), "today": today},
        )
        rows = cursor.fetchall()
    listed = [_at(named[row[0]], *row[1:]) for row in rows]
    placed = {one.entry for one in listed}
    return listed + [
        Listed(**known, type="", opens=[], closes=[])
        for entry, known in named.items()
        if entry not in placed
    ]


def _at(
    known: dict[str, Any],
    profession: str,
    type: str,
    role: int | None,
    organization: int,
    location: int | None,
    new_patients: bool | None,
    hours: str,
    country: str,
    postal_code: str,
    municipality: str,
    latitude: float | None,
    longitude: float | None,
) -> Listed:
    position = (
        position_of(country, postal_code, municipality)
        if latitude is None or longitude is None
        else (latitude, longitude)
    )
    spans = openings(json.loads(hours))
    return Listed(
        **known | {"profession": profession},
        type=type,
        role=role,
        organization=organization,
        location=location,
        postal_code=postal_key(postal_code),
        municipality_key=plain(municipality),
        latitude=position[0] if position else None,
        longitude=position[1] if position else None,
        cell=cell_of(position) if position else None,
        new_patients=new_patients,
        opens=[first for first, _last in spans],
        closes=[last for _first, last in spans],
    )


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sql = f"copy directory_{table} ({', '.join(columns)}) from stdin"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


def _insert(listed: Iterable[Listed]) -> None:
    columns = [field.name for field in fields(Listed)]
    _copy("listing", columns, ([getattr(one, name) for name in columns] for one in listed))


def _insert_words(kind: str, words: Mapping[int, set[str]]) -> None:
    rows = ((word, kind, entry) for entry, own in words.items() for word in sorted(own))
    _copy("nameword", ("word", "kind", "entry"), rows)
    know_words(set().union(*words.values()))


def know_words(words: Collection[str]) -> None:
    """Make the keys of those words that are new; they stay, since others may come to have them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select key from directory_wordkey where key = any (%s) and word = key", [list(words)]
        )
        known = {key for (key,) in cursor}
        pairs = sorted((key, word) for word in set(words) - known for key in keys_of(word))
        cursor.execute(
            "insert into directory_wordkey (key, word)"
            " select * from unnest(%s::text[], %s::text[]) on conflict do nothing",
            [[key for key, _word in pairs], [word for _key, word in pairs]],
        )
