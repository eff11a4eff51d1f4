"""Row-level security: that it stands on every table that leads to a person, and hides what it must.

Raw SQL over the nation as app, table by table: what a forgotten filter would show.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import TextChoices

from config.migrate import RIGHTS
from salus.audit.models import Agent, EventKind
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.postgres import login
from salus.kernel.rows import Scope, acting_as, bindings_of, finding_in, rows_of
from tests.conftest import as_role
from tests.rare_rows import change_people, let_in_apps, link_people, watch_people

pytestmark = pytest.mark.usefixtures("nation")

# Table with data of persons -> the persons of its row, as SQL.
#
# accounts_account is not one: it knows an opaque subject, has to be found before anybody is known, and leads
# to a person only through access_accountperson, which is.
PERSONS_OF = {
    "access_accountperson": "array[person_id]",
    "access_appauthorization": "array[person_id]",
    "access_assistant": "array[person_id, assistant_id]",
    "access_trustedprofessional": "array[person_id]",
    "audit_event": "persons || person_id",
    "eligibility_affiliation": "array[person_id]",
    "eligibility_watchedperson": "array[person_id]",
    "mpi_formername": "array[person_id]",
    "mpi_link": "array[person_id, target_id]",
    "mpi_namekey": "array[person_id]",
    "mpi_pair": "array[one_id, other_id]",
    "mpi_person": "array[id]",
    "mpi_personidentifier": "array[person_id]",
    "mpi_personversion": "array[person_id]",
    "mpi_receipt": "array[person_id]",
    "mpi_residence": "array[person_id]",
    "shared_record_closure": "array[record_id]",
    "shared_record_document": "array[person_id]",
    "shared_record_documentcontent": (
        "array(select person_id from shared_record_document where id = document_id)"
    ),
    "shared_record_record": "array[person_id]",
    "vaccination_immunization": "array[record_id]",
    "vaccination_transferconsent": "array[record_id]",
    "vaccination_vaccinationrecord": "array[person_id]",
}
TABLES = sorted(PERSONS_OF)
# What a register delivers of everybody at once, and nobody else writes (ADR 0046).
WRITTEN_IN = {Scope.REGISTER: "eligibility_affiliation"}
# They name people by numbers alone, and show to that scope alone.
DELIVERED = ["eligibility_notice", "eligibility_waitingperiod"]


def test_every_table_that_leads_to_a_person_is_protected() -> None:
    """By foreign keys, over any number of steps, or by a column that names a person."""
    leading = _column(
        """
        with recursive keyed as (
            select 'mpi_person'::regclass::oid as id
            union
            select attrelid from pg_attribute join pg_class on pg_class.oid = attrelid
            where attname ~ '^(person|patient|record|subject_of)s?(_id)?$'
              and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
            union
            select con.conrelid from pg_constraint con join keyed on con.confrelid = keyed.id
            where con.contype = 'f'
        )
        select relname from pg_class where oid in (select id from keyed) and not relispartition
        """
    )
    forced = "select relname from pg_class where relrowsecurity and relforcerowsecurity"
    assert sorted(leading) == TABLES
    assert sorted(_column(f"{forced} and not relispartition")) == sorted([*TABLES, *DELIVERED])


@pytest.mark.parametrize("table", DELIVERED)
def test_what_was_delivered_shows_to_a_delivery_alone(table: str) -> None:
    rules = _column(f"select qual from pg_policies where tablename = '{table}'")
    assert len(rules) == 1 and re.fullmatch(r".*salus\.scope.* = 'register'.*", rules[0], re.DOTALL)


@pytest.mark.parametrize("table", TABLES)
def test_policies_are_for_reading_inserting_and_updating(table: str) -> None:
    commands = set(_column(f"select cmd from pg_policies where tablename = '{table}'"))
    assert commands in ({"ALL"}, {"SELECT", "INSERT", "UPDATE"})


class Outside:
    """The nation as it is, past all policies."""

    def __init__(self, rows: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._rows = rows

    def shown(self, table: str, persons: list[int] | None = None) -> list[str]:
        """What `shown` must show: of these persons, or of all."""
        whose = f"where {PERSONS_OF[table]} && %s::bigint[]" if persons is not None else ""
        query = f"select md5(t::text) from {table} t {whose} order by 1"
        return [row for (row,) in self.all(query, *([persons] if whose else []))]

    def persons(self, table: str) -> list[int]:
        """Three with rows there, who are rarely the first."""
        query = f"select distinct person from {table}, unnest({PERSONS_OF[table]}) person"
        return [
            person for (person,) in self.all(f"{query} where person > 0 order by 1 desc limit 3")
        ]

    def row(self, table: str, person: int) -> tuple[str, list[int]]:
        """One of the person's rows, as JSON, and the persons whose it is."""
        ((row, persons),) = self.all(
            f"select to_jsonb(t)::text, {PERSONS_OF[table]} from {table} t"
            f" where %s = any({PERSONS_OF[table]}) limit 1",
            person,
        )
        return row, [number for number in persons if number]

    def all(self, query: Any, *values: object) -> list[tuple[Any, ...]]:
        return self._rows.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def outside(nation: Path) -> Iterator[Outside]:
    change_people()
    let_in_apps(nation)
    watch_people(nation)
    link_people(nation)
    with psycopg.connect(**asdict(login(nation, "superuser")), autocommit=True) as rows:
        rows.execute("set timezone to 'UTC'")  # as Django, so that rows compare as text
        yield Outside(rows)


