"""The only writes of the patient index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.rows import rows_of
from salus.kernel.search_key import search_key
from salus.mpi.models import Person, PersonIdentifier, Residence
from salus.mpi.queries import person_identified


@dataclass(frozen=True, kw_only=True)
class Address:
    country: str  # ISO 3166-1 alpha-2
    postal_code: str = ""
    municipality: str = ""
    line: str = ""


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
    known = person_identified(identifiers)
    if known:
        return known, False
    number = _next_id()
    with rows_of([number]):
        Person.objects.create(
            pk=number,
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
            PersonIdentifier(person_id=number, system=system, value=value)
            for system, value in identifiers
        )
        if address:
            Residence.objects.create(
                person_id=number,
                country=address.country,
                postal_code=address.postal_code,
                municipality=address.municipality,
                line=address.line,
                since=at.date(),
            )
        record(actor=actor, kind=EventKind.PERSON_REGISTERED, at=at, person=number)
    return number, True


def _next_id() -> int:
    """A row is written for a person in view, so the number comes before the person."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('mpi_person', 'id'))")
        return int(cursor.fetchone()[0])
