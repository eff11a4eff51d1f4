"""What is shown of the entries that were found: public fields alone."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from salus.country.gazetteer import Position, kilometres
from salus.directory.finding.asking import Ranked
from salus.directory.finding.question import Hit, Place
from salus.directory.models import Kind

_NAMED = {
    Kind.PRACTITIONER: "trim(concat_ws(' ', e.prefix, e.given, e.family)) as hit_name, e.profession as hit_profession,"
    " '' as hit_type",
    Kind.ORGANIZATION: "e.name as hit_name, '' as hit_profession, e.type as hit_type",
}
_SHOWN = """
    select l.entry, {named}, l.languages, l.licences, e.telephone as hit_telephone, e.email as hit_email,
        l.profession, l.role, l.organization, coalesce(o.name, '') as name, l.type, l.location,
        coalesce(p.name, '') as location_name,
        a.line, a.postal_code, a.municipality, a.country,
        coalesce(nullif(r.telephone, ''), nullif(p.telephone, ''), o.telephone) as telephone,
        coalesce(nullif(r.email, ''), o.email) as email, o.website,
        p.latitude, p.longitude, l.latitude as listed_latitude, l.longitude as listed_longitude,
        l.new_patients, p.accessible,
        case when coalesce(r.hours, '[]') = '[]' then coalesce(p.hours, '[]') else r.hours end as hours
    from directory_listing l
    join directory_{table} e on e.id = l.entry
    left join directory_organization o on o.id = l.organization
    left join directory_location p on p.id = l.location
    left join directory_practitionerrole r on r.id = l.role
    left join lateral (
        select p.line, p.postal_code, p.municipality, p.country where p.municipality <> ''
        union all
        select o.line, o.postal_code, o.municipality, o.country limit 1
    ) a on true
    where l.kind = %s and l.entry = any (%s)
    order by l.entry, o.name_key, l.id
"""
_PLACE = (
    "profession role organization name type location location_name line postal_code municipality country telephone"
    " email website new_patients accessible"
)
_OF_PLACE = _PLACE.split()


def hits_of(found: Sequence[Ranked], *, near: Position | None) -> tuple[Hit, ...]:
    """In the same order."""
    shown: dict[tuple[str, int], Hit] = {}
    for kind in _NAMED:
        entries = [one.entry for one in found if one.kind == kind]
        if entries:
            shown |= {(kind, hit.entry): hit for hit in _shown(kind, entries, near)}
    return tuple(shown[one.kind, one.entry] for one in found if (one.kind, one.entry) in shown)


def _shown(kind: Kind, entries: Sequence[int], near: Position | None) -> list[Hit]:
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN.format(named=_NAMED[kind], table=kind.lower()), [kind, list(entries)])
        names = [column.name for column in cursor.description]
        rows: dict[int, list[dict[str, Any]]] = {}
        for row in cursor:
            rows.setdefault(row[0], []).append(dict(zip(names, row, strict=True)))
    return [_hit(kind, each, near) for each in rows.values()]


def _hit(kind: Kind, rows: Sequence[Mapping[str, Any]], near: Position | None) -> Hit:
    places = [_place(row, near) for row in rows if row["organization"] is not None]
    places.sort(key=lambda one: (one.distance is None, one.distance))
    entry = rows[0]
    return Hit(
        kind=kind,
        entry=entry["entry"],
        name=entry["hit_name"],
        profession=entry["hit_profession"],
        type=entry["hit_type"],
        languages=tuple(entry["languages"]),
        licences=tuple(entry["licences"]),
        telephone=entry["hit_telephone"],
        email=entry["hit_email"],
        places=tuple(places),
        distance=places[0].distance if places else None,
    )


def _place(row: Mapping[str, Any], near: Position | None) -> Place:
    listed = row["listed_latitude"] is not None
    return Place(
        **{name: row[name] for name in _OF_PLACE},
        hours=json.loads(row["hours"]),
        position=None if row["latitude"] is None else (row["latitude"], row["longitude"]),
        distance=kilometres(near, (row["listed_latitude"], row["listed_longitude"]))
        if near and listed
        else None,
    )
