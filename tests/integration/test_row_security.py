"""Row-level security: on which tables it stands, and that it hides what it must."""

from datetime import UTC, date, datetime

import pytest
from django.db import ProgrammingError, connection, transaction

from salus.audit.models import Agent, EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.rows import rows_of
from salus.mpi.actions import register_person
from salus.shared_record.actions import file_document, open_record
from salus.shared_record.models import Document, Format
from tests.conftest import as_role

pytestmark = pytest.mark.usefixtures("database")

PROTECTED = {
    "shared_record_document",
    "vaccination_immunization",
    "vaccination_transferconsent",
}
# Tables with data of a person that only the rights of `access` protect yet: the debts of issue "Scale 1".
DEBTS = {
    "access_accountperson",
    "access_assistant",
    "access_trustedprofessional",
    "audit_event",
    "eligibility_affiliation",
    "mpi_person",
    "mpi_personidentifier",
    "mpi_residence",
    "shared_record_closure",
    "shared_record_documentcontent",
    "shared_record_record",
    "vaccination_vaccinationrecord",
}
IMPORT = Actor(role=Role.SYSTEM, system="import")
NOW = datetime(2024, 12, 5, 12, tzinfo=UTC)


def _tables(where: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
            f" and relnamespace = 'public'::regnamespace and {where}"
        )
        return {name for (name,) in cursor.fetchall()}


def _patient_keyed() -> set[str]:
    """Tables that lead to a person: by a foreign key to one, over any number of steps, or by column."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with recursive keyed as (
                select 'mpi_person'::regclass::oid as id
                union
                select con.conrelid from pg_constraint con join keyed on con.confrelid = keyed.id
                where con.contype = 'f'
            )
            select relname from pg_class
            where oid in (select id from keyed) or (relname = 'audit_event')
            """
        )
        return {name for (name,) in cursor.fetchall()}


def test_every_patient_keyed_table_is_protected_or_a_named_debt() -> None:
    forced = _tables("relrowsecurity and relforcerowsecurity")
    assert forced == PROTECTED
    assert _patient_keyed() == PROTECTED | DEBTS


def _patient_with_document(number: str) -> int:
    person, _ = register_person(
        actor=IMPORT,
        at=NOW,
        identifiers=[("urn:test", number)],
        family="Weber",
        given="Anna",
        birth_date=date(1980, 1, 1),
        gender="female",
    )
    open_record(actor=IMPORT, person=person, at=NOW)
    file_document(
        actor=IMPORT,
        person=person,
        at=NOW,
        created_on=NOW.date(),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF-1.7 content",
    )
    return person


def test_rows_show_only_in_a_transaction_that_names_their_person() -> None:
    anna, berthe = _patient_with_document("a"), _patient_with_document("b")

    assert not Document.objects.exists()
    with rows_of([anna]):
        assert {row.person_id for row in Document.objects.all()} == {anna}
    with rows_of([anna, berthe]):
        assert {row.person_id for row in Document.objects.all()} == {anna, berthe}
    assert not Document.objects.exists()


def test_a_row_cannot_be_written_for_a_person_outside_the_set() -> None:
    anna, berthe = _patient_with_document("c"), _patient_with_document("d")

    with pytest.raises(ProgrammingError, match="row-level security"), rows_of([anna]):
        Document.objects.filter(person=anna).update(person=berthe)
    with rows_of([berthe]):
        assert Document.objects.filter(person=berthe).count() == 1


@pytest.mark.parametrize(
    "statement", ["update audit_event set denied = true", "delete from audit_event"]
)
def test_the_serving_role_cannot_change_or_delete_an_event(statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)


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
                connection.cursor().execute(f"select {column} from {table}")


def test_every_table_has_a_line_in_the_rights() -> None:
    assert _tables("not has_table_privilege('app', oid, 'select')") == {
        "activity_report_rollup",  # small counts are not withheld there
        "simulation_block",
        "simulation_nation",
    }


@pytest.mark.parametrize(
    ("enum", "choices"), [("audit_event_kind", EventKind), ("audit_agent", Agent)]
)
def test_the_database_knows_every_kind_of_event_and_agent(
    enum: str, choices: type[EventKind] | type[Agent]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select unnest(enum_range(null::" + enum + "))::text")
        assert {value for (value,) in cursor.fetchall()} == set(choices.values)
