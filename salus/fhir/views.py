"""The RESTful edge over HTTP: from a request to an interaction, and back (https://hl7.org/fhir/R4/http.html).

In this order: what formats are spoken, who asks, what the token permits, what was sent, then the service.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, path, re_path
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.views.decorators.gzip import gzip_page

from salus.fhir import interactions, negotiation
from salus.fhir.batch import process
from salus.fhir.capability import Security, capability_statement
from salus.fhir.exchange import Answer, Request, Target
from salus.fhir.negotiation import Format
from salus.fhir.operations import methods_of, operate
from salus.fhir.outcome import outcome_of
from salus.fhir.refusal import NotThisWay, refusal_of
from salus.fhir.resource import Call, Operation, Resource, Served
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound, Unauthorized
from salus.kernel.origin import fhir_base
from salus.kernel.page import View, software

Authenticator = Callable[[HttpRequest], Actor | None]  # raises Unauthorized

_FORM = "application/x-www-form-urlencoded"
_MOST_FORM = 2**20  # bytes of a search by POST


def routes(
    resources: Iterable[Resource],
    *,
    operations: Iterable[Operation] = (),
    authenticate: Authenticator,
    security: Security,
) -> list[URLPattern]:
    edge = Edge(
        served={resource.type: resource for resource in resources},
        operations={operation.code: operation for operation in operations},
        authenticate=authenticate,
        security=security,
    )
    return [
        re_path(r"^fhir/?$", edge.view(edge.whole_system)),
        path("fhir/metadata", edge.view(edge.metadata)),
        re_path(r"^fhir/(?:[^/]+/){0,2}\$[^/]*$", edge.view(edge.operate)),
        path("fhir/<str:type>/_search", edge.view(edge.search)),
        path("fhir/<str:type>", edge.view(edge.interact)),
        path("fhir/<str:type>/<str:id>", edge.view(edge.interact)),
        path("fhir/<str:type>/<str:id>/_history", edge.view(edge.interact)),
        path("fhir/<str:type>/<str:id>/_history/<str:version>", edge.view(edge.interact)),
        re_path(r"^fhir/", edge.view(edge.nothing)),
    ]


@dataclass(frozen=True, kw_only=True)
class Edge:
    served: Served
    operations: Mapping[str, Operation]  # at the base
    authenticate: Authenticator
    security: Security

    def view(self, handler: Callable[[HttpRequest, Call], Answer]) -> View:
        """A handler as a view, errors included."""

        @wraps(handler)
        def respond(request: HttpRequest, **parts: str) -> HttpResponse:
            own_id = _request_id(request)
            request_id = own_id or uuid4()
            spoken, pretty = Format.JSON, False  # of a refusal to speak any other
            try:
                _check_query(request)
                spoken, pretty = _wanted_format(request), negotiation.is_pretty(request)
                call = Call(
                    actor=self.authenticate(request),
                    at=now(),
                    request_id=request_id,
                    base=fhir_base(request),
                    repeatable=own_id is not None,
                    in_address=frozenset(request.GET),
                )
                answer = handler(request, call)
            except Exception as error:  # each has its status: none gets past as a page for people
                refusal = refusal_of(error)
                body = outcome_of(refusal.issues)
                answer = Answer(status=refusal.status, body=body, headers=refusal.headers)
                negotiation.drain(request)
            response = _response(answer, request, spoken, pretty=pretty)
            response["X-Request-Id"] = str(request_id)
            return response

        # Nothing here rides on a browser's session, and a refusal must be an OperationOutcome too.
        return software(gzip_page(respond))

    def whole_system(self, request: HttpRequest, call: Call) -> Answer:
        """Batch and transaction; each entry has its own rights, and a Bundle of this size nobody's."""
        if only := _only(request, "POST"):
            return only
        if call.actor is None:
            raise Unauthorized("a token is needed")
        preferred, _ = negotiation.preferences(request)
        bundle = negotiation.sent_resource(request)
        return process(bundle, call, self.served, preferred=preferred)

    def metadata(self, request: HttpRequest, call: Call) -> Answer:
        if only := _only(request, "GET", "HEAD"):
            return only
        if request.GET.get("mode", "full") != "full":
            raise InvalidInput("only full is known", at="mode")
        at_base = self.operations.values()
        body = capability_statement(self.served, self.security, base=call.base, operations=at_base)
        return Answer(status=HTTPStatus.OK, body=body)

    def search(self, request: HttpRequest, call: Call) -> Answer:
        """By POST, which keeps personal data out of addresses."""
        if only := _only(request, "POST"):
            return only
        if negotiation.sent_type(request).get_content_type() != _FORM:
            text = f"the Content-Type of a search must be {_FORM}"
            raise NotThisWay(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text)
        form = QueryDict(negotiation.sent_bytes(request, most=_MOST_FORM), encoding="utf-8")
        asked = Request(
            method="GET",
            target=_target(request),
            query=[*_pairs(form), *_pairs(request.GET)],
            strict=negotiation.preferences(request)[1],
        )
        return interactions.answer(asked, call, self.served)

    def operate(self, request: HttpRequest, call: Call) -> Answer:
        target = _target(request)
        if target.type:
            return self.interact(request, call)
        operation = self.operations.get(target.operation)
        if operation is None:
            raise NotFound("there is no such interaction")
        if only := _only(request, *methods_of(operation)):
            return only
        resource = self.served[operation.of]
        return operate(_asked(request, target), call, operation, resource, self.served)

    def interact(self, request: HttpRequest, call: Call) -> Answer:
        target = _target(request)
        if request.method == "OPTIONS" and target.type in self.served:
            return _options(*interactions.methods(target, self.served[target.type]))
        return interactions.answer(_asked(request, target), call, self.served)

    def nothing(self, request: HttpRequest, call: Call) -> Answer:
        raise NotFound("there is no such interaction")


