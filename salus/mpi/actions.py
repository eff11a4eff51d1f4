"""The only writes of the patient index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.search_key import search_key
from salus.mpi.models import Person, PersonIdentifier, Residence


@dataclass(frozen=True, kw_only=True)
class Address:
    country: str  # ISO 3166-1 alpha-2
    postal_code: str = ""
    municipality: str = ""
    line: str = ""


@transaction.atomic
def register_person(
    *,
    actor: Actor,
    at: datetime,
    identifiers: Sequence[tuple[str, str]],
    family: str,
    given: str,
    birth_date: date,
    gender: str,
    address: Address | None = None,
    birth_family: str = "",
    deceased_on: date | None = None,
    multiple_birth: int | None = None,
    received: dict[str, Any] | None = None,
) -> tuple[int, bool]:
    """Register a person by identifiers ``(system, value)``; returns (row id, created).

    A person known by any of them is returned as is: nothing changes.
    """
    for system, value in identifiers:
        known = PersonIdentifier.objects.filter(system=system, value=value).first()
        if known:
            return known.person_id, False
    person = Person.objects.create(
        family=family,
        given=given,
        birth_family=birth_family,
        birth_date=birth_date,
        gender=gender,
        multiple_birth=multiple_birth,
        deceased_on=deceased_on,
        registered_at=at,
        family_key=search_key(family),
        given_key=search_key(given),
        received=received,
    )
    PersonIdentifier.objects.bulk_create(
        PersonIdentifier(person=person, system=system, value=value) for system, value in identifiers
    )
    if address:
        Residence.objects.create(
            person=person,
            country=address.country,
            postal_code=address.postal_code,
            municipality=address.municipality,
            line=address.line,
            since=at.date(),
        )
    record(actor=actor, kind=EventKind.PERSON_REGISTERED, at=at, person=person.pk)
    return person.pk, True
