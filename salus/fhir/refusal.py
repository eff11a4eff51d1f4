"""The one translation of the error tree into HTTP and OperationOutcome (https://hl7.org/fhir/R4/http.html#Status-Codes)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from django.core.exceptions import SuspiciousOperation
from django.db.utils import InterfaceError, OperationalError

from salus.fhir.outcome import InvalidResource, Issue
from salus.kernel.errors import (
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    SalusError,
    TooMany,
    Unauthorized,
)

logger = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds, when we are at fault for a while


class NotThisWay(SalusError):
    """What HTTP has a status of its own for, and no service knows: method, format, length of a message."""

    def __init__(
        self,
        status: HTTPStatus,
        text: str,
        *,
        code: str = "not-supported",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


class Prescribed(SalusError):
    """A refusal whose status and words a profile prescribes."""

    def __init__(
        self, status: HTTPStatus, *, code: str, words: str, severity: str = "error"
    ) -> None:
        super().__init__(words)
        self.status = status
        self.issue = Issue(code=code, text=words, diagnostics=words, severity=severity)


class Unprocessable(InvalidInput):
    """A resource of R4 that breaks a rule of the service that it is for."""


class EntryFailed(SalusError):
    """Why a transaction failed, and with which of its entries."""

    def __init__(self, error: SalusError, *, place: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.place = place  # Bundle.entry[0]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    status: HTTPStatus
    issues: tuple[Issue, ...]
    headers: Mapping[str, str] = field(default_factory=dict)


# From the special to the general. Codes: https://hl7.org/fhir/R4/valueset-issue-type.html
_TOLD: list[tuple[type[Exception], HTTPStatus, str]] = [
    (Gone, HTTPStatus.GONE, "expired"),
    (NotFound, HTTPStatus.NOT_FOUND, "not-found"),
    (Unprocessable, HTTPStatus.UNPROCESSABLE_ENTITY, "business-rule"),
    (InvalidInput, HTTPStatus.BAD_REQUEST, "invalid"),
    (SuspiciousOperation, HTTPStatus.BAD_REQUEST, "invalid"),
    (Unauthorized, HTTPStatus.UNAUTHORIZED, "login"),
    (Forbidden, HTTPStatus.FORBIDDEN, "forbidden"),
    (PreconditionFailed, HTTPStatus.PRECONDITION_FAILED, "conflict"),
    (Conflict, HTTPStatus.CONFLICT, "conflict"),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS, "throttled"),
    (SalusError, HTTPStatus.SERVICE_UNAVAILABLE, "transient"),
    (OperationalError, HTTPStatus.SERVICE_UNAVAILABLE, "transient"),
    (InterfaceError, HTTPStatus.SERVICE_UNAVAILABLE, "transient"),
    (Exception, HTTPStatus.INTERNAL_SERVER_ERROR, "exception"),
]


def refusal_of(error: Exception) -> Refusal:
    """What the client is told. An error of ours is logged, by type and place, and told without its text."""
    if isinstance(error, EntryFailed):
        refusal = refusal_of(error.error)
        issues = tuple(_in_entry(issue, error.place) for issue in refusal.issues)
        return replace(refusal, issues=issues)
    if isinstance(error, NotThisWay):
        issue = Issue(code=error.code, text=str(error))
        return Refusal(status=error.status, issues=(issue,), headers=error.headers)
    if isinstance(error, Prescribed):
        return Refusal(status=error.status, issues=(error.issue,))
    status, code = next((status, code) for kind, status, code in _TOLD if isinstance(error, kind))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("the FHIR edge answers %d", status, exc_info=error)
    return Refusal(status=status, issues=_issues(error, code), headers=_headers(error, status))


def _issues(error: Exception, code: str) -> tuple[Issue, ...]:
    match error:
        case InvalidResource():
            return error.issues
        case InvalidInput():
            return (Issue(code=code, text=error.text, expression=error.at),)
        case SuspiciousOperation():
            return (Issue(code=code, text="the request is not one that is read"),)
        case SalusError():
            return (Issue(code=code, text=str(error)),)
    text = "this server failed: it is noted, and trying again later may help"
    return (Issue(code=code, text=text, severity="fatal"),)


def _in_entry(issue: Issue, place: str) -> Issue:
    """Patient.name[0] of a resource is Bundle.entry[0].resource.name[0] of the Bundle."""
    if issue.expression.startswith("Bundle."):
        return issue
    _, dot, below = issue.expression.partition(".")
    return replace(issue, expression=f"{place}.resource{dot}{below}" if dot else place)


def _headers(error: Exception, status: HTTPStatus) -> dict[str, str]:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": 'Bearer realm="fhir"'}
        case HTTPStatus.FORBIDDEN:
            return {"WWW-Authenticate": 'Bearer realm="fhir", error="insufficient_scope"'}
        case HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooMany):
            return {"Retry-After": str(error.wait)}
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return {"Retry-After": str(RETRY_AFTER)}
    return {}
