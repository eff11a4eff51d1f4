"""What is shown of people of whom several senders keep a record, and what a steward sees before joining or parting."""

from datetime import date
from uuid import uuid4

import pytest

from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi import merging
from salus.mpi.actions import Address, register_person
from salus.mpi.queries import (
    Criteria,
    PersonSummary,
    people_among,
    person_by_matricule,
    person_identified,
    person_read,
    person_summary,
    search,
)
from salus.mpi.survivorship import Why
from salus.shared_record.actions import file_document, open_record
from salus.shared_record.models import Format
from tests.links import ANNA, BEN, SYSTEM, linked, merged, parted, registered, replaced

pytestmark = pytest.mark.usefixtures("database")

DOCTOR = Actor(role=Role.PROFESSIONAL, account=7, practitioner=1)
BORN = date(1971, 2, 3)


@pytest.fixture(scope="module")
def national(database: object) -> int:
    return registered(serial=5, family="Schmit", given="Claire", birth_date=BORN)


@pytest.fixture(scope="module")
def hospital(national: int) -> int:
    """The same woman as a hospital knows her, under her married name."""
    address = Address(country="FR", municipality="Thionville")
    person, _ = register_person(
        actor=SYSTEM,
        at=now(),
        identifiers=[("urn:hospital", "P-1")],
        family="Weyland",
        given="Claire",
        birth_date=BORN,
        gender="female",
        multiple_birth=2,
        address=address,
    )
    linked(person, national)
    return person


def found(**criteria: object) -> list[PersonSummary]:
    return search(actor=DOCTOR, criteria=Criteria(**criteria), at=now())  # type: ignore[arg-type]


def test_whoever_s_name_or_number_is_asked_for_the_golden_record_answers(
    national: int, hospital: int
) -> None:
    number = matricule(BORN, 5)
    for criteria in (
        {"matricule": number},
        {"family": "Schmit"},
        {"family": "Weyland"},
        {"birth_date": BORN},
    ):
        (shown,) = found(**criteria)
        assert shown == PersonSummary(
            id=national,
            family="Schmit",
            given="Claire",
            birth_date=BORN,
            gender="female",
            deceased_on=None,
            matricule=number,
            municipality="Thionville",  # which the register does not say
            country="FR",
        )


def test_an_old_number_answers_with_the_new_one(national: int, hospital: int) -> None:
    assert person_summary(hospital) == person_summary(national)
    human = person_read(
        actor=DOCTOR, person=hospital, assisted=(), at=now(), request_id=uuid4(), history=True
    )
    assert (human.root, [row.pk for row in human.others]) == (national, [hospital])
    assert human.golden.multiple_birth.value == 2
    assert set(human.golden.numbers) == {
        (MATRICULE_SYSTEM, matricule(BORN, 5)),
        ("urn:hospital", "P-1"),
    }
    among = people_among(actor=DOCTOR, persons=[hospital, national], assisted=())
    assert [one.root for one in among] == [national]


def test_a_filing_stays_with_the_identity_that_its_sender_names(
    national: int, hospital: int
) -> None:
    assert person_identified([("urn:hospital", "P-1")]) == hospital
    assert person_by_matricule(matricule(BORN, 5), family="Schmit", at=now()) == national


def test_who_is_shown_is_told_by_each_record(national: int, hospital: int) -> None:
    request = uuid4()
    search(actor=DOCTOR, criteria=Criteria(family="Weyland"), at=now(), request_id=request)
    with rows_of([national, hospital]):
        event = Event.objects.get(request_id=request)
    assert (event.person_id, event.persons) == (national, [hospital])


def test_a_patient_whose_records_are_linked_finds_her_own_by_either(
    national: int, hospital: int
) -> None:
    patient = Actor(role=Role.PATIENT, account=9, person=national, others=(hospital,))
    for person in (national, hospital):
        human = person_read(actor=patient, person=person, assisted=(), at=now(), request_id=uuid4())
        assert human.root == national


# Before a steward joins or parts


def test_a_preview_shows_what_both_say_and_what_would_be_believed() -> None:
    one = registered(serial=6, family="Muller", given="Paul")
    other = registered(family="Mueller", given="Paul")
    shown = merging.preview_merge(actor=ANNA, at=now(), person=other, target=one)
    assert shown.root == one
    assert [record.name.value.family for record in shown.before] == ["Mueller", "Muller"]
    assert (shown.after.name.value.family, shown.after.name.why) == ("Muller", Why.REGISTER)
    assert [said.identity for said in shown.after.name.conflicts] == [other]
    assert shown.after.identities == (one, other)
    link = merged(one, other)
    assert person_summary(other).id == shown.root
    with rows_of([one]):
        told = Event.objects.get(kind=EventKind.PAIR_SHOWN, person_id=one)
    assert (told.persons, told.account_id) == ([other], 1)
    assert link


def test_a_preview_of_a_separation_shows_what_was_filed_in_between() -> None:
    one, other = registered(), registered()
    open_record(actor=SYSTEM, person=one, at=now())
    _file(one)
    link = merged(one, other)
    filed = [_file(other), _file(one)]
    shown = merging.preview_separation(actor=BEN, at=now(), link=link)
    assert shown.before.identities == (one, other)
    assert (shown.stays.identities, shown.goes.identities) == ((one,), (other,))
    documents = [(one.id, one.person) for one in shown.filed if one.kind == "documents"]
    assert documents == list(zip(filed, (other, one), strict=True))


def _file(person: int) -> int:
    document, _ = file_document(
        actor=SYSTEM,
        person=person,
        at=now(),
        created_on=date(2024, 12, 1),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF the content",
    )
    return document


def test_a_preview_of_a_separation_shows_where_the_record_goes_back_to() -> None:
    home, gone, survivor = registered(), registered(), registered()
    before = linked(gone, home)
    moved = replaced(gone, survivor)
    shown = merging.preview_separation(actor=BEN, at=now(), link=moved or 0)
    assert shown.comes_back == before
    assert (shown.stays.identities, shown.goes.identities) == ((survivor,), (home, gone))
    parted(moved or 0)
    assert person_summary(gone).id == shown.goes.root == home
