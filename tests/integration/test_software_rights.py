"""What software may do in the name of its organisation, and as a professional whom it names."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count

import pytest

from salus.access.actions import declare_professional
from salus.audit.models import Event, EventKind
from salus.directory.actions import register_organization, register_practitioner, register_role
from salus.directory.models import Organization, PractitionerRole
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import Conflict, Forbidden, NotFound
from salus.kernel.rows import rows_of
from salus.kernel.scopes import Scopes
from salus.mpi.actions import register_person
from salus.shared_record.actions import close_record, file_document, open_record
from salus.shared_record.models import Format
from salus.shared_record.queries import documents_of, open_document
from salus.vaccination.actions import open_vaccination_record, record_immunization
from salus.vaccination.models import ActType
from salus.vaccination.queries import vaccinations_of

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2024, 12, 5, 12, tzinfo=UTC)
SYSTEM = Actor(role=Role.SYSTEM, system="import")
_numbers = count(1)


@pytest.fixture
def person() -> int:
    """With an open record, in which the agency filed one document."""
    number, _ = register_person(
        actor=SYSTEM,
        at=NOW,
        identifiers=[("urn:test:software", str(next(_numbers)))],
        family="Müller",
        given="Anna",
        birth_date=date(1980, 1, 1),
        gender="female",
    )
    open_record(actor=SYSTEM, person=number, at=NOW)
    file(SYSTEM, number)
    return number


def software(type: str = "laboratory") -> Actor:
    """Of an organisation of its own."""
    number = next(_numbers)
    organization, _ = register_organization(
        actor=SYSTEM, at=NOW, system="urn:test:software", value=str(number), name="Lab", type=type
    )
    return Actor(
        role=Role.SOFTWARE,
        client=number,
        organization=organization,
        purpose=PurposeOfUse.TREATMENT,
        scopes=Scopes(granted=()),
    )


def doctor_of(software: Actor) -> Actor:
    """A physician who works there, as the software names them."""
    value = str(next(_numbers))
    practitioner, _ = register_practitioner(
        actor=SYSTEM,
        at=NOW,
        system="urn:test:software",
        value=value,
        family="Schmit",
        given="Paul",
        profession="62247001",
    )
    assert software.organization
    register_role(
        actor=SYSTEM,
        at=NOW,
        system="urn:test:software",
        value=value,
        practitioner=practitioner,
        organization=software.organization,
        since=NOW.date(),
    )
    return replace(software, role=Role.PROFESSIONAL, practitioner=practitioner)


def file(actor: Actor, person: int, *, replaces: int | None = None) -> int:
    number, created = file_document(
        actor=actor,
        person=person,
        at=NOW,
        created_on=date(2024, 12, 1),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF the content",
        organization=actor.organization,
        practitioner=actor.practitioner,
        replaces=replaces,
    )
    assert created
    return number


def seen(actor: Actor, person: int) -> list[int]:
    return [document.id for document in documents_of(actor=actor, person=person, at=NOW)]


def opened(actor: Actor, person: int, document: int, *, replaced: bool = False) -> bytes | None:
    return open_document(
        actor=actor, person=person, document=document, at=NOW, replaced=replaced
    ).content


def refusals(person: int) -> list[str]:
    with rows_of([person]):
        events = Event.objects.filter(person_id=person, denied=True).order_by("id")
        return list(events.values_list("kind", flat=True))


def test_software_reads_what_its_organisation_filed_and_nothing_else(person: int) -> None:
    laboratory, another = software(), software()
    (imported,) = seen(doctor_in_the_circle(person), person)
    own = file(laboratory, person)
    assert seen(laboratory, person) == [own]
    assert seen(another, person) == []
    assert opened(laboratory, person, own) == b"%PDF the content"
    for actor, document in ((laboratory, imported), (another, own), (another, 10**12)):
        with pytest.raises(NotFound, match="no document that you can open"):
            opened(actor, person, document)
    assert refusals(person) == [EventKind.DOCUMENT_OPENED] * 3


def doctor_in_the_circle(person: int) -> Actor:
    doctor = doctor_of(software("practice"))
    declare(doctor, person)
    return doctor


def declare(doctor: Actor, person: int) -> None:
    assert doctor.practitioner
    declare_professional(
        actor=Actor(role=Role.PATIENT, account=1, person=person),
        person=person,
        practitioner=doctor.practitioner,
        at=NOW,
    )


def test_software_files_in_its_own_organisations_name_alone(person: int) -> None:
    laboratory, another = software(), software()
    doctor = doctor_of(laboratory)
    declare(doctor, person)
    for actor in (laboratory, doctor):
        for name in (another.organization, None):
            with pytest.raises(Forbidden):
                file_in_the_name_of(name, actor, person)
    assert refusals(person) == [EventKind.DOCUMENT_FILED] * 4
    file_in_the_name_of(laboratory.organization, doctor, person)


def file_in_the_name_of(organization: int | None, actor: Actor, person: int) -> None:
    file_document(
        actor=actor,
        person=person,
        at=NOW,
        created_on=date(2024, 12, 1),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF",
        organization=organization,
    )


def test_software_controls_nothing(person: int) -> None:
    laboratory = software()
    assert seen(laboratory, person) == []
    with pytest.raises(NotFound):
        close_record(actor=laboratory, person=person, at=NOW)


def test_a_closed_record_is_closed_to_software_and_to_the_professional_whom_it_names(
    person: int,
) -> None:
    laboratory = software()
    doctor = doctor_of(laboratory)
    declare(doctor, person)
    document = file(laboratory, person)
    close_record(actor=Actor(role=Role.PATIENT, account=1, person=person), person=person, at=NOW)
    for actor in (laboratory, doctor):
        with pytest.raises(Conflict):
            file(actor, person)
        for read in (
            lambda actor: seen(actor, person),
            lambda actor: opened(actor, person, document),
        ):
            with pytest.raises(NotFound):
                read(actor)
    expected = [EventKind.DOCUMENT_FILED, EventKind.RECORD_VIEWED, EventKind.DOCUMENT_OPENED]
    assert refusals(person) == expected * 2


def test_who_has_no_right_does_not_learn_that_a_record_is_closed(person: int) -> None:
    stranger = doctor_of(software())
    with pytest.raises(NotFound) as while_open:
        file(stranger, person)
    close_record(actor=Actor(role=Role.PATIENT, account=1, person=person), person=person, at=NOW)
    with pytest.raises(NotFound) as while_closed:
        file(stranger, person)
    assert str(while_open.value) == str(while_closed.value)


def test_a_professional_whom_software_names_is_declared_and_works_there_today(person: int) -> None:
    practice = software("practice")
    doctor = doctor_of(practice)
    with pytest.raises(NotFound):
        seen(doctor, person)
    declare(doctor, person)
    assert len(seen(doctor, person)) == 1
    elsewhere = replace(doctor, organization=software().organization)
    with pytest.raises(NotFound):
        seen(elsewhere, person)
    PractitionerRole.objects.filter(practitioner=doctor.practitioner).update(until=NOW)
    with pytest.raises(NotFound):
        seen(doctor, person)


def test_an_organisation_that_left_the_directory_files_and_reads_nothing(person: int) -> None:
    laboratory = software()
    file(laboratory, person)
    Organization.objects.filter(pk=laboratory.organization or 0).update(deregistered_at=NOW)
    for act in (seen, file):
        with pytest.raises(NotFound):
            act(laboratory, person)


def test_an_emergency_is_no_right_yet(person: int) -> None:
    laboratory, doctor = software(), doctor_in_the_circle(person)
    document = file(laboratory, person)
    for actor in (laboratory, doctor):
        hurried = replace(actor, purpose=PurposeOfUse.EMERGENCY)
        acts: list[Callable[[Actor], object]] = [
            lambda actor: seen(actor, person),
            lambda actor: opened(actor, person, document),
            lambda actor: file(actor, person),
        ]
        for act in acts:
            with pytest.raises(NotFound):
                act(hurried)
    assert len(refusals(person)) == 6


def test_a_new_version_replaces_one_of_the_same_organisation(person: int) -> None:
    laboratory, another = software(), software()
    first = file(laboratory, person)
    with pytest.raises(Conflict):
        file(another, person, replaces=first)
    second = file(laboratory, person, replaces=first)
    assert seen(laboratory, person) == [second]
    with pytest.raises(Conflict):
        file(laboratory, person, replaces=first)
    with pytest.raises(NotFound):
        opened(laboratory, person, first)
    assert opened(laboratory, person, first, replaced=True) == b"%PDF the content"


def vaccinate(actor: Actor, person: int, act_type: ActType) -> int:
    return record_immunization(
        actor=actor,
        person=person,
        at=NOW,
        act_type=act_type,
        vaccine_system="http://www.whocc.no/atc",
        vaccine_code="J07BB02",
        vaccine_display="Influenza",
        occurred_on=NOW.date(),
        practitioner=actor.practitioner,
        lot_number="A1",
    )[0]


def vaccinations(actor: Actor, person: int) -> list[int]:
    card = vaccinations_of(actor=actor, person=person, at=NOW)
    return [act.id for act in card.acts] if card else []


def test_software_records_past_vaccinations_and_reads_those_it_recorded(person: int) -> None:
    practice, another = software("practice"), software()
    doctor = doctor_in_the_circle(person)
    open_vaccination_record(actor=practice, person=person, at=NOW)
    vaccinate(SYSTEM, person, ActType.HISTORICAL)
    own = vaccinate(practice, person, ActType.HISTORICAL)
    assert vaccinations(practice, person) == [own]
    assert vaccinations(another, person) == []
    assert len(vaccinations(doctor, person)) == 2
    with pytest.raises(NotFound):
        vaccinate(practice, person, ActType.PERFORMED)
    assert refusals(person) == [EventKind.VACCINATION_RECORDED]


def test_a_vaccinator_whom_software_names_performs_while_declared(person: int) -> None:
    doctor = doctor_of(software("practice"))
    with pytest.raises(NotFound):
        open_vaccination_record(actor=doctor, person=person, at=NOW)
    declare(doctor, person)
    assert open_vaccination_record(actor=doctor, person=person, at=NOW)
    own = vaccinate(doctor, person, ActType.PERFORMED)
    assert vaccinations(doctor, person) == [own]
    assert refusals(person) == [EventKind.RECORD_OPENED]
