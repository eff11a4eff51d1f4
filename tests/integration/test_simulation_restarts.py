"""Same seed, same nation: whatever the order of the blocks and wherever a run was killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import LiteralString
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from salus.kernel.month import Month
from salus.kernel.postgres import attached, login
from salus.simulation import binary_copy
from salus.simulation.blocks import blocks
from salus.simulation.calibration import CALIBRATION, plan
from salus.simulation.lives import make_world
from salus.simulation.timeline import Timeline
from tests.conftest import NATION, new_folder, salus
from tests.integration.test_simulation_set_aside import catalogue

# Keys and nonces, and what the database numbers or times by itself, are no content.
UNEQUAL = {"password", "wrapped_key", "finished_at", "xid", "salt"}
NUMBERED = {"audit_event", "account_emailaddress"}
OFTEN = (
    None if "SALUS_PROVE" in os.environ else 1
)  # it is killed at each of the moments, or at one of each kind


def contents(data: Path) -> dict[str, str]:
    """A hash over the rows of each table that the simulation fills."""
    with psycopg.connect(**asdict(login(data, "superuser"))) as connection:
        tables = connection.execute("""
            select table_name::text, array_agg(column_name::text) from information_schema.columns
            join information_schema.tables using (table_schema, table_name)
            where table_schema = 'public' and table_type = 'BASE TABLE'
              and table_name not like 'audit\\_event\\_%%' and table_name not like 'django%%'
              and table_name not like 'procrastinate%%'
              and table_name not like 'auth%%' and table_name not in ('audit_tile', 'audit_head')
            group by 1""").fetchall()
        hashes = {}
        for table, columns in tables:
            left = set(columns) - UNEQUAL - ({"id"} if table in NUMBERED else set())
            query = sql.SQL("select md5(coalesce(string_agg(r::text, '' order by r::text), ''))"
                            " from (select {} from {}) r")  # fmt: skip
            names = sql.SQL(", ").join(map(sql.Identifier, sorted(left)))
            found = connection.execute(query.format(names, sql.Identifier(table))).fetchone()
            assert found is not None
            hashes[table] = found[0]
        return hashes


def test_no_block_depends_on_another_one() -> None:
    """Each block alone, in a world of its own and last to first, is the block of a whole run."""
    until = Month(2020, 9)

    def encoded(backwards: bool) -> dict[str, str]:
        line = Timeline(CALIBRATION, ZoneInfo("Europe/Luxembourg"))
        world = make_world(plan(denominator=1000, until=until), line, seed=7)
        found = {}
        works = blocks(world, until, store=None)
        for work in reversed(works) if backwards else works:
            streams = [
                piece
                for t in work.make()
                for piece in binary_copy.encode(
                    [c for n, c in t.columns.items() if n not in UNEQUAL]
                )
            ]
            found[work.name] = sha256(b"".join(streams)).hexdigest()
        return found

    assert encoded(backwards=False) == encoded(backwards=True)


@pytest.fixture
def interrupted() -> Iterator[Path]:
    """A folder in which the nation's simulation was killed again and again, then ran to its end."""
    data = new_folder()
    with attached(data):
        _kill(data, "simulation_setaside", AT_LEAST[1:])
        for more in (3, 1, 40, 5):
            _kill(data, "simulation_block", AT_LEAST[_count(data, "simulation_block") + more :])
        away = _count(data, "simulation_setaside")
        assert away
        for left in (away - 50, away // 2, 20):  # in the middle of putting back
            _kill(data, "simulation_setaside", range(left + 1))
        done = salus("simulate", *NATION, data=data)
        assert done.returncode == 0, done.stderr
        again = salus("simulate", *NATION, data=data)
        assert again.returncode == 0
        assert "is here already" in again.stdout
        yield data


AT_LEAST = range(10_000)


def _kill(data: Path, table: LiteralString, rows: range) -> None:
    """Start a run and kill it as soon as the table has so many rows."""
    run = subprocess.Popen(
        [sys.executable, "-m", "config.cli", "simulate", *NATION],
        env=os.environ | {"SALUS_DATA": str(data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while _count(data, table) not in rows:
        assert run.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()


def _count(data: Path, table: LiteralString) -> int:
    with psycopg.connect(**asdict(login(data, "superuser"))) as connection:
        try:
            found = connection.execute(f"select count(*) from {table}").fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
        assert found is not None
        return int(found[0])


@pytest.mark.prove
def test_a_killed_run_goes_on_to_the_same_nation(nation: Path, interrupted: Path) -> None:
    assert contents(interrupted) == contents(nation)
    assert catalogue(interrupted) == catalogue(nation) == catalogue(nation, "empty")


def test_another_nation_is_refused(nation: Path) -> None:
    done = salus("simulate", "--scale", "1/1000", "--until", "2025-02", "--seed", "2", data=nation)
    assert done.returncode == 1
    assert "another nation" in done.stderr
    assert "--data" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_two_simulations_at_once_are_refused(database: Path) -> None:
    with psycopg.connect(**asdict(login(database, "loader"))) as other:
        other.execute("select pg_advisory_lock(7226287)")
        done = salus("simulate", *NATION, data=database)
    assert done.returncode == 1
    assert "another simulation" in done.stderr


@pytest.mark.parametrize(
    ("scale", "until", "said"),
    [
        ("1/1001", "2024-12", "the smallest nation is 1/1000"),
        ("1/1000", "2014-12", "lives from 2015-01"),
        ("1/1000", "2999-01", "lives from 2015-01"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    database: Path, scale: str, until: str, said: str
) -> None:
    done = salus("simulate", "--scale", scale, "--until", until, data=database)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_installation_with_people_is_refused(database: Path) -> None:
    with psycopg.connect(**asdict(login(database, "loader"))) as other:
        other.execute(
            "insert into mpi_person (family, given, birth_family, birth_date, gender, registered_at,"
            " family_key, given_key) values ('A', 'B', '', '1990-01-01', 'female', now(), 'a', 'b')"
        )
    done = salus("simulate", *NATION, data=database)
    assert done.returncode == 1
    assert "other people's rows" in done.stderr
    assert len(done.stderr.splitlines()) == 1
