"""AuditEvents: a patient's own log on FHIR, as the page shows it, with who asked by which software and what for."""

from dataclasses import replace
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from salus.access.fhir import AUDIT_EVENTS
from salus.access.queries import who_looked
from salus.audit.models import Event, EventKind
from salus.fhir import validation
from salus.fhir.resource import Body, Call, Page
from salus.fhir.searchset import asked_of
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.rows import rows_of
from salus.kernel.scopes import read_scopes
from tests.integration.test_page_rights import World
from tests.integration.test_page_rights import world as world  # a fixture
from tests.integration.test_software_in_the_log import looks_up, software


def of_app(person: int, account: int, context: str = "patient") -> Actor:
    return Actor(
        role=Role.PATIENT,
        account=account,
        person=person,
        client=1,
        purpose=PurposeOfUse.PATIENT_REQUEST,
        scopes=read_scopes([f"{context}/AuditEvent.rs"]),
    )


@pytest.fixture
def me(world: World) -> Actor:
    return of_app(world.patient, 1)


def call(actor: Actor | None, request_id: UUID | None = None) -> Call:
    base = "https://salus.example/fhir"
    return Call(actor=actor, at=now(), request_id=request_id or uuid4(), base=base)


def page(actor: Actor | None, query: str, **placed: Any) -> Page:
    served = {"AuditEvent": AUDIT_EVENTS}
    asked = asked_of(parse_qsl(query), AUDIT_EVENTS, served, call(actor), strict=True)
    return AUDIT_EVENTS.search(call(actor), replace(asked.search, **placed))


def found(actor: Actor | None, query: str) -> list[Body]:
    return [version.body for version in page(actor, query).matches]


def test_the_log_is_the_one_of_the_page_and_reading_it_is_in_it(world: World, me: Actor) -> None:
    looks_up(software("pharmacy"), world.patient)
    listed = [entry.event for entry in who_looked(actor=me, person=world.patient, at=now())]
    bodies = found(me, "_count=200")
    assert [int(body["id"]) for body in bodies[1:]] == listed
    with rows_of([world.patient]):
        reading = Event.objects.filter(person_id=world.patient).latest("id")
    assert (reading.kind, reading.client_id) == (EventKind.RECORD_VIEWED, 1)
    for body in bodies:
        AuditEvent.model_validate(body)
        assert validation.faults(body) == []


def test_an_event_says_who_asked_by_which_software_for_whom_and_what_for(
    world: World, me: Actor
) -> None:
    hospital = software("hospital", name="Clinicsys")
    doctor = replace(hospital, role=Role.PROFESSIONAL, practitioner=world.doctor)
    event = looks_up(doctor, world.patient)
    body = AUDIT_EVENTS.read(call(me), str(event.id)).body
    user, organization, client = body["agent"]
    assert user["who"] == {"reference": f"Practitioner/{world.doctor}", "display": "Dr Anne Weber"}
    assert organization["who"]["reference"] == f"Organization/{hospital.organization}"
    assert organization["who"]["display"] == "The hospital"
    assert client["who"]["display"] == "Clinicsys"
    assert [agent["requestor"] for agent in body["agent"]] == [True, False, False]
    assert body["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    assert body["entity"][0]["what"] == {"reference": f"Patient/{world.patient}"}
    assert (body["outcome"], body["recorded"]) == ("0", body["meta"]["lastUpdated"])


def test_others_in_a_list_are_not_told(world: World, me: Actor) -> None:
    from salus.access.queries import patients_of

    patients_of(actor=Actor(role=Role.PROFESSIONAL, account=3, practitioner=world.doctor), at=now())
    (listed, *_) = [b for b in found(me, "") if b["subtype"][-1]["code"] == "patients_listed"]
    assert [entity["what"] for entity in listed["entity"]] == [
        {"reference": f"Patient/{world.patient}"}
    ]


def test_an_assistant_reads_the_log_of_whom_she_names(world: World, me: Actor) -> None:
    helper = of_app(world.helper, 2, "user")
    own = {body["entity"][0]["what"]["reference"] for body in found(helper, "")}
    assert own <= {f"Patient/{world.helper}"}
    theirs = found(helper, f"patient=Patient/{world.patient}")
    assert {body["entity"][0]["what"]["reference"] for body in theirs} == {
        f"Patient/{world.patient}"
    }
    assert AUDIT_EVENTS.read(call(helper), theirs[0]["id"]).id == theirs[0]["id"]
    alone = of_app(world.helper, 2)
    assert found(alone, f"patient=Patient/{world.patient}") == []
    with pytest.raises(NotFound):
        AUDIT_EVENTS.read(call(alone), theirs[0]["id"])


def test_nobody_else_reads_it(world: World, me: Actor) -> None:
    event = looks_up(software("rescue"), world.helper)
    with pytest.raises(NotFound, match="no such event"):
        AUDIT_EVENTS.read(call(me), str(event.id))
    assert found(me, f"patient={world.helper}") == []
    doctor = Actor(role=Role.PROFESSIONAL, account=3, practitioner=world.doctor)
    for actor in (doctor, software("hospital"), None):
        with pytest.raises(NotFound):
            found(actor, "")
        with pytest.raises(NotFound):
            AUDIT_EVENTS.read(call(actor), str(event.id))


def test_it_is_searched_by_time_by_agent_and_by_document(world: World, me: Actor) -> None:
    pharmacy = software("pharmacy")
    event = looks_up(pharmacy, world.patient)
    by_agent = found(me, f"agent=Organization/{pharmacy.organization}")
    assert [body["id"] for body in by_agent] == [str(event.id)]
    by_document = found(me, f"entity=DocumentReference/{world.document}")
    assert {body["subtype"][-1]["code"] for body in by_document} == {"document_filed"}
    assert found(me, "date=lt2000") == found(me, "_lastUpdated=gt2999") == []
    assert [body["id"] for body in found(me, f"_id={event.id}&date=gt2000")] == [str(event.id)]


@pytest.mark.parametrize("sort", ["", "&_sort=date", "&_sort=-date"])
def test_its_pages_put_together_are_the_whole(world: World, me: Actor, sort: str) -> None:
    end = f"{now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"  # reading adds to it
    whole = [body["id"] for body in found(me, f"date=lt{end}&_count=200{sort}")]
    query, position, forth, pages = f"date=lt{end}&_count=3{sort}", None, [], []
    while True:
        one = page(me, query, position=position)
        forth += [version.id for version in one.matches]
        pages.append([version.id for version in one.matches])
        if one.next is None:
            break
        position = one.next
    assert len(pages) > 2 and forth == whole
    assert whole == sorted(whole, key=int, reverse=sort != "&_sort=date")
    for before in reversed(pages[:-1]):
        assert one.previous
        one = page(me, query, position=one.previous)
        assert [version.id for version in one.matches] == before
    assert page(me, query, count=0).total == len(whole)
