"""Reading what was said of entries, as it stands now or as it was known at an instant."""

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from salus.directory.models import Kind, Statement
from salus.directory.rules import History, Said, state_on


def histories(
    kind: Kind, entries: Collection[int], *, known: datetime | None = None
) -> dict[int, list[Said]]:
    """By entry, what stands of what was said of it, the oldest first; ``known``: as it stood at that instant."""
    standing = Q(change_set__rolled_back_at=None)
    if known:
        standing = Q(known_at__lte=known) & (standing | Q(change_set__rolled_back_at__gt=known))
    found: dict[int, list[Said]] = {entry: [] for entry in entries}
    rows = Statement.objects.filter(standing, kind=kind, entry__in=entries).order_by("id")
    for entry, said, again, since, until, known_at in rows.values_list(
        "entry", "said", "again", "since", "until", "known_at"
    ):
        found[entry].append(
            Said(said=said, again=again, since=since, until=until, known_at=known_at)
        )
    return found


def as_of(kind: Kind, entry: int, *, day: date, known: datetime | None = None) -> dict[str, Any]:
    """Every field of the entry that has a value on the day, as far as it was known at the instant (default: today).

    Restricted fields too: the caller shows what may be shown (salus.directory.fields). Empty: nothing was known.
    """
    return state_on(histories(kind, [entry], known=known)[entry], day)


# Each entry is asked for by itself (`offset 0` keeps the planner from joining), so that the time of an answer does not
# grow with the directory.
_LICENSING = """
    with named as (
        select coalesce(same_as_id, id) as root from directory_practitioner
        where system = %(system)s and value = %(value)s
    ), professional as (
        select root, root as id from named
        union all
        select root, other.id from named join directory_practitioner other on other.same_as_id = root
    ), entry as (
        select root, id as owner, 'Practitioner' as kind, id from professional
        union all
        select root, owner.id, 'Licence', licence.id
        from professional owner join directory_licence licence on licence.practitioner_id = owner.id
    )
    select root, owner, entry.kind, entry.id, said, since, until, known_at
    from entry left join lateral (
        select one.* from directory_statement one
        join directory_changeset change_set on change_set.id = change_set_id
        where one.kind = entry.kind and one.entry = entry.id and rolled_back_at is null
        offset 0
    ) statement on true
    order by owner <> root, owner, entry.kind desc, entry.id, statement.id
"""


def licensing(
    system: str, value: str
) -> tuple[int | None, list[tuple[History, Sequence[History]]]]:
    """The professional's row who answers for all of theirs, and of each row what stands of what was said of it and
    of its licences, as `histories` has it; an entry of which nothing stands was never there. (None, []): unknown."""
    with connection.cursor() as cursor:
        cursor.execute(_LICENSING, {"system": system, "value": value})
        rows = cursor.fetchall()
    found: dict[int, dict[tuple[str, int], list[Said]]] = {}
    for _, owner, kind, entry, said, since, until, known_at in rows:
        of = found.setdefault(owner, {}).setdefault((kind, entry), [])
        if said is not None:
            of.append(Said(said=json.loads(said), since=since, until=until, known_at=known_at))
    told = [
        (
            entries[Kind.PRACTITIONER, owner],
            [said for (kind, _), said in entries.items() if kind == Kind.LICENCE and said],
        )
        for owner, entries in found.items()
    ]
    return (rows[0][0] if rows else None), [(said, licences) for said, licences in told if said]
