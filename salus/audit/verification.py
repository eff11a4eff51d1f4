"""`salus audit verify`: every event, tile and head read again, and held against each other.

Rows must hash to the leaves of their tile, tiles to those above them, and the tree to each signed head, in
the table and in the second folder. Memory is that of one tile; one reading takes minutes at full scale.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta

from psycopg import sql
from psycopg.types.multirange import Multirange

from salus.audit import log, merkle
from salus.audit.findings import Difference, Fault, Finding, Verdict, at, compare
from salus.audit.head_check import HeadCheck
from salus.audit.heads import Copies, SignedHead
from salus.audit.log import Connection, Entry, Place, Tile, TileMissing
from salus.audit.merkle import HASH, WIDTH, hashes_of
from salus.audit.pruning import Prunings
from salus.kernel.clock import now
from salus.kernel.errors import SalusError

MOST_FINDINGS = 10_000  # then it stops reading: the log as a whole is lost


def verify(
    connect: Callable[[], Connection],
    copies: Copies,
    *,
    progress: Callable[[int], object] = lambda read: None,
) -> Verdict:
    """Read the log in one snapshot, by two connections of the role `sequencer`."""
    newest = copies.newest()  # before the snapshot, which contains all that was copied until now
    with ExitStack() as stack:
        tiles, rows = (stack.enter_context(closing(connect())) for _ in range(2))
        stack.enter_context(tiles.transaction())
        tiles.execute("set transaction isolation level repeatable read, read only")
        (snapshot,) = tiles.execute("select pg_export_snapshot()").fetchone() or ("",)
        stack.enter_context(rows.transaction())
        rows.execute("set transaction isolation level repeatable read, read only")
        rows.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
        return _Reading(tiles, rows, copies, newest).verdict(progress)


class LogLost(SalusError):
    """So much is wrong that naming it does not help."""


class _Rows:
    """Events in order, with the next one in sight."""

    def __init__(self, connection: Connection) -> None:
        self._entries = _all_entries(connection)
        self._next = next(self._entries, None)

    def up_to(self, last: Place) -> list[Entry]:
        found = []
        while self._next is not None and self._next.place <= last:
            found.append(self._next)
            self._next = next(self._entries, None)
        return found

    def take(self, count: int) -> list[Entry]:
        found: list[Entry] = []
        while self._next is not None and len(found) < count:
            found.append(self._next)
            self._next = next(self._entries, None)
        return found

    def count_rest(self) -> int:
        return sum(1 for _ in self._entries) + 1 if self._next else 0


def _all_entries(connection: Connection) -> Iterator[Entry]:
    place, full = Place(0, 0), True
    while full:
        read = 0
        for entry in log.entries(connection, place):
            read += 1
            place = entry.place
            yield entry
        full = read == log.PAGE


class _Reading:
    def __init__(
        self, tiles: Connection, rows: Connection, copies: Copies, newest_copy: SignedHead | None
    ) -> None:
        self._tiles = tiles
        self._rows = _Rows(rows)
        self._heads = HeadCheck(tiles, copies, newest_copy)
        self._prunings = Prunings(tiles, copies)
        self._edge = merkle.Edge(0, lambda level, number: b"")
        self._last = (log.end(tiles)[0] - 1) // WIDTH  # number of the last tile of level 0
        self._findings: list[Finding] = []
        self._upper = 0  # tiles above level 0 that were seen
        # What no tile explains yet: a row may stand in another's place.
        self._extra: list[tuple[Entry, int]] = []
        self._missing: dict[int, int] = {}
        self._lost: dict[bytes, int] = {}

    def verdict(self, progress: Callable[[int], object]) -> Verdict:
        for tile in log.tiles(self._tiles, 0):
            while self._edge.size // WIDTH < tile.number:
                self._replace_missing_tile()
            before = self._edge.size
            self._read(tile)
            progress(self._edge.size - before)
            if len(self._findings) + len(self._missing) + len(self._extra) > MOST_FINDINGS:
                raise LogLost(f"more than {MOST_FINDINGS} findings in the event log: restore it")
        for upper in self._edge.unfilled():
            self._check_upper(*upper)
        self._count_upper()
        self._explain()
        self._heads.end(self._edge.size)
        good = self._heads.good
        unsequenced = self._rows.count_rest()
        waiting = now() - good.at if unsequenced and good else timedelta()
        return Verdict(
            findings=[*self._prunings.findings, *self._findings, *self._heads.findings],
            events=self._edge.size,
            pruned=self._prunings.explained,
            unsequenced=unsequenced,
            window=waiting,
            head=good,
        )

    def _read(self, tile: Tile) -> None:
        """Hold one tile of level 0 against the rows up to its last event, and grow the tree by it."""
        if tile.events is None:
            return
        entries = self._rows.up_to(tile.events.last)
        standing, ids = _leaves(entries), _ids(entries)
        if standing == tile.hashes:
            leaves = standing
            if (ids, entries[-1].place) != (tile.events.ids, tile.events.last):
                self._find(Fault.TILE_ALTERED, (0, tile.number), "its list of events")
        elif not self._fits(tile.number, tile.hashes) and self._fits(tile.number, standing):
            leaves = standing  # the events are as they were signed
            self._find(Fault.TILE_ALTERED, (0, tile.number), "its events are not")
        else:
            leaves = tile.hashes
            self._note(tile.number, compare(hashes_of(leaves), tile.events.ids, entries))
        self._grow(tile.number, leaves, tile.events.ids)

    def _replace_missing_tile(self) -> None:
        """Go on with the events that should be in it, as they stand."""
        number = self._edge.size // WIDTH
        entries = self._rows.take(WIDTH)
        fits = self._fits(number, _leaves(entries))
        self._find(Fault.TILE_MISSING, (0, number), "its events are unchanged" if fits else "")
        self._grow(number, _leaves(entries), _ids(entries))

    def _grow(self, number: int, leaves: bytes, ids: Multirange[int]) -> None:
        if number < self._last:
            leaves = leaves[: WIDTH * HASH].ljust(WIDTH * HASH, b"\0")
        self._heads.pass_over(ids)
        start, position = self._edge.size, 0
        while self._heads.size and self._heads.size <= start + len(leaves) // HASH:
            cut = (self._heads.size - start) * HASH
            self._append(leaves[position:cut])
            position = cut
            self._heads.check(self._edge.root())
        self._append(leaves[position:])

    def _append(self, leaves: bytes) -> None:
        for level, number, hashes in self._edge.append(leaves):
            self._check_upper(level, number, hashes)

    def _check_upper(self, level: int, number: int, hashes: bytes) -> None:
        if level == 0:
            return
        self._upper += 1
        try:
            stored = log.hashes_of_tile(self._tiles, level, number)
        except TileMissing:
            self._find(Fault.TILE_MISSING, (level, number))
            return
        if len(stored) != len(hashes):
            self._find(Fault.TILE_ALTERED, (level, number))
            return
        both = zip(hashes_of(hashes), hashes_of(stored), strict=True)
        for place, (computed, held) in enumerate(both):
            if computed != held:
                below = number * WIDTH + place
                self._find(Fault.TILE_ALTERED, (level - 1, below), "or the hash of it above")

    def _count_upper(self) -> None:
        row = self._tiles.execute("select count(*) from audit_tile where level > 0").fetchone()
        if row and row[0] > self._upper:
            text = f"{row[0] - self._upper} above level 0 too many"
            self._findings.append(Finding(fault=Fault.TILE_ALTERED, text=text))

    def _fits(self, number: int, leaves: bytes) -> bool:
        """Whether a tile of level 0 with these hashes has the root that is kept of it elsewhere."""
        if len(leaves) == WIDTH * HASH:
            try:
                above = log.hashes_of_tile(self._tiles, 1, number // WIDTH)
            except TileMissing:
                return False
            place = number % WIDTH * HASH
            return merkle.tile_root(leaves) == above[place : place + HASH]
        if number < self._last:
            return False
        tree = copy.deepcopy(self._edge)
        for _ in tree.append(leaves):
            pass
        return (
            self._tiles.execute(
                "select from audit_head where size = %s and root = %s", [tree.size, tree.root()]
            ).fetchone()
            is not None
        )

    def _note(self, number: int, difference: Difference) -> None:
        for entry in difference.changed:
            when = at(log.instant(entry.at))
            self._findings.append(
                Finding(fault=Fault.EVENT_CHANGED, event=entry.place.id, text=f"now of {when}")
            )
        self._extra += [(entry, number) for entry in difference.extra]
        unexplained = [n for n in difference.missing if not self._prunings.explain(n)]
        self._missing |= dict.fromkeys(unexplained, number)
        if unexplained:
            self._lost |= dict.fromkeys(difference.lost, number)

    def _explain(self) -> None:
        """Name what is missing in one place and what stands in another."""
        misplaced = set()
        for entry, tile in self._extra:
            number, when = entry.place.id, f"of {at(log.instant(entry.at))}"
            if entry.leaf in self._lost:
                misplaced.add(min(tile, self._lost[entry.leaf]))  # its end was moved
                del self._missing[number]
            elif number in self._missing:
                self._findings.append(
                    Finding(fault=Fault.EVENT_MOVED, event=number, text=f"now {when}")
                )
                del self._missing[number]
            else:
                self._findings.append(Finding(fault=Fault.EVENT_INSERTED, event=number, text=when))
        for tile in sorted(misplaced):
            self._find(Fault.TILE_ALTERED, (0, tile), "its last event")
        for number, tile in self._missing.items():
            self._findings.append(
                Finding(fault=Fault.EVENT_DELETED, event=number, text=self._logged_by(tile))
            )

    def _logged_by(self, tile: int) -> str:
        row = self._tiles.execute(
            "select at from audit_head where size > %s order by size limit 1", [tile * WIDTH]
        ).fetchone()
        return f"logged by {at(row[0])}" if row else ""

    def _find(self, fault: Fault, tile: tuple[int, int], text: str = "") -> None:
        self._findings.append(Finding(fault=fault, tile=tile, text=text))


def _leaves(entries: Iterable[Entry]) -> bytes:
    return b"".join(entry.leaf for entry in entries)


def _ids(entries: Iterable[Entry]) -> Multirange[int]:
    return log.ranges(entry.place.id for entry in entries)
