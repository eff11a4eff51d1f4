"""The CapabilityStatement is true: what it claims answers, and what it does not claim is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from salus.fhir import validation
from salus.fhir.definitions import resource_types
from tests.fhir_edge import ask, basic, created, mounted

INTERACTIONS = {
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
}
VALUES = {"token": "x", "uri": "urn:x", "date": "2024", "string": "x", "reference": "Patient/1"}


@pytest.fixture(scope="module", autouse=True)
def _service(database: Path) -> Iterator[None]:
    with mounted(database):
        yield


@pytest.fixture(scope="module")
def statement(_service: None) -> dict[str, Any]:
    body: dict[str, Any] = ask("GET", "/fhir/metadata", token="").body
    return body


def known_id(type: str) -> str:
    return created().id if type == "Basic" else {"Binary": "1", "CodeSystem": "red"}[type]


def tried(type: str) -> dict[str, bool]:
    """Whether each interaction is answered, for a type that has one resource at least."""
    key = known_id(type)
    body = basic(id=key) if type == "Basic" else {"resourceType": type, "id": key}
    version = ask("GET", f"/fhir/{type}/{key}", Accept="application/fhir+json").body["meta"]
    asked = {
        "read": ("GET", f"/fhir/{type}/{key}", None),
        "vread": ("GET", f"/fhir/{type}/{key}/_history/{version['versionId']}", None),
        "update": ("PUT", f"/fhir/{type}/{key}", body),
        "patch": ("PATCH", f"/fhir/{type}/{key}", {}),
        "delete": ("DELETE", f"/fhir/{type}/{known_id(type)}", None),
        "history-instance": ("GET", f"/fhir/{type}/{key}/_history", None),
        "history-type": ("GET", f"/fhir/{type}/_history", None),
        "create": ("POST", f"/fhir/{type}", body),
        "search-type": ("GET", f"/fhir/{type}", None),
    }
    assert asked.keys() == INTERACTIONS
    answers = {
        name: ask(*one, Accept="application/fhir+json").status for name, one in asked.items()
    }
    assert set(answers.values()) <= {200, 201, 204, 404, 405}, answers
    return {name: status < 300 for name, status in answers.items()}


def test_it_is_a_capability_statement(statement: dict[str, Any]) -> None:
    assert validation.faults(statement) == []
    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    assert statement == ask("GET", "/fhir/metadata?mode=full").body
    again = ask("GET", "/fhir/metadata", If_None_Match=ask("GET", "/fhir/metadata").headers["ETag"])
    assert again.status == 304


@pytest.mark.parametrize("type", ["Basic", "CodeSystem", "Binary"])
def test_what_is_claimed_answers_and_nothing_else_does(
    statement: dict[str, Any], type: str
) -> None:
    (said,) = (one for one in statement["rest"][0]["resource"] if one["type"] == type)
    claimed = {one["code"] for one in said["interaction"]}
    assert tried(type) == {name: name in claimed for name in INTERACTIONS}
    for parameter in said["searchParam"]:
        query = f"{parameter['name']}={VALUES[parameter['type']]}"
        answer = ask("GET", f"/fhir/{type}?{query}", Prefer="handling=strict")
        assert answer.status == 200, query
        assert parameter["definition"].startswith("http://hl7.org/fhir/SearchParameter/")
    assert ask("GET", f"/fhir/{type}?colour=x", Prefer="handling=strict").status == 400
    conditional = ask("POST", f"/fhir/{type}", {"resourceType": type}, If_None_Exist="_id=0").status
    assert (conditional != 405) == said["conditionalCreate"]
    conditional = ask("PUT", f"/fhir/{type}?_id=0", {"resourceType": type}).status
    assert (conditional != 405) == said["conditionalUpdate"]
    assert ask("DELETE", f"/fhir/{type}?_id=0").status == 405
    assert said["conditionalDelete"] == "not-supported"


def test_operations_that_are_claimed_are_there_and_no_others(statement: dict[str, Any]) -> None:
    (rest,) = statement["rest"]
    claimed = {
        (place.get("type", ""), one["name"])
        for place in [*rest["resource"], rest]
        for one in place.get("operation", ())
    }
    assert claimed == {("Basic", "tell"), ("Basic", "compare-it"), ("", "change")}
    for of in ("Basic", "CodeSystem", "Binary", ""):
        for name in ("tell", "compare-it", "change"):
            place = f"{of}/${name}" if of else f"${name}"
            answer = ask("POST", f"/fhir/{place}", {"resourceType": "Parameters"})
            assert (answer.status != 404) == ((of, name) in claimed), place


def test_types_that_are_not_claimed_are_not_served(statement: dict[str, Any]) -> None:
    claimed = {one["type"] for one in statement["rest"][0]["resource"]}
    assert claimed == {"Basic", "Binary", "CodeSystem"}
    for other in sorted(resource_types() - claimed):
        assert ask("GET", f"/fhir/{other}").status == 404


def test_formats_and_whole_system_interactions(statement: dict[str, Any]) -> None:
    for known in statement["format"]:
        wish = known.replace("+", "%2B")
        assert ask("GET", f"/fhir/metadata?_format={wish}").status == 200
    assert ask("GET", "/fhir/metadata?_format=ttl").status == 406
    claimed = {one["code"] for one in statement["rest"][0]["interaction"]}
    assert claimed == {"batch", "transaction"}
    for kind in claimed:
        bundle = {"resourceType": "Bundle", "type": kind}
        assert ask("POST", "/fhir", bundle).status == 200
    assert ask("GET", "/fhir?_id=1").status == 405  # search-system
    assert ask("GET", "/fhir/_history").status == 404  # history-system


def test_it_says_where_tokens_come_from(statement: dict[str, Any]) -> None:
    (extension,) = statement["rest"][0]["security"]["extension"]
    assert extension["extension"] == [
        {"url": name, "valueUri": f"http://localhost/oauth/{name}"}
        for name in ("authorize", "token")
    ]
