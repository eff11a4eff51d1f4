"""Rows of the directory as resources. Who has left the register stays, no longer active: documents refer to them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import override

from salus.directory.models import Organization, Practitioner, PractitionerRole
from salus.fhir.datatypes import GENDERS
from salus.fhir.dates import instant
from salus.fhir.resource import Body, Version
from salus.fhir.sources import stamped
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS, SNOMED_CT

# Codes of salus.terminology.ORGANIZATION_TYPES: HL7's own tell a provider from an insurer, and no more.
KINDS = "https://salus.example/CodeSystem/organization-type"


def practitioner(row: Practitioner) -> Version:
    return _version(
        "Practitioner",
        row.pk,
        row.deregistered_at or row.registered_at,
        identifier=[{"system": row.system, "value": row.value}],
        active=row.deregistered_at is None,
        name=[
            _only(
                use="official",
                family=row.family,
                given=row.given.split(),
                prefix=row.prefix.split(),
            )
        ],
        gender=row.gender if row.gender in GENDERS else None,
        qualification=[{"code": profession(row.profession)}],
    )


def organization(row: Organization) -> Version:
    return _version(
        "Organization",
        row.pk,
        row.deregistered_at or row.registered_at,
        identifier=[{"system": row.system, "value": row.value}],
        active=row.deregistered_at is None,
        type=[_kind(row.type)],
        name=row.name,
        telecom=[{"system": "phone", "value": row.telephone}] if row.telephone else None,
        address=[address] if (address := _address(row)) else None,
    )


def practitioner_role(row: PractitionerRole) -> Version:
    """With its ``practitioner``, whose profession is the role's."""
    last = (row.until - timedelta(days=1)).isoformat() if row.until else None
    return _version(
        "PractitionerRole",
        row.pk,
        None,
        active=row.until is None,
        period=_only(start=row.since.isoformat(), end=last),
        practitioner={"reference": f"Practitioner/{row.practitioner_id}"},
        organization={"reference": f"Organization/{row.organization_id}"},
        code=[profession(row.practitioner.profession)],
    )


def profession(code: str) -> Body:
    return {"coding": [_only(system=SNOMED_CT, code=code, display=_said(PROFESSIONS, code))]}


def _kind(code: str) -> Body:
    coding = _only(system=KINDS, code=code, display=_said(ORGANIZATION_TYPES, code))
    return {"coding": [coding]}


def _said(names: Mapping[str, Promise | str], code: str) -> str:
    """In English, whoever asks: one version says the same to all."""
    with override("en"):
        return str(names.get(code, ""))


def _address(row: Organization) -> Body:
    return _only(
        line=row.line.split(", ") if row.line else None,
        city=row.municipality,
        postalCode=row.postal_code,
        country=row.country,
    )


def _version(of: str, id: int, updated: datetime | None, /, **members: Any) -> Version:
    meta = {"lastUpdated": instant(updated)} if updated else {}
    return stamped({"resourceType": of, "id": str(id), "meta": meta, **_only(**members)})


def _only(**members: Any) -> Body:
    """Those that are not empty."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
