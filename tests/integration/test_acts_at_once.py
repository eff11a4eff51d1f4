"""Two requests at the same moment: the same act is done once, and a closing record takes nothing more."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from salus.audit.actions import record
from salus.audit.models import Event, EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Conflict
from salus.kernel.rows import rows_of
from salus.mpi.actions import register_person
from salus.shared_record.actions import close_record, file_document, open_record
from salus.shared_record.models import Format
from salus.vaccination.actions import open_vaccination_record, record_immunization
from salus.vaccination.models import ActType
from tests.at_once import after

pytestmark = pytest.mark.usefixtures("database")

SYSTEM = Actor(role=Role.SYSTEM, system="test")


@pytest.fixture
def person() -> int:
    number, _ = register_person(
        actor=SYSTEM,
        at=now(),
        identifiers=[("urn:test", str(uuid4()))],
        family="Weber",
        given="Anna",
        birth_date=date(1980, 1, 1),
        gender="female",
    )
    open_record(actor=SYSTEM, person=number, at=now())
    open_vaccination_record(actor=SYSTEM, person=number, at=now())
    return number


def test_one_request_id_counts_once(person: int) -> None:
    request_id = uuid4()

    def answer() -> None:
        kind = EventKind.DOCUMENT_OPENED
        with rows_of([person]):
            record(actor=SYSTEM, kind=kind, at=now(), person=person, request_id=request_id)

    after(answer, answer, persons=[person]).result()
    assert _repeated(person, request_id) == [False, True]


def _repeated(person: int, request_id: UUID) -> list[bool]:
    """Of the request's events, in their order: whether each is marked as a retry."""
    with rows_of([person]):
        events = Event.objects.filter(request_id=request_id).order_by("id")
        return [event.repeated for event in events]


def test_the_same_id_from_somebody_else_or_for_something_else_is_no_retry(person: int) -> None:
    request_id = uuid4()
    for account, document in ((1, 1), (1, 1), (2, 1), (1, 2)):
        with rows_of([person]):
            record(
                actor=Actor(role=Role.PATIENT, account=account, person=person),
                kind=EventKind.DOCUMENT_OPENED,
                at=now(),
                person=person,
                document=document,
                request_id=request_id,
            )
    assert _repeated(person, request_id) == [False, True, False, False]


def test_a_form_sent_twice_records_one_vaccination(person: int) -> None:
    request_id = uuid4()

    def vaccinate() -> tuple[int, bool]:
        return record_immunization(
            actor=SYSTEM,
            person=person,
            at=now(),
            act_type=ActType.PERFORMED,
            vaccine_system="urn:test",
            vaccine_code="1",
            vaccine_display="Influenza",
            occurred_on=date(2024, 12, 1),
            lot_number="A1",
            request_id=request_id,
        )

    assert after(vaccinate, vaccinate, persons=[person]).result()[1] is False


def _file(person: int, identifier: str | None = None) -> tuple[int, bool]:
    return file_document(
        actor=SYSTEM,
        person=person,
        at=now(),
        created_on=date(2024, 12, 1),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF the content",
        master_identifier=identifier,
    )


def test_one_document_sent_twice_is_filed_once(person: int) -> None:
    identifier = f"urn:uuid:{uuid4()}"
    filed = after(
        lambda: _file(person, identifier), lambda: _file(person, identifier), persons=[person]
    )
    assert filed.result()[1] is False


def test_a_record_that_is_being_closed_takes_nothing_more(person: int) -> None:
    patient = Actor(role=Role.PATIENT, account=1, person=person)

    def close() -> None:
        close_record(actor=patient, person=person, at=now())

    with pytest.raises(Conflict):
        after(close, lambda: _file(person), persons=[person]).result()
