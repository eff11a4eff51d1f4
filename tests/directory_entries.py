"""Entries of each kind, made and changed as change sets do, to hold the loader's beside them."""

from datetime import timedelta
from typing import Any

from salus.directory.actions import change, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now

SYSTEM = Actor(role=Role.SYSTEM, system="test")
POSITION = {"latitude": 49.6, "longitude": 6.1, "accessible": True}
SERVICE = {
    "organization": "urn:test|W",
    "location": "urn:test|L",
    "name": "B",
    "new_patients": True,
    "appointment": True,
}
ENDPOINT = {
    "organization": "urn:test|H",
    "connection_type": "hl7-fhir-rest",
    "address": "https://a.example",
}


def keep_directory() -> None:
    """Entries of each kind: of professionals one who left, one suspended, one who may practise again, one who stays.

    Who stays gave up two further places of work for others.
    """
    leaver, again, out, stays = "P1", "P2", "P3", "P4"
    system = "urn:test"
    entries: list[tuple[Kind, str, dict[str, Any], bool]] = [
        (Kind.ORGANIZATION, "H", {"name": "A", "type": "hospital"}, False),
        (Kind.ORGANIZATION, "W", {"name": "B", "type": "hospital", "part_of": "urn:test|H"}, False),
        (Kind.ORGANIZATION, "H2", {"name": "A", "type": "hospital"}, False),
        (
            Kind.ORGANIZATION,
            "W2",
            {"name": "B", "type": "hospital", "part_of": "urn:test|H"},
            False,
        ),
        (Kind.LOCATION, "L", {"organization": "urn:test|H", "name": "A"} | POSITION, False),
        (Kind.SERVICE, "S", SERVICE, False),
        (Kind.ENDPOINT, "E", ENDPOINT, False),
    ]
    for who in (leaver, again, out, stays):
        person = {"family": "Muster", "given": "Max", "profession": "62247001"}
        named = {"practitioner": f"urn:test|{who}"}
        licence = {"profession": "62247001", "country": "LU"}
        place = {"organization": "urn:test|H", "location": "urn:test|L"}
        accepts = {"new_patients": True} if who in (out, stays) else {}
        entries += [
            (Kind.PRACTITIONER, who, person, False),
            (Kind.LICENCE, who, named | licence, True),
            (Kind.ROLE, who, named | place | accepts, True),
        ]
    for second in ("R1", "R2"):
        said = {"practitioner": f"urn:test|{stays}", **place}
        accepts = {"new_patients": True} if second == "R2" else {}
        entries += [
            (Kind.ROLE, second, said | accepts, True),
            (Kind.ROLE, f"{second}+", said | accepts, True),
        ]
    day, source = now().date(), source_named("test", at=now())

    def say(lines: list[Line]) -> None:
        change(actor=SYSTEM, at=now(), source=source, how=How.FEED, lines=lines)

    say(
        [
            Line(
                number=number,
                kind=kind,
                system=system,
                value=value,
                said=said,
                since=day - timedelta(days=90) if dated else None,
            )
            for number, (kind, value, said, dated) in enumerate(entries)
        ]
    )
    statuses = [
        (Kind.PRACTITIONER, leaver, "retired", 30),
        (Kind.LICENCE, leaver, "ended", 30),
        (Kind.ROLE, leaver, "ended", 30),
        (Kind.PRACTITIONER, again, "suspended", 30),
        (Kind.PRACTITIONER, out, "suspended", 30),
        (Kind.LICENCE, out, "suspended", 30),
        (Kind.ROLE, out, "ended", 30),
        (Kind.LICENCE, again, "suspended", 30),
        (Kind.PRACTITIONER, again, "active", 20),
        (Kind.LICENCE, again, "active", 20),
    ]
    changes: list[tuple[Kind, str, dict[str, Any], int]] = [
        *((kind, value, {"status": status}, days) for kind, value, status, days in statuses),
        (Kind.ROLE, stays, {"new_patients": False}, 20),
        *(
            (Kind.ROLE, one, {"status": "ended", "successor": f"{system}|{one}+"}, 10)
            for one in ("R1", "R2")
        ),
        (Kind.ORGANIZATION, "H", {"telephone": "+352 2"}, 10),
        (Kind.ORGANIZATION, "W", {"telephone": "+352 2"}, 10),
    ]
    for kind, value, said, days in changes:
        since = day - timedelta(days=days)
        say([Line(number=1, kind=kind, system=system, value=value, said=said, since=since)])
