"""SOAP 1.2 over HTTP (part 2, 7): a message by POST, the description by GET."""

from collections.abc import Mapping
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse

from salus.eligibility.soap import message
from salus.eligibility.soap.faults import VersionMismatch, body_of, fault_of, header_of, of_soap_11
from salus.eligibility.soap.names import SOAP_11
from salus.eligibility.soap.operations import Call, answered
from salus.eligibility.soap.schema import SCHEMA
from salus.eligibility.soap.security import authenticated
from salus.eligibility.soap.signing import own_signer
from salus.fhir.negotiation import drain, sent_bytes
from salus.fhir.refusal import NotThisWay
from salus.kernel.clock import now
from salus.kernel.origin import origin
from salus.kernel.page import software

_TYPE = "application/soap+xml"
_TYPE_11 = "text/xml"
_PEM = "application/x-pem-file"
_DESCRIPTION = SCHEMA.with_suffix(".wsdl")


@software
def soap(request: HttpRequest) -> HttpResponse:
    match request.method:
        case "GET" | "HEAD":
            return _described(request)
        case "POST":
            response = _answer(request)
            response["Cache-Control"] = "no-store"
            return response
    return HttpResponseNotAllowed(["GET", "HEAD", "POST"])


def _here(request: HttpRequest) -> str:
    return f"{origin(request)}{reverse('eligibility-soap')}"


def _addresses(request: HttpRequest) -> set[str]:
    """Of this door, also where software shows its certificate."""
    shown = [f"{place}{reverse('eligibility-soap')}" for place in settings.MTLS_ORIGINS]
    return {_here(request), *shown}


def _described(request: HttpRequest) -> HttpResponse:
    """`?xsd` is the schema, `?certificate` that of signed answers, anything else (`?wsdl`) the description."""
    if "certificate" in request.GET:
        return HttpResponse(own_signer().pem, content_type=_PEM)
    file = SCHEMA if "xsd" in request.GET else _DESCRIPTION
    text = file.read_text(encoding="utf-8").replace("ADDRESS", _here(request))
    return HttpResponse(text, content_type=f"{_TYPE_11}; charset=utf-8")


def _answer(request: HttpRequest) -> HttpResponse:
    at, message_id, signer = now(), None, None
    try:
        sent = _sent(request)
        authentic = authenticated(sent, request, here=_addresses(request), at=at)
        message_id = authentic.request_id
        signer = own_signer() if authentic.is_signed else None
        call = Call(actor=authentic.actor, at=at, request_id=message_id)
        envelope = message.enveloped(answered(authentic.request, call), answers=message_id)
        status = HTTPStatus.OK
        headers: Mapping[str, str] = {}
    except Exception as error:  # each has its fault: none gets past as a page for people
        drain(request)
        fault = fault_of(error)
        if isinstance(error, VersionMismatch) and error.namespace == SOAP_11:
            return _message(of_soap_11(error), fault.status, type=_TYPE_11)
        blocks = header_of(error)
        envelope = message.enveloped(body_of(fault), answers=message_id, blocks=blocks)
        status, headers = fault.status, fault.headers
    if signer:
        signer.sign(envelope, at=at)
    return _message(message.written(envelope), status, headers)


def _sent(request: HttpRequest) -> message.Message:
    said = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if said not in (_TYPE, _TYPE_11):
        raise NotThisWay(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the Content-Type of a message is {_TYPE}"
        )
    sent = message.read(sent_bytes(request, most=message.MOST_BYTES))
    if said != _TYPE:
        raise NotThisWay(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the Content-Type of SOAP 1.2 is {_TYPE}"
        )
    return sent


def _message(
    content: bytes,
    status: int,
    headers: Mapping[str, str] | None = None,
    *,
    type: str = _TYPE,
) -> HttpResponse:
    return HttpResponse(
        content, status=status, content_type=f"{type}; charset=utf-8", headers=dict(headers or {})
    )
