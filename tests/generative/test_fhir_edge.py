"""Whatever is sent to the REST edge is answered, and a refusal is in FHIR's words: never a failure of ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.fhir import exact_json, xml
from tests.fhir_edge import Told, ask, basic, mounted

KINDS = ["application/fhir+json", "application/fhir+xml", "application/x-www-form-urlencoded", ""]
PATHS = ["/fhir", "/fhir/Basic", "/fhir/Basic/1", "/fhir/Basic/_search", "/fhir/metadata"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
HEADERS = ["Accept", "Prefer", "If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since"]
NAMES = ["_id", "identifier", "code:not", "_count", "_sort", "_format", "_elements", "_page_token"]

WELL_FORMED = exact_json.dump(basic(identifier=[{"system": "urn:x", "value": "y"}])).encode()
AS_XML = xml.dump(basic()).encode()
ENTRY = {"resource": basic(), "request": {"method": "POST", "url": "Basic"}}
BUNDLE = exact_json.dump({"resourceType": "Bundle", "type": "batch", "entry": [ENTRY]}).encode()

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good body with a piece of it gone or another in its place."""
    content = draw(st.sampled_from([WELL_FORMED, AS_XML, BUNDLE]))
    start = draw(st.integers(0, len(content)))
    end = draw(st.integers(start, min(len(content), start + 30)))
    return content[:start] + draw(st.binary(max_size=10) | st.just(b"[{")) + content[end:]


@pytest.fixture(scope="module", autouse=True)
def _service(database: Path) -> Iterator[None]:
    with mounted(database):
        yield


def check_told(answer: Told) -> None:
    assert answer.status < 500, answer.content
    if answer.status >= 400 and answer.content:
        read: Any = exact_json.parse if answer.content[:1] == b"{" else xml.parse
        assert read(answer.content)["resourceType"] == "OperationOutcome"


@settings(max_examples=100)
@given(
    st.sampled_from(METHODS),
    st.sampled_from(PATHS),
    st.sampled_from(KINDS),
    damaged() | st.binary(max_size=50),
    st.dictionaries(st.sampled_from(HEADERS), PRINTABLE, max_size=3),
)
def test_any_body_is_answered(
    method: str, path: str, kind: str, content: bytes, headers: dict[str, str]
) -> None:
    check_told(ask(method, path, content, content_type=kind, **headers))


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), st.text(max_size=20))))
def test_any_query_is_answered(query: list[tuple[str, str]]) -> None:
    parts = [
        f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in query
    ]
    check_told(ask("GET", "/fhir/Basic?" + "&".join(parts)))


@settings(max_examples=60)
@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_address_is_answered(parts: list[str]) -> None:
    address = "/".join(quote(part, safe="", errors="replace") for part in parts)
    check_told(ask("GET", f"/fhir/{address}"))