def shown(table: str) -> list[str]:
    return _column(f"select md5(t::text) from {table} t order by 1")


def visible() -> set[str]:
    """The tables of which any row shows."""
    return {table for table in TABLES if _column(f"select 1 from {table} limit 1")}


def insert(table: str, row: str) -> None:
    """All of the row that app may say: of an event not its place in the log."""
    columns = ", ".join(
        _column(
            "select quote_ident(attname) from pg_attribute where attnum > 0 and not attisdropped"
            f" and attrelid = '{table}'::regclass and has_column_privilege(attrelid, attnum, 'insert')"
        )
    )
    _execute(
        f"insert into {table} ({columns})"
        f" select {columns} from jsonb_populate_record(null::{table}, %s)",
        row,
    )


def readings(person: int, table: str) -> Iterator[AbstractContextManager[None]]:
    """The contexts that show more than a person set; all but one of them are for reading alone."""
    yield from (finding_in(scope) for scope in Scope if WRITTEN_IN.get(scope) != table)
    yield bindings_of([person])
    yield acting_as(Actor(role=Role.PROFESSIONAL, account=1, practitioner=person))


@pytest.mark.parametrize("table", TABLES)
def test_without_a_person_nothing_shows(outside: Outside, table: str) -> None:
    assert outside.shown(table)
    assert shown(table) == []
    with rows_of([]):
        assert shown(table) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_set_of_persons_shows_their_rows_alone(outside: Outside, table: str) -> None:
    one, *others = outside.persons(table)
    for persons in ([one], [one, *others]):
        with rows_of(persons):
            assert shown(table) == outside.shown(table, persons) != []


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_inserted_for_a_person_outside(outside: Outside, table: str) -> None:
    one, other, *_ = outside.persons(table)
    row, persons = outside.row(table, one)
    for context in (rows_of([]), rows_of([other]), *readings(one, table)):
        with pytest.raises(ProgrammingError, match="row-level security"), context:
            insert(table, row)
    # For its own persons the same row is refused only because it is there already; an event is a new one.
    there = pytest.raises(IntegrityError, match="duplicate key")
    with nullcontext() if table == "audit_event" else there, rows_of(persons):
        insert(table, row)


NEVER_UPDATED = {
    "audit_event": "document_id",
    "mpi_formername": "person_id",
    "mpi_namekey": "person_id",
    "mpi_personversion": "person_id",
    "shared_record_documentcontent": "document_id",
}


@pytest.mark.parametrize("table", sorted(PERSONS_OF.keys() - NEVER_UPDATED.keys()))
def test_no_row_is_updated_for_a_person_outside(outside: Outside, table: str) -> None:
    one, *others = outside.persons(table)
    _row, persons = outside.row(table, one)
    other = next(person for person in others if person not in persons)
    (column, *_) = re.findall(r"\w*id", PERSONS_OF[table])
    given_away = f"update {table} set {column} = {other} where {column} = {persons[0]}"
    with pytest.raises(ProgrammingError, match="row-level security"), rows_of(persons):
        _execute(given_away)
    touched = f"update {table} set {column} = {column} where {column} = {persons[0]}"
    for context in (rows_of([]), rows_of([other]), *readings(persons[0], table)):
        with context:
            assert _execute(touched) == 0
    with rows_of(persons):
        assert _execute(touched) > 0


@pytest.mark.parametrize("table", sorted(NEVER_UPDATED))
def test_what_only_grows_is_never_updated(table: str) -> None:
    column = NEVER_UPDATED[table]
    with pytest.raises(ProgrammingError, match="permission denied"), rows_of([1]):
        _execute(f"update {table} set {column} = {column}")


def test_an_event_is_written_for_all_its_persons_or_for_nobody() -> None:
    event = "insert into audit_event (at, kind, agent, persons) values (now(), 'index_request', 'system', %s)"
    with rows_of([1, 2]):
        _execute(event, [1, 2])
    with pytest.raises(ProgrammingError, match="row-level security"), rows_of([1]):
        _execute(event, [1, 2])
    _execute(event, None)  # a change of the directory is nobody's data
    with rows_of([1]):
        assert not _column("select id from audit_event where person_id is null and persons is null")


def test_the_index_shows_who_people_are_and_nothing_else(outside: Outside) -> None:
    with finding_in(Scope.INDEX):
        assert visible() == {
            "mpi_person",
            "mpi_personidentifier",
            "mpi_formername",
            "mpi_namekey",
            "mpi_link",
            "mpi_pair",
            "mpi_receipt",
        }
        for table in visible():
            assert shown(table) == outside.shown(table)


