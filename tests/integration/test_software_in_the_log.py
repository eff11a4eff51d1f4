"""What an event says of software: as what it counts, what is a retry of it, and how its patient reads of it."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from salus.access.oauth.actions import register_client
from salus.accounts.models import Client
from salus.accounts.oauth.registration import NewClient
from salus.audit.actions import record
from salus.audit.models import Agent, Event, EventKind
from salus.directory.actions import register_organization
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.kernel.scopes import read_scopes
from salus.terminology import ORGANIZATION_TYPES
from tests.integration.test_page_rights import SYSTEM, World, events, visitor
from tests.integration.test_page_rights import world as world  # a fixture

SCOPE = "system/Patient.rs"


def software(type: str, name: str = "Labsys") -> Actor:
    """Of an organisation of its own, as its token says."""
    number = str(uuid4())
    organization, _ = register_organization(
        actor=SYSTEM, at=now(), system="urn:test", value=number, name=f"The {type}", type=type
    )
    made = register_client(
        actor=SYSTEM,
        at=now(),
        client=NewClient(name=name, scope=SCOPE),
        organization=organization,
        approved=True,
    )
    return Actor(
        role=Role.SOFTWARE,
        client=Client.objects.get(client_id=made.client_id).pk,
        organization=organization,
        organization_type=type,
        purpose=PurposeOfUse.TREATMENT,
        scopes=read_scopes([SCOPE]),
    )


def looks_up(actor: Actor, person: int, request_id: object = None) -> Event:
    with rows_of([person]):
        record(
            actor=actor,
            kind=EventKind.INDEX_REQUEST,
            at=now(),
            person=person,
            request_id=request_id or uuid4(),  # type: ignore[arg-type]
        )
        return Event.objects.filter(person_id=person).latest("id")


@pytest.mark.parametrize("type", ORGANIZATION_TYPES)
def test_software_counts_as_its_kind_of_organisation(world: World, type: str) -> None:
    counted = {"hospital", "pharmacy", "laboratory", "rescue"}
    actor = software(type)
    event = looks_up(actor, world.patient)
    assert event.agent == (type if type in counted else Agent.SYSTEM)
    assert (event.client_id, event.organization_id) == (actor.client, actor.organization)
    assert event.purpose == "TREAT"


def test_software_that_asks_for_a_professional_counts_as_professional(world: World) -> None:
    doctor = replace(software("hospital"), role=Role.PROFESSIONAL, practitioner=world.doctor)
    event = looks_up(doctor, world.patient)
    assert (event.agent, event.practitioner_id) == (Agent.PROFESSIONAL, world.doctor)


def test_a_retry_is_one_of_the_same_software_for_the_same_professional(world: World) -> None:
    first, second = software("hospital"), software("hospital")
    doctor = replace(first, role=Role.PROFESSIONAL, practitioner=world.doctor)
    stranger = replace(doctor, practitioner=world.stranger)
    before, request = events(EventKind.INDEX_REQUEST), uuid4()
    for actor in (first, second, doctor, stranger):
        assert not looks_up(actor, world.patient, request).repeated
        assert looks_up(actor, world.patient, request).repeated
    assert events(EventKind.INDEX_REQUEST) == before + 4


def test_a_retry_from_before_software_was_named_is_still_known(world: World) -> None:
    """The key of a request without software is made as it was."""
    request, person = uuid4(), world.patient
    looks_up(SYSTEM, person, request)
    assert looks_up(replace(SYSTEM, purpose=PurposeOfUse.TREATMENT), person, request).repeated


def test_the_patient_reads_which_software_of_whom_asked_and_what_for(world: World) -> None:
    laboratory = software("laboratory", name="Lab & Co")
    practice = software("practice", name="Cabinet+")
    doctor = replace(practice, role=Role.PROFESSIONAL, practitioner=world.doctor)
    emergency = replace(practice, purpose=PurposeOfUse.EMERGENCY)
    for actor in (laboratory, doctor, emergency):
        looks_up(actor, world.patient)
    page = " ".join(visitor("patient").get("/who-looked/").content.decode().split())
    assert "The laboratory</span>" in page
    assert "for your treatment · Medical laboratory · with the software Lab &amp; Co" in page
    assert "for your treatment · Health professional, The practice · with the software" in page
    assert "The practice</span>" in page
    assert "to treat you in an emergency · Medical practice · with the software Cabinet+" in page


def test_software_that_has_ended_keeps_its_name(world: World) -> None:
    actor = software("hospital", name="Retired")
    looks_up(actor, world.patient)
    Client.objects.filter(name="Retired").update(ended_at=now())
    assert "with the software Retired" in visitor("patient").get("/who-looked/").content.decode()


def test_the_proof_of_an_event_names_the_software(world: World, database: Path) -> None:
    page = visitor().get("/verify/").content.decode()
    assert "Number of the software" in page and "to treat you in an emergency" in page
