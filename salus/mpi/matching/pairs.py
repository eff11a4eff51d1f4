"""The pairs of records that share a key, and what each weighs, in SQL: over the tables of `table.fill`."""

from collections.abc import Callable

import duckdb
import pyarrow as pa

from salus.mpi.matching.levels import COLUMN, Field, Level
from salus.mpi.matching.levels_sql import level_of
from salus.mpi.matching.model import Model, Odds
from salus.mpi.matching.table import COMPARED

# A key under which more records meet than this says too little; its pairs share another key, or nothing.
_LARGEST_BLOCK = 400
_PAIRS_AT_ONCE = 4_000_000  # what a step holds in memory, about


def meet(connection: duckdb.DuckDBPyConnection, *, two_files: bool) -> int:
    """Make the table ``meeting`` of records under the keys that they share; returns in how many steps to go on."""
    pairs = (
        "count(*) filter (file = 0) * count(*) filter (file = 1)"
        if two_files
        else "count(*) * (count(*) - 1) // 2"
    )
    connection.execute(f"""
        create or replace table blocks as
        select key, {pairs} as pairs from keys
        group by key having pairs > 0 and count(*) <= {_LARGEST_BLOCK};
        create or replace table meeting as
        select key, row, file from keys semi join blocks using (key)
    """)
    ((met,),) = connection.execute("select coalesce(sum(pairs), 0) from blocks").fetchall()
    return int(met) // _PAIRS_AT_ONCE + 1


def weigh_terms(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Make the table ``weighed``: the records, and beside each how frequent its values are."""
    joins, columns = [], ["records.*"]
    for field, terms in model.terms.items():
        values = pa.table(
            {
                "value": pa.array(terms.frequency.keys(), pa.string()),
                "frequency": pa.array(terms.frequency.values(), pa.float64()),
            }
        )
        connection.register(f"terms_{field}", values)
        joins.append(f"left join terms_{field} on terms_{field}.value = records.{COLUMN[field]}")
        columns.append(f"coalesce(terms_{field}.frequency, {terms.rare!r}) as frequency_{field}")
    connection.execute(
        f"create or replace table weighed as select {', '.join(columns)} from records {' '.join(joins)}"
    )


def pairs_sql(model: Model, *, two_files: bool, steps: int, step: int) -> str:
    """Each pair once over all steps: rows, levels, frequencies; bits for one person, and for two relatives."""
    order = "l.file < r.file" if two_files else "l.row < r.row"
    columns = (*COMPARED, *(f"frequency_{field}" for field in model.terms))
    both = ", ".join(f"l.{column} as {column}_l, r.{column} as {column}_r" for column in columns)
    levels = ", ".join(f"{level_of(field)} as {field}" for field in Field)
    frequencies = "".join(
        f", greatest(frequency_{field}_l, frequency_{field}_r) as frequency_{field}"
        for field in model.terms
    )
    same = " + ".join(_bits(field, model, lambda odds: odds.m) for field in Field)
    relatives = " + ".join(_bits(field, model, lambda odds: odds.r) for field in Field)
    return f"""
        with pairs as (
            select distinct l.row as row_l, r.row as row_r
            from meeting l join meeting r on l.key = r.key and {order}
            where l.row % {steps} = {step}
        ), columns as (
            select row_l, row_r, {both}
            from pairs join weighed l on l.row = row_l join weighed r on r.row = row_r
        ), leveled as (
            select row_l, row_r, {levels}{frequencies} from columns
        )
        select *, {same} as same, {relatives} as relatives from leveled
    """


def _bits(field: Field, model: Model, of: Callable[[Odds], float]) -> str:
    cases = [
        f"when '{level}' then log2({of(odds)!r} / "
        + (
            f"frequency_{field})"
            if level is Level.EQUAL and field in model.terms
            else f"{odds.u!r})"
        )
        for level, odds in model.fields.get(field, {}).items()
    ]
    return f"(case {field} {' '.join(cases)} else 0 end)" if cases else "0"
