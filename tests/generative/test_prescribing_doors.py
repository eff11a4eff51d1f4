"""The right to prescribe by every door: the same status, reason, limits, and the same end of a suspension."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from salus.country.lu import PROVIDER_SYSTEM
from salus.directory.actions import change, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.eligibility.actions import check
from salus.eligibility.questions import PrescribingQuestion
from salus.eligibility.soap.names import ours
from salus.kernel.clock import now
from tests import fhir_eligibility, soap
from tests.every_door import Software
from tests.software import SYSTEM

EXAMPLES = 300 if "SALUS_PROVE" in os.environ else 6


@pytest.fixture(scope="module")
def software(database: Path) -> Software:
    return Software.new()


@dataclass(frozen=True, kw_only=True)
class Asked:
    code: str
    product: str
    day: date | None


def by_check(software: Software, asked: Asked) -> Any:
    question = PrescribingQuestion(
        system=PROVIDER_SYSTEM, value=asked.code, day=asked.day, product=asked.product
    )
    said = check(actor=software.actor, question=question, at=now())
    return said.status, said.reason, said.day, said.only, said.limits, said.suspended_until


def by_fhir(software: Software, asked: Asked) -> Any:
    number = (PROVIDER_SYSTEM, asked.code)
    answer = fhir_eligibility.may_prescribe(
        software.fhir, number, day=asked.day, product=asked.product
    )
    assert answer.status == 200
    said = fhir_eligibility.said(answer.body)
    parts = answer.body["parameter"]
    only, limits = (
        tuple(part["valueCoding"]["code"] for part in parts if part["name"] == name)
        for name in ("only", "limit")
    )
    day, until = _day(said["day"]), _day(said.get("suspendedUntil"))
    return said["status"], said["reason"], day, only, limits, until


def by_rest(software: Software, asked: Asked) -> Any:
    return _of_rest(_posted(software, "prescribing", _in_rest(asked)))


def by_a_batch(software: Software, asked: Asked) -> Any:
    """Of one line."""
    lines = [{"id": "a", "type": "prescribing"} | _in_rest(asked)]
    (line,) = _posted(software, "batch", {"lines": lines})["lines"]
    return _of_rest(line["answer"])


def _in_rest(asked: Asked) -> dict[str, Any]:
    said = {
        "practitioner": {"value": asked.code},
        "product": asked.product or None,
        "day": asked.day and asked.day.isoformat(),
    }
    return {name: value for name, value in said.items() if value}


def _posted(software: Software, path: str, body: Any) -> Any:
    answer = Browser(SERVER_NAME="localhost").post(
        f"/eligibility/v1/{path}",
        body,
        content_type="application/json",
        headers=software.authorization,
    )
    assert answer.status_code == 200
    return answer.json()


def _of_rest(said: dict[str, Any]) -> Any:
    day, until = date.fromisoformat(said["day"]), _day(said["suspended_until"])
    return said["status"], said["reason"], day, tuple(said["only"]), tuple(said["limits"]), until


def by_soap(software: Software, asked: Asked) -> Any:
    said = [soap.EL.prescriber(soap.EL.value(asked.code))]
    said += [soap.EL.day(asked.day.isoformat())] if asked.day else []
    said += [soap.EL.product(asked.product)] if asked.product else []
    message = soap.ENV.Envelope(soap.ENV.Header(), soap.ENV.Body(soap.EL.CheckPrescriber(*said)))
    reply = soap.posted(message, **software.authorization)
    assert reply.status == 200
    only, limits = (
        tuple(element.text for element in reply.content.iter(ours(name)))
        for name in ("only", "limit")
    )
    day, until = reply.said("day"), _day(reply.said("suspendedUntil"))
    return reply.said("status"), reply.said("reason"), _day(day), only, limits, until


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


DOORS: dict[str, Callable[[Software, Asked], Any]] = {
    "check": by_check,
    "FHIR": by_fhir,
    "REST": by_rest,
    "REST, a batch": by_a_batch,
    "SOAP": by_soap,
}


@dataclass(frozen=True, kw_only=True)
class Suspension:
    """Said of the registration, or of its licence; of days from today."""

    of: Kind
    since: int
    days: int | None


PRESCRIBERS = st.lists(
    st.builds(
        Suspension,
        of=st.sampled_from((Kind.PRACTITIONER, Kind.LICENCE)),
        since=st.integers(-4, 1),
        days=st.sampled_from((None, 1, 3, 10)),
    ),
    max_size=2,
)


def registered_prescriber(code: str, limits: list[str], suspensions: list[Suspension]) -> None:
    today, source = now().date(), source_named("college", at=now())
    who = {"family": "Weber", "given": "Eva", "profession": "309453006"}  # midwife
    licence = {
        "practitioner": f"{PROVIDER_SYSTEM}|{code}",
        "country": "LU",
        "profession": "309453006",
        "limits": limits,
    }
    said: list[tuple[Kind, dict[str, Any], date | None, date | None]] = [
        (Kind.PRACTITIONER, who, None, None),
        (Kind.LICENCE, licence, None, None),
    ]
    for one in suspensions:
        since = today + timedelta(one.since)
        until = since + timedelta(one.days) if one.days else None
        said.append((one.of, {"status": "suspended"}, since, until))
    for kind, told, begins, ends in said:
        line = Line(
            number=1,
            kind=kind,
            system=PROVIDER_SYSTEM,
            value=code,
            said=told,
            since=begins,
            until=ends,
        )
        change(actor=SYSTEM, at=now(), source=source, how=How.FILE, lines=[line])


def test_every_door_says_the_same_of_a_prescriber_and_until_when_one_is_suspended(
    software: Software,
) -> None:
    seen, codes = set(), count(1)

    @settings(max_examples=EXAMPLES)
    @given(
        suspensions=PRESCRIBERS,
        limits=st.lists(st.sampled_from(("N02BE", "A10", "J07")), max_size=2, unique=True),
        product=st.sampled_from(("", "N02", "N02BE01", "J07B")),
        days_ago=st.none() | st.integers(0, 3),
    )
    @example(
        suspensions=[Suspension(of=Kind.LICENCE, since=-3, days=10)],
        limits=[],
        product="",
        days_ago=None,
    )
    @example(
        suspensions=[Suspension(of=Kind.PRACTITIONER, since=-3, days=None)],
        limits=[],
        product="",
        days_ago=1,
    )
    def ask(
        suspensions: list[Suspension], limits: list[str], product: str, days_ago: int | None
    ) -> None:
        code = f"doors-{next(codes)}"
        registered_prescriber(code, limits, suspensions)
        day = None if days_ago is None else now().date() - timedelta(days_ago)
        asked = Asked(code=code, product=product, day=day)
        said = {name: door(software, asked) for name, door in DOORS.items()}
        assert len(set(said.values())) == 1, said
        _, reason, *_, until = said["check"]
        seen.add((reason, until is not None))

    ask()
    assert {("suspended", True), ("suspended", False)} <= seen
