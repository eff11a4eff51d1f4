"""The only writes of the patient index."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, NotFound, PreconditionFailed
from salus.kernel.rows import rows_of
from salus.kernel.search_key import search_key
from salus.mpi.announcing import announce
from salus.mpi.keys import name_keys
from salus.mpi.models import FormerName, Person, PersonIdentifier, PersonVersion, Residence
from salus.mpi.queries import owners_of, person_identified


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
    former_names: Iterable[tuple[str, str]] = (),
    received: dict[str, Any] | None = None,
    filed: bool = False,
    request_id: UUID | None = None,
) -> tuple[int, bool]:
    """Register a person by identifiers ``(system, value)``; returns (row id, created).

    A person known by any of them is returned as is: nothing changes. ``filed``: what was received is this
    server's own version 1, with references that lead to what lies here.
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
            version=1 if filed else None,
            changed_at=at if filed else None,
        )
        PersonIdentifier.objects.bulk_create(
            PersonIdentifier(person_id=number, system=system, value=value)
            for system, value in identifiers
        )
        if address:
            _move_in(number, address, at.date())
        former_names = list(former_names)
        _remember_names(number, former_names)
        _make_keys(number, birth_date, [(family, given), *former_names], birth_family)
        record(
            actor=actor,
            kind=EventKind.PERSON_REGISTERED,
            at=at,
            person=number,
            request_id=request_id,
        )
        announce(number, new=True)
    return number, True


@dataclass(frozen=True, kw_only=True)
class Demographics:
    """What the index keeps of a person in columns."""

    family: str
    given: str
    birth_family: str
    birth_date: date
    gender: str
    multiple_birth: int | None
    deceased_on: date | None
    address: Address | None  # None: the sender says nothing of it


def change_person(
    *,
    actor: Actor,
    at: datetime,
    person: int,
    version: int | None,
    identifiers: Sequence[tuple[str, str]],
    demographics: Demographics,
    former_names: Iterable[tuple[str, str]],
    received: dict[str, Any],
    shown: Callable[[Person], dict[str, Any]],
    request_id: UUID | None = None,
) -> None:
    """Put what was received in the place of what the index has; identifiers are added, none is taken away.

    ``version`` is the one that the sender has seen (None: whichever); ``shown`` renders the one that ends, to be
    kept. Raises NotFound; PreconditionFailed when another version is in force; Conflict when an identifier is of
    another person.
    """
    with rows_of([person]):
        row = Person.objects.select_for_update(no_key=True).filter(pk=person).first()
        if row is None:
            raise NotFound("no such person")
        newest = row.version or 1
        if version not in (None, newest):
            raise PreconditionFailed("the person was changed since: read it again")
        _add_identifiers(person, identifiers)
        PersonVersion.objects.create(person_id=person, version=newest, resource=shown(row))
        former_names = list(former_names)
        if (row.family, row.given) != (demographics.family, demographics.given):
            former_names.append((row.family, row.given))
        _remember_names(person, former_names)
        if demographics.address:
            _move(person, demographics.address, at.date())
        row.family, row.given = demographics.family, demographics.given
        row.family_key, row.given_key = search_key(row.family), search_key(row.given)
        row.birth_family, row.birth_date = demographics.birth_family, demographics.birth_date
        row.gender, row.multiple_birth = demographics.gender, demographics.multiple_birth
        row.deceased_on = demographics.deceased_on
        row.received, row.version, row.changed_at = received, newest + 1, at
        row.save()
        names = [(row.family, row.given), *former_names]
        _make_keys(person, row.birth_date, names, row.birth_family)
        record(
            actor=actor,
            kind=EventKind.PERSON_CHANGED,
            at=at,
            person=person,
            request_id=request_id,
        )
        announce(person)


def _add_identifiers(person: int, identifiers: Sequence[tuple[str, str]]) -> None:
    owners = owners_of(identifiers)
    if any(owner != person for owner in owners.values()):
        raise Conflict("another person has one of these identifiers")
    PersonIdentifier.objects.bulk_create(
        PersonIdentifier(person_id=person, system=system, value=value)
        for system, value in identifiers
        if (system, value) not in owners
    )


def _remember_names(person: int, names: Iterable[tuple[str, str]]) -> None:
    for family, given in names:
        FormerName.objects.get_or_create(
            person_id=person,
            family=family,
            given=given,
            defaults={"family_key": search_key(family), "given_key": search_key(given)},
        )


def _make_keys(
    person: int, birth_date: date, names: Iterable[tuple[str, str]], birth_family: str
) -> None:
    """Those of all these names ``(family, given)``; a key that was made for an earlier date stays."""
    keys = {key for family, given in names for key in name_keys(given, family, [birth_family])}
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into mpi_namekey (person_id, birth_date, key)"
            " select %s, %s, unnest(%s::text[]) on conflict do nothing",
            [person, birth_date, sorted(keys)],
        )


def _move(person: int, address: Address, day: date) -> None:
    """From that day on the person lives there; an address of the same day is corrected."""
    home = Residence.objects.filter(person=person, until=None).first()
    if home is None:
        _move_in(person, address, day)
    elif _address_of(home) != address:
        if home.since < day:
            home.until = day
            home.save(update_fields=["until"])
            _move_in(person, address, day)
        else:
            home.country, home.postal_code = address.country, address.postal_code
            home.municipality, home.line = address.municipality, address.line
            home.save()


def _move_in(person: int, address: Address, day: date) -> None:
    Residence.objects.create(
        person_id=person,
        country=address.country,
        postal_code=address.postal_code,
        municipality=address.municipality,
        line=address.line,
        since=day,
    )


def _address_of(home: Residence) -> Address:
    return Address(
        country=home.country,
        postal_code=home.postal_code,
        municipality=home.municipality,
        line=home.line,
    )


def _next_id() -> int:
    """A row is written for a person in view, so the number comes before the person."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('mpi_person', 'id'))")
        return int(cursor.fetchone()[0])
