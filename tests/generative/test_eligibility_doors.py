"""The same question by every door: the same status, reason, day and age, each counted once, each refused alike."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.country.lu import MATRICULE_SYSTEM
from salus.eligibility.actions import check
from salus.eligibility.models import Affiliation, Caller, Delivery, Right
from salus.eligibility.questions import AffiliationQuestion
from salus.kernel.clock import now
from salus.kernel.errors import Forbidden, InvalidInput
from salus.kernel.rows import rows_of
from tests import eligibility, fhir_eligibility, soap
from tests.every_door import Software
from tests.fhir_client import Answer
from tests.links import registered

EXAMPLES = 300 if "SALUS_PROVE" in os.environ else 12
NOBODY = (MATRICULE_SYSTEM, "0000000000000")
# Beginnings of years, leap days, and days around today, on which periods begin and end too.
LEAP = (
    date(2020, 2, 28),
    date(2020, 2, 29),
    date(2020, 3, 1),
    date(1999, 12, 31),
    date(2000, 1, 1),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    number: tuple[str, str]
    day: date | None


def by_check(software: Software, asked: Asked) -> Any:
    system, value = asked.number
    question = AffiliationQuestion(system=system, value=value, day=asked.day)
    try:
        said = check(actor=software.actor, question=question, at=now())
    except (Forbidden, InvalidInput) as error:
        return type(error)
    as_of = said.as_of.astimezone() if said.as_of else None
    return said.status, said.reason, said.day, as_of, said.last_known


def by_fhir(software: Software, asked: Asked) -> Any:
    request = fhir_eligibility.request(asked.number, asked.day)
    return _of_fhir(fhir_eligibility.submit(software.fhir, request))


def by_a_collection(software: Software, asked: Asked) -> Any:
    """Of one line."""
    request = fhir_eligibility.request(asked.number, asked.day)
    entry = {"fullUrl": "urn:uuid:1e7ff4c5-6d4e-4d0a-9f43-2f4a8c1f0a01", "resource": request}
    answer = fhir_eligibility.submit(
        software.fhir, {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    )
    (line,) = answer.body["entry"]
    response = line["response"]
    body = line.get("resource", response.get("outcome"))
    return _of_fhir(Answer(status=int(response["status"][:3]), body=body, headers={}, content=b""))


def _of_fhir(answer: Answer) -> Any:
    if answer.status != 200:
        return {403: Forbidden, 422: InvalidInput}[answer.status]
    said = fhir_eligibility.said(answer.body)
    as_of = _instant(said.get("asOf"))
    day = date.fromisoformat(said["day"])
    # What FHIR has words for says the same.
    in_force = [one["inforce"] for one in answer.body.get("insurance", ())]
    assert in_force == {"affiliated": [True], "not-affiliated": [False]}.get(said["status"], [])
    assert answer.body["servicedDate"] == said["day"]
    return said["status"], said["reason"], day, as_of, said["lastKnown"]


def by_rest(software: Software, asked: Asked) -> Any:
    body: dict[str, Any] = {"identifier": fhir_eligibility.identifier(asked.number)}
    if asked.day:
        body["day"] = asked.day.isoformat()
    answer = Browser(SERVER_NAME="localhost").post(
        "/eligibility/v1/affiliation",
        body,
        content_type="application/json",
        headers=software.authorization,
    )
    if answer.status_code != 200:
        return {403: Forbidden, 422: InvalidInput}[answer.status_code]
    said = answer.json()
    day, as_of = date.fromisoformat(said["day"]), _instant(said["as_of"])
    return said["status"], said["reason"], day, as_of, said["last_known"]


def by_soap(software: Software, asked: Asked) -> Any:
    system, value = asked.number
    question = AffiliationQuestion(system=system, value=value, day=asked.day)
    message = soap.ENV.Envelope(soap.ENV.Header(), soap.ENV.Body(soap.about(question)))
    reply = soap.posted(message, **software.authorization)
    if reply.status != 200:
        return {403: Forbidden, 400: InvalidInput}[reply.status]
    day = date.fromisoformat(reply.said("day") or "")
    is_last_known = {"true": True, "false": False}[reply.said("lastKnown") or ""]
    as_of = _instant(reply.said("asOf"))
    return reply.said("status"), reply.said("reason"), day, as_of, is_last_known


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone() if text else None


DOORS: dict[str, Callable[[Software, Asked], Any]] = {
    "check": by_check,
    "FHIR": by_fhir,
    "FHIR, a collection": by_a_collection,
    "REST": by_rest,
    "SOAP": by_soap,
}


@pytest.fixture(scope="module")
def software(database: Path) -> Software:
    return Software.new()


@pytest.fixture(scope="module")
def person(database: Path) -> int:
    return registered(serial=845)


def near(today: date) -> st.SearchStrategy[date]:
    around = st.integers(-3, 1).map(lambda days: today + timedelta(days=days))
    return around | st.sampled_from(LEAP)


@st.composite
def periods(draw: Any) -> list[tuple[date, date | None]]:
    """Of one person: overlapping, adjacent, a day long, without an end."""
    today = now().date()
    found = []
    for _ in range(draw(st.integers(0, 3))):
        since = draw(near(today))
        length = draw(st.none() | st.sampled_from((1, 2, 366)))
        found.append((since, since + timedelta(days=length) if length else None))
    return found


@dataclass(frozen=True, kw_only=True)
class Case:
    covered: list[tuple[date, date | None]]
    is_known: bool
    day: date | None
    silent: int | None  # hours since the register was heard; None: it never was
    rights: set[Right]


CASES = st.builds(
    Case,
    covered=periods(),
    is_known=st.booleans(),
    day=st.none() | near(now().date()),
    silent=st.sampled_from([None, 0, 35, 37, 29 * 24, 31 * 24]),
    rights=st.sets(st.sampled_from([Right.AFFILIATION, Right.HISTORIC]), max_size=2),
)


def arrange(case: Case, software: Software, person: int) -> None:
    Caller.objects.filter(client=software.actor.client).update(
        rights=sorted({Right.BATCH, *case.rights})
    )
    Delivery.objects.update(applied_at=None)
    if case.silent is not None:
        eligibility.register_heard(now() - timedelta(hours=case.silent))
    with rows_of([person]):
        Affiliation.objects.filter(person=person).update(withdrawn=True)
    for since, until in case.covered:
        eligibility.affiliate(person, since, until)


def test_every_door_says_the_same_and_counts_once(software: Software, person: int) -> None:
    known, answered = fhir_eligibility.number_of(person), 0
    before = eligibility.counted(software.actor)

    @settings(max_examples=EXAMPLES)
    @given(CASES)
    def ask(case: Case) -> None:
        nonlocal answered
        arrange(case, software, person)
        asked = Asked(number=known if case.is_known else NOBODY, day=case.day)
        said = {name: door(software, asked) for name, door in DOORS.items()}
        answered += sum(one not in (Forbidden, InvalidInput) for one in said.values())
        assert len(set(said.values())) == 1, said

    ask()
    assert answered and eligibility.counted(software.actor) == before + answered
