"""A patient's record through its one door: who gets in, who does not, and what the patient sees of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from uuid import uuid4

import pytest
from django.utils.translation import override

from salus.access.actions import (
    declare_professional,
    end_assistance,
    end_declaration,
    name_assistant,
)
from salus.access.models import AccountPerson, AccountPractitioner
from salus.access.queries import actor_of, circle_of_trust, who_looked
from salus.accounts.models import Account, AccountKind
from salus.audit.models import Event, EventKind
from salus.directory.actions import register_practitioner
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.actions import register_person
from salus.mpi.queries import Criteria, search
from salus.shared_record.actions import close_record, file_document, open_record, reopen_record
from salus.shared_record.models import Format
from salus.shared_record.queries import documents_of, open_document
from salus.vaccination.actions import (
    give_transfer_consent,
    open_vaccination_record,
    record_immunization,
    withdraw_transfer_consent,
)
from salus.vaccination.models import ActType
from salus.vaccination.queries import vaccinations_of

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2024, 12, 5, 12, tzinfo=UTC)
SYSTEM = Actor(role=Role.SYSTEM, system="import")
_numbers = count(1)


def _account(kind: AccountKind) -> Account:
    return Account.objects.create(
        kind=kind,
        email=f"{next(_numbers)}@demo.salus.example",
        created_at=NOW,
        activated_at=NOW,
    )


@pytest.fixture
def patient() -> Actor:
    """A patient with an account, an open record and one document in it."""
    person, _ = register_person(
        actor=SYSTEM,
        at=NOW,
        identifiers=[("urn:test", str(next(_numbers)))],
        family="Müller",
        given="Anna",
        birth_date=date(1980, 1, 1),
        gender="female",
    )
    open_record(actor=SYSTEM, person=person, at=NOW)
    _file(SYSTEM, person)
    return _bound_to(person)


def _bound_to(person: int) -> Actor:
    account = _account(AccountKind.PATIENT)
    with rows_of([person]):
        AccountPerson.objects.create(account=account, person_id=person)
    actor = actor_of(account.pk, at=now())
    assert actor is not None
    return actor


def _file(actor: Actor, person: int) -> int:
    return file_document(
        actor=actor,
        person=person,
        at=NOW,
        created_on=date(2024, 12, 1),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF the content",
    )[0]


@pytest.fixture
def doctor() -> Actor:
    practitioner, _ = register_practitioner(
        actor=SYSTEM,
        at=NOW,
        system="urn:test",
        value=str(next(_numbers)),
        family="Schmit",
        given="Paul",
        prefix="Dr",
        profession="62247001",
    )
    account = _account(AccountKind.PROFESSIONAL)
    AccountPractitioner.objects.create(account=account, practitioner_id=practitioner)
    actor = actor_of(account.pk, at=now())
    assert actor is not None
    return actor


def person_of(actor: Actor) -> int:
    assert actor.person is not None
    return actor.person


def practitioner_of(actor: Actor) -> int:
    assert actor.practitioner is not None
    return actor.practitioner


def declare(patient: Actor, doctor: Actor) -> None:
    declare_professional(
        actor=patient, person=person_of(patient), practitioner=practitioner_of(doctor), at=NOW
    )


def test_a_patient_opens_the_own_document_and_sees_it_in_the_log(patient: Actor) -> None:
    person = person_of(patient)
    (document,) = documents_of(actor=patient, person=person, at=NOW)
    opened = open_document(actor=patient, person=person, document=document.id, at=NOW)
    assert opened.content == b"%PDF the content"

    entries = who_looked(actor=patient, person=person, at=NOW)
    opening = next(entry for entry in entries if entry.kind is EventKind.DOCUMENT_OPENED)
    assert (opening.name, opening.own, opening.document) == ("Anna Müller", True, document.id)


def test_a_professional_gets_in_while_declared_and_not_before_or_after(
    patient: Actor, doctor: Actor
) -> None:
    person = person_of(patient)
    (document,) = documents_of(actor=patient, person=person, at=NOW)

    with pytest.raises(NotFound) as before:
        open_document(actor=doctor, person=person, document=document.id, at=NOW)
    declare(patient, doctor)
    opened = open_document(actor=doctor, person=person, document=document.id, at=NOW)
    assert opened.content is not None
    end_declaration(actor=patient, person=person, practitioner=practitioner_of(doctor), at=NOW)
    with pytest.raises(NotFound) as after:
        open_document(actor=doctor, person=person, document=document.id, at=NOW)
    with pytest.raises(NotFound) as absent:
        open_document(actor=doctor, person=person, document=10**12, at=NOW)
    assert str(before.value) == str(after.value) == str(absent.value)

    entries = who_looked(actor=patient, person=person, at=NOW)
    tries = [entry.denied for entry in entries if entry.kind is EventKind.DOCUMENT_OPENED]
    assert sorted(tries) == [False, True, True, True]  # refused attempts stay, each with its name
    assert {entry.name for entry in entries if entry.denied} == {"Dr Paul Schmit"}


def test_nobody_opens_another_persons_document_by_its_number(patient: Actor, doctor: Actor) -> None:
    other = _bound_to(
        register_person(
            actor=SYSTEM,
            at=NOW,
            identifiers=[("urn:test", str(next(_numbers)))],
            family="Other",
            given="Olga",
            birth_date=date(1990, 1, 1),
            gender="female",
        )[0]
    )
    open_record(actor=SYSTEM, person=person_of(other), at=NOW)
    (document,) = documents_of(actor=patient, person=person_of(patient), at=NOW)
    for person in (person_of(other), person_of(patient)):
        with pytest.raises(NotFound):
            open_document(actor=other, person=person, document=document.id, at=NOW)


def test_a_closed_record_takes_and_gives_nothing_until_reopened(
    patient: Actor, doctor: Actor
) -> None:
    person = person_of(patient)
    declare(patient, doctor)
    close_record(actor=patient, person=person, at=NOW)
    close_record(actor=patient, person=person, at=NOW)
    for actor in (patient, doctor):
        with pytest.raises(NotFound):
            documents_of(actor=actor, person=person, at=NOW)
    with pytest.raises(Conflict):
        _file(SYSTEM, person)
    reopen_record(actor=patient, person=person, at=NOW)
    assert len(documents_of(actor=doctor, person=person, at=NOW)) == 1


def test_an_assistant_has_the_patients_rights_but_names_no_other(patient: Actor) -> None:
    person = person_of(patient)
    helper = _bound_to(
        register_person(
            actor=SYSTEM,
            at=NOW,
            identifiers=[("urn:test", str(next(_numbers)))],
            family="Helper",
            given="Hugo",
            birth_date=date(1975, 1, 1),
            gender="male",
        )[0]
    )
    with pytest.raises(NotFound):
        documents_of(actor=helper, person=person, at=NOW)
    name_assistant(actor=patient, person=person, assistant=person_of(helper), at=NOW)
    assert len(documents_of(actor=helper, person=person, at=NOW)) == 1
    with pytest.raises(NotFound):
        name_assistant(actor=helper, person=person, assistant=person_of(patient), at=NOW)
    with pytest.raises(Conflict):
        name_assistant(actor=patient, person=person, assistant=person, at=NOW)
    end_assistance(actor=helper, person=person, assistant=person_of(helper), at=NOW)
    with pytest.raises(NotFound):
        documents_of(actor=helper, person=person, at=NOW)


def test_a_stranger_changes_nothing(patient: Actor, doctor: Actor) -> None:
    person, stranger = person_of(patient), doctor
    acts: list[Callable[[], object]] = [
        lambda: close_record(actor=stranger, person=person, at=NOW),
        lambda: reopen_record(actor=stranger, person=person, at=NOW),
        lambda: declare_professional(
            actor=stranger, person=person, practitioner=practitioner_of(doctor), at=NOW
        ),
        lambda: open_vaccination_record(actor=stranger, person=person, at=NOW),
        lambda: give_transfer_consent(actor=stranger, person=person, at=NOW),
        lambda: who_looked(actor=stranger, person=person, at=NOW),
        lambda: _file(stranger, person),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert circle_of_trust(person, at=now()) == []


def test_a_retry_is_kept_as_repeated_and_counted_once(patient: Actor) -> None:
    person, request = person_of(patient), uuid4()
    (document,) = documents_of(actor=patient, person=person, at=NOW)
    for _ in range(3):
        open_document(
            actor=patient, person=person, document=document.id, at=NOW, request_id=request
        )
    with rows_of([person]):
        events = Event.objects.filter(request_id=request)
        assert sorted(events.values_list("repeated", flat=True)) == [False, True, True]


def test_a_search_is_an_index_request_that_each_person_shown_can_see(
    patient: Actor, doctor: Actor
) -> None:
    found = search(
        actor=doctor, criteria=Criteria(family="MULLER", birth_date=date(1980, 1, 1)), at=NOW
    )
    assert person_of(patient) in {person.id for person in found}
    entry = who_looked(actor=patient, person=person_of(patient), at=NOW)
    assert any(e.kind is EventKind.INDEX_REQUEST and e.name == "Dr Paul Schmit" for e in entry)
    with pytest.raises(InvalidInput):
        search(actor=doctor, criteria=Criteria(), at=NOW)
    with pytest.raises(NotFound):
        search(actor=patient, criteria=Criteria(family="Weber"), at=NOW)


def test_vaccinations_are_written_by_a_declared_physician_once_per_request(
    patient: Actor, doctor: Actor
) -> None:
    person, request = person_of(patient), uuid4()
    declare(patient, doctor)
    assert open_vaccination_record(actor=doctor, person=person, at=NOW)
    assert not open_vaccination_record(actor=doctor, person=person, at=NOW)

    def vaccinate(occurred_on: date, lot_number: str = "A1") -> bool:
        return record_immunization(
            actor=doctor,
            person=person,
            at=NOW,
            act_type=ActType.PERFORMED,
            vaccine_system="http://www.whocc.no/atc",
            vaccine_code="J07BB02",
            vaccine_display="Influenza",
            occurred_on=occurred_on,
            practitioner=doctor.practitioner,
            lot_number=lot_number,
            request_id=request,
        )[1]

    assert vaccinate(NOW.date())
    assert not vaccinate(NOW.date())
    with pytest.raises(InvalidInput):
        vaccinate(date(1979, 12, 31))
    with pytest.raises(InvalidInput):
        vaccinate(date(2024, 12, 6))
    with pytest.raises(InvalidInput):
        vaccinate(NOW.date(), lot_number="")
    with override("fr"):
        card = vaccinations_of(actor=patient, person=person, at=NOW)
    assert card is not None
    assert [(act.vaccine, act.professional) for act in card.acts] == [("Grippe", "Dr Paul Schmit")]


def test_transfer_consent_is_given_once_and_withdrawn(patient: Actor, doctor: Actor) -> None:
    person = person_of(patient)
    with pytest.raises(Conflict):
        give_transfer_consent(actor=patient, person=person, at=NOW)
    declare(patient, doctor)
    open_vaccination_record(actor=doctor, person=person, at=NOW)
    for act, consents in (
        (give_transfer_consent, True),
        (give_transfer_consent, True),
        (withdraw_transfer_consent, False),
    ):
        act(actor=patient, person=person, at=NOW)
        card = vaccinations_of(actor=patient, person=person, at=NOW)
        assert card is not None
        assert card.transfer_consent is consents
