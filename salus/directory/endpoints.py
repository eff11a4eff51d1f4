"""Which electronic addresses have gone stale, by one rule for the desk, FHIR, files and `salus doctor`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import (
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from salus.directory.calling import NOT_CALLED
from salus.directory.models import Endpoint

EVERY = timedelta(hours=6)  # an address is called
_CHECKS, _SILENT = 3, timedelta(hours=24)  # what it takes for "no answer"
_UNCHECKED = timedelta(hours=24)
_SOON = timedelta(days=14)


class Why(StrEnum):
    """Why an address is stale: a stable word."""

    NO_ANSWER = "no-answer"
    NEVER_CHECKED = "never-checked"
    CERTIFICATE_ENDS = "certificate-ends"


@dataclass(frozen=True, kw_only=True)
class Health:
    """What is known of an address: what its row holds."""

    registered_at: datetime
    checked_at: datetime | None = None
    answered_at: datetime | None = None
    failures: int = 0
    certificate_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Stale:
    endpoint: int
    name: str
    organization: int
    organization_name: str
    connection_type: str
    address: str
    why: Why
    fault: (
        str  # salus.directory.calling.Fault of the last check; '' it answered, or was never called
    )
    checked_at: datetime | None
    answered_at: datetime | None
    failures: int
    certificate_until: datetime | None


def is_silent(health: Health) -> bool:
    """No answer to three checks in a row, the last a day or more after the last answer, or after the registration.

    It depends on the checks alone, so that what FHIR shows changes with a check and not with the time of the day.
    """
    since = health.answered_at or health.registered_at
    return (
        health.checked_at is not None
        and health.failures >= _CHECKS
        and health.checked_at - since >= _SILENT
    )


def why_stale(health: Health, *, at: datetime, are_checked: bool = True) -> Why | None:
    """``are_checked``: whether this installation calls addresses at all; else none is missed."""
    if is_silent(health):
        return Why.NO_ANSWER
    if health.checked_at is None:
        late = are_checked and at - health.registered_at >= _UNCHECKED
        return Why.NEVER_CHECKED if late else None
    if health.certificate_until is not None and health.certificate_until - at < _SOON:
        return Why.CERTIFICATE_ENDS
    return None


def status_shown(status: str, health: Health) -> str:
    """FHIR Endpoint.status: what is said of it, but that an active one which is silent is in ``error``."""
    return "error" if status == "active" and is_silent(health) else status


# The same in SQL.
SHOWN = Case(
    When(
        status="active",
        failures__gte=_CHECKS,
        checked_at__gte=ExpressionWrapper(
            Coalesce("answered_at", "registered_at") + Value(_SILENT), output_field=DateTimeField()
        ),
        then=Value("error"),
    ),
    default=F("status"),
    output_field=TextField(),
)


def health_of(row: Endpoint) -> Health:
    return Health(
        registered_at=row.registered_at,
        checked_at=row.checked_at,
        answered_at=row.answered_at,
        failures=row.failures,
        certificate_until=row.certificate_until,
    )


def are_checked() -> bool:
    """A synthetic nation's addresses are nobody's."""
    return not settings.DEMO


def called() -> QuerySet[Endpoint]:
    """The active addresses that can be asked whether they work."""
    disturbing = Q()
    for scheme in NOT_CALLED:
        disturbing |= Q(address__istartswith=scheme)
    return Endpoint.objects.filter(
        deregistered_at=None, status="active", organization__deregistered_at=None
    ).exclude(disturbing)


def stale(*, at: datetime, organizations: Collection[int] | None = None) -> list[Stale]:
    """The active addresses that are stale, of all organisations or of these; by organisation and address."""
    rows = called().select_related("organization")
    if organizations is not None:
        rows = rows.filter(organization__in=organizations)
    found = []
    for row in rows.order_by("organization__name_key", "address", "pk"):
        why = why_stale(health_of(row), at=at, are_checked=are_checked())
        if why:
            found.append(
                Stale(
                    endpoint=row.pk,
                    name=row.name,
                    organization=row.organization.pk,
                    organization_name=row.organization.name,
                    connection_type=row.connection_type,
                    address=row.address,
                    why=why,
                    fault=row.fault,
                    checked_at=row.checked_at,
                    answered_at=row.answered_at,
                    failures=row.failures,
                    certificate_until=row.certificate_until,
                )
            )
    return found
