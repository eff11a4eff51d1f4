"""A small directory of awkward names, for tests that search it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from salus.directory.actions import register_organization, register_practitioner, register_role
from salus.directory.models import Practitioner
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
INSTANTS = [
    datetime(2024, 12, 31, 22, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 12, 31, 23, tzinfo=UTC),
    datetime(2025, 1, 1, 10, 30, tzinfo=UTC),
    datetime(2025, 1, 1, 10, 30, 0, 500_000, tzinfo=UTC),
    datetime(2023, 3, 26, 1, 30, tzinfo=UTC),
]


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
