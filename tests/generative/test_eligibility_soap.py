"""Whatever is changed in a message, it is refused as the sender's fault, or means what it meant before."""

import os
from copy import deepcopy
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from salus.country.lu import MATRICULE_SYSTEM
from salus.eligibility.questions import AffiliationQuestion
from salus.eligibility.soap.names import OURS, SOAP, WSA, WSSE, WSU
from tests import eligibility
from tests.soap import EL, ENV, Reply, Software, about, envelope, posted, signed

pytestmark = pytest.mark.usefixtures("database")
PLENTY = 10**6
MANY = 3_000 if "SALUS_PROVE" in os.environ else 30
NAMES = st.sampled_from(
    [
        *(f"{{{OURS}}}{name}" for name in ("CheckAffiliation", "person", "value", "line", "GetStatus", "usedAt")),
        *(f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body", "mustUnderstand", "role")),
        *(f"{{{WSSE}}}{name}" for name in ("Security", "BinarySecurityToken", "Reference")),
        *(f"{{{WSU}}}{name}" for name in ("Id", "Timestamp", "Created", "Expires")),
        *(f"{{{WSA}}}{name}" for name in ("MessageID", "To", "ReplyTo")),
        *("{http://www.w3.org/2001/XMLSchema-instance}type", "Id", "name", "Algorithm", "URI"),
    ]
)  # fmt: skip
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
)
TEXTS = st.one_of(
    st.sampled_from(["", "#body", "#token", "body", "1", "2023-01-01", "\t", "é", "9" * 300]),
    st.text(CHARACTERS, max_size=20),
)
EDITS = st.tuples(
    st.sampled_from(["rename", "text", "attribute", "remove", "copy", "move", "add"]),
    st.integers(0, 60),
    st.integers(0, 60),
    NAMES,
    TEXTS,
)

EDITED = st.lists(EDITS, min_size=1, max_size=4)


@cache
def _signed() -> tuple[bytes, str]:
    """A message, and when it was answered: a retry is answered with the same instant."""
    pharmacy = Software.new(per_minute=PLENTY, per_day=PLENTY)
    message = signed(envelope(_question(), message_id=UUID(int=1)), by=pharmacy.signer)
    answered_at = posted(message).said("answeredAt")
    assert answered_at
    return etree.tostring(message), answered_at


@cache
def _token() -> dict[str, str]:
    return eligibility.Asking.new(per_minute=PLENTY, per_day=PLENTY).authorization


def _question() -> Any:
    return about(AffiliationQuestion(system=MATRICULE_SYSTEM, value="0000000000000"))


def _edited(message: Any, edits: list[tuple[str, int, int, str, str]]) -> bytes:
    for edit, one, other, name, text in edits:
        elements = list(message.iter())
        element, target = elements[one % len(elements)], elements[other % len(elements)]
        match edit:
            case "rename" if "}" in name:
                element.tag = name
            case "text":
                element.text = text
            case "attribute":
                element.set(name, text)
            case "add" if "}" in name:
                etree.SubElement(element, name).text = text
            case "remove" if element is not message:
                element.getparent().remove(element)
            case "copy":
                target.append(deepcopy(element))
            case "move" if element not in (target, *target.iterancestors()):
                target.append(element)
    content: bytes = etree.tostring(message)
    return content


def _of_the_sender(reply: Reply) -> bool:
    assert reply.content.tag == f"{{{SOAP}}}Fault"
    return 400 <= reply.status < 500 or reply.whose in ("VersionMismatch", "MustUnderstand")


@settings(max_examples=MANY)
@given(EDITED)
def test_a_signed_message(edits: list[tuple[str, int, int, str, str]]) -> None:
    content, answered_at = _signed()
    reply = posted(_edited(etree.fromstring(content), edits))
    if reply.status == 200:
        assert reply.said("answeredAt") == answered_at
    else:
        assert _of_the_sender(reply)


@settings(max_examples=MANY)
@given(EDITED)
def test_one_with_a_token(edits: list[tuple[str, int, int, str, str]]) -> None:
    line = EL.line(EL.affiliation(*_question()), name="a")
    message = ENV.Envelope(ENV.Header(), ENV.Body(EL.CheckBatch(line)))
    reply = posted(_edited(message, edits), **_token())
    assert reply.status == 200 or _of_the_sender(reply)


@settings(max_examples=MANY)
@given(st.integers(0, 10_000), st.integers(0, 50), st.binary(max_size=10))
def test_bytes(at: int, length: int, other: bytes) -> None:
    content, answered_at = _signed()
    at %= len(content)
    reply = posted(content[:at] + other + content[at + length :])
    if reply.status == 200:
        assert reply.said("answeredAt") == answered_at
    else:
        assert _of_the_sender(reply)
