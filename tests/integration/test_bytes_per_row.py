"""No row of the large tables costs more than its budget (docs/adr/0011-bytes-per-row.md)."""

from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from salus.kernel.postgres import login
from tools.budget import BUDGET, table

ROOT = Path(__file__).resolve().parents[2]
PAGE, USABLE, POINTER = 8192, 8168, 4  # bytes of a page, without its header, of a row's place in it
SLACK = 0.8  # a budget that is far above the cost allows what nobody decided


@pytest.mark.parametrize("name", BUDGET)
def test_a_row_costs_what_it_may(nation: Path, name: str) -> None:
    """By the rows themselves: at 1/1000 half-filled last pages would count."""
    with psycopg.connect(**asdict(login(nation, "superuser"))) as connection:
        query = sql.SQL("select avg((pg_column_size(r.*) + 7) / 8 * 8)::float from {} r")
        found = connection.execute(query.format(sql.Identifier(name))).fetchone()
    assert found
    cost = (found[0] + POINTER) * PAGE / USABLE
    assert SLACK * BUDGET[name].row <= cost <= BUDGET[name].row


@pytest.mark.parametrize("name", BUDGET)
def test_each_index_has_a_budget(nation: Path, name: str) -> None:
    with psycopg.connect(**asdict(login(nation, "superuser"))) as connection:
        found = connection.execute(
            "select indexrelid::regclass::text from pg_index where indrelid = %s::regclass", [name]
        ).fetchall()
    assert {index for (index,) in found} == BUDGET[name].indexes.keys()


def test_what_grows_with_the_nation_has_a_budget(nation: Path) -> None:
    """A hundred rows here are a hundred thousand at scale 1."""
    with psycopg.connect(**asdict(login(nation, "superuser"))) as connection:
        connection.execute("analyze")  # what the sequencer wrote as well
        found = connection.execute("""
            select relname::text from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
              and reltuples >= 100 and relname !~ '^(simulation|django|auth)_'
        """).fetchall()  # fmt: skip
    assert {name for (name,) in found} == BUDGET.keys()


def test_the_decision_shows_the_budget() -> None:
    assert table() in (ROOT / "docs/adr/0011-bytes-per-row.md").read_text(encoding="utf-8")
