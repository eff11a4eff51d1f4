"""The log in the database: events in the order of their transactions, and the tiles over them.

A leaf is the hash of an event's row as PostgreSQL's binary COPY gives it (documented with COPY, "Binary
Format") for the columns of COLUMNS, in that order. Columns that came later than the log are left out from
the end while they are null, so a row that was written before them has the hash that it had. The order of
leaves is that of (xid, id).
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.multirange import Multirange
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.range import Range

from salus.audit.merkle import HASH, WIDTH, hashes_of, leaf_hash
from salus.kernel.errors import SalusError
from salus.kernel.postgres import Login

_FIRST = (
    *("at", "id", "xid", "salt", "kind", "agent", "denied", "repeated", "account_id"),
    *("practitioner_id", "organization_id", "person_id", "document_id", "request_id"),
    *("system", "persons"),
)
_LATER = ("client_id", "purpose")  # add at the end only, and only what may be null
COLUMNS = _FIRST + _LATER
PAGE = 2**20  # events read by one statement: 32 MiB of hashes
LAST_TRANSACTION = 2**63 - 1

_HEADER = 19  # bytes before the first row
_END = b"\xff\xff"
_NULL = 4  # bytes of a field that is null: its length, -1
_FIRST_COLUMNS = struct.Struct(">6xq4xq4xq")  # behind the count and the lengths: at, id, xid
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # of the database's timestamps, which count microseconds
_XID8 = psycopg.adapters.types["xid8"].oid
# How many fields a row has. It comes as a field of its own, which is parsed and taken away: the bytes of a row
# do not tell a null at its end from a number that ends so.
_FIELDS = sql.SQL("(case {} else {} end)::int2").format(
    sql.SQL(" ").join(
        sql.SQL("when {} is not null then {}").format(sql.Identifier(name), number)
        for number, name in sorted(enumerate(COLUMNS, 1), reverse=True)
        if name in _LATER
    ),
    len(_FIRST),
)
# The index is by xid alone: the rows of one transaction are sorted as they come.
_ROWS = sql.SQL(
    """
    copy (
        select {}, {} from audit_event
        where xid >= %s and (xid, id) > (%s, %s) and xid < %s
            and at >= %s and at < %s
        order by xid, id limit %s
    ) to stdout (format binary)
    """
).format(_FIELDS, sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))

Connection = psycopg.Connection[tuple[Any, ...]]


class TileMissing(SalusError):
    """The log has lost a part of its tree."""


class Place(NamedTuple):
    """Where an event stands in the log."""

    xid: int
    id: int


class Entry(NamedTuple):
    """An event of the log; ``at`` as the row holds it, see `instant`."""

    place: Place
    at: int
    leaf: bytes


@dataclass(frozen=True, kw_only=True)
class Events:
    """What a tile of level 0 knows of its events."""

    last: Place
    ids: Multirange[int]


@dataclass(frozen=True, kw_only=True)
class Tile:
    """Up to 256 hashes of one level of the tree."""

    level: int
    number: int
    hashes: bytes
    events: Events | None  # at level 0

    @property
    def end(self) -> int:
        """How many hashes the level has up to here."""
        return self.number * WIDTH + len(self.hashes) // HASH


class Xid(int):
    """A transaction's number on the way to the database."""


class _XidDumper(Int8BinaryDumper):
    oid = _XID8


def connect(login: Login) -> Connection:
    """A connection of a program that reads or writes the log as a whole."""
    connection = psycopg.connect(**asdict(login), autocommit=True)
    connection.adapters.register_dumper(Xid, _XidDumper)
    return connection


def entries(
    connection: Connection,
    after: Place,
    *,
    before: int = LAST_TRANSACTION,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = PAGE,
) -> Iterator[Entry]:
    """The next events behind a place, in order; of transactions below ``before``, of this time only."""
    for row in _rows(connection, after, before, limit, since, until):
        at, number, xid = _FIRST_COLUMNS.unpack_from(row)
        yield Entry(Place(xid, number), at, leaf_hash(row))


def row_of(connection: Connection, place: Place) -> bytes | None:
    """The row of one event, whose hash is its leaf."""
    return next(_rows(connection, Place(place.xid, place.id - 1), place.xid + 1, 1), None)


