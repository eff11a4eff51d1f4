"""The RESTful edge, read-only so far: read and search of what config serves (https://hl7.org/fhir/R4/http.html)."""

import json
from collections.abc import Callable, Iterable
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from salus.fhir.capability import capability_statement
from salus.fhir.outcome import outcome
from salus.fhir.resource import Body, Call, Resource, Served
from salus.fhir.searchset import asked_of, searchset
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, Gone, InvalidInput, NotFound, SalusError
from salus.kernel.page import View, actor_of, public

JSON = "application/fhir+json"
_ACCEPTED = {JSON, "application/json", "text/json", "application/*", "text/*", "*/*"}
_FORMATS = _ACCEPTED | {"json"}
_METHODS = ("GET", "HEAD")

# https://hl7.org/fhir/R4/valueset-issue-type.html
_STATUS: list[tuple[type[SalusError], tuple[HTTPStatus, str]]] = [
    (NotFound, (HTTPStatus.NOT_FOUND, "not-found")),
    (InvalidInput, (HTTPStatus.BAD_REQUEST, "invalid")),
    (Gone, (HTTPStatus.GONE, "expired")),
    (Conflict, (HTTPStatus.CONFLICT, "conflict")),
    (SalusError, (HTTPStatus.SERVICE_UNAVAILABLE, "transient")),
]


def routes(resources: Iterable[Resource]) -> list[URLPattern]:
    served = {"served": {resource.type: resource for resource in resources}}
    return [
        path("metadata", metadata, served),
        path("<str:type>", search_type, served),
        path("<str:type>/<str:id>", read, served),
        re_path("", nothing),
    ]


def _rest(view: Callable[..., Body]) -> View:
    """A view that returns a resource, as a response in FHIR's terms, errors included."""

    @wraps(view)
    def respond(request: HttpRequest, **arguments: object) -> HttpResponseBase:
        if request.method not in _METHODS:
            refusal = _refused(HTTPStatus.METHOD_NOT_ALLOWED, "this server is read-only")
            refusal["Allow"] = ", ".join(_METHODS)
            return refusal
        if not _accepts_json(request):
            return _refused(HTTPStatus.NOT_ACCEPTABLE, f"only {JSON} of FHIR 4.0 is spoken here")
        try:
            body = view(request, **arguments)
        except SalusError as error:
            return _failed(error)
        return _unless_known(request, _response(body, HTTPStatus.OK))

    # Nothing here rides on a browser's session, and a refusal must be an OperationOutcome too.
    return public(csrf_exempt(respond))


@_rest
def metadata(request: HttpRequest, served: Served) -> Body:
    return capability_statement(served.values(), base=_base(request))


@_rest
def search_type(request: HttpRequest, served: Served, type: str) -> Body:
    resource = _served(served, type)
    call = _call(request)
    query = [(name, value) for name, values in request.GET.lists() for value in values]
    strict = "handling=strict" in request.headers.get("Prefer", "")
    asked = asked_of(query, resource, served, call, strict=strict)
    return searchset(asked, resource.search(call, asked.search), resource, served, call)


@_rest
def read(request: HttpRequest, served: Served, type: str, id: str) -> Body:
    return _served(served, type).read(_call(request), id).body


@_rest
def nothing(request: HttpRequest) -> Body:
    raise NotFound("there is no such interaction")


def _served(served: Served, type: str) -> Resource:
    if type not in served:
        raise NotFound("no resources of this type are served")
    return served[type]


def _call(request: HttpRequest) -> Call:
    return Call(actor=actor_of(request), at=now(), request_id=uuid4(), base=_base(request))


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/fhir")


def _accepts_json(request: HttpRequest) -> bool:
    """`_format` comes before the header: https://hl7.org/fhir/R4/http.html#mime-type."""
    if wanted := request.GET.get("_format"):
        return wanted.replace(" ", "+") in _FORMATS  # an unescaped plus arrives as a space
    return any(
        accepted.match(known)
        for accepted in request.accepted_types
        for known in (JSON, "application/json")
        if accepted.params.get("fhirversion", "4.0") == "4.0"
    )


def _response(body: Body, status: HTTPStatus) -> HttpResponse:
    text = json.dumps(body, ensure_ascii=False, indent=1)
    response = HttpResponse(text, status=status, content_type=f"{JSON}; charset=utf-8")
    patch_vary_headers(response, ["Accept", "Prefer"])
    return response


def _failed(error: SalusError) -> HttpResponse:
    status, code = next(told for kind, told in _STATUS if isinstance(error, kind))
    return _response(outcome("error", code, str(error)), status)


def _refused(status: HTTPStatus, text: str) -> HttpResponse:
    return _response(outcome("error", "not-supported", text), status)


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """A 304 to whoever has it already. The tag is weak: it stands for what is said, not for the bytes."""
    etag = f'W/"{sha256(response.content).hexdigest()[:16]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
