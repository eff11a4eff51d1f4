"""PostgreSQL's binary COPY format, from arrays: all rows of a block at once, no Python per row.

https://www.postgresql.org/docs/18/sql-copy.html (File Formats, Binary Format): a header, per row the number of
fields and per field its length (-1 for null) and its bytes, big-endian.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import pack

import numpy as np
import numpy.typing as npt

from salus.simulation.timeline import NEVER, NO_DAY

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_PIECE = 20_000  # rows: what is laid out at once stays in the processor's cache
_DAYS_TO_2000 = 10_957  # PostgreSQL's epoch
_MICROSECONDS_TO_2000 = _DAYS_TO_2000 * 86_400_000_000
_TEXT, _TIMESTAMPTZ = 25, 1184  # the types' numbers in the catalogue

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a block: ``cells`` (rows x widest value) of which ``lengths`` count; -1 is null."""

    cells: Bytes
    lengths: npt.NDArray[np.int64]

    def taken(self, rows: slice) -> "Column":
        return Column(cells=self.cells[rows], lengths=self.lengths[rows])


def bigints(values: npt.NDArray[np.integer]) -> Column:
    return _fixed(values, ">i8")


def keys(values: npt.NDArray[np.integer]) -> Column:
    """Foreign keys from indices: the row is index + 1; a negative index is null."""
    return _fixed(values + 1, ">i8", null=values < 0)


def integers(values: npt.NDArray[np.integer], *, null: int | None = None) -> Column:
    return _fixed(values, ">i4", null=None if null is None else values == null)


def smallints(values: npt.NDArray[np.integer], *, null: int | None = None) -> Column:
    return _fixed(values, ">i2", null=None if null is None else values == null)


def booleans(values: npt.NDArray[np.bool_]) -> Column:
    return _fixed(values, "u1")


def flags(values: npt.NDArray[np.integer]) -> Column:
    """boolean from 0 and 1; -1 is null."""
    return _fixed(values.astype(np.int8), "u1", null=values < 0)


def doubles(values: npt.NDArray[np.float64]) -> Column:
    """double precision; NaN is null."""
    return _fixed(values, ">f8", null=np.isnan(values))


def instants(values: npt.NDArray[np.int64]) -> Column:
    """timestamptz from microseconds since 1970; NEVER is null."""
    return _fixed(values - _MICROSECONDS_TO_2000, ">i8", null=values >= NEVER)


def dates(days: npt.NDArray[np.integer]) -> Column:
    """date from days since 1970; NO_DAY is null."""
    return _fixed(days - _DAYS_TO_2000, ">i4", null=days >= NO_DAY)


def uuids(values: npt.NDArray[np.uint64]) -> Column:
    """uuid (version 4 by its marks) from 16 pseudo-random bytes: an array of n x 2 words."""
    cells = values.astype(">u8").view(np.uint8).reshape(len(values), 16).copy()
    cells[:, 6] = cells[:, 6] & 0x0F | 0x40
    cells[:, 8] = cells[:, 8] & 0x3F | 0x80
    return Column(cells=cells, lengths=np.full(len(cells), 16))


def words(values: Sequence[str], index: npt.NDArray[np.integer] | None = None) -> Column:
    """text or an enum: ``values`` themselves, or those that ``index`` picks; a negative index is null."""
    table = _ragged([value.encode() for value in values])
    if index is None:
        return table
    return Column(cells=table.cells[index], lengths=np.where(index < 0, -1, table.lengths[index]))


def json(values: Sequence[str]) -> Column:
    """jsonb from its text: the format's version, then the text."""
    return _ragged([b"\1" + value.encode() for value in values])


def text_arrays(values: Sequence[Sequence[str]]) -> Column:
    """text[]: the number of dimensions, whether there are nulls, the type; then length and first index, and each."""
    return _ragged([_text_array([text.encode() for text in texts]) for texts in values])


def _text_array(texts: Sequence[bytes]) -> bytes:
    shape = pack(">5i", 1, 0, _TEXT, len(texts), 1) if texts else pack(">3i", 0, 0, _TEXT)
    return shape + b"".join(pack(">i", len(text)) + text for text in texts)


def instant_arrays(values: Sequence[Sequence[int]]) -> Column:
    """timestamptz[] from microseconds since 1970."""
    return _ragged([_instant_array(instants) for instants in values])


def _instant_array(instants: Sequence[int]) -> bytes:
    if not instants:
        return pack(">3i", 0, 0, _TIMESTAMPTZ)
    since_2000 = (at - _MICROSECONDS_TO_2000 for at in instants)
    cells = b"".join(pack(">iq", 8, at) for at in since_2000)
    return pack(">5i", 1, 0, _TIMESTAMPTZ, len(instants), 1) + cells


def blobs(values: Sequence[bytes]) -> Column:
    """bytea, all of one length."""
    width = len(values[0]) if values else 0
    cells = np.frombuffer(b"".join(values), dtype=np.uint8).reshape(len(values), width)
    return Column(cells=cells, lengths=np.full(len(values), width))


def same(value: str, count: int) -> Column:
    """The same text in all rows."""
    return words([value], np.zeros(count, dtype=np.int64))


def encode(columns: Sequence[Column]) -> Iterator[bytes]:
    """The COPY stream of a block, in pieces."""
    rows = len(columns[0].lengths)
    yield _HEADER
    for start in range(0, rows, _PIECE):
        yield _encode([column.taken(slice(start, start + _PIECE)) for column in columns])
    yield _TRAILER


def _encode(columns: Sequence[Column]) -> bytes:
    """Rows as wide as their widest values, of which what is not there is then left out."""
    rows = len(columns[0].lengths)
    width = 2 + sum(4 + column.cells.shape[1] for column in columns)
    stream = np.empty((rows, width), dtype=np.uint8)
    there = np.ones((rows, width), dtype=bool)
    stream[:, :2] = _bytes(np.full(rows, len(columns)), ">i2")
    at = 2
    for column in columns:
        stream[:, at : at + 4] = _bytes(column.lengths, ">i4")
        at += 4
        end = at + column.cells.shape[1]
        stream[:, at:end] = column.cells
        if (column.lengths != end - at).any():
            there[:, at:end] = np.arange(end - at) < column.lengths[:, None]
        at = end
    return stream[there].tobytes()


def _ragged(values: Sequence[bytes]) -> Column:
    """Of any lengths."""
    table = np.array(values or [b""])
    return Column(
        cells=table.view(np.uint8).reshape(len(table), -1)[: len(values)],
        lengths=np.array([len(value) for value in values], dtype=np.int64),
    )


def _fixed(
    values: npt.NDArray[np.generic], dtype: str, null: npt.NDArray[np.bool_] | None = None
) -> Column:
    lengths = np.full(len(values), np.dtype(dtype).itemsize)
    if null is not None:
        lengths = np.where(null, -1, lengths)
    return Column(cells=_bytes(values, dtype), lengths=lengths)


def _bytes(values: npt.NDArray[np.generic], dtype: str) -> Bytes:
    cells = np.ascontiguousarray(values.astype(dtype)).view(np.uint8)
    return cells.reshape(len(values), np.dtype(dtype).itemsize)