def test_whose_a_record_is_shows_documents_and_vaccinations_and_no_content() -> None:
    with finding_in(Scope.RECORDS):
        assert visible() == {"shared_record_document", "vaccination_immunization"}


def test_an_account_shows_its_binding_and_no_name(outside: Outside) -> None:
    ((account, person),) = outside.all(
        "select account_id, person_id from access_accountperson order by account_id desc limit 1"
    )
    with bindings_of([account]):
        assert visible() == {"access_accountperson", "access_appauthorization"}
        assert _column("select person_id from access_accountperson") == [person]


def test_a_professional_shows_who_declared_him_and_no_name(outside: Outside) -> None:
    patients = "select person_id from access_trustedprofessional"
    ((practitioner,),) = outside.all("select max(practitioner_id) from access_trustedprofessional")
    declared = outside.all(f"{patients} where practitioner_id = %s order by 1", practitioner)
    with acting_as(Actor(role=Role.PROFESSIONAL, account=1, practitioner=practitioner)):
        assert visible() == {"access_trustedprofessional"}
        assert _column(f"{patients} order by 1") == [person for (person,) in declared]


@pytest.mark.parametrize("scope", ["everything", "", "INDEX", "index "])
def test_an_unknown_scope_shows_nothing(scope: str) -> None:
    with transaction.atomic():
        _execute("select set_config('salus.scope', %s, true)", scope)
        assert visible() == set()


def test_policies_know_the_scopes_of_the_code_and_no_others() -> None:
    rules = " ".join(_column("select concat(qual, with_check) from pg_policies"))
    assert set(re.findall(r"salus\.scope.*?= '(\w+)'", rules)) == set(Scope)


@pytest.fixture
def later_partition(nation: Path) -> Iterator[str]:
    """A month beyond those that the migration made."""
    with as_role("owner"):
        _execute(
            "create table audit_event_2032_01 partition of audit_event"
            " for values from ('2032-01-01') to ('2032-02-01')"
        )
    yield "audit_event_2032_01"
    with as_role("owner"):
        _execute("drop table audit_event_2032_01")


PARTITIONS = "select oid::regclass::text from pg_class where relispartition and relkind = 'r'"


@pytest.mark.parametrize("role", ["app", "reporter"])
def test_nobody_reads_a_partition_by_its_own_name(later_partition: str, role: str) -> None:
    """The policies of the parent would not be asked."""
    assert later_partition in _column(PARTITIONS)
    with as_role(role):
        right = "has_any_column_privilege(oid, 'select, insert, update')"
        assert _column(f"{PARTITIONS} and {right}") == []


def test_a_right_to_a_partition_given_by_mistake_shows_nothing(later_partition: str) -> None:
    with as_role("owner"):
        _execute(RIGHTS.read_text())
        _execute("grant select on audit_event_2024_12 to app")
        assert _column(f"{PARTITIONS} and not (relrowsecurity and relforcerowsecurity)") == []
        assert _column("select id from audit_event_2024_12") == []
    with rows_of([1]):
        assert _column("select id from audit_event_2024_12") == []
    with as_role("owner"):
        _execute(RIGHTS.read_text())
    with pytest.raises(ProgrammingError, match="permission denied"):
        _execute("select id from audit_event_2024_12")


@pytest.mark.parametrize(
    "statement", ["update audit_event set denied = true", "delete from audit_event"]
)
def test_the_serving_role_cannot_change_or_delete_an_event(statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        _execute(statement)


def test_the_reporter_reads_no_names_and_no_content() -> None:
    with as_role("reporter"):
        for column, table in (
            ("family", "mpi_person"),
            ("value", "mpi_personidentifier"),
            ("title", "shared_record_document"),
            ("wrapped_key", "shared_record_documentcontent"),
            ("email", "accounts_account"),
        ):
            with (
                pytest.raises(ProgrammingError, match="permission denied"),
                transaction.atomic(),
            ):
                _execute(f"select {column} from {table}")


def test_every_table_has_a_line_in_the_rights() -> None:
    assert set(
        _column(
            "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
            " and relnamespace = 'public'::regnamespace"
            " and not has_table_privilege('app', oid, 'select')"
        )
    ) == {
        "activity_report_rollup",  # small counts are not withheld there
        "simulation_block",
        "simulation_nation",
    }


@pytest.mark.parametrize(
    ("enum", "choices"),
    [("audit_event_kind", EventKind), ("audit_agent", Agent), ("audit_purpose", PurposeOfUse)],
)
def test_the_database_knows_every_kind_of_event_agent_and_purpose(
    enum: str, choices: type[StrEnum | TextChoices]
) -> None:
    assert set(_column(f"select unnest(enum_range(null::{enum}))::text")) == set(choices)


def _execute(statement: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return int(cursor.rowcount)


def _column(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [value for (value,) in cursor.fetchall()]
