"""FHIR R4 Location: where care is given (https://hl7.org/fhir/R4/location.html)."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from salus.directory.fhir import organization
from salus.directory.fhir.elements import (
    ORGANIZATION_TYPE,
    address,
    flag,
    organization_type,
    reference,
    root,
    telecom,
    version,
)
from salus.directory.fhir.parameters import (
    by_organization_type,
    few,
    name,
    of_every_type,
    refers,
    updated,
)
from salus.directory.fhir.saying import ACCESSIBLE
from salus.directory.models import Location, Organization
from salus.directory.queries import registered_locations
from salus.fhir import facts
from salus.fhir.conditions import codes
from salus.fhir.criteria import Fact, Modifier, ParameterType, Point
from salus.fhir.nearness import near
from salus.fhir.parameters import DEFINITIONS
from salus.fhir.resource import Body, Parameter, Version

_STATUS = "http://hl7.org/fhir/location-status"


def rows() -> QuerySet[Location]:
    return updated(registered_locations().select_related("organization"))


def locations(page: Sequence[Location]) -> list[Version]:
    return list(map(location, page))


def location(row: Location) -> Version:
    position = {"longitude": row.longitude, "latitude": row.latitude}
    return version(
        row,
        "Location",
        {
            "extension": flag(ACCESSIBLE, row.accessible),
            "status": "inactive" if row.status == "ended" else row.status,
            "name": row.name,
            "mode": "instance",
            "type": [organization_type(row.organization.type)],
            "telecom": telecom(telephone=row.telephone),
            "address": address(row),
            "position": None if None in position.values() else position,
            "managingOrganization": reference("Organization", root(row.organization)),
            "hoursOfOperation": list(map(_opening, row.hours)),
        },
    )


def _opening(hours: Body) -> Body:
    names = {"availableStartTime": "openingTime", "availableEndTime": "closingTime"}
    return {names.get(name, name): value for name, value in hours.items()}


def _point(body: Body) -> list[Fact]:
    place: dict[str, Any] = body.get("position", {})
    return [Point(latitude=place["latitude"], longitude=place["longitude"])] if place else []


PARAMETERS = {
    **of_every_type("Location"),
    "name": name("Location-name"),
    "organization": refers(
        "Location-organization",
        "managingOrganization",
        "organization_id",
        type="Organization",
        documentation="The organisation that gives care there.",
        table=Organization,
        chains=organization.chain("organization_id"),
    ),
    "status": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Location-status",
        documentation="active or suspended: what has ended is not shown.",
        facts=facts.tokens("status", system=_STATUS),
        condition=codes("status", system=_STATUS),
        modifiers=frozenset({Modifier.NOT}),
    ),
    "type": by_organization_type("organization__type", "Location-type", system=ORGANIZATION_TYPE),
    "address-city": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Location-address-city",
        documentation="The start of the city.",
        facts=facts.strings("address.city"),
        condition=few("municipality", rows),
        sort=("municipality",),
    ),
    "near": Parameter(
        type=ParameterType.SPECIAL,
        definition=f"{DEFINITIONS}/Location-near",
        documentation="latitude|longitude|distance|unit: no farther along a great circle; 10 km unless said.",
        facts=_point,
        condition=near("latitude", "longitude"),
    ),
}
