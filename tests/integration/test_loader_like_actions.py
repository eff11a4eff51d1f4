"""What the simulation loads looks like what actions write: rows and events of each kind, column by column.

Actions make each kind in the nation, in every form that they know. Of up to a thousand simulated rows each
must fill the same columns as one of those, hold what the model allows, and mean something.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from psycopg import sql
from psycopg.rows import dict_row

from salus.access.actions import declare_professional, end_declaration, name_assistant
from salus.access.queries import actor_of
from salus.country.lu import MATRICULE_SYSTEM, check_matricule, matricule
from salus.directory.models import PractitionerRole
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.postgres import login
from salus.kernel.search_key import search_key
from salus.mpi.actions import Address, register_person
from salus.mpi.queries import Criteria, search
from salus.shared_record.actions import close_record, file_document, open_record, reopen_record
from salus.shared_record.models import Format
from salus.shared_record.queries import documents_of, open_document
from salus.shared_record.store import ContentStore, StoredContent
from salus.simulation.demo_people import EMAILS
from salus.terminology import ATC, DOCUMENT_TYPES, ORGANIZATION_TYPES, PROFESSIONS
from salus.vaccination.actions import (
    give_transfer_consent,
    open_vaccination_record,
    record_immunization,
    withdraw_transfer_consent,
)
from salus.vaccination.models import ActType
from tests.directory_entries import keep_directory

SAMPLE = 1_000
SYSTEM = Actor(role=Role.SYSTEM, system="test")
TABLES = [
    "mpi_person",
    "mpi_personidentifier",
    "mpi_residence",
    "directory_practitioner",
    "directory_licence",
    "directory_organization",
    "directory_location",
    "directory_practitionerrole",
    "directory_healthcareservice",
    "directory_endpoint",
    "directory_source",
    "directory_changeset",
    "directory_statement",
    "shared_record_record",
    "shared_record_document",
    "shared_record_documentcontent",
    "shared_record_closure",
    "access_trustedprofessional",
    "access_assistant",
    "vaccination_vaccinationrecord",
    "vaccination_transferconsent",
    "vaccination_immunization",
]
# No action ends these yet, nor knows who lives together: an empty column is as good as a filled one.
WITHOUT_ACTION = {
    "mpi_person": {"deceased_on", "multiple_birth", "household"},
    "mpi_residence": {"until"},
    "shared_record_document": {"ended_at", "ended_reason", "replaces_id"},
    "vaccination_immunization": {"entered_in_error_at"},
}
# Their interfaces come later; until then only the simulation knows these callers.
CALLERS = {"hospital", "pharmacy", "laboratory", "rescue"}
KINDS = [
    "person_registered",
    "record_opened",
    "document_filed",
    "document_opened",
    "vaccination_recorded",
    "consent_changed",
    "index_request",
    "directory_changed",
]
Row = dict[str, Any]
Shape = frozenset[str]


class Nation:
    """The rows before and after the actions, read past the rights."""

    def __init__(self, rows: psycopg.Connection[Row]) -> None:
        self._rows = rows
        self._simulated = {table: self._ids(table) for table in TABLES}
        self._last_event = self._rows.execute("select max(id) from audit_event").fetchone()

    def simulated(self, table: str) -> list[Row]:
        """A sample of the loader's rows, the same each time."""
        known = self._simulated[table]
        chosen = sorted(known, key=lambda number: number * 7919 % 10_007)[:SAMPLE]
        return self._with_ids(table, chosen)

    def made(self, table: str) -> list[Row]:
        """The rows of the actions."""
        return self._with_ids(table, sorted(self._ids(table) - self._simulated[table]))

    def of(self, table: str, contents: list[Row]) -> list[Row]:
        """The documents of these contents."""
        return self._with_ids(table, [row["document_id"] for row in contents])

    def events(self, kind: str, *, made: bool) -> list[Row]:
        assert self._last_event is not None
        query: LiteralString = (
            "select * from audit_event where kind = %s and (id > %s) = %s"
            " order by md5(id::text) limit %s"
        )
        values = (kind, self._last_event["max"], made, SAMPLE)
        return self._rows.execute(query, values).fetchall()

    def value(self, query: LiteralString, *values: object) -> Any:
        found = self._rows.execute(query, values).fetchone()
        assert found is not None
        return next(iter(found.values()))

    def _ids(self, table: str) -> set[int]:
        query = sql.SQL("select {} as id from {}").format(*self._names(table))
        return {row["id"] for row in self._rows.execute(query)}

    def _with_ids(self, table: str, ids: list[int]) -> list[Row]:
        key, name = self._names(table)
        query = sql.SQL("select * from {} where {} = any(%s)").format(name, key)
        return self._rows.execute(query, [ids]).fetchall()

    def _names(self, table: str) -> tuple[sql.Identifier, sql.Identifier]:
        return sql.Identifier(model_of(table)._meta.pk.attname), sql.Identifier(table)


