"""PostgreSQL's binary COPY format, from arrays: all rows of a block at once, no Python per row.

https://www.postgresql.org/docs/18/sql-copy.html (File Formats, Binary Format): a header, per row the number of
fields and per field its length (-1 for null) and its bytes, big-endian.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salus.simulation.timeline import NEVER, NO_DAY

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_DAYS_TO_2000 = 10_957  # PostgreSQL's epoch
_MICROSECONDS_TO_2000 = _DAYS_TO_2000 * 86_400_000_000

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a block: ``cells`` (rows x widest value) of which ``lengths`` count; -1 is null."""

    cells: Bytes
    lengths: npt.NDArray[np.int64]


def bigints(values: npt.NDArray[np.integer]) -> Column:
    return _fixed(values, ">i8")


def keys(values: npt.NDArray[np.integer]) -> Column:
    """Foreign keys from indices: the row is index + 1; a negative index is null."""
    return _fixed(values + 1, ">i8", null=values < 0)


def integers(values: npt.NDArray[np.integer]) -> Column:
    return _fixed(values, ">i4")


def smallints(values: npt.NDArray[np.integer], *, null: int | None = None) -> Column:
    return _fixed(values, ">i2", null=None if null is None else values == null)


def booleans(values: npt.NDArray[np.bool_]) -> Column:
    return _fixed(values, "u1")


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
    table = np.array([value.encode() for value in values] or [b""])
    cells = table.view(np.uint8).reshape(len(table), -1)
    lengths = np.array([len(value.encode()) for value in values] or [0])
    if index is None:
        return Column(cells=cells, lengths=lengths[: len(values)])
    return Column(cells=cells[index], lengths=np.where(index < 0, -1, lengths[index]))


def blobs(values: Sequence[bytes]) -> Column:
    """bytea, all of one length."""
    width = len(values[0]) if values else 0
    cells = np.frombuffer(b"".join(values), dtype=np.uint8).reshape(len(values), width)
    return Column(cells=cells, lengths=np.full(len(values), width))


def same(value: str, count: int) -> Column:
    """The same text in all rows."""
    return words([value], np.zeros(count, dtype=np.int64))


def encode(columns: Sequence[Column]) -> bytes:
    """The whole COPY stream of a block."""
    rows = len(columns[0].lengths)
    sizes = np.full(rows, 2, dtype=np.int64)
    for column in columns:
        sizes += 4 + np.maximum(column.lengths, 0)
    at = np.cumsum(sizes) - sizes
    stream = np.empty(int(sizes.sum()), dtype=np.uint8)
    _place(stream, at, np.full(rows, len(columns)), ">i2")
    at = at + 2
    for column in columns:
        _place(stream, at, column.lengths, ">i4")
        at = at + 4
        for byte in range(column.cells.shape[1]):
            within = column.lengths > byte
            if within.all():
                stream[at + byte] = column.cells[:, byte]
            else:
                stream[at[within] + byte] = column.cells[within, byte]
        at = at + np.maximum(column.lengths, 0)
    return _HEADER + stream.tobytes() + _TRAILER


def _fixed(
    values: npt.NDArray[np.generic], dtype: str, null: npt.NDArray[np.bool_] | None = None
) -> Column:
    width = np.dtype(dtype).itemsize
    cells = np.ascontiguousarray(values.astype(dtype)).view(np.uint8).reshape(len(values), width)
    lengths = np.full(len(values), width)
    if null is not None:
        lengths = np.where(null, -1, lengths)
    return Column(cells=cells, lengths=lengths)


def _place(
    stream: Bytes, at: npt.NDArray[np.int64], values: npt.NDArray[np.int64], dtype: str
) -> None:
    cells = values.astype(dtype).view(np.uint8).reshape(len(values), np.dtype(dtype).itemsize)
    for byte in range(cells.shape[1]):
        stream[at + byte] = cells[:, byte]
