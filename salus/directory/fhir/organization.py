"""FHIR R4 Organization: hospitals, practices, pharmacies (https://hl7.org/fhir/R4/organization.html)."""

from collections.abc import Mapping, Sequence

from django.db.models import Q, QuerySet

from salus.directory.fhir.elements import (
    ORGANIZATION_TYPE,
    address,
    grouped,
    organization_type,
    reference,
    root,
    telecom,
    version,
)
from salus.directory.fhir.parameters import (
    active,
    by_organization_type,
    chained,
    name,
    of_every_type,
    refers,
    root_of,
    updated,
)
from salus.directory.models import Endpoint, Organization
from salus.directory.queries import (
    known_values,
    registered_endpoints,
    registered_organizations,
)
from salus.fhir import facts
from salus.fhir.conditions import NOTHING, Condition, among_few, each, either
from salus.fhir.criteria import Named, ParameterType, Value
from salus.fhir.datatypes import row_number
from salus.fhir.parameters import DEFINITIONS
from salus.fhir.resource import Parameter, Version


def rows() -> QuerySet[Organization]:
    return updated(registered_organizations())


def organizations(page: Sequence[Organization]) -> list[Version]:
    also = grouped(
        Organization.objects.filter(same_as__in=page, deregistered_at=None), "same_as_id"
    )
    every = [*page, *(one for those in also.values() for one in those)]
    reached = registered_endpoints().filter(organization__in=every).order_by("pk")
    endpoints = grouped(reached, "organization_id")
    above = Organization.objects.in_bulk([row.part_of_id or 0 for row in page])

    def of(row: Organization) -> Version:
        those = also.get(row.pk, [])
        known = [one for owner in (row, *those) for one in endpoints.get(owner.pk, ())]
        row.part_of = above.get(row.part_of_id or 0)
        return organization(row, endpoints=known, also=those)

    return list(map(of, page))


def organization(
    row: Organization, *, endpoints: Sequence[Endpoint] = (), also: Sequence[Organization] = ()
) -> Version:
    return version(
        row,
        "Organization",
        {
            "active": row.status == "active",
            "type": [organization_type(row.type)],
            "name": row.name,
            "telecom": telecom(telephone=row.telephone, email=row.email, website=row.website),
            "address": [one] if (one := address(row)) else [],
            "partOf": reference("Organization", root(row.part_of)) if row.part_of else None,
            "endpoint": [reference("Endpoint", endpoint.pk) for endpoint in endpoints],
        },
        also=also,
    )


def _column(name: str) -> Condition:
    return among_few(name, lambda: known_values(name))


def _part(element: str, name: str, documentation: str) -> Parameter:
    return Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Organization-address-{element.lower()}",
        documentation=documentation,
        facts=facts.strings(f"address.{element}"),
        condition=_column(name),
        sort=(name,),
    )


def _reached(those: Q) -> Q:
    reached = registered_endpoints().filter(those).annotate(root=root_of("organization"))
    return Q(pk__in=reached.values("root"))


def _at_endpoint(value: Value) -> Q:
    number = row_number(value.id) if isinstance(value, Named) else 0
    if not number or value.type not in ("", "Endpoint"):  # type: ignore[union-attr]
        return NOTHING
    return _reached(Q(pk=number))


def _parameters() -> Mapping[str, Parameter]:
    return PARAMETERS


PARAMETERS = {
    **of_every_type("Organization", Organization),
    "name": name("Organization-name"),
    "type": by_organization_type("type", "Organization-type", system=ORGANIZATION_TYPE),
    "address": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Organization-address",
        documentation="The start of the city, the postal code or the country.",
        facts=facts.strings("address.city", "address.postalCode", "address.country"),
        condition=either(*map(_column, ("municipality", "postal_code", "country"))),
    ),
    "address-city": _part("city", "municipality", "The start of the city."),
    "address-postalcode": _part("postalCode", "postal_code", "The start of the postal code."),
    "address-country": _part("country", "country", "The country, by ISO 3166-1 alpha-2."),
    "active": active("Organization-active", status="status"),
    "partof": refers(
        "Organization-partof",
        "partOf",
        "part_of_id",
        type="Organization",
        documentation="What it is a part of.",
        table=Organization,
        chains={"Organization": chained("part_of_id", rows, _parameters)},
    ),
    "endpoint": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/Organization-endpoint",
        documentation="An electronic address of it.",
        facts=facts.references("endpoint"),
        condition=each(_at_endpoint, missing=~_reached(Q())),
        targets=("Endpoint",),
    ),
}


def chain(column: str) -> Mapping[str, Condition]:
    """From a foreign key of another type to what the directory shows of the organisation."""
    return {"Organization": chained(column, rows, _parameters)}
