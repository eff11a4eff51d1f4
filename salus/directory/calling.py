"""Whether an electronic address answers: what is asked there, and what may be wrong, in stable words.

Nothing is sent but the question whether somebody is there. Where it leads is guarded by salus.kernel.outbound.
"""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from salus.kernel.errors import InvalidInput
from salus.kernel.outbound import Unreachable, check_address, connection_to, line_to, path_of

FHIR = "hl7-fhir-rest"  # of http://terminology.hl7.org/CodeSystem/endpoint-connection-type
NOT_CALLED = (
    "mailto:",
    "tel:",
)  # nobody can ask these whether they work without disturbing somebody
_STEP = 10.0  # seconds that each step may take
_WHOLE = 30.0  # seconds that an answer may take to come
_MOST = 2**22  # bytes of a CapabilityStatement


class Fault(StrEnum):
    ADDRESS = "address"  # cannot be called: no host, no port, HTTP without TLS
    NAME = "name"  # is not known
    PRIVATE = "private"  # leads into a private network
    REFUSED = "refused"  # nobody listens there, or no way leads there
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"  # of another name, of nobody known, or over
    TLS = "tls"  # the two do not agree on one
    BROKEN = "broken"  # the line ended, or what came is no HTTP
    STATUS = "status"  # of HTTP: 500 and more, or of FHIR another than 200
    CONTENT = "content"  # FHIR, but no CapabilityStatement


@dataclass(frozen=True, kw_only=True)
class Called:
    """What a call found. Without a fault somebody answered."""

    fault: Fault | None = None
    certificate_until: datetime | None = None


def call(address: str, *, connection_type: str) -> Called:
    """Ask whether somebody is there: FHIR for its CapabilityStatement, HTTP for an answer, others for a connection.

    Never raises. Takes half a minute at most once a connection stands.
    """
    try:
        parts = _parts(address)
    except (InvalidInput, ValueError):
        return Called(fault=Fault.ADDRESS)
    try:
        if parts.scheme in ("http", "https"):
            return _ask(parts, is_fhir=connection_type == FHIR)
        with line_to(parts.hostname or "", parts.port or 0, timeout=_STEP):
            return Called()
    except Exception as error:  # whatever the other side does, the round goes on
        return Called(fault=_fault(error))


def _parts(address: str) -> SplitResult:
    """Raises ValueError for what has no port that is a number, InvalidInput for what cannot be called."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https"):
        return check_address(address, what="address", is_demo=settings.DEMO)
    if not parts.hostname or not parts.port:
        raise InvalidInput("address names a host and a port")
    return parts


def _ask(parts: SplitResult, *, is_fhir: bool) -> Called:
    if is_fhir:
        parts = parts._replace(path=f"{parts.path.rstrip('/')}/metadata", query="")
    with connection_to(parts, timeout=_STEP) as connection:
        until = _certificate_until(connection)
        kind = "application/fhir+json" if is_fhir else "*/*"
        connection.request("GET", path_of(parts), headers={"Accept": kind, "Connection": "close"})
        with _answer(connection) as answer:
            fault = _fhir_fault(answer) if is_fhir else _http_fault(answer)
    return Called(fault=fault, certificate_until=until)


@contextmanager
def _answer(connection: HTTPConnection) -> Iterator[HTTPResponse]:
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()


def _http_fault(answer: HTTPResponse) -> Fault | None:
    """Whoever refuses a bare question is there."""
    return Fault.STATUS if answer.status >= 500 else None


def _fhir_fault(answer: HTTPResponse) -> Fault | None:
    if answer.status != 200:
        return Fault.STATUS
    body, ends = bytearray(), monotonic() + _WHOLE
    while piece := answer.read1(2**16):
        body += piece
        if monotonic() > ends:
            return Fault.TIMEOUT
        if len(body) > _MOST:
            return Fault.CONTENT
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return Fault.CONTENT
    is_one = isinstance(found, dict) and found.get("resourceType") == "CapabilityStatement"
    return None if is_one else Fault.CONTENT


def _certificate_until(connection: HTTPConnection) -> datetime | None:
    if not isinstance(connection.sock, ssl.SSLSocket):
        return None
    certificate = connection.sock.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return datetime.fromtimestamp(ends, UTC)


def _fault(error: Exception) -> Fault:
    match error:
        case Unreachable():
            return Fault.PRIVATE
        case socket.gaierror() | UnicodeError():
            return Fault.NAME
        case ssl.SSLCertVerificationError():
            return Fault.CERTIFICATE
        case TimeoutError():
            return Fault.TIMEOUT
        case ssl.SSLError():
            return Fault.TLS
        case ConnectionResetError() | BrokenPipeError() | HTTPException():
            return Fault.BROKEN
        case OSError():
            return Fault.REFUSED
        case _:
            return Fault.BROKEN
