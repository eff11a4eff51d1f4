"""What the directory serves, and how its types lead to each other."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Model, QuerySet

from salus.directory.fhir import (
    endpoint,
    feeding,
    location,
    organization,
    practitioner,
    role,
    service,
)
from salus.directory.fhir.asking_as_of import AS_OF
from salus.directory.fhir.parameters import has
from salus.directory.fhir.replayed import versions
from salus.directory.models import Kind
from salus.directory.projecting import TABLES
from salus.directory.replaying import moments
from salus.fhir.conditions import Has
from salus.fhir.datatypes import row_number
from salus.fhir.resource import Call, Page, Parameter, Position, Resource, Since, Version
from salus.fhir.sources import rows
from salus.kernel.errors import Gone, NotFound


def _served(
    kind: Kind,
    queryset: Callable[[], QuerySet[Any]],
    render: Callable[[Sequence[Any]], list[Version]],
    *,
    parameters: Mapping[str, Parameter],
    order: Sequence[str],
    has: Has | None = None,
) -> Resource:
    """A public type whose rows the directory shows to everybody alike; the id of each is its number."""

    def read(call: Call, id: str) -> Version:
        number = _answering(TABLES[kind], row_number(id))
        found = render(list(queryset().filter(pk=number)))
        if found:
            return found[0]
        if TABLES[kind].objects.filter(pk=number).exists():
            raise Gone(f"this {kind} is not in the directory any more")
        raise NotFound(f"there is no such {kind}")

    def fetch(_call: Call, ids: Collection[str]) -> list[Version]:
        return render(list(queryset().filter(pk__in=map(row_number, ids)).order_by("pk")))

    def rendered(_call: Call, page: Sequence[Any]) -> list[Version]:
        return render(page)

    def history(_call: Call, id: str) -> list[Version]:
        found = moments(kind, entries=[row_number(id)]) if row_number(id) else []
        if not found:
            raise NotFound(f"there is no such {kind}")
        return versions(kind, found)

    return Resource(
        type=kind,
        parameters=parameters,
        read=read,
        search=rows(
            lambda _call: queryset(), parameters=parameters, order=order, render=rendered, has=has
        ),
        fetch=fetch,
        has=has or {},
        history=history,
        changes=lambda _call, asked: _changes(kind, asked),
        create=partial(feeding.create, kind, read),
        update=partial(feeding.update, kind, read),
        delete=partial(feeding.delete, kind),
        operations=(AS_OF[kind],),
        public=True,
    )


def _changes(kind: Kind, asked: Since) -> Page:
    """Who follows the directory asks for what changed since (IHE ITI-91)."""
    at, last = asked.position.keys if asked.position else (None, None)
    after = (datetime.fromisoformat(at), last) if at else None
    found = moments(kind, since=asked.since, after=after, most=asked.count + 1)
    page, more = found[: asked.count], len(found) > asked.count
    return Page(
        matches=versions(kind, page),
        next=Position(keys=(page[-1].at.isoformat(), page[-1].entry)) if more else None,
    )


def _answering(table: type[Model], number: int) -> int:
    """The row that answers for one that turned out to be the same."""
    if not hasattr(table, "same_as"):
        return number
    known = table._default_manager.filter(pk=number).values_list("same_as", flat=True)
    return known.first() or number


def _has_role(column: str) -> Any:
    return has(column, role.rows, lambda: role.PARAMETERS)


RESOURCES = (
    _served(
        Kind.PRACTITIONER,
        practitioner.rows,
        practitioner.practitioners,
        parameters=practitioner.PARAMETERS,
        order=("family_key", "given_key", "pk"),
        has={("PractitionerRole", "practitioner"): _has_role("practitioner")},
    ),
    _served(
        Kind.ORGANIZATION,
        organization.rows,
        organization.organizations,
        parameters=organization.PARAMETERS,
        order=("name_key", "pk"),
        has={
            ("PractitionerRole", "organization"): _has_role("organization"),
            ("HealthcareService", "organization"): has(
                "organization", service.rows, lambda: service.PARAMETERS
            ),
            ("Location", "organization"): has(
                "organization", location.rows, lambda: location.PARAMETERS
            ),
        },
    ),
    _served(
        Kind.ROLE,
        role.rows,
        role.roles,
        parameters=role.PARAMETERS,
        order=("pk",),
    ),
    _served(
        Kind.LOCATION,
        location.rows,
        location.locations,
        parameters=location.PARAMETERS,
        order=("name_key", "pk"),
    ),
    _served(
        Kind.SERVICE,
        service.rows,
        service.services,
        parameters=service.PARAMETERS,
        order=("name_key", "pk"),
    ),
    _served(
        Kind.ENDPOINT,
        endpoint.rows,
        endpoint.endpoints,
        parameters=endpoint.PARAMETERS,
        order=("pk",),
    ),
)
