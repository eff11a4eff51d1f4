"""The walls between the database's roles: no role can become another, or do another's work."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from salus.kernel import postgres
from salus.kernel.postgres import BYPASS_RLS, ROLES

OTHERS = [
    (role, other) for role in ROLES for other in (*ROLES, "superuser", "pg_read_all_data")
    if role != other
]  # fmt: skip


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="salus-test-") as folder:
        Path(folder).chmod(0o755)  # the database's user passes through
        with postgres.attached(Path(folder)):
            yield Path(folder)


def connect(data: Path, role: str, *, autocommit: bool = False) -> psycopg.Connection:
    return psycopg.connect(**asdict(postgres.login(data, role)), autocommit=autocommit)


def forbidden(data: Path, role: str, statement: str | sql.Composed) -> None:
    """The statement is refused, even after the role has made its session writable."""
    with connect(data, role, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize(("role", "other"), OTHERS)
def test_no_role_becomes_another(data: Path, role: str, other: str) -> None:
    for statement in ("set role {}", "set session authorization {}", "grant {} to current_user"):
        forbidden(data, role, sql.SQL(statement).format(sql.Identifier(other)))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "select rolpassword from pg_authid",
        "alter role current_user superuser",
        "alter role current_user createrole",
        "create role another login",
        "create database another",
        "alter system set log_statement = 'all'",
        "set log_statement = 'all'",
        "select pg_read_file('PG_VERSION')",
        "copy (select 1) to program 'true'",
        "select pg_reload_conf()",
        "select pg_switch_wal()",
        "checkpoint",
    ],
)
def test_no_role_rules_the_server(data: Path, role: str, statement: str) -> None:
    forbidden(data, role, statement)


@pytest.mark.parametrize("role", ["app", "loader", "reporter", "sequencer"])
@pytest.mark.parametrize(
    "statement",
    [
        "create table public.another (id integer)",
        "create temporary table another (id integer)",
        "create schema another",
        "drop table walled",
        "alter table walled disable row level security",
        "create policy everything on walled using (true)",
        "drop policy nobody on walled",
        "truncate walled",
        "comment on table walled is ''",
    ],
)
def test_only_the_owner_shapes_tables(data: Path, walled: None, role: str, statement: str) -> None:
    forbidden(data, role, statement)


@pytest.mark.parametrize("role", ["owner", "app"])
def test_bypassing_row_security_is_not_taken(data: Path, role: str) -> None:
    forbidden(data, role, "alter role current_user bypassrls")


@pytest.fixture
def walled(data: Path) -> Iterator[None]:
    """A table with a row that no policy shows, open to all roles."""
    with connect(data, "owner") as connection:
        connection.execute("create table walled (id integer)")
        connection.execute("insert into walled values (1)")
        connection.execute("create policy nobody on walled using (false)")
        connection.execute("alter table walled enable row level security")
        connection.execute("alter table walled force row level security")
        connection.execute("grant select, insert on walled to app, loader, reporter, sequencer")
    yield
    with connect(data, "owner") as connection:
        connection.execute("drop table walled")


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_past_row_security(data: Path, walled: None, role: str) -> None:
    with connect(data, role) as connection:
        seen = connection.execute("select id from walled").fetchall()
    assert seen == ([(1,)] if role in BYPASS_RLS else [])


def test_reporter_only_reads(data: Path, walled: None) -> None:
    with connect(data, "reporter") as connection, pytest.raises(errors.ReadOnlySqlTransaction):
        connection.execute("insert into walled values (2)")


@pytest.mark.parametrize("role", ROLES)
def test_a_new_table_is_out_of_reach(data: Path, role: str) -> None:
    with connect(data, "owner") as connection:
        connection.execute("create table fresh (id integer)")
        connection.commit()
        if role != "owner":
            with connect(data, role) as other, pytest.raises(errors.InsufficientPrivilege):
                other.execute("select * from fresh")
        connection.execute("drop table fresh")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_no_role_enters_another_database(data: Path, role: str, database: str) -> None:
    login = replace(postgres.login(data, role), dbname=database)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(**asdict(login))


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
@pytest.mark.parametrize("password", ["", "wrong"])
def test_no_entry_without_the_password(data: Path, role: str, password: str) -> None:
    login = replace(postgres.login(data, role), password=password)
    with pytest.raises(
        psycopg.OperationalError, match=r"no password supplied|authentication failed"
    ):
        psycopg.connect(**asdict(login))
