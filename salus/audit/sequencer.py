"""The sequencer: takes the events that are complete into the log, signs its head, copies the head away.

Writers know nothing of it. It reads events of transactions below the oldest one that is still under way:
there none can appear any more, so the order (xid, id) is final. One round is one transaction; a program
that was killed goes on where the last round ended.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from salus.audit import log, merkle
from salus.audit.heads import Copies, add_head, heads_after, sign_head
from salus.audit.log import Connection, Entry, Events, Tile
from salus.kernel.clock import now
from salus.kernel.errors import Conflict
from salus.kernel.signing import Signer

INTERVAL = 10.0  # seconds between rounds: at most 8,640 heads a day, 0.3 kB each (ADR 0010)
_LOCK = 3_278_747  # any number that no other lock of ours has


class LogTruncated(Conflict):
    """A head that was signed here is not of this log."""


class TransactionsRestarted(Conflict):
    """The database counts its transactions from a lower number than the log has seen."""


def sequence(
    connection: Connection,
    signer: Signer,
    copies: Copies,
    *,
    page: int = log.PAGE,
    progress: Callable[[int], object] = lambda added: None,
) -> int:
    """Take in all that is complete, in rounds of at most ``page`` events; returns how many.

    Raises LogTruncated when the newest copied head is not of this log, TransactionsRestarted after a
    restore into a database that counts anew.
    """
    _check_continuity(connection, copies)
    _copy_heads(connection, copies)
    total = 0
    while added := _round(connection, signer, page):
        _copy_heads(connection, copies)
        progress(added)
        total += added
    return total


def _check_continuity(connection: Connection, copies: Copies) -> None:
    """A log that was cut must not grow again beside its own past."""
    newest = copies.newest()
    if newest is None:
        return
    tiles = partial(log.hashes_of_tile, connection)
    if newest.size > log.end(connection)[0] or merkle.root(tiles, newest.size) != newest.root:
        raise LogTruncated(
            f"the event log does not contain the head of {newest.at.isoformat()}: events were lost or"
            " changed since. `salus audit verify` says which; docs/how-to/verify-the-event-log.md says"
            " how to go on after a restore that lost some"
        )


def _copy_heads(connection: Connection, copies: Copies) -> None:
    newest = copies.newest()
    copies.append(heads_after(connection, newest.size if newest else 0))


def _round(connection: Connection, signer: Signer, page: int) -> int:
    with connection.transaction():
        # One sequencer at a time; the state is read behind the lock.
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        size, after = log.end(connection)
        before = log.horizon(connection)
        if before <= after.xid:
            raise TransactionsRestarted(
                f"the log has seen transaction {after.xid}, the database is at {before}: restore"
                " copies of the cluster's files, not a dump, or let the database count on from there"
                " (pg_resetwal --next-transaction-id)"
            )
        growth = _Growth(size, partial(log.hashes_of_tile, connection))
        for entry in log.entries(connection, after, before=before, limit=page):
            growth.add(entry)
        growth.end()
        if growth.edge.size == size:
            return 0
        growth.write(connection)
        add_head(
            connection,
            sign_head(signer, size=growth.edge.size, root=growth.edge.root(), at=now()),
        )
    return growth.edge.size - size


class _Growth:
    """The tiles that a round adds or changes: little more than 32 bytes for each event."""

    def __init__(self, size: int, tiles: merkle.Tiles) -> None:
        self.edge = merkle.Edge(size, tiles)
        self._begun = {(level, number): hashes for level, number, hashes in self.edge.unfilled()}
        self._room = merkle.WIDTH - size % merkle.WIDTH
        self._entries: list[Entry] = []
        self._tiles: list[Tile] = []

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        if len(self._entries) == self._room:
            self._keep(self._appended())
            self._room = merkle.WIDTH

    def end(self) -> None:
        tiles = [*self._appended(), *self.edge.unfilled()]
        self._keep(tile for tile in tiles if tile[0] > 0 or self._entries)

    def write(self, connection: Connection) -> None:
        new = [tile for tile in self._tiles if (tile.level, tile.number) not in self._begun]
        log.add_tiles(connection, new)
        for tile in self._tiles:
            before = self._begun.get((tile.level, tile.number))
            if before is not None and before != tile.hashes:
                log.grow_tile(connection, tile)

    def _appended(self) -> Iterator[tuple[int, int, bytes]]:
        return self.edge.append(b"".join(entry.leaf for entry in self._entries))

    def _keep(self, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        for level, number, hashes in tiles:
            events = None
            if level == 0:
                ids = log.ranges(entry.place.id for entry in self._entries)
                events = Events(last=self._entries[-1].place, ids=ids)
            self._tiles.append(Tile(level=level, number=number, hashes=hashes, events=events))
        self._entries.clear()
