"""The directory's pages as a visitor reads them, and entries said in few words."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.test import Client
from django.utils.html import strip_tags

from salus.directory.actions import change, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.kernel.actor import Actor, Role

ACTOR = Actor(role=Role.SYSTEM, system="test")
SYSTEM = "https://college.example/members"
SAID = datetime(2025, 5, 3, 12, tzinfo=UTC)
DENTIST, NURSE = "106289002", "106292003"
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NUMBER = count(1)
ESCH: dict[str, Any] = {
    "country": "LU",
    "postal_code": "L-4002",
    "municipality": "Esch-sur-Alzette",
}


def say(kind: Kind, entry: int | None = None, since: date | None = None, **said: Any) -> int:
    value = "" if entry else f"{kind}-{next(NUMBER)}"
    line = Line(
        number=1, kind=kind, system=SYSTEM, value=value, entry=entry, said=said, since=since
    )
    source = source_named("college", system=SYSTEM, at=SAID)
    (row,) = change(actor=ACTOR, at=SAID, source=source, how=How.AUTHORITY, lines=[line])
    return row


def dentist(family: str = "Ferreira", **said: Any) -> int:
    given = {"given": "Ana", "prefix": "Dr", "profession": DENTIST, "languages": ["pt", "fr"]}
    return say(Kind.PRACTITIONER, family=family, **given | said)


def practice(name: str = "Cabinet du Parc", **said: Any) -> int:
    return say(Kind.ORGANIZATION, name=name, **{"type": "practice", **ESCH} | said)


def works(practitioner: int, organization: int, **said: Any) -> int:
    names = {"practitioner": practitioner, "organization": organization}
    return say(Kind.ROLE, since=date(2020, 1, 1), **names, **said)


def visitor() -> Client:
    return Client(SERVER_NAME="localhost")


def page(address: str, language: str = "en") -> str:
    answer = visitor().get(address, headers={"accept-language": language})
    assert answer.status_code == 200, address
    return answer.content.decode()


def words(html: str) -> str:
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(strip_tags(main.replace("<", " <")).split())
