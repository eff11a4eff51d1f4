"""The only writes of the provider directory."""

from datetime import datetime

from django.db import transaction

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.models import Organization, Practitioner
from salus.kernel.actor import Actor
from salus.kernel.search_key import search_key


@transaction.atomic
def register_practitioner(
    *,
    actor: Actor,
    at: datetime,
    system: str,
    value: str,
    family: str,
    given: str,
    profession: str,
    prefix: str = "",
    gender: str = "",
) -> tuple[int, bool]:
    """Register a professional by identifier; returns (row id, created). A known one stays as is."""
    practitioner, created = Practitioner.objects.get_or_create(
        system=system,
        value=value,
        defaults={
            "family": family,
            "given": given,
            "prefix": prefix,
            "gender": gender,
            "profession": profession,
            "family_key": search_key(family),
            "given_key": search_key(given),
            "registered_at": at,
        },
    )
    if created:
        record(actor=actor, kind=EventKind.DIRECTORY_CHANGED, at=at)
    return practitioner.pk, created


@transaction.atomic
def register_organization(
    *,
    actor: Actor,
    at: datetime,
    system: str,
    value: str,
    name: str,
    type: str,
    country: str = "",
    postal_code: str = "",
    municipality: str = "",
    line: str = "",
    telephone: str = "",
) -> tuple[int, bool]:
    """Register an organisation by identifier; returns (row id, created). A known one stays as is."""
    organization, created = Organization.objects.get_or_create(
        system=system,
        value=value,
        defaults={
            "name": name,
            "name_key": search_key(name),
            "type": type,
            "country": country,
            "postal_code": postal_code,
            "municipality": municipality,
            "line": line,
            "telephone": telephone,
            "registered_at": at,
        },
    )
    if created:
        record(actor=actor, kind=EventKind.DIRECTORY_CHANGED, at=at)
    return organization.pk, created
