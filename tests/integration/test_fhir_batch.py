"""Batch and transaction at the base of the REST edge, over a service of the tests' own (tests/fhir_edge.py)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from salus.fhir import xml
from salus.fhir.batch import MOST_ENTRIES
from salus.fhir.resource import Body
from tests.fhir_edge import Told, ask, basic, created, identified, mounted


@pytest.fixture(scope="module", autouse=True)
def _service(database: Path) -> Iterator[None]:
    with mounted(database):
        yield


def entry(method: str, url: str, resource: Body | None = None, **members: Any) -> Body:
    full_url = members.pop("fullUrl", None)
    request = {"method": method, "url": url, **members}
    named = {"fullUrl": full_url} if full_url else {}
    return {**named, **({"resource": resource} if resource else {}), "request": request}


def sent(kind: str, *entries: Body, **headers: str) -> Told:
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    return ask("POST", "/fhir", body, **headers)


def statuses(answer: Told) -> list[str]:
    assert answer.status == 200, answer.content
    return [one["response"]["status"][:3] for one in answer.body["entry"]]


def things(name: str) -> str:
    return f"Basic?identifier=urn:test:things|{name}"


def total(name: str) -> int:
    return len(ask("GET", f"/fhir/{things(name)}").body.get("entry", []))


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def test_each_entry_of_a_batch_stands_for_itself() -> None:
    key = created().id
    answer = sent(
        "batch",
        entry("GET", f"Basic/{key}"),
        entry("GET", "Basic/0"),
        entry("POST", "Basic", basic(identifier=identified("batch"))),
        entry("POST", "Basic", {"resourceType": "Basic", "colour": "red"}),
        entry("POST", "Basic", basic(implicitRules="urn:test:failure")),
        entry("DELETE", "CodeSystem/red"),
        entry("GET", "Basic/x/y/z"),
        entry("GET", f"Basic/{key}", ifNoneMatch='W/"1"'),
        entry("GET", things("batch")),
    )
    assert statuses(answer) == ["200", "404", "201", "400", "500", "405", "400", "304", "200"]
    assert answer.body["type"] == "batch-response"
    read, absent, made, wrong, *_, found = answer.body["entry"]
    assert read["resource"]["id"] == key and read["response"]["etag"] == 'W/"1"'
    assert absent["response"]["outcome"]["issue"][0]["code"] == "not-found"
    assert made["response"]["location"].endswith("/_history/1") and "resource" not in made
    places = {issue["expression"][0] for issue in wrong["response"]["outcome"]["issue"]}
    assert places == {"Basic.colour", "Basic.code"}
    assert found["resource"]["type"] == "searchset" and len(found["resource"]["entry"]) == 1


def test_each_entry_needs_its_own_right() -> None:
    mixed = (entry("GET", "CodeSystem/red"), entry("POST", "Basic", basic()), entry("GET", "Basic"))
    assert statuses(sent("batch", *mixed, token="read-only")) == ["200", "403", "200"]
    assert sent("transaction", *mixed, token="read-only").status == 403


def test_a_transaction_is_all_or_nothing() -> None:
    name = str(uuid4())
    good = entry("POST", "Basic", basic(identifier=identified(name)))
    refused = basic(implicitRules="urn:test:refused")
    for bad, status, code, place in (
        (entry("GET", "Basic/0"), 404, "not-found", "Bundle.entry[1]"),
        (entry("POST", "Basic", basic(implicitRules="urn:test:conflict")), 409, "conflict", "Bundle.entry[1]"),
        (entry("POST", "Basic", refused), 422, "business-rule", "Bundle.entry[1].resource.implicitRules"),
        (entry("POST", "Basic", {"resourceType": "Basic"}), 400, "required", "Bundle.entry[1].resource.code"),
        (entry("DELETE", "CodeSystem/red"), 405, "not-supported", "Bundle.entry[1]"),
        (entry("PUT", "Basic/0", basic(id="0")), 405, "not-supported", "Bundle.entry[1]"),
    ):  # fmt: skip
        answer = sent("transaction", good, bad)
        assert (answer.status, answer.issues) == (status, [(code, place)])
        assert total(name) == 0
    assert statuses(sent("transaction", good, entry("GET", things(name)))) == ["201", "200"]
    assert total(name) == 1


def test_references_lead_to_what_was_made_in_whatever_order_it_is_sent() -> None:
    first, second = urn(), urn()
    refers = basic(
        subject={"reference": second},
        author={"reference": "Practitioner/9"},
        extension=[{"url": "urn:x", "valueAttachment": {"url": second, "title": second}}],
        identifier=[{"system": "urn:ietf:rfc:3986", "value": second}],
    )
    answer = sent(
        "transaction",
        entry("GET", things("referred")),
        entry("POST", "Basic", refers, fullUrl=first),
        entry("POST", "Basic", basic(identifier=identified("referred")), fullUrl=second),
        Prefer="return=representation",
    )
    assert statuses(answer) == ["200", "201", "201"]
    found, referring, referred = answer.body["entry"]
    ours = f"Basic/{referred['resource']['id']}"
    body = referring["resource"]
    assert body["subject"] == {"reference": ours}
    assert body["author"] == {"reference": "Practitioner/9"}
    assert body["extension"][0]["valueAttachment"] == {"url": ours, "title": second}
    assert body["identifier"][0]["value"] == second  # a name is no link
    assert len(found["resource"]["entry"]) == 1  # reads come last


def test_references_by_condition_and_by_foreign_address() -> None:
    name = str(uuid4())
    known = created(basic(identifier=identified(name))).id
    answer = sent(
        "transaction",
        entry("POST", "Basic", basic(subject={"reference": things(name)})),
        entry("POST", "Basic", basic(subject={"reference": "Basic/77"})),
        entry("POST", "Basic", basic(), fullUrl="http://other.example/fhir/Basic/77"),
        entry("POST", "Basic", basic(), fullUrl=urn(), ifNoneExist=things(name)),
        Prefer="return=representation",
    )
    assert statuses(answer) == ["201", "201", "201", "200"]
    by_condition, by_address, foreign, there = [one["resource"] for one in answer.body["entry"]]
    assert by_condition["subject"]["reference"] == f"Basic/{known}"
    assert by_address["subject"]["reference"] == f"Basic/{foreign['id']}"
    assert there["id"] == known
    missing = sent(
        "transaction", entry("POST", "Basic", basic(subject={"reference": things("no")}))
    )
    assert (missing.status, missing.issues[0][0]) == (412, "conflict")


def test_a_version_in_an_entry_is_a_condition() -> None:
    key = created().id
    update = entry("PUT", f"Basic/{key}", basic("blue", id=key), ifMatch='W/"1"')
    assert statuses(sent("transaction", update)) == ["200"]
    assert sent("transaction", update).status == 412


@pytest.mark.parametrize(
    ("entries", "place"),
    [
        ([{"resource": basic()}], "Bundle.entry[0].request"),
        ([entry("POST", "/", basic())], "Bundle.entry[0].request.url"),
        ([entry("POST", "Basic", basic(subject={"reference": urn()}))], "Bundle.entry[0].resource.subject.reference"),
        ([entry("PUT", "Basic/1", basic(id="1")), entry("PUT", "Basic/1", basic(id="1"))], "Bundle.entry[1]"),
        ([entry("GET", "Basic")] * (MOST_ENTRIES + 1), "Bundle.entry"),
    ],
)  # fmt: skip
def test_a_bundle_that_cannot_be_processed(entries: list[Body], place: str) -> None:
    answer = sent("transaction", *entries)
    assert (answer.status, answer.issues) == (400, [("invalid", place)])


def test_a_circle_cannot_be_made() -> None:
    one, other = urn(), urn()
    answer = sent(
        "transaction",
        entry("POST", "Basic", basic(subject={"reference": other}), fullUrl=one),
        entry("POST", "Basic", basic(subject={"reference": one}), fullUrl=other),
    )
    assert answer.status == 400
    assert "circle" in answer.body["issue"][0]["details"]["text"]


def test_other_bundles_are_not_processed() -> None:
    answer = sent("collection", entry("POST", "Basic", basic()))
    assert (answer.status, answer.issues) == (400, [("invalid", "Bundle.type")])
    assert ask("POST", "/fhir", basic()).status == 400
    empty = ask("POST", "/fhir", {"resourceType": "Bundle", "type": "transaction"})
    assert (empty.status, empty.body["type"]) == (200, "transaction-response")


def test_a_transaction_in_xml_is_answered_in_xml() -> None:

    body = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [entry("POST", "Basic", basic())],
    }
    kind = "application/fhir+xml"
    answer = ask("POST", "/fhir", xml.dump(body).encode(), content_type=kind, Accept=kind)
    told = xml.parse(answer.content)
    assert told["entry"][0]["response"]["status"] == "201 Created"
