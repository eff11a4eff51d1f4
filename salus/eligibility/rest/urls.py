"""The addresses of the REST door, below /eligibility/v1/ (config.urls)."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path
from django.utils.cache import patch_vary_headers

from salus.eligibility.rest.api import MOST_BYTES, api
from salus.eligibility.rest.description import description
from salus.eligibility.rest.problems import refusal_of, response_of
from salus.fhir.refusal import NotThisWay
from salus.kernel.errors import NotFound
from salus.kernel.page import View, software

Handler = Callable[..., HttpResponseBase]
_MOST_ID = 128  # characters of a request id that is sent back


def _view(handler: Handler) -> View:
    """An operation as a view: what HTTP asks of all of them, and every refusal as a problem."""

    @wraps(handler)
    def respond(request: HttpRequest, **parts: str) -> HttpResponseBase:
        sent = request.headers.get("X-Request-Id", "")
        is_sound = 0 < len(sent) <= _MOST_ID and sent.isascii() and sent.isprintable()
        request.request_id = request_id = sent if is_sound else str(uuid4())  # type: ignore[attr-defined]
        try:
            response = _respond(request, handler, **parts)
        except Exception as error:  # each has its status: none gets past as a page for people
            response = response_of(refusal_of(error), request_id=request_id)
        response["X-Request-Id"] = request_id
        patch_vary_headers(response, ["Authorization"])
        if "Authorization" in request.headers:
            response["Cache-Control"] = "no-store"
        return response

    return software(respond)


def _respond(request: HttpRequest, handler: Handler, **parts: str) -> HttpResponseBase:
    if request.method == "POST":
        _check_length(request)
    if request.method == "HEAD":
        request.method = "GET"  # the server leaves the body out
    response = handler(request, **parts)
    if not isinstance(response, HttpResponseNotAllowed):
        return response
    methods = response["Allow"].split(", ")
    allow = ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Allow": allow})
    raise NotThisWay(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"{request.method} is not offered here",
        headers={"Allow": allow},
    )


def _check_length(request: HttpRequest) -> None:
    """Before a byte of it is read, or who asks is found out."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdecimal()):
        raise NotThisWay(HTTPStatus.LENGTH_REQUIRED, "a body needs its Content-Length")
    if int(length) > MOST_BYTES:
        raise NotThisWay(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"a body has at most {MOST_BYTES >> 20} MiB",
            headers={"Connection": "close"},
        )


def _describe(request: HttpRequest) -> HttpResponseBase:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    return JsonResponse(description())


def _nothing(request: HttpRequest) -> HttpResponseBase:
    raise NotFound("there is no such operation")


_OPERATIONS = [
    pattern
    for pattern in api.urls[0]
    if isinstance(pattern, URLPattern) and pattern.name != "api-root"
]
urlpatterns = [
    *(path(str(pattern.pattern), _view(pattern.callback)) for pattern in _OPERATIONS),
    path("openapi.json", _view(_describe)),
    re_path(r"^", _view(_nothing)),
]
