"""Indexes and constraints leave for a load and come back: all of them, as the migrations define them, and checked."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from salus.kernel.postgres import login
from tests.conftest import NATION, salus

# Of a key `connoinherit` means nothing; it tells only whether it was made with its partition or after it.
CATALOGUE: tuple[LiteralString, ...] = (
    """select indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid, indisready, indisclustered,
              (select inhparent::regclass::text from pg_inherits where inhrelid = indexrelid)
       from pg_index join pg_class on pg_class.oid = indexrelid where relnamespace = 'public'::regnamespace""",
    """select conrelid::regclass::text, conname::text, contype, pg_get_constraintdef(c.oid), convalidated, conenforced,
              conislocal, coninhcount, conindid::regclass::text, connoinherit and contype in ('c', 'n'),
              (select p.conname::text from pg_constraint p where p.oid = c.conparentid)
       from pg_constraint c where connamespace = 'public'::regnamespace""",
    """select relname::text, relrowsecurity, relforcerowsecurity from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')""",
)


def catalogue(data: Path, dbname: str = "salus") -> list[set[tuple[object, ...]]]:
    """Every index, constraint and table of the schema, with what holds of it."""
    with connected(data, dbname) as connection:
        return [set(connection.execute(query)) for query in CATALOGUE]


@contextmanager
def connected(data: Path, dbname: str = "salus") -> Iterator[psycopg.Connection]:
    superuser = replace(login(data, "superuser"), dbname=dbname)
    with psycopg.connect(**asdict(superuser), autocommit=True) as connection:
        yield connection


def as_owner(work: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "config.migrate", work]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def loading(database: Path) -> Iterator[psycopg.Connection]:
    """A database as the loader finds it."""
    assert as_owner("set-aside").returncode == 0
    with connected(database) as connection:
        yield connection
        connection.execute("truncate audit_event, mpi_person, shared_record_document cascade")
    assert as_owner("put-back").returncode == 0


def test_a_load_leaves_the_catalogue_of_the_migrations(nation: Path) -> None:
    assert catalogue(nation) == catalogue(nation, "empty")


def test_while_a_nation_is_loaded_no_index_is_in_the_way(loading: psycopg.Connection) -> None:
    left = loading.execute("""
        select indexrelid::regclass::text from pg_index
        where indrelid::regclass::text ~ '^(audit|mpi|shared_record|vaccination|eligibility|access)_'
        union all
        select conname::text from pg_constraint where contype = 'f'
        and (conrelid::regclass::text ~ '^(mpi|shared_record)_' or confrelid::regclass::text ~ '^(mpi|shared_record)_')
    """).fetchall()  # fmt: skip
    assert left == []


@pytest.mark.prove
def test_set_aside_twice_is_put_back_once(database: Path, loading: psycopg.Connection) -> None:
    assert as_owner("set-aside").returncode == 0
    assert as_owner("put-back").returncode == 0
    assert as_owner("put-back").returncode == 0
    assert catalogue(database) == catalogue(database, "empty")


PERSON: LiteralString = """
    insert into mpi_person (id, family, given, birth_family, birth_date, gender, registered_at, family_key, given_key)
    values (1, 'A', 'B', '', '1990-01-01', 'female', now(), 'a', 'b')"""
DOCUMENT: LiteralString = """
    insert into shared_record_document (filed_at, created_on, type, format, language, title, person_id)
    values (now(), now(), 1, 1, 'fr', '', 1)"""


@pytest.mark.parametrize(
    ("contradiction", "amends"),
    [
        # Under forced row-level security, where the owner sees no row.
        ([DOCUMENT], PERSON),
        ([PERSON, PERSON], "delete from mpi_person where ctid = '(0,2)'"),
    ],
    ids=["a document of nobody", "a person twice"],
)
def test_rows_that_contradict_a_constraint_are_found(
    database: Path,
    loading: psycopg.Connection,
    contradiction: list[LiteralString],
    amends: LiteralString,
) -> None:
    for statement in contradiction:
        loading.execute(statement)
    done = as_owner("put-back")
    assert done.returncode == 1
    assert "Violation" in done.stderr or "IntegrityError" in done.stderr
    assert "(1)" not in done.stderr  # no value of a row
    assert catalogue(database) != catalogue(database, "empty")
    loading.execute(amends)
    assert as_owner("put-back").returncode == 0
    assert catalogue(database) == catalogue(database, "empty")


@pytest.mark.prove
def test_nobody_else_works_while_a_nation_is_loaded(
    database: Path, loading: psycopg.Connection
) -> None:
    loading.execute("select pg_advisory_lock(7226287)")
    for command in (["demo-people"], ["report", "2024-12"]):
        done = salus(*command, data=database)
        assert done.returncode == 1
        assert done.stderr == "salus: a simulation is filling this installation: wait for it\n"
    done = salus("doctor", data=database)
    assert "FAIL  indexes and constraints are in place" in done.stdout


def test_the_next_command_puts_back_what_a_killed_load_left(
    database: Path, loading: psycopg.Connection
) -> None:
    salus("demo-people", data=database)
    assert catalogue(database) == catalogue(database, "empty")


@pytest.mark.prove
def test_beside_a_running_site_every_constraint_holds_at_every_moment(database: Path) -> None:
    whole, listed = catalogue(database), _ever_listed(database)
    with psycopg.connect(**asdict(login(database, "app"))):
        done = salus("simulate", *NATION, data=database)
    assert done.returncode == 0, done.stderr
    assert catalogue(database) == whole
    assert _ever_listed(database) == listed


def _ever_listed(data: Path) -> tuple[object, ...] | None:
    """How many things ever were set aside."""
    with connected(data) as connection:
        return connection.execute(
            "select last_value, is_called from simulation_setaside_id_seq"
        ).fetchone()
