"""Messages of SOAP 1.2: read from outside within bounds, and written.

What is read here is not yet believed: salus.eligibility.soap.security says who sent it, and what of it was signed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lxml import etree

from salus.eligibility.soap.faults import InvalidMessage, NotUnderstood, VersionMismatch
from salus.eligibility.soap.names import PREFIXES, SOAP, WSA, soap, wsa, wsse

MOST_BYTES = 2**20
_DEEPEST = 32  # elements in each other
_ANONYMOUS = f"{WSA}/anonymous"
_ROLES = (None, f"{SOAP}/role/next", f"{SOAP}/role/ultimateReceiver")
_KNOWN = {
    wsse("Security"),
    *map(wsa, ("MessageID", "To", "Action", "From", "ReplyTo", "FaultTo")),
}
_MESSAGE_ID = re.compile(
    r"(?:urn:)?uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Message:
    """Elements in the places where they must stand, each once."""

    envelope: Any
    body: Any
    security: Any | None = None  # wsse:Security
    message_id: Any | None = None  # wsa:MessageID
    to: Any | None = None  # wsa:To


def read(content: bytes) -> Message:
    """Raises InvalidMessage, VersionMismatch, NotUnderstood."""
    envelope = _parsed(content)
    name = etree.QName(envelope)
    if name.localname != "Envelope":
        raise InvalidMessage("it is no envelope", at="/")
    if name.namespace != SOAP:
        raise VersionMismatch(name.namespace)
    parts = list(envelope)
    header = parts.pop(0) if parts and parts[0].tag == soap("Header") else ()
    if [part.tag for part in parts] != [soap("Body")]:
        raise InvalidMessage("after the Header, if there is one, comes one Body", at="Envelope")
    blocks = [block for block in header if block.get(soap("role")) in _ROLES]
    for block in blocks:
        if block.get(soap("mustUnderstand")) in ("true", "1") and block.tag not in _KNOWN:
            raise NotUnderstood(block.tag)
    _only(
        list(header), wsse("Security")
    )  # who verifies a signature finds it without regard to roles
    for name in ("ReplyTo", "FaultTo"):
        _check_reply(_only(blocks, wsa(name)))
    return Message(
        envelope=envelope,
        body=parts[0],
        security=_only(blocks, wsse("Security")),
        message_id=_only(blocks, wsa("MessageID")),
        to=_only(blocks, wsa("To")),
    )


def request_of(body: Any) -> Any:
    """The one element in the Body. Raises InvalidMessage."""
    children = list(body)
    if len(children) != 1:
        raise InvalidMessage("a request is one element", at="Body")
    return children[0]


def uuid_of(message_id: Any) -> UUID:
    """Raises InvalidMessage."""
    found = _MESSAGE_ID.fullmatch((message_id.text or "").strip())
    if not found:
        raise InvalidMessage("it is urn:uuid: and a UUID", at="MessageID")
    return UUID(found[1])


def enveloped(content: Any, *, answers: UUID | None = None, blocks: Iterable[Any] = ()) -> Any:
    """An envelope with this in its Body."""
    envelope = etree.Element(soap("Envelope"), nsmap=PREFIXES)
    header = etree.SubElement(envelope, soap("Header"))
    header.extend(blocks)
    if answers:
        etree.SubElement(header, wsa("RelatesTo")).text = answers.urn
    etree.SubElement(envelope, soap("Body")).append(content)
    return envelope


def written(envelope: Any) -> bytes:
    said: bytes = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return said


def _parsed(content: bytes) -> Any:
    """The root. A document type and instructions have no place in a message (SOAP 1.2, part 1, 5)."""
    # In UTF-8, as which everything is read, it is written in no other way.
    if b"<!DOCTYPE" in content:
        raise InvalidMessage("a message has no document type")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,  # no signature sees them: nothing is to hide behind one
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise InvalidMessage("it is not well-formed XML in UTF-8") from None
    if root.getroottree().xpath("//processing-instruction()"):
        raise InvalidMessage("a message has no processing instructions")
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            raise InvalidMessage(f"more than {_DEEPEST} elements stand in each other")
    return root


def _only(blocks: list[Any], tag: str) -> Any | None:
    found = [block for block in blocks if block.tag == tag]
    if len(found) > 1:
        raise InvalidMessage("it may be there once", at=f"Header/{etree.QName(tag).localname}")
    return found[0] if found else None


def _check_reply(block: Any | None) -> None:
    """Answers go back on the line on which the question came."""
    if block is None:
        return
    if (block.findtext(wsa("Address")) or "").strip() != _ANONYMOUS:
        raise InvalidMessage(f"it may be {_ANONYMOUS} alone", at=etree.QName(block).localname)
