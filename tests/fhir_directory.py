"""A small directory of awkward names, for tests that search it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from salus.directory.actions import (
    change,
    register_organization,
    register_practitioner,
    register_role,
    source_named,
)
from salus.directory.lines import Line
from salus.directory.models import How, Kind, Practitioner
from salus.fhir.resource import Call
from salus.kernel.actor import Actor, Role
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

CALL = Call(
    actor=None,
    at=datetime(2025, 3, 1, 12, tzinfo=UTC),
    request_id=UUID(int=0),
    base="https://salus.example/fhir",
)
FAMILIES = ["Müller", "D'Almeida-Müller", "Weber", "weber", "Webér", "Van den Berg", "Øster"]
GIVEN = ["Jean", "Jean Paul", "Jean-Paul", "Éric Marie", "", "Zoë"]
CITIES = ["Pétange", "Esch-sur-Alzette", "Luxembourg", ""]
SYSTEMS = ["https://salus.example/a", "https://salus.example/b|c,d"]
HOURS = [
    {
        "daysOfWeek": ["mon", "fri"],
        "availableStartTime": "08:00:00",
        "availableEndTime": "12:30:00",
    },
    {"daysOfWeek": ["sun"], "allDay": True},
]
INSTANTS = [
    datetime(2024, 12, 31, 22, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 12, 31, 23, tzinfo=UTC),
    datetime(2025, 1, 1, 10, 30, tzinfo=UTC),
    datetime(2025, 1, 1, 10, 30, 0, 500_000, tzinfo=UTC),
    datetime(2023, 3, 26, 1, 30, tzinfo=UTC),
]
LATER = datetime(2025, 1, 1, 10, 30, 1, tzinfo=UTC)  # than all of them


def fill_directory() -> None:
    """45 professionals, of whom three are not registered any more, 12 organisations, 40 roles."""
    actor = Actor(role=Role.SYSTEM, system="test")
    professions, kinds = list(PROFESSIONS), list(ORGANIZATION_TYPES)
    people, places = [], []
    for n in range(45):
        row, _ = register_practitioner(
            actor=actor,
            at=INSTANTS[n % len(INSTANTS)],
            system=SYSTEMS[n % 2],
            value=f"{n % 23}",
            family=FAMILIES[n % len(FAMILIES)],
            given=GIVEN[n % len(GIVEN)],
            prefix="Dr" if n % 3 else "",
            profession=professions[n % 4],
        )
        people.append(row)
    for n in range(12):
        row, _ = register_organization(
            actor=actor,
            at=INSTANTS[n % len(INSTANTS)],
            system=SYSTEMS[n % 2],
            value=f"{n}",
            name=f"{FAMILIES[n % 5]} {n}",
            type=kinds[n % 3],
            country=["LU", "DE", ""][n % 3],
            postal_code=["L-1234", "1234", "54290"][n % 3],
            municipality=CITIES[n % len(CITIES)],
        )
        places.append(row)
    for n in range(40):
        register_role(
            actor=actor,
            at=INSTANTS[n % len(INSTANTS)],
            system="https://salus.example/role",
            value=f"{n}",
            practitioner=people[n],
            organization=places[n * 7 % 12],
            since=date(2024, 12, 30) + timedelta(days=n % 5),
            until=date(2025, 2, 1) if n % 9 == 0 else None,
        )
    gone = Practitioner.objects.filter(pk__in=people[30:33])
    gone.update(deregistered_at=datetime(2025, 2, 1, tzinfo=UTC))
    _fill_the_rest(actor, people, places)


def _fill_the_rest(actor: Actor, people: list[int], places: list[int]) -> None:
    """Parts and duplicates, 14 locations, 10 services, 8 endpoints, 16 licences; some are suspended or have ended."""
    lines = [*_of_places(places), *_of_people(people)]
    change(
        actor=actor,
        at=LATER,
        source=source_named("test", at=LATER),
        how=How.FEED,
        lines=[replace(line, number=n) for n, line in enumerate(lines, start=1)],
    )


def _of_places(places: list[int]) -> Iterator[Line]:
    for n, place in enumerate(places):
        said: dict[str, Any] = {"part_of": places[0]} if n % 4 == 1 else {}
        said |= {"same_as": places[3]} if n == 9 else {}
        said |= {"status": "suspended"} if n == 5 else {}
        if said:
            yield Line(number=1, kind=Kind.ORGANIZATION, entry=place, said=said)
    for n in range(14):
        said = {
            "organization": places[n % 12],
            "name": f"{CITIES[n % 3]} {n}",
            "municipality": CITIES[n % 4] or None,
            "latitude": 49.5 + n / 50 if n % 5 else None,
            "longitude": 6.0 + n % 7 / 20 if n % 5 else None,
            "hours": HOURS if n % 2 else None,
            "accessible": [None, True, False][n % 3],
            "status": ["active", "suspended", "active", "ended"][n % 4],
        }
        yield _new(Kind.LOCATION, n, said)
    for n in range(10):
        said = {
            "organization": places[n * 5 % 12],
            "location": f"{SYSTEMS[n % 2]}|{n}" if n % 3 else None,
            "name": f"{FAMILIES[n % 4]} {n}",
            "specialty": list(PROFESSIONS)[n % 12] if n % 4 else None,
            "languages": [None, ["fr"], ["de", "pt"]][n % 3],
            "new_patients": [None, True, False][n % 3],
            "appointment": bool(n % 2),
            "status": "suspended" if n == 7 else "active",
        }
        yield _new(Kind.SERVICE, n, said)
    for n in range(8):
        said = {
            "organization": places[n * 3 % 12],
            "connection_type": ["hl7-fhir-rest", "ihe-xds", "direct-project"][n % 3],
            "address": f"https://endpoint.example/{n}",
            "payload_type": "IPS" if n % 2 else None,
            "status": ["active", "off", "error", "ended"][n % 4],
        }
        yield _new(Kind.ENDPOINT, n, said)


def _of_people(people: list[int]) -> Iterator[Line]:
    for n, person in enumerate(people):
        said: dict[str, Any] = {
            "languages": [None, ["fr"], ["de", "pt"], ["pt"]][n % 4],
            "telephone": "+352 27 12" if n % 5 == 0 else None,
            "same_as": people[3] if n in (8, 21) else None,
        }
        said |= {"status": "suspended"} if n == 11 else {}
        if n not in (30, 31, 32):
            yield Line(number=1, kind=Kind.PRACTITIONER, entry=person, said=said)
    for n in range(16):
        said = {
            "practitioner": people[n * 3 % 24],
            "profession": list(PROFESSIONS)[n % 5],
            "country": ["LU", "DE", "FR"][n % 3],
            "limits": ["narcotics"] if n % 6 == 0 else None,
            "status": ["active", "suspended", "active", "ended", "active"][n % 5],
        }
        yield _new(Kind.LICENCE, n, said)
    for n in range(40):
        said = {
            "location": f"{SYSTEMS[n % 2]}|{n % 14}" if n % 3 else None,
            "service": f"{SYSTEMS[n % 10 % 2]}|{n % 10}" if n % 4 == 0 else None,
            "profession": list(PROFESSIONS)[n % 6] if n % 5 == 0 else None,
            "new_patients": [None, True, False][n % 3],
            "hours": HOURS if n % 2 else None,
        }
        yield Line(
            number=1,
            kind=Kind.ROLE,
            system="https://salus.example/role",
            value=f"{n}",
            said={name: value for name, value in said.items() if value is not None},
        )


def _new(kind: Kind, n: int, said: dict[str, Any]) -> Line:
    said = {name: value for name, value in said.items() if value is not None}
    return Line(number=1, kind=kind, system=SYSTEMS[n % 2], value=f"{n}", said=said)
