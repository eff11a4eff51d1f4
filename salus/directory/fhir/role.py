"""FHIR R4 PractitionerRole: who works where today (https://hl7.org/fhir/R4/practitionerrole.html)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Coalesce, NullIf

from salus.directory.fhir import organization, practitioner
from salus.directory.fhir.elements import (
    new_patients,
    period,
    profession,
    reference,
    root,
    specialties,
    telecom,
    version,
)
from salus.directory.fhir.parameters import (
    active,
    by_new_patients,
    by_profession,
    by_specialty,
    of_every_type,
    refers,
    updated,
)
from salus.directory.fhir.saying import SUCCESSOR
from salus.directory.models import Organization, Practitioner, PractitionerRole
from salus.directory.queries import current_roles
from salus.fhir import facts
from salus.fhir.conditions import days_until
from salus.fhir.criteria import ParameterType
from salus.fhir.parameters import DEFINITIONS
from salus.fhir.resource import Parameter, Version
from salus.kernel.clock import now

_NONE = Value("", output_field=TextField())


def rows() -> QuerySet[Any]:
    current: QuerySet[Any] = updated(
        current_roles(now().date()).select_related("practitioner", "organization")
    )
    found: QuerySet[Any] = current.annotate(
        exercised=Coalesce(NullIf("profession", _NONE), "practitioner__profession"),
        starts=NullIf("since", Value(date.min)),
    )
    return found


def roles(page: Sequence[PractitionerRole]) -> list[Version]:
    return list(map(role, page))


def role(row: PractitionerRole) -> Version:
    exercised = row.profession or row.practitioner.profession
    successor = reference("PractitionerRole", row.successor_id)
    return version(
        row,
        "PractitionerRole",
        {
            "extension": [
                *new_patients(row.new_patients),
                *([{"url": SUCCESSOR, "valueReference": successor}] if successor else []),
            ],
            "active": row.until is None,
            "period": period(row.since, row.until or row.ends_on),
            "practitioner": reference("Practitioner", root(row.practitioner)),
            "organization": reference("Organization", root(row.organization)),
            "code": [profession(exercised)],
            "specialty": specialties(exercised),
            "location": [one] if (one := reference("Location", row.location_id)) else [],
            "healthcareService": (
                [one] if (one := reference("HealthcareService", row.service_id)) else []
            ),
            "telecom": telecom(telephone=row.telephone, email=row.email),
            "availableTime": row.hours,
        },
    )


PARAMETERS = {
    **of_every_type("PractitionerRole"),
    "practitioner": refers(
        "PractitionerRole-practitioner",
        "practitioner",
        "practitioner_id",
        type="Practitioner",
        documentation="Who works there.",
        table=Practitioner,
        chains=practitioner.chain("practitioner_id"),
    ),
    "organization": refers(
        "PractitionerRole-organization",
        "organization",
        "organization_id",
        type="Organization",
        documentation="Where the professional works.",
        table=Organization,
        chains=organization.chain("organization_id"),
    ),
    "location": refers(
        "PractitionerRole-location",
        "location",
        "location_id",
        type="Location",
        documentation="At which of its places.",
    ),
    "service": refers(
        "PractitionerRole-service",
        "healthcareService",
        "service_id",
        type="HealthcareService",
        documentation="In which of its services.",
    ),
    "role": by_profession(
        "exercised",
        "code",
        "PractitionerRole-role",
        "The profession that is exercised, by SNOMED CT.",
    ),
    "specialty": by_specialty("exercised", "PractitionerRole-specialty"),
    "date": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/PractitionerRole-date",
        documentation="When the professional works there.",
        facts=facts.times("period"),
        condition=days_until("starts", "ends_on"),
        sort=("since",),
    ),
    "active": active("PractitionerRole-active"),
    "new-patients": by_new_patients(),
}
