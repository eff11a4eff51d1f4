"""`salus audit prune`: months beyond the retention rule are dropped, and a signed statement says so.

Only the rows go. Their leaves stay, so that roots, proofs of later events and old heads still hold.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from psycopg import sql
from psycopg.types.json import Jsonb

from salus.audit import log
from salus.audit.findings import Fault, Finding
from salus.audit.heads import Copies, newest_head
from salus.audit.log import Connection, Entry, Place, Tile
from salus.audit.merkle import hashes_of
from salus.country.retention import Retention
from salus.kernel.errors import Conflict
from salus.kernel.month import Month
from salus.kernel.signing import Document, PublicKeys, SignatureInvalid, Signer

_PAGE = 2**16  # events in memory


class NotPrunable(Conflict):
    """A month must stay, although its time is over."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    month: Month
    events: int


def prune(
    events: Connection,
    owner: Connection,
    signer: Signer,
    *,
    retention: Retention,
    now: datetime,
    zone: tzinfo,
    rolled_up_until: Month | None,
    really: bool,
) -> Iterator[Pruned]:
    """Drop each month whose time is over, oldest first; yields what was, or without ``really`` would be.

    ``events`` reads as `sequencer`, ``owner`` drops. Raises NotPrunable at the first month that is not
    wholly in the signed log as it stands, or whose figures are not rolled up; none after it is dropped.
    """
    for month in _months(events):
        if Month.of(now.astimezone(zone).date()) - month <= 12 * retention.years:
            return
        if rolled_up_until is None or month > rolled_up_until:
            raise NotPrunable(f"{month} stays: its figures are not rolled up yet")
        yield _prune(events, owner, signer, month, zone, retention.rule, now, really)


def _months(connection: Connection) -> list[Month]:
    names = connection.execute(
        "select relname::text from pg_class join pg_inherits on inhrelid = oid"
        " where inhparent = 'audit_event'::regclass"
    )
    found = (re.fullmatch(r"audit_event_(\d{4})_(\d{2})", name) for (name,) in names)
    return sorted(Month(int(match[1]), int(match[2])) for match in found if match)


def _prune(
    events: Connection,
    owner: Connection,
    signer: Signer,
    month: Month,
    zone: tzinfo,
    rule: str,
    now: datetime,
    really: bool,
) -> Pruned:
    partition = sql.Identifier(f"audit_event_{month.year}_{month.month:02}")
    with owner.transaction():
        # Nobody writes into it from here on; it can still be read.
        owner.execute(sql.SQL("lock table {} in exclusive mode").format(partition))
        ids = [entry.place.id for entry in _logged(events, month, zone)]
        if really:
            owner.execute(
                "insert into audit_pruning (month, statement) values (%s, %s)",
                [month.first_day, Jsonb(signer.sign(_statement(events, month, ids, rule, now)))],
            )
            owner.execute(sql.SQL("drop table {}").format(partition))
    return Pruned(month=month, events=len(ids))


def _statement(
    connection: Connection, month: Month, ids: list[int], rule: str, now: datetime
) -> Document:
    head = newest_head(connection)
    spans = ",".join(f"[{span.lower},{span.upper})" for span in log.ranges(ids))
    return {
        "month": str(month),
        "rule": rule,
        "events": len(ids),
        "ids": f"{{{spans}}}",
        "head": head.document if head else None,
        "at": now.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def _logged(connection: Connection, month: Month, zone: tzinfo) -> Iterator[Entry]:
    """The events of the month. Raises NotPrunable at one that is not in the log as it stands."""
    head = newest_head(connection)
    tile: Tile | None = None
    leaves: set[bytes] = set()
    since, until = month.start(zone), month.end(zone)
    place = Place(0, 0)
    while page := list(log.entries(connection, place, since=since, until=until, limit=_PAGE)):
        for entry in page:
            place = entry.place
            if tile is None or tile.events is None or place > tile.events.last:
                tile = log.tile_at(connection, place)
                leaves = set(hashes_of(tile.hashes)) if tile else set()
            if tile is None or head is None or tile.end > head.size or entry.leaf not in leaves:
                raise NotPrunable(
                    f"{month} stays: event {place.id} is not in the signed log as it stands;"
                    " see `salus audit verify`"
                )
            yield entry


class Prunings:
    """The signed statements of the table: which missing event was dropped by which rule."""

    def __init__(self, connection: Connection, copies: Copies) -> None:
        self.findings: list[Finding] = []
        self.explained: Counter[str] = Counter()  # events by rule
        self._spans: list[tuple[int, int, str]] = []  # ids from, to (itself outside), rule
        keys = PublicKeys(copies.keys_file)
        for month, statement in connection.execute(
            "select month, statement from audit_pruning order by month"
        ).fetchall():
            try:
                keys.check(statement)
            except SignatureInvalid:
                self.findings.append(Finding(fault=Fault.PRUNING_FORGED, text=f"of {month:%Y-%m}"))
                continue
            (ids,) = connection.execute(
                "select %s::int8multirange", [statement["ids"]]
            ).fetchone() or ((),)
            self._spans += [(span.lower, span.upper, statement["rule"]) for span in ids]
        self._spans.sort()

    def explain(self, number: int) -> bool:
        """Whether the event with this id was dropped by rule; counts it."""
        at = bisect_right(self._spans, number, key=lambda span: span[0]) - 1
        if at < 0 or number >= self._spans[at][1]:
            return False
        self.explained[self._spans[at][2]] += 1
        return True
