"""Finding professionals and organisations, in the real database: what is typed, and who is found."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.directory.actions import change, source_named
from salus.directory.finding import Question, Sense, find
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.kernel.actor import Actor, Role

ACTOR = Actor(role=Role.SYSTEM, system="test")
AT = datetime(2025, 3, 3, 12, tzinfo=UTC)  # a Monday
SYSTEM = "https://college.example/members"
DENTIST, PAEDIATRICIAN, NURSE = "106289002", "82296001", "106292003"


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


NUMBER = count(1)


def said(kind: Kind, *, since: date | None = None, value: str = "", **fields: Any) -> int:
    """Say it and return the row id of the entry."""
    value = value or f"{kind}-{next(NUMBER)}"
    line = Line(number=1, kind=kind, system=SYSTEM, value=value, said=fields, since=since)
    (entry,) = change(
        actor=ACTOR,
        at=AT,
        source=source_named("college", system=SYSTEM, at=AT),
        how=How.AUTHORITY,
        lines=[line],
    )
    return entry


def organization(name: str = "Cabinet du Parc", **fields: Any) -> int:
    given = {
        "type": "practice",
        "country": "LU",
        "postal_code": "L-4002",
        "municipality": "Esch-sur-Alzette",
    }
    return said(Kind.ORGANIZATION, name=name, **given | fields)


def professional(
    family: str, given: str = "Léa", *, at: int = 0, role: Any = None, **fields: Any
) -> str:
    who = said(Kind.PRACTITIONER, family=family, given=given, **{"profession": DENTIST} | fields)
    if at:
        said(Kind.ROLE, practitioner=who, organization=at, since=date(2020, 1, 1), **role or {})
    return who


def names(text: str = "", **fields: Any) -> list[str]:
    return [hit.name for hit in find(Question(text=text, **fields), at=AT).hits]


@pytest.mark.parametrize(
    "typed",
    [
        "Gonçalves Müller",
        "goncalves muller",
        "Mueller, Gonçalves",
        "Müller-Gonçalves José",
        "José de Gonçalves",
        "Gonclaves Muler",
        "Gonzalves",
        "Dr Jose Goncalves-Muller",
        "Goncal",
    ],
)
def test_a_name_is_found_however_it_is_written(typed: str) -> None:
    professional("de Gonçalves-Müller", "José")
    professional("Weber")
    assert names(typed) == ["José de Gonçalves-Müller"]


def test_exact_before_beginning_before_mistyped() -> None:
    for family in ("Schmitz", "Schmit", "Schmitten", "Schmidt", "Wagner"):
        professional(family)
    assert names("Schmit") == ["Léa Schmit", "Léa Schmitten", "Léa Schmitz", "Léa Schmidt"]


def test_one_field_says_all() -> None:
    esch = organization()
    professional("Weber", at=esch, languages=["pt", "fr"])
    professional("Muller", at=esch, languages=["fr"])
    professional(
        "Wagner", at=organization(municipality="Clervaux", postal_code="L-9710"), languages=["pt"]
    )
    professional("Klein", at=esch, languages=["pt"], profession=NURSE)
    found = find(Question(text="dentsite qui parle portugais à Esch"), at=AT)
    assert [hit.name for hit in found.hits] == ["Léa Weber"]
    assert [(one.sense, one.text) for one in found.understood.taken] == [
        (Sense.PROFESSION, "dentsite"),
        (Sense.LANGUAGE, "portugais"),
        (Sense.PLACE, "Esch"),
    ]
    assert names("Zahnarzt Portugiesisch L-4002") == ["Léa Weber"]


def test_near_before_far() -> None:
    for place in ("Clervaux", "Esch-sur-Alzette", "Luxembourg", "Schifflange"):
        professional(place[:6], at=organization(municipality=place, postal_code="0"))
    assert names("dentiste Esch") == ["Léa Esch-s", "Léa Schiff"]
    assert names("dentiste Esch", within=20.0) == ["Léa Esch-s", "Léa Schiff", "Léa Luxemb"]
    everywhere = find(Question(near=(49.4958, 5.9806)), at=AT)
    assert [hit.name for hit in everywhere.hits if hit.kind is Kind.PRACTITIONER][
        -1
    ] == "Léa Clerva"


def test_who_may_not_practise_is_not_found() -> None:
    professional("Weber")
    said(Kind.PRACTITIONER, value="Practitioner-x", family="Weber", given="Tom", profession=DENTIST)
    said(
        Kind.PRACTITIONER,
        value="Practitioner-x",
        status="suspended",
        since=(AT + timedelta(days=3)).date(),
    )
    assert names("Weber") == ["Léa Weber", "Tom Weber"]
    later = find(Question(text="Weber"), at=AT + timedelta(days=5))
    assert [hit.name for hit in later.hits] == ["Léa Weber"]
