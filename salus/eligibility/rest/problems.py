"""The one translation of the error tree into problem details (RFC 9457). Types are stable, as reasons are."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from django.core.exceptions import SuspiciousOperation
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpResponse
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as InvalidRequest
from pydantic import ValidationError

from salus.eligibility.rest.messages import Fault, Problem
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

TYPES = "https://salus.example/eligibility/problem/"
_REALM = 'Bearer realm="eligibility"'


@dataclass(frozen=True, kw_only=True)
class Refusal:
    problem: Problem
    headers: Mapping[str, str] = field(default_factory=dict)


# The end of the type's URI, and its title.
BY_STATUS = {
    HTTPStatus.BAD_REQUEST: ("unreadable", "The request cannot be read"),
    HTTPStatus.UNAUTHORIZED: ("unauthorized", "A valid access token is needed"),
    HTTPStatus.FORBIDDEN: ("forbidden", "The caller has no right to this"),
    HTTPStatus.NOT_FOUND: ("not-found", "There is nothing here"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "This method is not offered here"),
    HTTPStatus.CONFLICT: ("key-of-another-request", "The key was another request's"),
    HTTPStatus.LENGTH_REQUIRED: ("length-required", "The length of the body is needed"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too-large", "The body is too large"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported-media-type", "Only JSON is read"),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("invalid", "The request is not one that can be answered"),
    HTTPStatus.TOO_MANY_REQUESTS: ("quota-used-up", "The caller's quota is used up"),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("failure", "This service failed"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("unavailable", "The service cannot answer now"),
}

# From the special to the general.
_STATUS: list[tuple[type[Exception], HTTPStatus]] = [
    (NotFound, HTTPStatus.NOT_FOUND),
    (InvalidRequest, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ValidationError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (SuspiciousOperation, HTTPStatus.BAD_REQUEST),
    (Unauthorized, HTTPStatus.UNAUTHORIZED),
    (AuthenticationError, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (HttpError, HTTPStatus.BAD_REQUEST),  # of ninja: a body that is no JSON
    (SalusError, HTTPStatus.SERVICE_UNAVAILABLE),
    (OperationalError, HTTPStatus.SERVICE_UNAVAILABLE),
    (InterfaceError, HTTPStatus.SERVICE_UNAVAILABLE),
    (Exception, HTTPStatus.INTERNAL_SERVER_ERROR),
]


def refusal_of(error: Exception) -> Refusal:
    """What the client is told. An error of ours is logged, by type and place, and told without its text."""
    cause = error.__cause__
    if isinstance(error, HttpError) and isinstance(cause, NotThisWay):
        error = cause  # ninja: whatever is wrong with a body is an HttpError
    if isinstance(error, NotThisWay):
        return Refusal(problem=_problem(error.status, str(error)), headers=error.headers)
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("the REST edge answers %d", status, exc_info=error)
    problem = _problem(status, _detail(error), _faults(error))
    return Refusal(problem=problem, headers=_headers(error, status))


def response_of(refusal: Refusal, *, request_id: str) -> HttpResponse:
    problem = refusal.problem.model_copy(update={"request_id": request_id})
    return HttpResponse(
        problem.model_dump_json(exclude_none=True),
        status=problem.status,
        content_type="application/problem+json",
        headers=dict(refusal.headers),
    )


def _problem(status: HTTPStatus, detail: str, faults: list[Fault] | None = None) -> Problem:
    name, title = BY_STATUS[status]
    return Problem(
        type=TYPES + name, title=title, status=status, detail=detail, errors=faults or None
    )


def _detail(error: Exception) -> str:
    match error:
        case AuthenticationError():
            return "send an access token: Authorization: Bearer ..."
        case HttpError():
            cause = error.__cause__
            return str(cause) if isinstance(cause, InvalidInput) else "the body is not JSON"
        case InvalidInput():
            return error.text
        case SalusError():
            return str(error)
        case InvalidRequest() | ValidationError():
            return "; ".join(
                f"{fault.pointer or fault.header}: {fault.detail}" for fault in _faults(error)
            )
        case SuspiciousOperation():
            return "the request is not one that is read"
    return "it is noted, and trying again later may help"


def _faults(error: Exception) -> list[Fault]:
    match error:
        case InvalidRequest():  # (source, parameter, path...)
            return [_fault(fault["loc"], fault["msg"]) for fault in error.errors]
        case ValidationError():  # of a line
            found = error.errors(include_url=False, include_context=False, include_input=False)
            return [Fault(detail=fault["msg"], pointer=_pointer(fault["loc"])) for fault in found]
        case InvalidInput(at=at) if at:
            return [Fault(detail=error.text, pointer=_pointer(at.split(".")))]
    return []


def _fault(place: tuple[str | int, ...], text: str) -> Fault:
    source, name, *path = place
    if source == "body":
        return Fault(detail=text, pointer=_pointer(path))
    return Fault(detail=text, header=str(name))


def _pointer(path: "tuple[str | int, ...] | list[str | int] | list[str]") -> str:
    return "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _headers(error: Exception, status: HTTPStatus) -> dict[str, str]:
    match error:
        case Unauthorized():  # RFC 6750, section 3.1
            return {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'}
        case AuthenticationError():
            return {"WWW-Authenticate": _REALM}
        case Forbidden():
            return {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope"'}
        case TooMany():
            return {"Retry-After": str(error.wait)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_AFTER)}
    return {}
