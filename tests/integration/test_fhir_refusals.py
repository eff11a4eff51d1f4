"""Every refusal of the REST edge is an OperationOutcome with the standard's status; tokens narrow what may be done."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fhir_edge import COLOURS, ask, basic, created, identified, mounted

FORM = "application/x-www-form-urlencoded"
RED = f"{COLOURS}|red"


@pytest.fixture(scope="module", autouse=True)
def _service(database: Path) -> Iterator[None]:
    with mounted(database):
        yield


def named(case: Any) -> str:
    return str(case)[:40]


# What was asked for


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "headers"),
    [
        ("GET", "/fhir/Patient/1", 404, "not-found", {}),
        ("GET", "/fhir/Nonsense", 404, "not-found", {}),
        ("GET", "/fhir/Basic/0", 404, "not-found", {}),
        ("GET", "/fhir/Basic/%00", 404, "not-found", {}),
        ("GET", "/fhir/Basic/" + "9" * 65, 404, "not-found", {}),
        ("GET", "/fhir/Basic/1/_history/1/more", 404, "not-found", {}),
        ("GET", "/fhir/Basic/_history", 404, "not-found", {}),
        ("GET", "/fhir/_history", 404, "not-found", {}),
        ("GET", "/fhir/CodeSystem/red/_history", 404, "not-found", {}),
        ("GET", "/fhir/Basic/$everything", 404, "not-found", {}),
        ("GET", "/fhir/Basic?identifier=a%00b", 400, "invalid", {}),
        ("GET", "/fhir/Basic?" + "&".join(f"a{n}=1" for n in range(1100)), 400, "invalid", {}),
        ("GET", "/fhir/Basic?_count=many", 400, "invalid", {}),
        ("GET", "/fhir/Basic?colour=red", 400, "invalid", {"Prefer": "handling=strict"}),
        ("GET", "/fhir/metadata?mode=terminology", 400, "invalid", {}),
        ("GET", "/fhir", 405, "not-supported", {}),
        ("PUT", "/fhir", 405, "not-supported", {}),
        ("POST", "/fhir/metadata", 405, "not-supported", {}),
        ("DELETE", "/fhir/CodeSystem/red", 405, "not-supported", {}),
        ("PATCH", "/fhir/Basic/1", 405, "not-supported", {}),
        ("DELETE", "/fhir/Basic?code=red", 405, "not-supported", {}),
        ("POST", "/fhir/Basic/1", 405, "not-supported", {}),
        ("POST", "/fhir/CodeSystem", 405, "not-supported", {}),
        ("PUT", "/fhir/CodeSystem/red", 405, "not-supported", {}),
        ("BREW", "/fhir/Basic", 405, "not-supported", {}),
        ("GET", "/fhir/Basic/1", 406, "not-supported", {"Accept": "text/turtle"}),
        ("GET", "/fhir/Basic?_format=ttl", 406, "not-supported", {}),
        ("GET", "/fhir/Basic", 406, "not-supported", {"Accept": "application/fhir+json;fhirVersion=5.0"}),
    ],
    ids=named,
)  # fmt: skip
def test_what_is_not_there(
    method: str, path: str, status: int, code: str, headers: dict[str, str]
) -> None:
    answer = ask(method, path, **headers)
    assert answer.status == status
    assert [told for told, _ in answer.issues] == [code]
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert (status == 405) == ("Allow" in answer.headers)


# What was sent


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b" ", "application/fhir+json", 400, "invalid"),
        (b"{}", "text/csv", 415, "not-supported"),
        (b"{}", "application/fhir+json; charset=latin-1", 415, "not-supported"),
        (b"{}", "application/fhir+json; fhirVersion=5.0", 415, "not-supported"),
        (b"\xff\xfe{\x00}\x00", "application/fhir+json", 400, "invalid"),
        (b"{", "application/fhir+json", 400, "invalid"),
        (b"[]", "application/fhir+json", 400, "structure"),
        (b"null", "application/fhir+json", 400, "invalid"),
        (b'{"resourceType":"Patient"}', "application/fhir+json", 400, "invalid"),
        (b'{"resourceType":"Basic","id":"a","id":"b"}', "application/fhir+json", 400, "invalid"),
        (b'{"resourceType":"Basic","id":"\\u0000"}', "application/fhir+json", 400, "invalid"),
        (b'{"resourceType":"Basic","id":"\\ud800"}', "application/fhir+json", 400, "invalid"),
        (b"[" * 10_000, "application/fhir+json", 400, "invalid"),
        (b"[" * 10_000 + b"]" * 10_000, "application/fhir+json", 400, "invalid"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "application/fhir+json", 400, "invalid"),
        (b'{"resourceType":"Basic","x":1' + b"0" * 5000 + b"}", "application/json", 400, "invalid"),
        (b'{"resourceType":"Basic","x":1e999999}', "application/json", 400, "invalid"),
        (b'{"resourceType":"Basic","x":NaN}', "application/json", 400, "invalid"),
        (b"[" + b"0," * 300_000 + b"0]", "application/json", 400, "invalid"),
        (b"<Basic/>", "application/fhir+xml", 400, "invalid"),
        (b"<a>" * 10_000, "application/fhir+xml", 400, "invalid"),
        (b"<a>" * 10_000 + b"</a>" * 10_000, "application/fhir+xml", 400, "invalid"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "application/fhir+xml", 400, "invalid"),
        (
            b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
            "application/fhir+xml",
            400,
            "invalid",
        ),
        (
            b'<!DOCTYPE a [<!ENTITY a0 "ha">'
            + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 40))
            + b"]><a>&a39;</a>",
            "application/fhir+xml",
            400,
            "invalid",
        ),
        ('<?xml version="1.0" encoding="x-no"?><a/>'.encode("utf-16"), "text/xml", 400, "invalid"),
    ],
    ids=named,
)
def test_what_is_not_read(content: bytes, content_type: str, status: int, code: str) -> None:
    answer = ask("POST", "/fhir/Basic", content, content_type=content_type)
    assert answer.status == status
    assert answer.issues[0][0] == code


def test_a_packed_or_unnamed_body_is_not_read() -> None:
    packed = ask("POST", "/fhir/Basic", basic(), Content_Encoding="gzip")
    assert (packed.status, packed.issues) == (415, [("not-supported", "")])
    assert ask("POST", "/fhir/Basic", basic(), content_type="").status == 415


def test_all_faults_of_a_resource_are_told_at_once_with_their_places() -> None:
    wrong = {
        "resourceType": "Basic",
        "colour": "red",
        "created": "2024-02-30",
        "author": {"reference": "Medication/1"},
        "subject": [{"display": "x"}],
        "identifier": [{"use": "best", "period": {"start": "2024", "end": "2023"}}],
    }
    answer = ask("POST", "/fhir/Basic", wrong)
    assert answer.status == 400
    assert set(answer.issues) == {
        ("structure", "Basic.colour"),
        ("value", "Basic.created"),
        ("invalid", "Basic.author"),
        ("structure", "Basic.subject"),
        ("code-invalid", "Basic.identifier[0].use"),
        ("invariant", "Basic.identifier[0].period"),
        ("required", "Basic.code"),
    }
    assert b"Medication/1" not in answer.content and b"2024-02-30" not in answer.content


@pytest.mark.parametrize(
    ("rules", "status", "code", "place"),
    [
        ("urn:test:refused", 422, "business-rule", "Basic.implicitRules"),
        ("urn:test:conflict", 409, "conflict", ""),
        ("urn:test:many", 429, "throttled", ""),
        ("urn:test:failure", 500, "exception", ""),
    ],
)
def test_what_a_service_refuses(
    rules: str, status: int, code: str, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "salus.fhir.refusal"):
        answer = ask("POST", "/fhir/Basic", basic(implicitRules=rules))
    assert (answer.status, answer.issues) == (status, [(code, place)])
    assert (answer.headers.get("Retry-After") == "7") == (status == 429)
    # An error of ours is noted, and its words, which may be of a patient, are not told.
    noted = [record for record in caplog.records if record.name == "salus.fhir.refusal"]
    assert len(noted) == (1 if status == 500 else 0)
    assert b"Ada Braun" not in answer.content


# Who may


@pytest.mark.parametrize(
    ("token", "method", "path", "status", "code"),
    [
        ("", "GET", "/fhir/Basic", 401, "login"),
        ("", "POST", "/fhir/Basic", 401, "login"),
        ("", "POST", "/fhir", 401, "login"),
        ("", "GET", "/fhir/CodeSystem/red", 200, ""),
        ("", "GET", "/fhir/CodeSystem", 200, ""),
        ("", "GET", "/fhir/metadata", 200, ""),
        ("wrong", "GET", "/fhir/CodeSystem/red", 401, "login"),
        ("foreign", "GET", "/fhir/Basic", 403, "forbidden"),
        ("foreign", "GET", "/fhir/CodeSystem/red", 200, ""),
        ("of-a-patient", "GET", "/fhir/Basic", 403, "forbidden"),
        ("without-purpose", "GET", "/fhir/Basic", 403, "forbidden"),
        ("create-only", "GET", "/fhir/Basic", 403, "forbidden"),
        ("read-only", "POST", "/fhir/Basic", 403, "forbidden"),
        ("read-only", "GET", "/fhir/Basic", 200, ""),
    ],
)
def test_a_token_must_permit_it(token: str, method: str, path: str, status: int, code: str) -> None:
    # The body is none: whoever may not write is told so before anything is read.
    answer = ask(method, path, b"{" if method == "POST" else None, token=token)
    assert answer.status == status
    if code:
        assert [told for told, _ in answer.issues] == [code]
    challenge = answer.headers.get("WWW-Authenticate", "")
    assert challenge.startswith("Bearer") == (status in (401, 403))
    assert ("invalid_token" in challenge) == (token == "wrong")
    assert ("insufficient_scope" in challenge) == (status == 403)


def test_whoever_may_only_create_is_not_shown_what_is_there() -> None:
    condition = "identifier=urn:test:things|seen"
    answer = ask("POST", "/fhir/Basic", basic(), token="create-only")
    assert (answer.status, answer.content) == (201, b"")
    tried = ask("POST", "/fhir/Basic", basic(), token="create-only", If_None_Exist=condition)
    assert tried.status == 403


def test_a_narrowed_scope_holds_in_every_interaction() -> None:
    red, blue = created(basic("red")).id, created(basic("blue")).id
    seen = ask("GET", "/fhir/Basic?_count=200", token="red-only").body
    ids = {entry["resource"]["id"] for entry in seen["entry"]}
    assert red in ids and blue not in ids
    only = "red-only"
    assert ask("GET", f"/fhir/Basic/{red}", token=only).status == 200
    for hidden in (blue, f"{blue}/_history", f"{blue}/_history/1"):
        answer = ask("GET", f"/fhir/Basic/{hidden}", token=only)
        assert (answer.status, answer.issues) == (404, [("not-found", "")])
    assert ask("POST", "/fhir/Basic", basic("red"), token=only).status == 201
    assert ask("POST", "/fhir/Basic", basic("blue"), token=only).status == 403
    assert ask("PUT", f"/fhir/Basic/{red}", basic("blue", id=red), token=only).status == 403
    assert ask("PUT", f"/fhir/Basic/{blue}", basic("red", id=blue), token=only).status == 404
    assert ask("PUT", f"/fhir/Basic/{red}", basic("red", id=red), token=only).status == 200
    name = "urn:test:things|narrow"
    created(basic("blue", identifier=identified("narrow")))
    # What the scope hides is not found by a condition either.
    body = basic("red", identifier=identified("narrow"))
    assert (
        ask("POST", "/fhir/Basic", body, token=only, If_None_Exist=f"identifier={name}").status
        == 201
    )
