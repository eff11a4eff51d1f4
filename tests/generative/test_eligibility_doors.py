"""The same question by every door: the same status, reason, day, age, proof; each counted once, each refused alike."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
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
from tests.every_door import Outcome, Software, of_answer, of_fhir, of_rest, of_soap
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
    proof: bool

    @property
    def question(self) -> AffiliationQuestion:
        system, value = self.number
        return AffiliationQuestion(system=system, value=value, day=self.day, proof=self.proof)

    @property
    def request(self) -> dict[str, Any]:
        request = fhir_eligibility.request(self.number, self.day)
        return fhir_eligibility.signed(request) if self.proof else request


def by_check(software: Software, asked: Asked) -> Outcome:
    try:
        return of_answer(check(actor=software.actor, question=asked.question, at=now()))
    except (Forbidden, InvalidInput) as error:
        return type(error)


def by_fhir(software: Software, asked: Asked) -> Outcome:
    return of_fhir(fhir_eligibility.submit(software.fhir, asked.request))


def by_a_collection(software: Software, asked: Asked) -> Outcome:
    """Of one line."""
    entry = {"fullUrl": "urn:uuid:1e7ff4c5-6d4e-4d0a-9f43-2f4a8c1f0a01", "resource": asked.request}
    answer = fhir_eligibility.submit(
        software.fhir, {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    )
    (line,) = answer.body["entry"]
    response = line["response"]
    body = line.get("resource", response.get("outcome"))
    return of_fhir(Answer(status=int(response["status"][:3]), body=body, headers={}, content=b""))


def by_rest(software: Software, asked: Asked) -> Outcome:
    body: dict[str, Any] = {"identifier": fhir_eligibility.identifier(asked.number)}
    if asked.day:
        body["day"] = asked.day.isoformat()
    return of_rest(*software.by_rest("affiliation", body | {"proof": asked.proof}))


def by_soap(software: Software, asked: Asked) -> Outcome:
    return of_soap(software.by_soap(soap.about(asked.question)))


DOORS: dict[str, Callable[[Software, Asked], Outcome]] = {
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
    proof: bool
    silent: int | None  # hours since the register was heard; None: it never was
    rights: set[Right]


CASES = st.builds(
    Case,
    covered=periods(),
    is_known=st.booleans(),
    day=st.none() | near(now().date()),
    proof=st.booleans(),
    silent=st.sampled_from([None, 0, 35, 37, 29 * 24, 31 * 24]),
    rights=st.sets(st.sampled_from([Right.AFFILIATION, Right.HISTORIC, Right.PROOF])),
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
        number = known if case.is_known else NOBODY
        asked = Asked(number=number, day=case.day, proof=case.proof)
        said = {name: door(software, asked) for name, door in DOORS.items()}
        answered += sum(one not in (Forbidden, InvalidInput) for one in said.values())
        assert len(set(said.values())) == 1, said

    ask()
    assert answered and eligibility.counted(software.actor) == before + answered
