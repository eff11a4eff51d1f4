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
_FAR = 12  # bits below even odds
GUARDED = ("given", "family", "born", "multiple_birth")  # values that guards look at


def compare_pairs(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    *,
    two_files: bool = False,
    advance: Callable[[float], object] = lambda done: None,
) -> None:
    """Compare whoever meets, and make the table ``close`` of those who may be one person, or two relatives:
    ``row_l``, ``row_r``, and bits for either (``same``, ``relatives``). ``advance`` is told the share that is done.
    """
    steps = _meet(connection, two_files=two_files)
    _weigh_terms(connection, model)
    # What is further off adds nothing to any sum, whatever the prior is found to be.
    enough = -model.prior_weight - _FAR
    for step in range(steps):
        pairs = _compared_sql(
            model,
            _MEETING.format(
                order="l.file < r.file" if two_files else "l.row < r.row", steps=steps, step=step
            ),
        )
        connection.execute(
            ("create or replace table close as" if step == 0 else "insert into close")
            + f" select row_l, row_r, same, relatives from ({pairs})"
            f" where same >= {enough!r} or relatives >= {enough!r}"
        )
        advance(1 / steps)


def levels_of_close(model: Model, *, where: str) -> str:
    """SQL for rows, levels and frequencies of the pairs of ``close`` for which ``where`` holds."""
    return _compared_sql(model, f"select row_l, row_r from close where {where}")


_MEETING = """
    select distinct l.row as row_l, r.row as row_r
    from meeting l join meeting r on l.key = r.key and {order}
    where l.row % {steps} = {step}
"""


def _meet(connection: duckdb.DuckDBPyConnection, *, two_files: bool) -> int:
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


def _weigh_terms(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
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


def _compared_sql(model: Model, pairs: str) -> str:
    """Rows, levels and frequencies of pairs of rows; bits for one person, and for two relatives."""
    columns = (*COMPARED, *(f"frequency_{field}" for field in model.terms))
    both = ", ".join(f"l.{column} as {column}_l, r.{column} as {column}_r" for column in columns)
    levels = ", ".join(f"{level_of(field)} as {field}" for field in Field)
    frequencies = "".join(
        f", greatest(frequency_{field}_l, frequency_{field}_r) as frequency_{field}"
        for field in model.terms
    )
    kept = "".join(f", {column}_l, {column}_r" for column in GUARDED)
    same = " + ".join(_bits(field, model, lambda odds: odds.m) for field in Field)
    relatives = " + ".join(_bits(field, model, lambda odds: odds.r) for field in Field)
    return f"""
        with pairs as ({pairs}), columns as (
            select row_l, row_r, {both}
            from pairs join weighed l on l.row = row_l join weighed r on r.row = row_r
        ), leveled as (select row_l, row_r, {levels}{frequencies}{kept} from columns)
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
