"""Operations of the REST edge, over a service of the tests' own: how they are asked, what of it is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from salus.fhir import xml
from salus.fhir.resource import Body
from tests.fhir_edge import ask, basic, created, mounted

TELL, COMPARE = "/fhir/Basic/$tell", "/fhir/Basic/$compare-it"


@pytest.fixture(scope="module", autouse=True)
def _service(database: Path) -> Iterator[None]:
    with mounted(database):
        yield


def sent(**values: Any) -> Body:
    """A Parameters resource of such values: ``word__valueString``."""
    named = [(*name.split("__"), value) for name, value in values.items()]
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, kind: value} for name, kind, value in named],
    }


def told(answer: Any) -> list[Any]:
    assert answer.status == 200, answer.content
    return [
        value
        for one in answer.body["parameter"]
        for kind, value in one.items()
        if kind.startswith("value")
    ]


def test_it_is_asked_by_address_and_by_parameters() -> None:
    assert told(ask("GET", f"{TELL}?word=a&word=urn:b&often=2")) == ["a", "urn:b", 2]
    posted = sent(word__valueString="a", often__valueInteger=2)
    posted["parameter"].append({"name": "word", "valueUri": "urn:b"})
    assert told(ask("POST", TELL, posted)) == ["a", "urn:b", 2]
    packed = xml.dump(posted).encode()
    assert told(ask("POST", TELL, packed, content_type="application/fhir+xml"))[0] == "a"
    assert told(ask("GET", f"{TELL}?word=a&_format=json")) == ["a", 1]
    assert ask("GET", f"{TELL}?word=a&_format=xml").content.startswith(b"<?xml")
    assert ask("HEAD", f"{TELL}?word=a").status == 200


def test_one_resource_may_be_sent_by_itself() -> None:
    assert told(ask("POST", COMPARE, basic("red"))) == [True]
    assert told(ask("POST", COMPARE, basic("blue"))) == [False]
    posted = sent(resource__resource=basic("blue"), red__valueBoolean=False)
    assert told(ask("POST", COMPARE, posted)) == [True]


def test_it_is_asked_of_one_resource() -> None:
    key = created().id
    assert told(ask("GET", f"/fhir/Basic/{key}/$tell?word=a")) == [key, "a", 1]
    assert ask("GET", "/fhir/Basic/0/$tell?word=a").status == 404
    assert ask("POST", f"/fhir/Basic/{key}/$compare-it", basic()).status == 404


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", "http.word"),
        ("word=", "http.word"),
        ("word=a&colour=red", "http.colour"),
        ("word=a&often=many", "http.often"),
        ("word=a&often=9999999999999", "http.often"),
        ("word=a&often=1&often=2", "http.often"),
    ],
)
def test_what_is_not_understood_in_an_address_is_refused(query: str, where: str) -> None:
    answer = ask("GET", f"{TELL}?{query}")
    assert (answer.status, answer.issues) == (400, [("invalid", where)])


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (sent(often__valueInteger=2), "Parameters.parameter"),
        (sent(word__valueCode="a"), "Parameters.parameter[0]"),
        (sent(word__valueString="a", colour__valueString="a"), "Parameters.parameter[1].name"),
        (sent(word__valueString=1), "Parameters.parameter[0].value.ofType(string)"),
        (basic(), "Parameters"),
        (
            {**sent(word__valueString="a"), "implicitRules": "urn:x"},
            "",
        ),
    ],
)
def test_what_is_not_understood_in_a_body_is_refused(body: Body, where: str) -> None:
    answer = ask("POST", TELL, body)
    assert (answer.status, [place for _, place in answer.issues]) == (400, [where])


def test_what_would_change_the_meaning_is_refused_at_any_depth() -> None:
    stranger = basic("red", modifierExtension=[{"url": "urn:not", "valueBoolean": True}])
    for body in (stranger, sent(resource__resource=stranger)):
        assert ask("POST", COMPARE, body).status == 400
    known = basic("red", extension=[{"url": "urn:also", "valueBoolean": True}])
    assert told(ask("POST", COMPARE, known)) == [True]


def test_what_the_service_finds_wrong_says_where() -> None:
    answer = ask("POST", COMPARE, sent(resource__resource={"resourceType": "Basic", "id": "1"}))
    assert answer.issues == [("required", "Parameters.parameter[0].resource.code")]


def test_by_get_only_where_it_can_be_written_there_and_nothing_changes() -> None:
    for address in (COMPARE, "/fhir/$change"):
        answer = ask("GET", address)
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert ask("OPTIONS", address).headers["Allow"] == "POST, OPTIONS"
    assert ask("OPTIONS", TELL).headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert told(ask("POST", "/fhir/$change", sent(word__valueString="a"))) == ["a", 1]
    assert ask("PUT", TELL, sent()).status == 405


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("", 401),
        ("all", 200),
        ("read-only", 200),
        ("create-only", 403),
        ("foreign", 403),
        ("of-a-patient", 403),
        ("without-purpose", 403),
        ("red-only", 403),  # narrowed: what is told goes beyond single resources
    ],
)
def test_scopes_and_purpose_are_asked_for(token: str, status: int) -> None:
    assert ask("GET", f"{TELL}?word=a", token=token).status == status
    assert ask("POST", COMPARE, basic(), token=token).status == status
    changed = ask("POST", "/fhir/$change", sent(word__valueString="a"), token=token).status
    assert changed == (200 if token == "all" else status if status != 200 else 403)


def test_it_may_be_an_entry_of_a_batch() -> None:
    entry = {"request": {"method": "GET", "url": "Basic/$tell?word=a"}}
    posted = {
        "resource": sent(word__valueString="b"),
        "request": {"method": "POST", "url": "Basic/$tell"},
    }
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry, posted]}
    answer = ask("POST", "/fhir", bundle, Prefer="return=representation")
    words = [one["resource"]["parameter"][0]["valueString"] for one in answer.body["entry"]]
    assert words == ["a", "b"]


@pytest.mark.parametrize("path", ["Basic/$tell/1", "$tell", "Basic/1/2/$tell", "$", "Basic/$$"])
def test_other_addresses_lead_nowhere(path: str) -> None:
    assert ask("GET", f"/fhir/{path}").status == 404


def test_what_is_deleted_is_gone() -> None:
    key = created().id
    assert ask("DELETE", f"/fhir/Basic/{key}", token="read-only").status == 403
    answer = ask("DELETE", f"/fhir/Basic/{key}")
    assert (answer.status, answer.content) == (204, b"")
    assert ask("GET", f"/fhir/Basic/{key}").status == 404
    assert ask("DELETE", f"/fhir/Basic/{key}").status == 404
    blue = created(basic("blue")).id
    assert ask("DELETE", f"/fhir/Basic/{blue}", token="red-only").status == 404
    assert ask("GET", f"/fhir/Basic/{blue}").status == 200
