"""IHE PMIR over HTTP: Mobile Patient Identity Feed (ITI-93); the cases stand in docs/reference/ihe-patient-index.md."""

from typing import Any
from uuid import uuid4

import pytest

from salus.fhir import validation, xml
from salus.fhir.resource import Body
from tests.fhir_client import BASE, Answer, Fhir
from tests.patient_index import hospital, links, number, somebody

pytestmark = pytest.mark.usefixtures("nation")
FEED = "urn:ihe:iti:pmir:2019:patient-feed"
XML = "application/fhir+xml"


@pytest.fixture(scope="module")
def client(nation: object) -> Fhir:
    return hospital()


def message(*entries: tuple[str, Body], name: str = "") -> Body:
    header, history = f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"
    said: Body = {
        "resourceType": "MessageHeader",
        "id": name or header.removeprefix("urn:uuid:"),
        "eventUri": FEED,
        "destination": [{"endpoint": f"{BASE}/$process-message"}],
        "source": {"endpoint": "urn:oid:2.999.1"},
        "focus": [{"reference": history}],
    }
    changed = {
        "resourceType": "Bundle",
        "type": "history",
        "entry": [
            {
                "fullUrl": f"urn:uuid:{uuid4()}",
                "resource": body,
                "request": {
                    "method": method,
                    "url": "Patient" if method == "POST" else "Patient/theirs",
                },
                "response": {"status": "200"},
            }
            for method, body in entries
        ],
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [
            {"fullUrl": header, "resource": said},
            {"fullUrl": history, "resource": changed},
        ],
    }


def sent(client: Fhir, *entries: tuple[str, Body], name: str = "") -> Answer:
    return client.post("$process-message", message(*entries, name=name))


def found(client: Fhir, body: Body) -> Body:
    (identifier,) = client.get("Patient", {"identifier": number(body)}).ids
    return client.get(f"Patient/{identifier}").body


def test_patients_are_created_and_the_message_is_answered(client: Fhir) -> None:
    one, other = somebody(), somebody()
    answer = sent(client, ("POST", one), ("POST", other), name="message-1")
    assert answer.status == 200, answer.body
    assert validation.faults(answer.body) == []
    (entry,) = answer.body["entry"]
    assert entry["resource"]["eventUri"] == f"{FEED}-response"
    assert entry["resource"]["response"] == {"identifier": "message-1", "code": "ok"}
    assert found(client, one)["name"] == one["name"]
    assert found(client, other)["name"] == other["name"]


def test_a_patient_is_updated(client: Fhir) -> None:
    body = somebody()
    sent(client, ("POST", body))
    assert sent(client, ("PUT", {**body, "gender": "other"})).status == 200
    read = found(client, body)
    assert (read["gender"], read["meta"]["versionId"]) == ("other", "2")


def test_a_patient_is_merged(client: Fhir) -> None:
    kept, double = somebody(), somebody()
    sent(client, ("POST", kept), ("POST", double))
    root = found(client, kept)["id"]
    (identifier,) = kept["identifier"]
    merged: Body = {
        "resourceType": "Patient",
        "identifier": double["identifier"],
        "active": False,
        "link": [{"other": {"identifier": identifier}, "type": "replaced-by"}],
    }
    assert sent(client, ("PUT", merged)).status == 200
    golden = found(client, double)
    assert golden["id"] == root
    ((reference, kind),) = links(golden).items()
    assert kind == "replaces"
    old = client.get(reference).body
    assert (old["active"], links(old)) == (False, {f"Patient/{root}": "replaced-by"})
    undone = sent(client, ("PUT", double))
    assert undone.status == 405
    assert undone.body["issue"][0]["expression"] == ["Bundle.entry[1].resource.entry[0]"]


def test_a_delete_is_refused_and_says_where(client: Fhir) -> None:
    known, new = somebody(), somebody()
    sent(client, ("POST", known))
    answer = sent(client, ("POST", new), ("DELETE", known))
    assert answer.status == 405
    assert answer.body["issue"][0]["expression"] == ["Bundle.entry[1].resource.entry[1]"]
    assert client.get("Patient", {"identifier": number(new)}).ids == []  # all or nothing


def test_a_message_that_comes_again_has_no_second_effect(client: Fhir) -> None:
    body = somebody()
    for _ in range(2):
        assert sent(client, ("POST", body), name="message-2").status == 200
    assert found(client, body)["meta"]["versionId"] == "1"
    sent(client, ("PUT", {**body, "gender": "other"}), name="message-3")
    sent(client, ("POST", body), name="message-2")  # late
    assert found(client, body)["gender"] == "other"


def test_a_message_in_xml(client: Fhir) -> None:
    body = somebody()
    answer = client._browser.generic(
        "POST",
        "/fhir/$process-message",
        xml.dump(message(("POST", body))),
        content_type=XML,
        headers=client._with({"Accept": XML}),
    )
    assert answer.status_code == 200 and answer.content.startswith(b"<?xml")
    assert found(client, body)["name"] == body["name"]


@pytest.mark.parametrize("wrong", ["event", "type", "focus", "header", "patient", "number"])
def test_what_is_no_such_message_is_refused(client: Fhir, wrong: str) -> None:
    body: dict[str, Any] = message(("POST", somebody()))
    header, history = (entry["resource"] for entry in body["entry"])
    match wrong:
        case "event":
            header["eventUri"] = "urn:x"
        case "type":
            body["type"] = "collection"
        case "focus":
            header["focus"] = [{"reference": f"urn:uuid:{uuid4()}"}]
        case "header":
            body["entry"].reverse()
        case "patient":
            del history["entry"][0]["resource"]["birthDate"]
        case "number":
            del history["entry"][0]["resource"]["identifier"]
    answer = client.post("$process-message", body)
    assert answer.status in (400, 422), answer.body
    assert answer.body["issue"][0]["expression"][0].startswith("Bundle")
