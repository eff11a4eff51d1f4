"""What is shown of the entries that were found: public fields alone."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from salus.country.gazetteer import Position, kilometres
from salus.directory.finding.asking import Ranked
from salus.directory.finding.question import Hit, Place
from salus.directory.models import Kind, Organization, Practitioner

_PLACES = """
    select l.entry, l.profession, l.role, o.id as organization, o.name, o.type, p.id as location,
        coalesce(p.name, '') as location_name,
        case when coalesce(p.municipality, '') = '' then o.line else p.line end as line,
        case when coalesce(p.municipality, '') = '' then o.postal_code else p.postal_code end as postal_code,
        case when coalesce(p.municipality, '') = '' then o.municipality else p.municipality end as municipality,
        case when coalesce(p.municipality, '') = '' then o.country else p.country end as country,
        coalesce(nullif(r.telephone, ''), nullif(p.telephone, ''), o.telephone) as telephone,
        coalesce(nullif(r.email, ''), o.email) as email, o.website,
        p.latitude, p.longitude, l.latitude as listed_latitude, l.longitude as listed_longitude,
        l.new_patients, p.accessible,
        case when coalesce(r.hours, '[]') = '[]' then coalesce(p.hours, '[]') else r.hours end as hours
    from directory_listing l
    join directory_organization o on o.id = l.organization
    left join directory_location p on p.id = l.location
    left join directory_practitionerrole r on r.id = l.role
    where l.kind = %s and l.entry = any (%s)
    order by l.entry, o.name_key, l.id
"""
_BESIDE = ("entry", "latitude", "longitude", "listed_latitude", "listed_longitude", "hours")


def hits_of(found: Sequence[Ranked], *, near: Position | None) -> tuple[Hit, ...]:
    """In the same order."""
    shown: dict[tuple[str, int], Hit] = {}
    for kind, hits in ((Kind.PRACTITIONER, _people), (Kind.ORGANIZATION, _organizations)):
        entries = [one.entry for one in found if one.kind == kind]
        if entries:
            places = _places(kind, entries, near)
            shown |= {(kind, hit.entry): hit for hit in hits(entries, places)}
    return tuple(shown[one.kind, one.entry] for one in found if (one.kind, one.entry) in shown)


def _people(entries: Sequence[int], places: dict[int, list[Place]]) -> Iterator[Hit]:
    rows = Practitioner.objects.filter(pk__in=entries).values_list(
        "pk", "prefix", "given", "family", "profession", "telephone", "email"
    )
    spoken = _listed(Kind.PRACTITIONER, entries)
    for entry, prefix, given, family, profession, telephone, email in rows:
        where = places.get(entry, [])
        languages, licences = spoken[entry]
        yield Hit(
            kind=Kind.PRACTITIONER,
            entry=entry,
            name=f"{prefix} {given} {family}".strip(),
            profession=profession,
            languages=languages,
            licences=licences,
            telephone=telephone,
            email=email,
            places=tuple(where),
            distance=where[0].distance if where else None,
        )


def _organizations(entries: Sequence[int], places: dict[int, list[Place]]) -> Iterator[Hit]:
    rows = Organization.objects.filter(pk__in=entries).values_list(
        "pk", "name", "type", "telephone", "email"
    )
    spoken = _listed(Kind.ORGANIZATION, entries)
    for entry, name, type_, telephone, email in rows:
        where = places.get(entry, [])
        yield Hit(
            kind=Kind.ORGANIZATION,
            entry=entry,
            name=name,
            type=type_,
            languages=spoken[entry][0],
            telephone=telephone,
            email=email,
            places=tuple(where),
            distance=where[0].distance if where else None,
        )


def _listed(
    kind: str, entries: Sequence[int]
) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Languages, and countries of licences."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (entry) entry, languages, licences from directory_listing"
            " where kind = %s and entry = any (%s) order by entry",
            [kind, list(entries)],
        )
        return {entry: (tuple(spoken), tuple(licences)) for entry, spoken, licences in cursor}


def _places(kind: str, entries: Sequence[int], near: Position | None) -> dict[int, list[Place]]:
    """By entry, the nearest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [kind, list(entries)])
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
    found: dict[int, list[Place]] = {}
    for row in rows:
        found.setdefault(row["entry"], []).append(_place(row, near))
    for places in found.values():
        places.sort(key=lambda one: (one.distance is None, one.distance))
    return found


def _place(row: dict[str, Any], near: Position | None) -> Place:
    listed, known = row["listed_latitude"] is not None, row["latitude"] is not None
    return Place(
        **{name: value for name, value in row.items() if name not in _BESIDE},
        hours=json.loads(row["hours"]),
        position=(row["latitude"], row["longitude"]) if known else None,
        distance=kilometres(near, (row["listed_latitude"], row["listed_longitude"]))
        if near and listed
        else None,
    )
