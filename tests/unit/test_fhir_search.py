"""The search grammar of FHIR R4: https://hl7.org/fhir/R4/search.html."""

from datetime import UTC, datetime

import pytest
from django.utils.timezone import get_default_timezone

from salus.fhir.search import LARGEST_PAGE, PAGE, ParameterType, Search, Span, meets, read_search
from salus.kernel.errors import InvalidInput
from salus.kernel.month import Month

PARAMETERS = {"_id": ParameterType.TOKEN, "period": ParameterType.DATE}
ZONE = get_default_timezone()
DECEMBER = Span(start=Month(2024, 12).start(ZONE), end=Month(2024, 12).end(ZONE))


def searched(**query: str | list[str]) -> Search:
    lists = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
    return read_search(lists.items(), PARAMETERS)


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
        ("ap", {PART, SAME, AROUND}),
    ],
)
def test_prefixes(prefix: str, found: set[str]) -> None:
    times = (BEFORE, PART, SAME, AROUND, AFTER)
    met = {
        time
        for time in times
        if meets(searched(period=prefix + time).criteria, {"period": DECEMBER})
    }
    assert met == found


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC)),
        ("2024-07", datetime(2024, 6, 30, 22, tzinfo=UTC), datetime(2024, 7, 31, 22, tzinfo=UTC)),
        ("2024-12-31", datetime(2024, 12, 30, 23, tzinfo=UTC), DECEMBER.end),
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
    ((criterion),) = searched(period=text).criteria
    assert criterion.times == (("", Span(start=start, end=end)),)


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
        {"period:missing": "true"},
        {"_id:not": "a"},
        {"_count": "-1"},
        {"_count": "many"},
        {"_offset": "1.5"},
    ],
)
def test_what_says_nothing_usable_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        searched(**query)


def test_commas_are_or_and_repetition_is_and() -> None:
    criteria = searched(_id=["a,b", "b,c"]).criteria
    assert [meets(criteria, {"_id": {name}}) for name in "abc"] == [False, True, False]


def test_an_escaped_comma_parts_nothing() -> None:
    ((criterion),) = searched(_id=r"a\,b,c\|d\\").criteria
    assert criterion.values == ("a,b", "c|d\\")


def test_what_is_not_known_is_kept_apart() -> None:
    search = searched(_id="a", colour="red", _format="json", period="")
    assert [criterion.name for criterion in search.criteria] == ["_id"]
    assert search.unknown == ("colour",)


@pytest.mark.parametrize(
    ("asked", "given"), [({}, PAGE), ({"_count": "7"}, 7), ({"_count": "100000"}, LARGEST_PAGE)]
)
def test_pages_have_a_limit(asked: dict[str, str], given: int) -> None:
    assert searched(**asked).count == given