def model_of(table: str) -> Any:
    return next(model for model in apps.get_models() if model._meta.db_table == table)


@contextmanager
def superuser(data: Path) -> Iterator[psycopg.Connection[Row]]:
    with psycopg.connect(
        **asdict(login(data, "superuser")), row_factory=dict_row, autocommit=True
    ) as connection:
        yield connection


@pytest.fixture(scope="module")
def rows(nation: Path) -> Iterator[Nation]:
    with superuser(nation) as connection:
        rows = Nation(connection)
        act(rows)
        yield rows


def account(rows: Nation, part: str) -> Actor:
    number = rows.value("select id from accounts_account where email = %s", EMAILS[part])
    actor = actor_of(number, at=now())
    assert actor is not None
    return actor


def act(rows: Nation) -> None:
    """Every kind of row, in every form that actions know."""
    doctor, patient = account(rows, "physician"), account(rows, "patient")
    assert doctor.practitioner
    assert patient.person
    born = date(1980, 1, 1)
    person, _ = register_person(
        actor=SYSTEM,
        at=now(),
        identifiers=[(MATRICULE_SYSTEM, matricule(born, 999))],
        family="Muster",
        given="Erika",
        birth_date=born,
        gender="female",
        address=Address(country="LU", postal_code="1111", municipality="Here", line="1, rue"),
    )
    keep_directory()
    open_record(actor=SYSTEM, person=person, at=now())
    for who, whose in ((SYSTEM, person), (doctor, patient.person)):
        file(who, whose, practitioner=doctor.practitioner)
    (document, *_) = documents_of(actor=patient, person=patient.person, at=now())
    for who in (patient, doctor):
        open_document(actor=who, person=patient.person, document=document.id, at=now())
    for criteria in (Criteria(family="Muster"), Criteria(family="M")):
        for who in (doctor, SYSTEM):
            search(actor=who, criteria=criteria, at=now())
    for who, whose in ((doctor, _without_card(rows, doctor)), (SYSTEM, person)):
        open_vaccination_record(actor=who, person=whose, at=now())
    for who, whose in ((SYSTEM, person), (doctor, patient.person)):
        vaccinate(who, whose, ActType.PERFORMED, practitioner=doctor.practitioner)
        vaccinate(who, whose, ActType.MSVAC, practitioner=None)
    assistant = account(rows, "commuter").person
    assert assistant
    name_assistant(actor=patient, person=patient.person, assistant=assistant, at=now())
    for who, whose in ((SYSTEM, person), (patient, patient.person)):
        choose(who, whose, practitioner=_undeclared(rows, whose))


def choose(actor: Actor, person: int, *, practitioner: int) -> None:
    """Each choice made, taken back and made again; a system opens no record that is closed."""
    for again in (True, False):
        declare_professional(actor=actor, person=person, practitioner=practitioner, at=now())
        give_transfer_consent(actor=actor, person=person, at=now())
        if again:
            end_declaration(actor=actor, person=person, practitioner=practitioner, at=now())
            withdraw_transfer_consent(actor=actor, person=person, at=now())
        if actor.person == person:
            close_record(actor=actor, person=person, at=now())
            if again:
                reopen_record(actor=actor, person=person, at=now())


def _undeclared(rows: Nation, person: int) -> int:
    """A professional whom the person did not declare."""
    return int(
        rows.value(
            "select min(id) from directory_practitioner where deregistered_at is null and id not in"
            " (select practitioner_id from access_trustedprofessional where person_id = %s)",
            person,
        )
    )


