"""The one translation of the error tree into faults (SOAP 1.2, part 1, 5.4) and HTTP (part 2, 7.5.2.2)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db.utils import InterfaceError, OperationalError
from lxml import etree
from lxml.builder import E, ElementMaker

from salus.eligibility.soap.names import (
    PREFIXES,
    SOAP,
    SOAP_11,
    WSSE,
    XML_LANG,
    ours,
    soap,
)
from salus.fhir.refusal import RETRY_AFTER, NotThisWay
from salus.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    SalusError,
    TooMany,
    Unauthorized,
)

logger = logging.getLogger(__name__)


class InvalidMessage(InvalidInput):
    """No message of SOAP 1.2, or one with a header that does not hold together."""


class VersionMismatch(SalusError):
    """An envelope of another version of SOAP. ``namespace`` is that of the envelope."""

    def __init__(self, namespace: str | None) -> None:
        super().__init__("only SOAP 1.2 is spoken here")
        self.namespace = namespace


class NotUnderstood(SalusError):
    """A header block that must be understood, and is not. ``tag`` as lxml writes it."""

    def __init__(self, tag: str) -> None:
        super().__init__("a header block that must be understood is not known here")
        self.tag = tag


class SecurityRefused(Unauthorized):
    """``code``: that of WS-Security 1.1.1, section 12."""

    def __init__(self, text: str, *, code: str = "InvalidSecurity") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Fault:
    status: HTTPStatus
    code: str  # stable: docs/reference/eligibility-soap.md
    text: str
    value: str = "Sender"  # whose fault: env:Code
    at: str = ""
    security: str = ""  # code of WS-Security
    wait: int | None = None  # seconds
    headers: Mapping[str, str] = field(default_factory=dict)


# From the special to the general.
_TOLD: list[tuple[type[Exception], HTTPStatus, str]] = [
    (InvalidMessage, HTTPStatus.BAD_REQUEST, "invalid-message"),
    (InvalidInput, HTTPStatus.BAD_REQUEST, "invalid-request"),
    (SuspiciousOperation, HTTPStatus.BAD_REQUEST, "invalid-message"),
    (Unauthorized, HTTPStatus.UNAUTHORIZED, "unauthorized"),
    (Forbidden, HTTPStatus.FORBIDDEN, "forbidden"),
    (NotFound, HTTPStatus.BAD_REQUEST, "not-found"),
    (Conflict, HTTPStatus.BAD_REQUEST, "conflict"),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS, "too-many"),
]
_FAILS_FOR_A_WHILE = (SalusError, OperationalError, InterfaceError)


def fault_of(error: Exception) -> Fault:
    """What the sender is told. An error of ours is logged, by type and place, and told without its text."""
    match error:
        case VersionMismatch():
            text = str(error)
            return Fault(
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
                code="version-mismatch",
                text=text,
                value="VersionMismatch",
            )
        case NotUnderstood():
            return Fault(
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
                code="not-understood",
                text=str(error),
                value="MustUnderstand",
            )
        case NotThisWay():
            return Fault(
                status=error.status, code="invalid-message", text=str(error), headers=error.headers
            )
    for kind, status, code in _TOLD:
        if isinstance(error, kind):
            return Fault(
                status=status,
                code=code,
                text=_text(error),
                at=getattr(error, "at", ""),
                security=getattr(error, "code", ""),
                wait=getattr(error, "wait", None),
                headers=_headers(error),
            )
    logger.error("the SOAP edge fails", exc_info=error)
    for_a_while = isinstance(error, _FAILS_FOR_A_WHILE)
    return Fault(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="unavailable" if for_a_while else "failed",
        text="this server failed: it is noted, and trying again later may help",
        value="Receiver",
        wait=RETRY_AFTER if for_a_while else None,
        headers={"Retry-After": str(RETRY_AFTER)} if for_a_while else {},
    )


def code_of(error: SalusError) -> str:
    """Of a line that was refused."""
    return fault_of(error).code


def _text(error: Exception) -> str:
    match error:
        case InvalidInput():
            return error.text
        case SalusError():
            return str(error)
    return "the message is not one that is read"


def _headers(error: Exception) -> dict[str, str]:
    match error:
        case Unauthorized():
            return {"WWW-Authenticate": 'Bearer realm="eligibility"'}
        case TooMany():
            return {"Retry-After": str(error.wait)}
    return {}


def body_of(fault: Fault) -> Any:
    """env:Fault."""
    top = etree.Element(soap("Fault"), nsmap=PREFIXES | {"wsse": WSSE})
    code = etree.SubElement(top, soap("Code"))
    etree.SubElement(code, soap("Value")).text = f"env:{fault.value}"
    inner = etree.SubElement(code, soap("Subcode"))
    etree.SubElement(inner, soap("Value")).text = f"el:{fault.code}"
    if fault.security:
        innermost = etree.SubElement(inner, soap("Subcode"))
        etree.SubElement(innermost, soap("Value")).text = f"wsse:{fault.security}"
    reason = etree.SubElement(top, soap("Reason"))
    text = etree.SubElement(reason, soap("Text"), {XML_LANG: "en"})
    text.text = f"{fault.at}: {fault.text}" if fault.at else fault.text
    detail = etree.SubElement(etree.SubElement(top, soap("Detail")), ours("Problem"))
    etree.SubElement(detail, ours("code")).text = fault.code
    if fault.at:
        etree.SubElement(detail, ours("at")).text = fault.at
    if fault.wait is not None:
        etree.SubElement(detail, ours("wait")).text = str(fault.wait)
    return top


def header_of(error: Exception) -> list[Any]:
    """Blocks that say what is meant (SOAP 1.2, part 1, 5.4.7 and 5.4.8)."""
    match error:
        case VersionMismatch():
            upgrade = etree.Element(soap("Upgrade"), nsmap={"new": SOAP})
            etree.SubElement(upgrade, soap("SupportedEnvelope"), qname="new:Envelope")
            return [upgrade]
        case NotUnderstood():
            name = etree.QName(error.tag)
            that = {"that": name.namespace} if name.namespace else {}
            qname = f"that:{name.localname}" if that else name.localname
            return [etree.Element(soap("NotUnderstood"), {"qname": qname}, nsmap=PREFIXES | that)]
    return []


def of_soap_11(error: VersionMismatch) -> bytes:
    """The whole message in the version in which was asked (SOAP 1.2, part 1, appendix A)."""
    made = ElementMaker(namespace=SOAP_11, nsmap={"env": SOAP_11})
    words = E.faultstring(str(error))
    words.set(XML_LANG, "en")
    fault = made.Fault(E.faultcode("env:VersionMismatch"), words)
    envelope = made.Envelope(made.Header(*header_of(error)), made.Body(fault))
    said: bytes = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return said
