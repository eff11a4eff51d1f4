"""The search grammar of FHIR R4: https://hl7.org/fhir/R4/search.html."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.utils.timezone import get_default_timezone

from salus.fhir import facts
from salus.fhir.criteria import Coded, ParameterType, Prefix, Span, When
from salus.fhir.parameters import by_id
from salus.fhir.resource import Body, Call, Parameter
from salus.fhir.search import LARGEST_PAGE, PAGE, Asked, read_search
from salus.fhir.sources import in_memory, is_met
from salus.kernel.errors import InvalidInput
from salus.kernel.month import Month

PARAMETERS = {
    "_id": by_id(),
    "period": Parameter(
        type=ParameterType.DATE, definition="", documentation="", facts=facts.times("period")
    ),
}
REPORTS = in_memory("MeasureReport", parameters=PARAMETERS, ids=list, render=lambda _id: {})
CALL = Call(
    actor=None,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    request_id=UUID(int=0),
    base="https://salus.example/fhir",
)
ZONE = get_default_timezone()
DECEMBER = {"start": "2024-12-01", "end": "2024-12-31"}


def searched(**query: str | list[str]) -> Asked:
    pairs = [
        (name, value)
        for name, values in query.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return read_search(pairs, REPORTS, {"MeasureReport": REPORTS}, CALL)


def meets(asked: Asked, body: Body) -> bool:
    return is_met(body, asked.search, PARAMETERS)


# What the prefix says of December 2024, asked of a time before it, a part of it, itself, the year, and a time after.
BEFORE, PART, SAME, AROUND, AFTER = "2024-11", "2024-12-24", "2024-12", "2024", "2025-01"


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", {SAME, AROUND}),
        ("eq", {SAME, AROUND}),
        ("ne", {BEFORE, PART, AFTER}),
        ("gt", {BEFORE, PART}),
        ("lt", {PART, AFTER}),
        ("ge", {BEFORE, PART, SAME, AROUND}),
        ("le", {PART, SAME, AROUND, AFTER}),
        ("sa", {BEFORE}),
        ("eb", {AFTER}),
        ("ap", {BEFORE, PART, SAME, AROUND, AFTER}),  # a tenth of more than a year around each
    ],
)
def test_prefixes(prefix: str, found: set[str]) -> None:
    times = (BEFORE, PART, SAME, AROUND, AFTER)
    met = {time for time in times if meets(searched(period=prefix + time), {"period": DECEMBER})}
    assert met == found


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC)),
        ("2024-07", datetime(2024, 6, 30, 22, tzinfo=UTC), datetime(2024, 7, 31, 22, tzinfo=UTC)),
        ("2024-12-31", datetime(2024, 12, 30, 23, tzinfo=UTC), Month(2024, 12).end(ZONE)),
        (
            "2024-07-01T10:00:00",
            datetime(2024, 7, 1, 8, tzinfo=UTC),
            datetime(2024, 7, 1, 8, 0, 1, tzinfo=UTC),
        ),
        (
            "2024-07-01T10:00:00Z",
            datetime(2024, 7, 1, 10, tzinfo=UTC),
            datetime(2024, 7, 1, 10, 0, 1, tzinfo=UTC),
        ),
    ],
)
def test_a_date_is_all_of_the_time_that_it_names(text: str, start: datetime, end: datetime) -> None:
    (criterion,) = searched(period=text).search.criteria
    assert criterion.values == (When(prefix=Prefix.EQ, span=Span(start=start, end=end)),)


@pytest.mark.parametrize(
    "query",
    [
        {"period": "yesterday"},
        {"period": "2024-13"},
        {"period": "2024-02-30"},
        {"period": "24-12"},
        {"period": "xx2024"},
        {"period": "2024-12-24T25:00:00"},
        {"period": "9999"},
        {"period": "2024,"},
        {"period": ""},
        {"period:missing": "perhaps"},
        {"period:above": "2024"},
        {"_id:not": "a"},
        {"_count": "-1"},
        {"_count": "many"},
        {"_count": ["1", "2"]},
    ],
)
def test_what_says_nothing_usable_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        searched(**query)


def test_commas_are_or_and_repetition_is_and() -> None:
    asked = searched(_id=["a,b", "b,c"])
    assert [meets(asked, {"id": name}) for name in "abc"] == [False, True, False]


def test_an_escaped_comma_parts_nothing() -> None:
    (criterion,) = searched(_id=r"a\,b,c\|d\\").search.criteria
    assert criterion.values == (Coded(code="a,b"), Coded(code="c|d\\"))


def test_what_is_not_known_is_kept_apart() -> None:
    asked = searched(_id="a", colour="red", _format="json")
    assert [criterion.name for criterion in asked.search.criteria] == ["_id"]
    assert asked.unknown == ("colour",)
    assert asked.understood == (("_id", "a"),)


@pytest.mark.parametrize(
    ("asked", "given"), [({}, PAGE), ({"_count": "7"}, 7), ({"_count": "100000"}, LARGEST_PAGE)]
)
def test_pages_have_a_limit(asked: dict[str, str], given: int) -> None:
    assert searched(**asked).search.count == given
