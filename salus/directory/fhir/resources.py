"""What the directory serves, and how its types lead to each other."""

from django.db.models import QuerySet

from salus.directory.fhir import organization, practitioner, role
from salus.directory.fhir.elements import served
from salus.directory.models import PractitionerRole
from salus.directory.queries import (
    current_roles,
    registered_organizations,
    registered_practitioners,
)
from salus.fhir.conditions import Condition, among


def _roles() -> QuerySet[PractitionerRole]:
    return current_roles().select_related("practitioner", "organization")


def _has_role(key: str) -> Condition:
    return among("pk", current_roles, role.PARAMETERS, key=key)


RESOURCES = (
    served(
        "Practitioner",
        registered_practitioners,
        practitioner.practitioner,
        parameters=practitioner.PARAMETERS,
        order=("family_key", "given_key", "pk"),
        has={("PractitionerRole", "practitioner"): _has_role("practitioner_id")},
    ),
    served(
        "Organization",
        registered_organizations,
        organization.organization,
        parameters=organization.PARAMETERS,
        order=("name_key", "pk"),
        has={("PractitionerRole", "organization"): _has_role("organization_id")},
    ),
    served(
        "PractitionerRole",
        _roles,
        role.role,
        parameters=role.PARAMETERS,
        order=("pk",),
    ),
)
