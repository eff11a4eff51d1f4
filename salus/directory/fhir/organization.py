"""FHIR R4 Organization: hospitals, practices, pharmacies (https://hl7.org/fhir/R4/organization.html)."""

from salus.directory.fhir.elements import (
    ORGANIZATION_TYPE,
    active,
    coded,
    organization_type,
    organization_types,
    without_empty,
)
from salus.directory.models import Organization
from salus.directory.queries import known_values
from salus.fhir import facts
from salus.fhir.conditions import Condition, among_few, either, identifiers, instants, starts
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.dates import instant
from salus.fhir.parameters import DEFINITIONS, by_id, by_last_updated
from salus.fhir.resource import Parameter, Version
from salus.fhir.sources import stamped


def organization(row: Organization) -> Version:
    address = without_empty(
        {
            "line": [row.line] if row.line else [],
            "city": row.municipality,
            "postalCode": row.postal_code,
            "country": row.country,
        }
    )
    telephone = {"system": "phone", "value": row.telephone}
    return stamped(
        without_empty(
            {
                "resourceType": "Organization",
                "id": str(row.pk),
                "meta": {"lastUpdated": instant(row.registered_at)},
                "identifier": [{"system": row.system, "value": row.value}],
                "active": True,
                "type": [organization_type(row.type)],
                "name": row.name,
                "telecom": [telephone] if row.telephone else [],
                "address": [address] if address else [],
            }
        )
    )


def _column(name: str) -> Condition:
    return among_few(name, lambda: known_values(name))


def _part(element: str, name: str, documentation: str, *, parameter: str) -> Parameter:
    return Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Organization-{parameter}",
        documentation=documentation,
        facts=facts.strings(f"address.{element}"),
        condition=_column(name),
        sort=(name,),
    )


PARAMETERS = {
    "_id": by_id(),
    "_lastUpdated": by_last_updated(instants("registered_at"), sort=("registered_at",)),
    "identifier": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Organization-identifier",
        documentation="The number that a register gave.",
        facts=facts.tokens("identifier"),
        condition=identifiers("system", "value"),
        modifiers=frozenset({Modifier.NOT}),
        sort=("system", "value"),
    ),
    "name": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Organization-name",
        documentation="The start of the name, whatever its case and accents.",
        facts=facts.strings("name"),
        condition=starts("name_key", original="name"),
        modifiers=frozenset({Modifier.EXACT, Modifier.CONTAINS}),
        sort=("name_key",),
    ),
    "type": coded(
        "type",
        "type",
        system=ORGANIZATION_TYPE,
        names=organization_types,
        definition=f"{DEFINITIONS}/Organization-type",
        documentation="The kind of organisation.",
    ),
    "address": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Organization-address",
        documentation="The start of the city, the postal code or the country.",
        facts=facts.strings("address.city", "address.postalCode", "address.country"),
        condition=either(*map(_column, ("municipality", "postal_code", "country"))),
    ),
    "address-city": _part(
        "city", "municipality", "The start of the city.", parameter="address-city"
    ),
    "address-postalcode": _part(
        "postalCode",
        "postal_code",
        "The start of the postal code.",
        parameter="address-postalcode",
    ),
    "address-country": _part(
        "country", "country", "The country, by ISO 3166-1 alpha-2.", parameter="address-country"
    ),
    "active": active(f"{DEFINITIONS}/Organization-active"),
}