def _rows(
    connection: Connection,
    after: Place,
    before: int,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[bytes]:
    span = [since or "-infinity", until or "infinity"]
    values = [str(after.xid), str(after.xid), after.id, str(before), *span, limit]
    with connection.cursor() as cursor, cursor.copy(_ROWS, values) as stream:
        start = _HEADER
        for message in stream:
            row = bytes(message)[start:]
            start = 0
            if row != _END:
                yield _cut(row)


def _cut(row: bytes) -> bytes:
    """The row that is hashed: behind the count and a length stands how many fields it has, two bytes as a count."""
    return row[6 : len(row) - _NULL * (len(COLUMNS) - row[7])]


def columns_of(row: bytes) -> tuple[str, ...]:
    """The names of the fields of a row that is hashed."""
    return COLUMNS[: int.from_bytes(row[:2])]


def instant(microseconds: int) -> datetime:
    """The instant of a timestamp as a row holds it."""
    return _EPOCH + timedelta(microseconds=microseconds)


def horizon(connection: Connection) -> int:
    """The transaction below which all have ended: no event can come there any more."""
    (number,) = connection.execute(
        "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    ).fetchone() or (0,)
    return int(number)


def end(connection: Connection) -> tuple[int, Place]:
    """How many events the log has, and the place of the last."""
    row = connection.execute(
        "select number, octet_length(hashes), xid::text::bigint, id from audit_tile where level = 0"
        " order by number desc limit 1"
    ).fetchone()
    if row is None:
        return 0, Place(0, 0)
    number, length, *last = row
    return number * WIDTH + length // HASH, Place(*last)


def estimated_events(connection: Connection) -> int:
    """About how many events there are, as the database's statistics know."""
    row = connection.execute(
        "select coalesce(sum(reltuples) filter (where reltuples > 0), 0)::bigint"
        " from pg_class join pg_inherits on inhrelid = oid where inhparent = 'audit_event'::regclass"
    ).fetchone()
    return int(row[0]) if row else 0


def tiles(connection: Connection, level: int) -> Iterator[Tile]:
    """The tiles of a level, in order; read in pages, so that the connection can be asked meanwhile."""
    number = 0
    while True:
        page = connection.execute(
            "select number, hashes, xid::text::bigint, id, ids from audit_tile where level = %s and number >= %s"
            " order by number limit 256",
            [level, number],
        ).fetchall()
        yield from _tiles(level, page)
        if not page:
            return
        number = page[-1][0] + 1


def _tiles(level: int, rows: Iterable[tuple[Any, ...]]) -> Iterator[Tile]:
    for number, hashes, xid, last, ids in rows:
        events = Events(last=Place(xid, last), ids=ids) if level == 0 else None
        yield Tile(level=level, number=number, hashes=hashes, events=events)


def tile_at(connection: Connection, place: Place) -> Tile | None:
    """The tile of the event that stands there; None while it is not in the log."""
    rows = connection.execute(
        "select number, hashes, xid::text::bigint, id, ids from audit_tile where level = 0"
        " and (xid, id) >= (%s::text::xid8, %s) order by xid, id limit 1",
        [str(place.xid), place.id],
    )
    return next(_tiles(0, rows.fetchall()), None)


def leaf_index(connection: Connection, place: Place, leaf: bytes) -> int | None:
    """Where the leaf of an event stands; None while it is not in the log."""
    tile = tile_at(connection, place)
    leaves = hashes_of(tile.hashes) if tile else []
    return tile.number * WIDTH + leaves.index(leaf) if tile and leaf in leaves else None


def add_tiles(connection: Connection, tiles: Iterable[Tile]) -> None:
    query = "copy audit_tile (level, number, xid, id, ids, hashes) from stdin (format binary)"
    with connection.cursor() as cursor, cursor.copy(query) as stream:
        stream.set_types(["int2", "int8", "xid8", "int8", "int8multirange", "bytea"])
        for tile in tiles:
            of_events: tuple[object, ...] = (None, None, None)
            if tile.events:
                last = tile.events.last
                of_events = (Xid(last.xid), last.id, tile.events.ids)
            stream.write_row((tile.level, tile.number, *of_events, tile.hashes))


def grow_tile(connection: Connection, tile: Tile) -> None:
    """Put more hashes into the tile; ``events`` are those of the added ones."""
    if tile.events:
        last = tile.events.last
        connection.execute(
            "update audit_tile set hashes = %s, xid = %s, id = %s, ids = ids + %s::int8multirange"
            " where level = 0 and number = %s",
            [tile.hashes, Xid(last.xid), last.id, tile.events.ids, tile.number],
        )
    else:
        connection.execute(
            "update audit_tile set hashes = %s where level = %s and number = %s",
            [tile.hashes, tile.level, tile.number],
        )


def hashes_of_tile(connection: Connection, level: int, number: int) -> bytes:
    """Raises TileMissing."""
    found = connection.execute(
        "select hashes from audit_tile where level = %s and number = %s", [level, number]
    ).fetchone()
    if found is None:
        raise TileMissing(f"tile {number} of level {level} is missing: run `salus audit verify`")
    return bytes(found[0])


def ranges(ids: Iterable[int]) -> Multirange[int]:
    """The smallest set of ranges that are these numbers."""
    found: list[Range[int]] = []
    start = end = None
    for number in sorted(ids):
        if number != end:
            if start is not None:
                found.append(Range(start, end))
            start = number
        end = number + 1
    if start is not None:
        found.append(Range(start, end))
    return Multirange(found)
