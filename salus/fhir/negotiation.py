"""What a client sent and what it wants back: formats, charset, sizes, preferences (https://hl7.org/fhir/R4/http.html#general).

A body is read in pieces, and never more of it than is allowed, whatever its headers say.
"""

import re
from base64 import b64decode, b64encode
from email.message import Message
from enum import Enum
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.request import MediaType

from salus.fhir import exact_json, xml
from salus.fhir.exchange import Return, Target
from salus.fhir.refusal import NotThisWay
from salus.fhir.resource import Body

MOST_BYTES = 16 * 2**20  # of a body; a document of 11 MiB in base64
_MOST_DRAINED = 128 * 2**20
_PIECE = 64 * 2**10

_JSON = ("application/fhir+json", "application/json", "text/json")
_XML = ("application/fhir+xml", "application/xml", "text/xml")


class Format(Enum):
    """The first name is the one that we use."""

    JSON = _JSON
    XML = _XML

    @property
    def content_type(self) -> str:
        return f"{self.value[0]}; charset=utf-8"


_SHORT = {"json": Format.JSON, "xml": Format.XML}


def wanted_format(request: HttpRequest) -> Format:
    """`_format` comes before the header: https://hl7.org/fhir/R4/http.html#mime-type. Raises NotThisWay."""
    if asked := request.GET.get("_format"):
        asked = asked.replace(" ", "+")  # an unescaped plus arrives as a space
        if asked in _SHORT:
            return _SHORT[asked]
        accepted = [MediaType(asked)]
    else:
        accepted = list(request.accepted_types)
    for one in accepted:
        if one.params.get("fhirversion", "4.0") != "4.0":
            continue
        for known in Format:
            if any(one.match(name) for name in known.value):
                return known
    raise NotThisWay(
        HTTPStatus.NOT_ACCEPTABLE, f"only {_JSON[0]} and {_XML[0]} of FHIR 4.0 are spoken here"
    )


def asks_for_fhir(request: HttpRequest) -> bool:
    """Whether it says itself that it wants a resource, and not whatever there is."""
    if "_format" in request.GET:
        return True
    names = {name for known in Format for name in known.value[:1]}
    return any(str(one).split(";")[0] in names for one in request.accepted_types)


def shown(body: Body, format: Format, *, pretty: bool) -> bytes:
    indent = 1 if pretty else 0
    if format is Format.XML:
        return xml.dump(body, indent=indent).encode()
    return exact_json.dump(body, indent=indent or None).encode()


def is_pretty(request: HttpRequest) -> bool:
    return request.GET.get("_pretty") == "true"


def sent_resource(request: HttpRequest) -> Any:
    """The body, parsed. Raises NotThisWay for one that is not read, InvalidInput for one that cannot be."""
    content_type = sent_type(request)
    known = [one for one in Format if content_type.get_content_type() in one.value]
    if not known:
        raise NotThisWay(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"the Content-Type must be {_JSON[0]} or {_XML[0]}",
        )
    if content_type.get_param("fhirversion", "4.0") != "4.0":
        raise NotThisWay(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "only FHIR 4.0 is spoken here")
    content = sent_bytes(request)
    if known[0] is Format.XML:
        return xml.parse(content)
    return exact_json.parse(
        content, most_characters=MOST_BYTES, most_members=exact_json.MOST_MEMBERS
    )


def sent(request: HttpRequest, target: Target) -> Any:
    """The body; of a Binary in any format, as the resource that holds it (https://hl7.org/fhir/R4/binary.html#rest)."""
    content_type = sent_type(request).get_content_type()
    if target.type != "Binary" or any(content_type in known.value for known in Format):
        return sent_resource(request)
    if not request.META.get("CONTENT_TYPE"):
        raise NotThisWay(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the Content-Type is missing")
    data = b64encode(sent_bytes(request)).decode()
    binary: Body = {"resourceType": "Binary", "contentType": request.META["CONTENT_TYPE"]}
    return binary | ({"id": target.id} if target.id else {}) | {"data": data}


def sent_type(request: HttpRequest) -> Message:
    """The Content-Type. Raises NotThisWay for a charset other than UTF-8, and for a packed body."""
    message = Message()
    message["Content-Type"] = request.META.get("CONTENT_TYPE", "")
    charset = str(message.get_param("charset", "utf-8")).strip('"').lower()
    if charset not in ("utf-8", "utf8"):
        raise NotThisWay(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "FHIR is written in UTF-8 only")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NotThisWay(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a body is not packed: send it without gzip"
        )
    return message


def sent_bytes(request: HttpRequest, *, most: int = MOST_BYTES) -> bytes:
    """Raises NotThisWay when there is more, without having kept it."""
    stream, said = _stream(request)
    if said is not None and said > most:
        raise _too_large(most)
    pieces, length = [], 0
    while piece := stream.read(min(_PIECE, most + 1 - length)):
        length += len(piece)
        if length > most:
            raise _too_large(most)
        pieces.append(piece)
    if said is not None and length < said:
        raise NotThisWay(
            HTTPStatus.BAD_REQUEST, "the body is shorter than Content-Length", code="incomplete"
        )
    return b"".join(pieces)


def _stream(request: HttpRequest) -> tuple[Any, int | None]:
    """What to read the body from, and its length as said; None when it comes in chunks."""
    said = request.META.get("CONTENT_LENGTH") or ""
    if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
        return request.META["wsgi.input"], None
    if not re.fullmatch(r"\d{1,18}", said, re.ASCII):
        raise NotThisWay(HTTPStatus.LENGTH_REQUIRED, "a body needs its Content-Length")
    return request, int(said)


def drain(request: HttpRequest) -> None:
    """Read and throw away what was not read, within bounds: else the line is cut before the client hears why."""
    if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
        _drain(request.META["wsgi.input"])
    elif request.META.get("CONTENT_LENGTH"):
        _drain(request)


def _drain(stream: Any) -> None:
    left = _MOST_DRAINED
    while left > 0 and (piece := stream.read(min(_PIECE, left))):
        left -= len(piece)


def _too_large(most: int) -> NotThisWay:
    return NotThisWay(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"a body has at most {most >> 20} MiB: split it",
        code="too-long",
        headers={"Connection": "close"},
    )


def preferences(request: HttpRequest) -> tuple[Return | None, bool]:
    """``Prefer``: what a write answers with, and whether what is not understood is refused (RFC 7240)."""
    said = [part.strip() for part in re.split(r"[,;]", request.headers.get("Prefer", ""))]
    wanted = [kind for kind in Return if f"return={kind}" in said]
    return (wanted[0] if wanted else None), "handling=strict" in said


def raw(binary: Body) -> HttpResponse:
    """A Binary as what it is, to be saved: it never runs in the site's name."""
    content = b64decode(binary.get("data", ""))
    response = HttpResponse(content, content_type=str(binary["contentType"]))
    response["Content-Disposition"] = "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
