"""Entries as they were shown: rebuilt from what was said of them, as far as it was known at an instant (ADR 0034).

A row keeps the instants of its changes; what each of its versions said is a replay of statements.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.timezone import localtime

from salus.directory.models import Kind, Statement
from salus.directory.projecting import TABLES, columns_on
from salus.directory.rules import Said, is_shown, state_on

# Numbers are counted back from the newest: entries of old installations have versions whose time nobody kept.
_MOMENTS = """
    with known as (
        select id, coalesce(version, 1) as version,
            changes || array[registered_at, changed_at, deregistered_at] as instants
        from {table}
        where ({entries}::bigint[] is null or id = any({entries}))
            and ({since}::timestamptz is null or coalesce(changed_at, registered_at) >= {since})
    ), moment as (
        select id, at, greatest(version, count(*) over entry)
            - row_number() over (entry order by at desc) + 1 as number
        from known cross join lateral (
            select distinct at from unnest(instants) at where at is not null
        ) one
        window entry as (partition by id)
    )
    select id, number, at from moment
    where ({since}::timestamptz is null or at >= {since})
        and ({before}::timestamptz is null or (at, id) < ({before}, {last}))
    order by at desc, id desc limit {most}
"""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When a version of an entry began."""

    entry: int
    number: int
    at: datetime

    @property
    def day(self) -> date:
        return localtime(self.at).date()


def moments(
    kind: Kind,
    *,
    entries: Collection[int] | None = None,
    since: datetime | None = None,
    after: tuple[datetime, int] | None = None,
    most: int | None = None,
) -> list[Moment]:
    """Of some entries, or of all; the newest first, at the most so many ``after`` a time and an entry."""
    sql = _MOMENTS.format(
        table=connection.ops.quote_name(TABLES[kind]._meta.db_table),
        **{name: f"%({name})s" for name in ("entries", "since", "before", "last", "most")},
    )
    before, last = after or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "entries": None if entries is None else list(entries),
                "since": since,
                "before": before,
                "last": last,
                "most": most,
            },
        )
        return [Moment(entry=row, number=number, at=at) for row, number, at in cursor.fetchall()]


class Past:
    """What was said of some entries, with what was taken back since; it is asked for as often as needed."""

    def __init__(self) -> None:
        self._said: dict[tuple[Kind, int], list[tuple[Said, datetime | None]]] = {}

    def learn(self, kind: Kind, entries: Collection[int]) -> None:
        missing = {entry for entry in entries if (kind, entry) not in self._said}
        self._said |= {(kind, entry): [] for entry in missing}
        rows = Statement.objects.filter(kind=kind, entry__in=missing).order_by("id")
        for entry, said, since, until, known_at, ended in rows.values_list(
            "entry", "said", "since", "until", "known_at", "change_set__rolled_back_at"
        ):
            one = Said(said=said, since=since, until=until, known_at=known_at)
            self._said[kind, entry].append((one, ended))

    def named(self, kind: Kind, entries: Collection[int], field: str) -> set[int]:
        """All that a field of these ever led to."""
        return {
            number
            for entry in entries
            for one, _ in self._said[kind, entry]
            if (number := one.said.get(field))
        }

    def standing(self, kind: Kind, entry: int, known: datetime) -> list[Said]:
        """What stood at the instant of what was said of an entry."""
        return [
            one
            for one, ended in self._said[kind, entry]
            if one.known_at <= known and (ended is None or known < ended)
        ]

    def row(
        self,
        kind: Kind,
        entry: int,
        *,
        day: date,
        known: datetime,
        also: Collection[int] = (),
        shown: bool = True,
    ) -> Any | None:
        """The row as it was on the day; None: nothing was known, or with ``shown`` it was not in the directory.

        ``also``: entries that may have been duplicates of it.
        """
        history = self.standing(kind, entry, known)
        if not history:
            return None
        others = [
            other
            for other in (self.standing(kind, one, known) for one in also)
            if state_on(other, day).get("same_as") == entry
        ]
        if shown and not any(is_shown(one, day) for one in (history, *others)):
            return None
        identifier = next(one.said["identifier"] for one in history if "identifier" in one.said)
        return TABLES[kind](
            pk=entry,
            system=identifier["system"],
            value=identifier["value"],
            registered_at=history[0].known_at,
            changed_at=history[-1].known_at,
            **columns_on(kind, history, day, others=others),
        )
