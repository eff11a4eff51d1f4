"""The only writer besides actions: whole blocks of rows by binary COPY, each in one transaction.

A block that is listed in the database is complete; a run that was interrupted goes on with the others.
"""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import DatabaseError, connection, transaction

from salus.kernel.data_folder import disk_full
from salus.simulation import binary_copy
from salus.simulation.models import Block
from salus.simulation.tables import Table

_SPACE_TO_WORK = 32 * 2**20  # bytes: two segments of the server's log


@dataclass(frozen=True, kw_only=True)
class Work:
    """A block to be: its name, about how many rows it will have, and how to make them."""

    name: str
    rows: int
    stage: int  # rows refer to rows of earlier stages only, or of their own block
    make: Callable[[], Sequence[Table]]


def write(work: Work, data: Path) -> None:
    """Make the block and commit it as a whole."""
    try:
        tables = work.make()
        with transaction.atomic(), connection.cursor() as cursor:
            # A crash may lose the last blocks, each with its line in the list: they are made again.
            cursor.execute("set local synchronous_commit = off")
            for table in tables:
                _copy(table)
            Block.objects.create(name=work.name, rows=sum(table.rows for table in tables))
    except (DatabaseError, psycopg.Error) as error:
        # Without room for its log the server stops at once, and no error code reaches us.
        told = isinstance(error.__cause__ or error, psycopg.errors.DiskFull)
        if told or shutil.disk_usage(data).free < _SPACE_TO_WORK:
            raise disk_full(data) from error
        raise


def _copy(table: Table) -> None:
    if not table.rows:
        return
    columns = ", ".join(f'"{name}"' for name in table.columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy {table.name} ({columns}) from stdin (format binary)") as stream,
    ):
        for piece in binary_copy.encode(list(table.columns.values())):
            stream.write(piece)


def reserve_ids(first_free: dict[str, int]) -> None:
    """Let ids of rows that users make start after the simulated ones; a table and its first free id."""
    with connection.cursor() as cursor:
        for table, number in first_free.items():
            cursor.execute(
                "select setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, number]
            )


def vacuum(tables: Sequence[str]) -> None:
    """Make what was loaded countable by index alone, and known to the planner."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES, [list(tables)])
        leaves = [table for (table,) in cursor]
        with ThreadPoolExecutor(_VACUUMS) as pool:
            list(pool.map(_vacuum, leaves))
        for table in set(tables) - set(leaves):
            cursor.execute(f"analyze only {table}")  # partitioned: the whole of it


def _vacuum(table: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"vacuum (analyze) {table}")
    finally:
        connection.close()  # this thread's


_VACUUMS = 2  # at once
_LEAVES = """
    select coalesce(leaf.relid, relation)::regclass::text
    from unnest(%s::text[]::regclass[]) relation
    left join lateral pg_partition_tree(relation) leaf on true
    where leaf.isleaf is not false
    order by pg_relation_size(coalesce(leaf.relid, relation)) desc
"""
