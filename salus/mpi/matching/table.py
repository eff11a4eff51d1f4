"""Prepared records as a table in DuckDB, where whole files are compared."""

from collections.abc import Iterable, Iterator
from itertools import islice

import duckdb
import pyarrow as pa

from salus.kernel.spelling.phonetic import sounds
from salus.mpi.matching.keys import keys_of
from salus.mpi.matching.prepared import Prepared

_TEXT = (
    "given",
    "family",
    "family_full",
    "born",
    "sex",
    "street",
    "house_number",
    "postal_code",
    "city",
    "phone",
    "email",
    "national_id",
)
_LISTS = ("given_words", "families")
_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("file", pa.int8()),
        ("id", pa.string()),
        *((column, pa.string()) for column in _TEXT),
        *((column, pa.list_(pa.string())) for column in _LISTS),
        ("given_sound", pa.string()),
        ("family_sound", pa.string()),
        ("multiple_birth", pa.int16()),
        ("keys", pa.list_(pa.string())),
    ]
)
COMPARED = (*_TEXT, *_LISTS, "given_sound", "family_sound", "multiple_birth")
_BATCH = 20_000

# What is compared, and the keys under which records meet: by their hash, to keep them small.
_CREATE = """
    create or replace table records as select * exclude (keys) from batch;
    create or replace table keys as select 0::bigint as row, 0::tinyint as file, hash('') as key limit 0
"""
_INSERT = """
    insert into records select * exclude (keys) from batch;
    insert into keys select distinct row, file, hash(unnest(keys)) from batch
"""


def fill(
    connection: duckdb.DuckDBPyConnection, records: Iterable[tuple[int, str, Prepared]]
) -> None:
    """Make the tables ``records`` and ``keys`` of (number of the file, id, record), in the order in which they come."""
    rows = enumerate(records)
    connection.register("batch", pa.Table.from_pylist([], _SCHEMA))
    connection.execute(_CREATE)
    while some := list(islice(rows, _BATCH)):
        connection.register("batch", pa.Table.from_pylist(list(_rows(some)), _SCHEMA))
        connection.execute(_INSERT)
    connection.unregister("batch")


def _rows(
    records: Iterable[tuple[int, tuple[int, str, Prepared]]],
) -> Iterator[dict[str, object]]:
    for row, (file, record_id, record) in records:
        yield {
            "row": row,
            "file": file,
            "id": record_id,
            **{column: getattr(record, column) or None for column in _TEXT},
            **{column: getattr(record, column) for column in _LISTS},
            "given_sound": sounds(record.given) or None,
            "family_sound": sounds(record.family) or None,
            "multiple_birth": record.multiple_birth,
            "keys": list(keys_of(record)),
        }