def _asked(request: HttpRequest, target: Target) -> Request:
    preferred, strict = negotiation.preferences(request)
    return Request(
        method=str(request.method),
        target=target,
        query=_pairs(request.GET),
        read_body=lambda: negotiation.sent(request, target),
        if_match=request.headers.get("If-Match", ""),
        if_none_match=request.headers.get("If-None-Match", ""),
        if_none_exist=request.headers.get("If-None-Exist"),
        if_modified_since=request.headers.get("If-Modified-Since", ""),
        preferred=preferred,
        strict=strict,
    )


def _target(request: HttpRequest) -> Target:
    return Target.of(request.path_info.removeprefix("/fhir").removesuffix("/_search"))


def _only(request: HttpRequest, *methods: str) -> Answer | None:
    """An answer to OPTIONS; raises NotThisWay for other methods than these."""
    if request.method == "OPTIONS":
        return _options(*methods)
    if request.method in methods:
        return None
    raise NotThisWay(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"{request.method} is not offered here",
        headers={"Allow": ", ".join(methods)},
    )


def _options(*methods: str) -> Answer:
    return Answer(status=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join([*methods, "OPTIONS"])})


def _request_id(request: HttpRequest) -> UUID | None:
    """The client's, when it is a UUID: whoever sends a request again sends the same."""
    try:
        return UUID(request.headers.get("X-Request-Id", ""))
    except ValueError:
        return None


def _check_query(request: HttpRequest) -> None:
    for pair in _pairs(request.GET):
        if any("\0" in text for text in pair):
            raise InvalidInput("the query holds a character that is none")


def _pairs(query: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name, values in query.lists() for value in map(str, values)]


def _wanted_format(request: HttpRequest) -> Format:
    """Whoever reads a Binary may want any format: that of what is in it."""
    if _is_raw(request):
        return Format.JSON
    return negotiation.wanted_format(request)


def _is_raw(request: HttpRequest) -> bool:
    reads = request.method in ("GET", "HEAD") and request.path_info.startswith("/fhir/Binary/")
    return reads and not negotiation.asks_for_fhir(request)


def _response(
    answer: Answer, request: HttpRequest, format: Format, *, pretty: bool
) -> HttpResponse:
    if answer.body is None:
        response = HttpResponse(status=answer.status)
        del response["Content-Type"]
    elif (
        answer.status == HTTPStatus.OK
        and answer.body["resourceType"] == "Binary"
        and _is_raw(request)
    ):
        response = negotiation.raw(answer.body)
    else:
        content = negotiation.shown(answer.body, format, pretty=pretty)
        response = HttpResponse(content, status=answer.status, content_type=format.content_type)
    for name, value in answer.headers.items():
        response[name] = value
    if answer.status == HTTPStatus.UNAUTHORIZED and "Authorization" in request.headers:
        response["WWW-Authenticate"] += ', error="invalid_token"'  # RFC 6750, section 3.1
    if answer.location:
        response["Location"] = answer.location
    patch_vary_headers(response, ["Accept", "Authorization", "Prefer"])
    if "Authorization" in request.headers:
        response["Cache-Control"] = "no-store"
    return _versioned(response, answer, request)


def _versioned(response: HttpResponse, answer: Answer, request: HttpRequest) -> HttpResponse:
    """With ETag and Last-Modified. A tag is weak: it stands for what is said, not for the bytes."""
    if answer.version:
        response["ETag"] = answer.etag
        if answer.version.updated:
            response["Last-Modified"] = http_date(answer.version.updated.timestamp())
        return response
    if request.method not in ("GET", "HEAD") or answer.status != HTTPStatus.OK:
        return response
    etag = f'W/"{sha256(response.content).hexdigest()[:16]}"'
    response["ETag"] = etag
    known = get_conditional_response(request, etag=etag, response=response)
    return known if isinstance(known, HttpResponse) else response
