"""FHIR R4 Endpoint: an electronic address of an organisation (https://hl7.org/fhir/R4/endpoint.html)."""

from collections.abc import Sequence

from django.db.models import QuerySet

from salus.directory.endpoints import SHOWN, health_of, status_shown
from salus.directory.fhir import organization
from salus.directory.fhir.elements import reference, root, version
from salus.directory.fhir.parameters import of_every_type, refers, updated
from salus.directory.models import Endpoint, Organization
from salus.directory.queries import registered_endpoints
from salus.fhir import facts
from salus.fhir.conditions import codes
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.parameters import DEFINITIONS
from salus.fhir.resource import Body, Parameter, Version

CONNECTION_TYPE = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
_ANY = {"system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type", "code": "any"}
_FORMATS = "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode"
_STATUS = "http://hl7.org/fhir/endpoint-status"


def rows() -> QuerySet[Endpoint]:
    return updated(registered_endpoints().annotate(shown=SHOWN).select_related("organization"))


def endpoints(page: Sequence[Endpoint]) -> list[Version]:
    return list(map(endpoint, page))


def endpoint(row: Endpoint) -> Version:
    return version(
        row,
        "Endpoint",
        {
            "status": "off" if row.status == "ended" else status_shown(row.status, health_of(row)),
            "connectionType": {"system": CONNECTION_TYPE, "code": row.connection_type},
            "name": row.name,
            "managingOrganization": reference("Organization", root(row.organization)),
            "payloadType": [{"coding": [_payload(row.payload_type)]}],
            "address": row.address,
        },
    )


def _payload(code: str) -> Body:
    return {"system": _FORMATS, "code": code} if code not in ("", "any") else _ANY


PARAMETERS = {
    **of_every_type("Endpoint"),
    "organization": refers(
        "Endpoint-organization",
        "managingOrganization",
        "organization_id",
        type="Organization",
        documentation="Whose address it is.",
        table=Organization,
        chains=organization.chain("organization_id"),
    ),
    "status": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Endpoint-status",
        documentation="Whether it is in use, as its source or its last checks say.",
        facts=facts.tokens("status", system=_STATUS),
        condition=codes("shown", system=_STATUS),
        modifiers=frozenset({Modifier.NOT}),
    ),
    "connection-type": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Endpoint-connection-type",
        documentation="The protocol that is spoken there.",
        facts=facts.tokens("connectionType"),
        condition=codes("connection_type", system=CONNECTION_TYPE),
        modifiers=frozenset({Modifier.NOT}),
    ),
}
