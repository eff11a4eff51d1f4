"""The directory on FHIR: everybody may read and search it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

from salus.directory.fhir import parameters, rendering
from salus.fhir.conditions import among
from salus.fhir.datatypes import row_number
from salus.fhir.resource import Call, Parameter, Resource, Version
from salus.fhir.sources import Has, rows
from salus.kernel.errors import NotFound

Row = TypeVar("Row", bound=Model)


def _resource(
    type: str,
    known: Callable[[], QuerySet[Row]],
    render: Callable[[Row], Version],
    *,
    parameters: Mapping[str, Parameter],
    order: tuple[str, ...],
    has: Has | None = None,
) -> Resource:
    def read(_call: Call, id: str) -> Version:
        row = known().filter(pk=row_number(id)).first()
        if row is None:
            raise NotFound(f"there is no such {type}")
        return render(row)

    def fetch(_call: Call, ids: Collection[str]) -> Sequence[Version]:
        return [render(row) for row in known().filter(pk__in=map(row_number, ids))]

    return Resource(
        type=type,
        parameters=parameters,
        read=read,
        search=rows(
            lambda _call: known(),
            parameters=parameters,
            order=order,
            render=lambda _call, found: [render(row) for row in found],
            has=has,
        ),
        fetch=fetch,
        has=has or {},
        public=True,
    )


RESOURCES = (
    _resource(
        "Practitioner",
        parameters.practitioners,
        rendering.practitioner,
        parameters=parameters.PRACTITIONER,
        order=("family_key", "given_key", "id"),
        has={
            ("PractitionerRole", "practitioner"): among(
                "pk", parameters.roles, lambda: parameters.PRACTITIONER_ROLE, key="practitioner"
            )
        },
    ),
    _resource(
        "Organization",
        parameters.organizations,
        rendering.organization,
        parameters=parameters.ORGANIZATION,
        order=("name_key", "id"),
        has={
            ("PractitionerRole", "organization"): among(
                "pk", parameters.roles, lambda: parameters.PRACTITIONER_ROLE, key="organization"
            )
        },
    ),
    _resource(
        "PractitionerRole",
        parameters.roles,
        rendering.practitioner_role,
        parameters=parameters.PRACTITIONER_ROLE,
        order=("id",),
    ),
)