def _without_card(rows: Nation, doctor: Actor) -> int:
    """A patient of the doctor who has no vaccination record yet."""
    return int(
        rows.value(
            "select min(person_id) from access_trustedprofessional"
            " where practitioner_id = %s and until is null and person_id not in"
            " (select person_id from vaccination_vaccinationrecord)",
            doctor.practitioner,
        )
    )


def file(actor: Actor, person: int, *, practitioner: int) -> None:
    file_document(
        actor=actor,
        person=person,
        at=now(),
        created_on=now().date(),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF",
        practitioner=practitioner,
        organization=PractitionerRole.objects.filter(practitioner=practitioner)
        .values_list("organization", flat=True)
        .first(),
    )


def vaccinate(actor: Actor, person: int, act_type: ActType, *, practitioner: int | None) -> None:
    record_immunization(
        actor=actor,
        person=person,
        at=now(),
        act_type=act_type,
        vaccine_system=ATC,
        vaccine_code="J07BB02",
        vaccine_display="Influenza",
        occurred_on=now().date(),
        practitioner=practitioner,
        lot_number="L1" if act_type is ActType.PERFORMED else "",
        dose_number=1,
    )


def shape(table: str, row: Row) -> Shape:
    """The columns that are not null; of those without an action, none."""
    return frozenset(filled(row) - WITHOUT_ACTION.get(table, set()))


def filled(row: Row) -> set[str]:
    return {name for name, value in row.items() if value is not None}


@pytest.mark.parametrize("table", TABLES)
def test_rows_fill_the_same_columns(rows: Nation, table: str) -> None:
    made = [shape(table, row) for row in rows.made(table)]
    simulated = rows.simulated(table)
    assert made
    assert simulated
    for row in simulated:
        assert shape(table, row) in made, row.keys() - shape(table, row)


@pytest.mark.parametrize("kind", KINDS)
def test_events_fill_the_same_columns(rows: Nation, kind: str) -> None:
    def known(made: bool) -> set[tuple[str, bool, bool, Shape]]:
        return {
            (
                row["agent"],
                row["denied"],
                row["repeated"],
                frozenset(filled(row)),
            )
            for row in rows.events(kind, made=made)
            if row["agent"] not in CALLERS
        }

    simulated = known(made=False)
    assert simulated
    assert simulated <= known(made=True)


@pytest.mark.parametrize("table", TABLES)
def test_rows_hold_what_the_model_allows(rows: Nation, table: str) -> None:
    model = model_of(table)
    names = {field.name for field in model._meta.fields}
    plain = {field.name for field in model._meta.fields if not field.is_relation}
    for row in rows.simulated(table):
        said = {name for name in filled(row) if row[name] != []}  # nothing is what most have
        model(**row).clean_fields(exclude=names - (plain & said))


@pytest.mark.parametrize("table", ["mpi_person", "directory_practitioner"])
def test_names_are_found_by_the_keys_that_actions_write(rows: Nation, table: str) -> None:
    for row in rows.simulated(table):
        assert row["family_key"] == search_key(row["family"])
        assert row["given_key"] == search_key(row["given"])


def test_identifiers_are_valid(rows: Nation) -> None:
    for row in rows.simulated("mpi_personidentifier"):
        assert row["system"] == MATRICULE_SYSTEM
        assert check_matricule(row["value"], today=date(2026, 1, 1)) == row["value"]


def test_codes_are_known(rows: Nation) -> None:
    for table, column, codes in (
        ("directory_practitioner", "profession", PROFESSIONS),
        ("directory_organization", "type", ORGANIZATION_TYPES),
        ("shared_record_document", "type", DOCUMENT_TYPES),
    ):
        assert {row[column] for row in rows.simulated(table)} <= set(codes)


def test_organisations_are_found_by_the_key_that_actions_write(rows: Nation) -> None:
    for row in rows.simulated("directory_organization"):
        assert row["name_key"] == search_key(row["name"])


def test_contents_open_as_filed_ones_do(rows: Nation) -> None:
    """Through the store, which checks each byte against the row, and bound to the document's person."""
    store = ContentStore(settings.DATA)
    stored = rows.simulated("shared_record_documentcontent")
    persons = {row["id"]: row["person_id"] for row in rows.of("shared_record_document", stored)}
    for row in stored:
        where = {name: row[name] for name in StoredContent.__dataclass_fields__}
        document = row["document_id"]
        assert store.open(
            document=document, person=persons[document], stored=StoredContent(**where)
        )
