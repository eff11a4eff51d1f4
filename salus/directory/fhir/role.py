"""FHIR R4 PractitionerRole: who works where today (https://hl7.org/fhir/R4/practitionerrole.html)."""

from datetime import timedelta

from salus.directory.fhir import organization, practitioner
from salus.directory.fhir.elements import active, coded, profession, professions
from salus.directory.models import PractitionerRole
from salus.directory.queries import registered_organizations
from salus.fhir import facts
from salus.fhir.conditions import among, days_until, refers
from salus.fhir.criteria import ParameterType
from salus.fhir.parameters import DEFINITIONS, by_id
from salus.fhir.resource import Parameter, Version
from salus.fhir.sources import stamped
from salus.terminology import SNOMED_CT


def role(row: PractitionerRole) -> Version:
    period = {"start": row.since.isoformat()}
    if row.until:
        period["end"] = (row.until - timedelta(days=1)).isoformat()
    return stamped(
        {
            "resourceType": "PractitionerRole",
            "id": str(row.pk),
            "active": True,
            "period": period,
            "practitioner": {
                "reference": f"Practitioner/{row.practitioner_id}",
                "display": row.practitioner.full_name,
            },
            "organization": {
                "reference": f"Organization/{row.organization_id}",
                "display": row.organization.name,
            },
            "code": [profession(row.practitioner.profession)],
        }
    )


PARAMETERS = {
    "_id": by_id(),
    "practitioner": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/PractitionerRole-practitioner",
        documentation="Who works there.",
        facts=facts.references("practitioner"),
        condition=refers("practitioner_id", type="Practitioner"),
        targets=("Practitioner",),
        sort=("practitioner_id",),
        chains=practitioner.chain("practitioner_id"),
    ),
    "organization": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/PractitionerRole-organization",
        documentation="Where the professional works.",
        facts=facts.references("organization"),
        condition=refers("organization_id", type="Organization"),
        targets=("Organization",),
        sort=("organization_id",),
        chains={
            "Organization": among(
                "organization_id", registered_organizations, organization.PARAMETERS
            )
        },
    ),
    "role": coded(
        "practitioner__profession",
        "code",
        system=SNOMED_CT,
        names=professions,
        definition=f"{DEFINITIONS}/PractitionerRole-role",
        documentation="The profession that is exercised, by SNOMED CT.",
    ),
    "date": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/PractitionerRole-date",
        documentation="When the professional works there.",
        facts=facts.times("period"),
        condition=days_until("since", "until"),
        sort=("since",),
    ),
    "active": active(f"{DEFINITIONS}/PractitionerRole-active"),
}
