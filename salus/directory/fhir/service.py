"""FHIR R4 HealthcareService: what an organisation offers, where (https://hl7.org/fhir/R4/healthcareservice.html)."""

from collections.abc import Sequence

from django.db.models import QuerySet

from salus.directory.fhir import location, organization
from salus.directory.fhir.elements import (
    languages,
    new_patients,
    profession,
    reference,
    root,
    specialties,
    telecom,
    version,
)
from salus.directory.fhir.parameters import (
    OURS,
    active,
    by_language,
    by_new_patients,
    by_profession,
    by_specialty,
    name,
    of_every_type,
    refers,
    updated,
)
from salus.directory.models import HealthcareService, Organization
from salus.directory.queries import registered_services
from salus.fhir.conditions import among
from salus.fhir.resource import Version


def rows() -> QuerySet[HealthcareService]:
    return updated(registered_services().select_related("organization"))


def services(page: Sequence[HealthcareService]) -> list[Version]:
    return list(map(service, page))


def service(row: HealthcareService) -> Version:
    place = reference("Location", row.location_id)
    return version(
        row,
        "HealthcareService",
        {
            "extension": new_patients(row.new_patients),
            "active": row.status == "active",
            "providedBy": reference("Organization", root(row.organization)),
            "type": [profession(row.specialty) if row.specialty else {"text": row.name}],
            "specialty": specialties(row.specialty),
            "location": [place] if place else [],
            "name": row.name,
            "telecom": telecom(telephone=row.telephone),
            "communication": languages(row.languages),
            "appointmentRequired": row.appointment,
            "availableTime": row.hours,
        },
    )


PARAMETERS = {
    **of_every_type("HealthcareService"),
    "name": name("HealthcareService-name"),
    "active": active("HealthcareService-active", status="status"),
    "organization": refers(
        "HealthcareService-organization",
        "providedBy",
        "organization_id",
        type="Organization",
        documentation="Who offers it.",
        table=Organization,
        chains=organization.chain("organization_id"),
    ),
    "location": refers(
        "HealthcareService-location",
        "location",
        "location_id",
        type="Location",
        documentation="Where it is offered.",
        chains={"Location": among("location_id", location.rows, location.PARAMETERS)},
    ),
    "service-type": by_profession(
        "specialty",
        "type",
        "HealthcareService-service-type",
        "What is offered, by the profession that offers it (SNOMED CT).",
    ),
    "specialty": by_specialty("specialty", "HealthcareService-specialty"),
    "communication": by_language(f"{OURS}/HealthcareService-communication"),
    "new-patients": by_new_patients(),
}
