"""IHE PIXm over HTTP: Patient Identifier Cross-reference Query (ITI-83) and Feed (ITI-104); the cases stand in
docs/reference/ihe-patient-index.md."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from defusedxml import ElementTree

from salus.country.lu import MATRICULE_SYSTEM
from salus.fhir import validation, xml
from salus.fhir.resource import Body
from salus.kernel.rows import Scope, finding_in
from salus.mpi.models import Link, Person
from tests.fhir_client import BASE, Answer, Fhir
from tests.patient_index import (
    BLUE,
    RED,
    also_known,
    fed,
    hospital,
    links,
    number,
    registered,
    requests,
    somebody,
)

pytestmark = pytest.mark.usefixtures("nation")


@pytest.fixture(scope="module")
def client(nation: object) -> Fhir:
    return hospital()


@dataclass(frozen=True, kw_only=True)
class Known:
    """A human being whom two hospitals and the register know, cross-referenced."""

    root: str
    red: Body
    blue: Body


@pytest.fixture(scope="module")
def known(client: Fhir) -> Known:
    body = somebody()
    other = also_known(body)
    root = registered(body)
    red, blue = fed(client, body), fed(client, other, BLUE)
    assert (red.status, blue.status) == (201, 201)
    assert links(red.body) == links(blue.body) == {f"Patient/{root}": "refer"}
    return Known(root=str(root), red=body, blue=other)


def pix(client: Fhir, source: str, *targets: str, **headers: str) -> Answer:
    query = {"sourceIdentifier": source, "targetSystem": list(targets)}
    return client.get("Patient/$ihe-pix", query, **headers)


def told(answer: Answer) -> set[str]:
    """Identifiers as tokens, and Patients."""
    assert answer.status == 200, answer.body
    assert validation.faults(answer.body) == []
    return {
        one["valueReference"]["reference"]
        if one["name"] == "targetId"
        else f"{one['valueIdentifier']['system']}|{one['valueIdentifier']['value']}"
        for one in answer.body.get("parameter", ())
    }


# ITI-83


def test_all_identifiers_but_the_one_that_was_asked_with(client: Fhir, known: Known) -> None:
    before = requests()
    found = told(pix(client, number(known.red)))
    assert number(known.blue, BLUE) in found and number(known.red) not in found
    assert f"Patient/{known.root}" in found
    assert any(one.startswith(f"{MATRICULE_SYSTEM}|") for one in found) and len(found) == 3
    assert requests() == before + 1


def test_only_the_domains_that_are_asked_for(client: Fhir, known: Known) -> None:
    blue = {number(known.blue, BLUE), f"Patient/{known.root}"}
    assert told(pix(client, number(known.red), BLUE)) == blue
    assert told(pix(client, number(known.red), BLUE, MATRICULE_SYSTEM)) > blue
    assert told(pix(client, number(known.red), BASE)) == {f"Patient/{known.root}"}
    assert told(pix(client, number(known.red), RED)) == {f"Patient/{known.root}"}


def test_asked_with_the_address_of_a_patient(client: Fhir, known: Known) -> None:
    found = told(pix(client, f"{BASE}|Patient/{known.root}", RED, BLUE))
    assert found == {number(known.red), number(known.blue, BLUE)}


def test_by_post_and_in_xml(client: Fhir, known: Known) -> None:
    said = [
        {"name": "sourceIdentifier", "valueString": number(known.red)},
        {"name": "targetSystem", "valueUri": BLUE},
    ]
    posted = client.post("Patient/$ihe-pix", {"resourceType": "Parameters", "parameter": said})
    assert told(posted) == told(pix(client, number(known.red), BLUE))
    answer = pix(client, number(known.red), Accept="application/fhir+xml")
    assert ElementTree.fromstring(answer.content).tag == "{http://hl7.org/fhir}Parameters"


@pytest.mark.parametrize(
    ("source", "targets", "status", "code", "words"),
    [
        (f"{RED}|nobody", (), 404, "not-found", "sourceIdentifier Patient Identifier not found"),
        (
            f"{BASE}|Patient/0",
            (),
            404,
            "not-found",
            "sourceIdentifier Patient Identifier not found",
        ),
        (
            "urn:oid:2.999.77|1",
            (),
            400,
            "code-invalid",
            "sourceIdentifier Assigning Authority not found",
        ),
        (f"{RED}|nobody", ("urn:oid:2.999.77",), 403, "code-invalid", "targetSystem not found"),
        (
            f"{RED}|nobody",
            (BLUE, "urn:oid:2.999.77"),
            403,
            "code-invalid",
            "targetSystem not found",
        ),
    ],
)
def test_what_is_not_recognized_is_told_as_the_profile_says(
    client: Fhir,
    known: Known,
    source: str,
    targets: tuple[str, ...],
    status: int,
    code: str,
    words: str,
) -> None:
    answer = pix(client, source, *targets)
    (issue,) = answer.body["issue"]
    told = (answer.status, issue["severity"], issue["code"], issue["diagnostics"])
    assert told == (status, "error", code, words)


def test_a_question_without_domain_or_number_is_refused(client: Fhir) -> None:
    for source in ("nobody", f"{RED}|", "|nobody"):
        assert pix(client, source).status == 400
    assert client.get("Patient/$ihe-pix").status == 400
    assert (
        client.get("Patient/$ihe-pix", {"sourceIdentifier": [f"{RED}|1", f"{RED}|2"]}).status == 400
    )


def test_an_unknown_number_is_an_answer_and_counts(client: Fhir, known: Known) -> None:
    before = requests()
    assert pix(client, f"{RED}|nobody").status == 404
    assert requests() == before + 1


# ITI-104


def test_add_revise_and_find(client: Fhir) -> None:
    body = somebody()
    added = fed(client, body)
    assert (added.status, added.body["meta"]["versionId"]) == (201, "1")
    revised = fed(client, body | {"name": [{**body["name"][0], "given": ["Alice"]}]})
    assert (revised.status, revised.body["id"]) == (200, added.body["id"])
    assert revised.body["name"][0]["given"] == ["Alice"]
    assert told(pix(client, number(body))) == {f"Patient/{added.body['id']}"}


def test_a_feed_in_xml(client: Fhir) -> None:
    body = somebody()
    answer = client._browser.generic(
        "PUT",
        f"/fhir/Patient?identifier={number(body)}",
        xml.dump(body),
        content_type="application/fhir+xml",
        headers=client._with({}),
    )
    assert answer.status_code == 201, answer.content


def test_the_same_fed_again_changes_nothing(client: Fhir) -> None:
    body, request = somebody(), str(uuid4())
    first = fed(client, body)
    for headers in ({}, {"X_Request_ID": request}, {"X_Request_ID": request}):
        again = client.put(f"Patient?identifier={number(body)}", body, **headers)
        assert again.status == 200
    with finding_in(Scope.INDEX):
        assert Person.objects.filter(identifiers__value=number(body).split("|")[1]).count() == 1
    assert again.body["id"] == first.body["id"]


def resolved(body: Body, survivor: Body) -> Body:
    """The message of ITI-104 that says that one record replaces the other."""
    (identifier,) = survivor["identifier"]
    link = {"other": {"identifier": identifier}, "type": "replaced-by"}
    return {**body, "active": False, "link": [link]}


def test_resolve_duplicates(client: Fhir) -> None:
    kept, double = somebody(), somebody()
    root, old = fed(client, kept).body["id"], fed(client, double).body["id"]
    for _ in range(2):  # once more is the same
        answer = fed(client, resolved(double, kept))
        assert answer.status == 200, answer.body
    assert (answer.body["id"], answer.body["active"]) == (old, False)
    assert links(answer.body) == {f"Patient/{root}": "replaced-by"}
    assert links(client.get(f"Patient/{root}").body) == {f"Patient/{old}": "replaces"}
    assert told(pix(client, number(double))) == {number(kept), f"Patient/{root}"}
    assert client.get("Patient", {"identifier": number(double)}).ids == [root]
    with finding_in(Scope.INDEX):
        (link,) = Link.objects.filter(person=old, ended_at=None)
    assert link.made_by == Link.MadeBy.SENDER


def test_a_replaced_record_is_not_revised(client: Fhir) -> None:
    kept, double = somebody(), somebody()
    fed(client, kept), fed(client, double)
    fed(client, resolved(double, kept))
    answer = fed(client, double)
    assert (answer.status, answer.body["issue"][0]["code"]) == (405, "not-supported")


@pytest.mark.parametrize("wrong", ["nobody", "itself", "two"])
def test_a_survivor_that_is_none_is_refused(client: Fhir, wrong: str) -> None:
    body = somebody()
    fed(client, body)
    message: dict[str, Any] = resolved(body, body if wrong == "itself" else somebody())
    if wrong == "two":
        message["link"] *= 2
    answer = fed(client, message)
    assert answer.status == 422
    assert answer.body["issue"][0]["expression"][0].startswith("Patient.link")


def test_a_record_may_come_in_replaced(client: Fhir) -> None:
    kept = somebody()
    root = fed(client, kept).body["id"]
    answer = fed(client, resolved(somebody(), kept))
    assert answer.status == 201
    assert links(answer.body) == {f"Patient/{root}": "replaced-by"}


def test_nobody_is_removed(client: Fhir, known: Known) -> None:
    """The option is not claimed: the CapabilityStatement says so."""
    assert client.delete(f"Patient?identifier={number(known.red)}").status == 405
    assert client.delete(f"Patient/{known.root}").status == 405
    statement = client.get("metadata").body
    (said,) = (one for one in statement["rest"][0]["resource"] if one["type"] == "Patient")
    assert (said["conditionalDelete"], said["conditionalUpdate"]) == ("not-supported", True)
    assert {one["name"] for one in said["operation"]} == {"match", "ihe-pix"}


def test_who_may_not_ask_is_not_told() -> None:
    reader, writer = hospital("system/Patient.r"), hospital("system/Patient.cu")
    for client in (reader, writer, Fhir(token="none")):
        assert pix(client, f"{RED}|1").status in (401, 403)
        assert client.post("Patient/$match", somebody()).status in (401, 403)
    narrowed = hospital("system/Patient.rs?gender=female")
    assert pix(narrowed, f"{RED}|1").status == 403
