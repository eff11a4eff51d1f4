"""The directory's pages have a word for every code that its tables hold."""

from collections.abc import Iterator

import pytest
from django.utils.translation import override

from salus.directory import words
from salus.directory.calling import Fault
from salus.directory.desk.queries import Waiting
from salus.directory.endpoints import Why
from salus.directory.fields import FIELDS
from salus.directory.models import How, Kind, Outcome


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with override("en"):
        yield


def test_every_code_has_a_word() -> None:
    assert {name for fields in FIELDS.values() for name in fields} <= set(words.FIELD_NAMES)
    assert set(words.KINDS) == set(Kind)
    assert set(words.HOW) == set(How)
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.WAITING) == set(Waiting)
    assert set(words.STALE) == set(Why)
    assert set(words.FAULTS) == set(Fault)


def test_values_are_said_as_people_say_them() -> None:
    hours = [
        {
            "daysOfWeek": ["mon", "tue"],
            "availableStartTime": "08:00:00",
            "availableEndTime": "12:00:00",
        },
        {"daysOfWeek": ["sun"], "allDay": True},
    ]
    said = {
        ("languages", ("fr", "lb")): "French, Luxembourgish",
        ("new_patients", False): "no",
        ("profession", "62247001"): "General practitioner",
        ("status", "suspended"): "suspended",
        ("telephone", None): "",
    }
    for (name, value), text in said.items():
        assert words.value_said(Kind.ROLE, name, value) == text
    assert (
        words.value_said(Kind.ROLE, "hours", hours) == "Monday, Tuesday 08:00–12:00; Sunday all day"
    )


def test_a_problem_is_said_of_its_field() -> None:
    assert words.problem_said("telephone: should be a telephone number") == (
        "Telephone: should be a telephone number"
    )
    assert words.problem_said("the file is empty") == "the file is empty"
