"""Patients over HTTP as software uses them: a token of the token endpoint, then IHE PDQm and what a feed sends."""

import json
from collections.abc import Collection
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client as Browser

from salus.audit.models import Event, EventKind
from salus.fhir import validation
from salus.kernel.actor import PurposeOfUse
from tests.conftest import as_role
from tests.software import ask, organization, professional, registered

SCOPE = "system/Patient.crus system/AuditEvent.rs"
JSON = "application/fhir+json"


class Software:
    """Of a hospital, with a token of its own."""

    def __init__(
        self, type: str = "hospital", scope: str = SCOPE, domains: Collection[str] = (), **form: str
    ) -> None:
        purposes = (PurposeOfUse.TREATMENT, PurposeOfUse.PUBLIC_HEALTH)
        self.value = str(uuid4())
        self.organization = organization(self.value, type)
        client = registered(self.organization, scope=scope, purposes=purposes, domains=domains)
        told = ask(client, scope=scope, **form)
        assert told["status"] == 200, told
        self.token = told["access_token"]

    def sends(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        content = body if isinstance(body, str) else json.dumps(body) if body else ""
        kind = "application/x-www-form-urlencoded" if isinstance(body, str) else JSON
        sent = {"Authorization": f"Bearer {self.token}", "Accept": JSON} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = Browser(SERVER_NAME="localhost").generic(
            method, f"/fhir/{path}", content, content_type=kind, headers=sent
        )
        assert isinstance(answer, HttpResponse)
        return answer


def body(answer: HttpResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.content)
    return found


def anna() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:test:http", "value": str(uuid4())}],
        "name": [{"family": "Wagner", "given": ["Anna"]}],
        "birthDate": "1980-01-02",
        "gender": "female",
    }


def newest_event() -> Event:
    with as_role("superuser"):
        return Event.objects.latest("id")


@pytest.fixture(scope="module")
def hospital(database: object) -> Software:
    return Software(domains=["urn:test:http"], purpose_of_use="TREAT")


def test_a_person_is_filed_found_changed_and_read_as_it_was(hospital: Software) -> None:
    sent = anna()
    value = sent["identifier"][0]["value"]
    filed = hospital.sends("POST", "Patient", sent)
    assert (filed.status_code, filed["ETag"]) == (201, 'W/"1"')
    first = body(filed)
    assert filed["Location"].endswith(f"/fhir/Patient/{first['id']}/_history/1")
    known = hospital.sends(
        "POST", "Patient", sent, If_None_Exist=f"identifier=urn:test:http|{value}"
    )
    assert (known.status_code, body(known)["id"]) == (200, first["id"])
    assert hospital.sends("POST", "Patient", sent).status_code == 409

    found = body(hospital.sends("POST", "Patient/_search", "family=wagn&birthdate=1980-01-02"))
    assert [entry["resource"]["id"] for entry in found["entry"]] == [first["id"]]
    assert all("wagn" not in link["url"].lower() for link in found["link"])

    address = f"Patient/{first['id']}"
    changed = first | {"name": [{"family": "Weber", "given": ["Anna"]}]}
    after = hospital.sends("PUT", address, changed, If_Match='W/"1"')
    assert (after.status_code, after["ETag"]) == (200, 'W/"2"')
    assert hospital.sends("PUT", address, changed, If_Match='W/"1"').status_code == 412
    upserted = hospital.sends("PUT", f"Patient?identifier=urn:test:http|{value}", changed)
    assert (upserted.status_code, upserted["ETag"]) == (200, 'W/"3"')

    read = hospital.sends("GET", address)
    assert (read.status_code, read["ETag"]) == (200, 'W/"3"')
    assert hospital.sends("GET", address, If_None_Match='W/"3"').status_code == 304
    assert body(hospital.sends("GET", f"{address}/_history/1")) == first
    history = body(hospital.sends("GET", f"{address}/_history"))
    versions = [entry["resource"]["meta"]["versionId"] for entry in history["entry"]]
    assert versions == ["3", "2", "1"]
    for one in [first, body(read), *(entry["resource"] for entry in history["entry"])]:
        assert validation.faults(one) == []


def test_the_event_names_the_software_its_organisation_and_the_purpose(hospital: Software) -> None:
    hospital.sends("GET", "Patient?identifier=urn:test:nobody|1")
    event = newest_event()
    assert (event.kind, event.agent) == (EventKind.INDEX_REQUEST, "hospital")
    assert (event.organization_id, event.purpose) == (hospital.organization, "TREAT")
    assert event.client_id
    person = body(hospital.sends("POST", "Patient", anna()))["id"]
    event = newest_event()
    assert (event.kind, event.person_id) == (EventKind.PERSON_REGISTERED, int(person))
    practice = Software("practice", purpose_of_use="TREAT")
    practice.sends("GET", f"Patient/{person}")
    assert newest_event().agent == "system"


def test_software_of_a_professional_asks_as_the_professional(database: object) -> None:
    value = str(uuid4())
    place = organization(value, "practice")
    doctor = professional(value, place)
    client = registered(place, scope=SCOPE)
    told = ask(client, scope=SCOPE, national_provider_identifier=value)
    practice = object.__new__(Software)
    practice.token = told["access_token"]
    assert practice.sends("GET", "Patient?_id=1").status_code == 200
    event = newest_event()
    assert (event.agent, event.practitioner_id) == ("professional", doctor)


@pytest.mark.parametrize(
    ("form", "status"),
    [({"purpose_of_use": "PUBHLTH"}, 403), ({}, 403), ({"purpose_of_use": "TREAT"}, 200)],
)
def test_software_says_what_for(database: object, form: dict[str, str], status: int) -> None:
    assert Software(**form).sends("GET", "Patient?_id=1").status_code == status


def test_nobody_asks_without_a_token_and_no_software_reads_a_log(hospital: Software) -> None:
    assert Browser(SERVER_NAME="localhost").get("/fhir/Patient/1").status_code == 401
    assert hospital.sends("GET", "Patient?gender=female").status_code == 400
    for path in ("AuditEvent", "AuditEvent/1"):
        assert hospital.sends("GET", path).status_code in (403, 404)


def test_faults_are_told_with_their_place(hospital: Software) -> None:
    refused = hospital.sends("POST", "Patient", anna() | {"gender": "x", "birthDate": "1980"})
    assert refused.status_code in (400, 422)
    told = [place for issue in body(refused)["issue"] for place in issue.get("expression", [])]
    assert "Patient.gender" in told
