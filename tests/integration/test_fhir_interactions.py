"""What each interaction of the REST edge does, over a service of the tests' own (tests/fhir_edge.py)."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection

from salus.fhir import xml
from tests.fhir_edge import COLOURS, ask, basic, created, identified, mounted

XML = "application/fhir+xml"
RED = f"{COLOURS}|red"


@pytest.fixture(scope="module", autouse=True)
def _service(database: Path) -> Iterator[None]:
    with mounted(database):
        yield


# Create, read, versions


def test_what_is_created_is_read_again() -> None:
    sent = basic(identifier=identified("A-1"), extension=[{"url": "urn:x", "valueDecimal": 1.50}])
    answer = created({**sent, "id": "mine", "meta": {"versionId": "9", "tag": [{"code": "t"}]}})
    body = answer.body
    assert body["id"] != "mine" and body["meta"]["versionId"] == "1"
    assert body["meta"]["tag"] == [{"code": "t"}]
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Location"].endswith(f"/fhir/Basic/{body['id']}/_history/1")
    read = ask("GET", f"/fhir/Basic/{body['id']}")
    assert (read.status, read.body) == (200, body)
    assert {**sent, "id": body["id"], "meta": body["meta"]} == body
    assert read.headers["Last-Modified"].endswith("GMT")
    assert read.headers["Cache-Control"] == "no-store"


def test_an_update_makes_a_version_and_keeps_the_old_one() -> None:
    key = created().id
    answer = ask("PUT", f"/fhir/Basic/{key}", basic("blue", id=key), If_Match='W/"1"')
    assert (answer.status, answer.headers["ETag"]) == (200, 'W/"2"')
    old = ask("GET", f"/fhir/Basic/{key}/_history/1")
    assert old.body["code"]["coding"][0]["code"] == "red"
    assert ask("GET", f"/fhir/Basic/{key}").body["code"]["coding"][0]["code"] == "blue"
    history = ask("GET", f"/fhir/Basic/{key}/_history").body
    assert history["type"] == "history" and history["total"] == 2
    told = [(e["request"]["method"], e["response"]["etag"]) for e in history["entry"]]
    assert told == [("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    since = history["entry"][0]["response"]["lastModified"]
    later = ask("GET", f"/fhir/Basic/{key}/_history?_since={since.replace('+', '%2B')}")
    assert later.body["total"] == 1
    assert ask("GET", f"/fhir/Basic/{key}/_history/3").status == 404


def test_a_stale_version_is_not_overwritten() -> None:
    key = created().id
    assert ask("PUT", f"/fhir/Basic/{key}", basic(id=key), If_Match='W/"1"').status == 200
    late = ask("PUT", f"/fhir/Basic/{key}", basic("blue", id=key), If_Match='W/"1"')
    assert (late.status, late.issues) == (412, [("conflict", "")])
    assert ask("GET", f"/fhir/Basic/{key}").body["code"]["coding"][0]["code"] == "red"
    assert ask("PUT", f"/fhir/Basic/{key}", basic(id=key), If_Match="3").status == 400
    assert ask("PUT", f"/fhir/Basic/{key}", basic(id=key)).headers["ETag"] == 'W/"3"'


def test_an_update_makes_nothing_anew() -> None:
    answer = ask("PUT", "/fhir/Basic/987654", basic(id="987654"))
    assert (answer.status, answer.issues) == (405, [("not-supported", "")])
    assert answer.headers["Allow"] == "GET, HEAD"
    assert ask("PUT", "/fhir/Basic/987654", basic(id="987654"), If_Match='W/"1"').status == 412


def test_the_id_in_the_body_is_that_in_the_address() -> None:
    key = created().id
    for body in (basic(), basic(id="other")):
        answer = ask("PUT", f"/fhir/Basic/{key}", body)
        assert (answer.status, answer.issues) == (400, [("invalid", "Basic.id")])


@pytest.mark.parametrize(
    ("preferred", "type"),
    [("minimal", None), ("representation", "Basic"), ("OperationOutcome", "OperationOutcome")],
)
def test_a_write_answers_as_preferred(preferred: str, type: str | None) -> None:
    answer = ask("POST", "/fhir/Basic", basic(), Prefer=f"return={preferred}")
    assert answer.status == 201
    assert (answer.body["resourceType"] if answer.content else None) == type


def test_what_a_client_has_is_not_sent_again() -> None:
    made = created()
    path = f"/fhir/Basic/{made.id}"
    assert ask("GET", path, If_None_Match='W/"1"').status == 304
    assert ask("GET", path, If_None_Match='W/"2"').status == 200
    changed = made.headers["Last-Modified"]
    unchanged = ask("GET", path, If_Modified_Since=changed)
    assert (unchanged.status, unchanged.content) == (304, b"")
    old = "Mon, 01 Jan 2024 00:00:00 GMT"
    assert ask("GET", path, If_Modified_Since=old).status == 200
    # The tag says more than the second of the clock (RFC 9110, 13.2.2).
    assert ask("GET", path, If_None_Match='W/"2"', If_Modified_Since=changed).status == 200


# Conditions


def test_a_conditional_create_makes_one_only() -> None:
    condition = "identifier=urn:test:things|once"
    body = basic(identifier=identified("once"))
    first = ask("POST", "/fhir/Basic", body, If_None_Exist=condition)
    again = ask("POST", "/fhir/Basic", body, If_None_Exist=condition)
    assert (first.status, again.status) == (201, 200)
    assert first.id == again.id
    created(body)
    assert ask("POST", "/fhir/Basic", body, If_None_Exist=condition).status == 412
    for useless in ("", "_count=1"):
        assert ask("POST", "/fhir/Basic", body, If_None_Exist=useless).status == 400
    unknown = ask("POST", "/fhir/Basic", body, If_None_Exist="colour=red")
    assert unknown.status == 400  # never: ignored, and so any resource meant


def test_two_conditional_creates_at_once_make_one() -> None:
    name = str(uuid4())
    body = basic(identifier=identified(name))
    statuses: list[int] = []

    def create() -> None:
        condition = f"identifier=urn:test:things|{name}"
        statuses.append(ask("POST", "/fhir/Basic", body, If_None_Exist=condition).status)
        connection.close()

    threads = [Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [201]


def test_a_conditional_update_is_of_the_one_that_is_found() -> None:
    name = str(uuid4())
    path = f"/fhir/Basic?identifier=urn:test:things|{name}"
    body = basic(identifier=identified(name))
    first = ask("PUT", path, body)
    second = ask("PUT", path, {**body, "id": first.id})
    assert (first.status, second.status, second.id) == (201, 200, first.id)
    assert second.headers["ETag"] == 'W/"2"'
    other = ask("PUT", path, {**body, "id": "other"})
    assert (other.status, other.issues) == (400, [("invalid", "Basic.id")])
    created(body)
    assert ask("PUT", path, body).status == 412
    assert ask("PUT", "/fhir/Basic", body).status == 400
    made = ask("PUT", "/fhir/Basic?identifier=urn:test:things|no", {**body, "id": "chosen"})
    assert made.status == 405


# Search, formats


def test_a_search_by_post_is_the_search_by_get() -> None:
    made = created(basic(identifier=identified("posted")))
    form = b"identifier=urn:test:things%7Cposted"
    posted = ask(
        "POST", "/fhir/Basic/_search", form, content_type="application/x-www-form-urlencoded"
    )
    got = ask("GET", "/fhir/Basic?identifier=urn:test:things|posted")
    assert [entry["resource"]["id"] for entry in posted.body["entry"]] == [made.id]
    assert posted.body["entry"] == got.body["entry"]
    assert ask("POST", "/fhir/Basic/_search", {}).status == 415
    assert ask("GET", "/fhir/Basic/_search").status == 405


def test_xml_is_read_and_written() -> None:
    document = (
        '<Basic xmlns="http://hl7.org/fhir"><text><status value="generated"/>'
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b</p></div></text>'
        '<extension url="urn:x"><valueDecimal value="1.500"/></extension>'
        f'<code><coding><system value="{COLOURS}"/><code value="red"/></coding></code>'
        '<created value="2024-01"><extension url="urn:y"><valueCode value="z"/></extension></created>'
        "</Basic>"
    )
    answer = ask("POST", "/fhir/Basic", document.encode(), content_type=XML, Accept=XML)
    assert answer.status == 201
    assert answer.headers["Content-Type"] == f"{XML}; charset=utf-8"
    body = xml.parse(answer.content)
    assert str(body["extension"][0]["valueDecimal"]) == "1.500"
    assert body["_created"] == {"extension": [{"url": "urn:y", "valueCode": "z"}]}
    as_json = ask("GET", f"/fhir/Basic/{body['id']}")
    assert as_json.body == body
    assert b"1.500" in as_json.content
    assert as_json.body["extension"][0]["valueDecimal"] == Decimal("1.500")
    for wish in ("xml", "application/fhir%2Bxml", "text/xml"):
        shown = ask("GET", f"/fhir/Basic/{body['id']}?_format={wish}", Accept="application/json")
        assert xml.parse(shown.content) == body
    refused = ask("GET", "/fhir/Basic/0", Accept=XML)
    assert refused.status == 404
    assert xml.parse(refused.content)["resourceType"] == "OperationOutcome"


def test_pretty_is_the_same_on_many_lines() -> None:
    key = created().id
    for wish in ("json", "xml"):
        plain = ask("GET", f"/fhir/Basic/{key}?_format={wish}").content
        pretty = ask("GET", f"/fhir/Basic/{key}?_format={wish}&_pretty=true").content
        assert plain.count(b"\n") == 0 < pretty.count(b"\n")
        assert b"".join(pretty.split()) == b"".join(plain.split())


def test_answers_are_packed_for_who_unpacks() -> None:
    packed = ask("GET", "/fhir/metadata", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Content-Encoding" not in ask("GET", "/fhir/metadata").headers


def test_a_binary_is_itself_or_a_resource() -> None:
    itself = ask("GET", "/fhir/Binary/1", Accept="*/*")
    assert itself.content == b"<p>Hello</p>"
    assert itself.headers["Content-Type"] == "text/html"
    assert itself.headers["Content-Disposition"] == "attachment"
    assert "sandbox" in itself.headers["Content-Security-Policy"]
    wrapped = ask("GET", "/fhir/Binary/1", Accept="application/fhir+json")
    assert wrapped.body["data"] == "PHA+SGVsbG88L3A+"


def test_a_request_has_an_id() -> None:
    known = str(uuid4())
    assert ask("GET", "/fhir/metadata", X_Request_Id=known).headers["X-Request-Id"] == known
    assert len(ask("GET", "/fhir/metadata", X_Request_Id="no").headers["X-Request-Id"]) == 36


def test_options_say_what_may_be_done() -> None:
    key = created().id
    for path, allowed in (
        ("/fhir/Basic", "GET, HEAD, POST, PUT, OPTIONS"),
        (f"/fhir/Basic/{key}", "GET, HEAD, PUT, DELETE, OPTIONS"),
        (f"/fhir/Basic/{key}/_history", "GET, HEAD, OPTIONS"),
        ("/fhir/CodeSystem", "GET, HEAD, OPTIONS"),
        ("/fhir", "POST, OPTIONS"),
        ("/fhir/metadata", "GET, HEAD, OPTIONS"),
    ):
        answer = ask("OPTIONS", path)
        assert (answer.status, answer.headers["Allow"]) == (204, allowed), path
    head = ask("HEAD", f"/fhir/Basic/{key}")
    assert (head.status, head.content, head.headers["ETag"]) == (200, b"", 'W/"1"')
