"""The search grammar of FHIR R4, as far as it is used (https://hl7.org/fhir/R4/search.html)."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.utils.timezone import get_default_timezone, is_naive, make_aware

from salus.kernel.errors import InvalidInput
from salus.kernel.month import Month

PAGE = 50  # resources, when the client does not say
LARGEST_PAGE = 200

_COMMA = re.compile(r"(?<!\\),")
_ESCAPED = re.compile(r"\\([\\,|$])")
_DATE = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d{4})(-\d\d)?(-\d\d)?(T.+)?", re.ASCII)
_OTHERS = {"_format", "_pretty"}  # of every request, and read elsewhere


class ParameterType(StrEnum):
    """https://hl7.org/fhir/R4/search.html#ptypes"""

    TOKEN = "token"  # noqa: S105  # no password
    URI = "uri"
    REFERENCE = "reference"
    DATE = "date"


@dataclass(frozen=True, kw_only=True)
class Span:
    start: datetime
    end: datetime  # itself outside

    def within(self, other: "Span") -> bool:
        return other.start <= self.start and self.end <= other.end


# What a resource has of a parameter: the spellings that name it, or the time that it covers.
Fact = Collection[str] | Span


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One parameter of a request. Met by a resource that has any of the values."""

    name: str
    values: tuple[str, ...]  # as asked for
    times: tuple[tuple[str, Span], ...] = ()  # the values of a date: prefix and time

    def is_met_by(self, fact: Fact) -> bool:
        if isinstance(fact, Span):
            return any(_is_in_time(fact, prefix, asked) for prefix, asked in self.times)
        return any(value in fact for value in self.values)


@dataclass(frozen=True, kw_only=True)
class Search:
    criteria: tuple[Criterion, ...]
    unknown: tuple[str, ...]  # parameters that are not understood, and not applied
    count: int
    offset: int


def meets(criteria: Iterable[Criterion], facts: Mapping[str, Fact]) -> bool:
    return all(criterion.is_met_by(facts[criterion.name]) for criterion in criteria)


def read_search(
    query: Iterable[tuple[str, Sequence[str]]], parameters: Mapping[str, ParameterType]
) -> Search:
    """What a query asks for. Raises InvalidInput for a known parameter that says nothing usable."""
    criteria: list[Criterion] = []
    unknown: list[str] = []
    numbers = {"_count": PAGE, "_offset": 0}
    for written, given in query:
        name, _, modifier = written.partition(":")
        if name in numbers:
            numbers[name] = _number(name, given[-1])
        elif name in parameters:
            if modifier:
                raise InvalidInput(f"{name}: no modifier of it is supported")
            criteria += [_criterion(name, value, parameters[name]) for value in given if value]
        elif name not in _OTHERS:
            unknown.append(written)
    return Search(
        criteria=tuple(criteria),
        unknown=tuple(unknown),
        count=min(numbers["_count"], LARGEST_PAGE),
        offset=numbers["_offset"],
    )


def _criterion(name: str, value: str, type: ParameterType) -> Criterion:
    values = tuple(_ESCAPED.sub(r"\1", part) for part in _COMMA.split(value))
    if type is not ParameterType.DATE:
        return Criterion(name=name, values=values)
    try:
        return Criterion(name=name, values=values, times=tuple(_time(part) for part in values))
    except (ValueError, OverflowError):
        raise InvalidInput(f"{name}: not a date of FHIR, such as 2024-12 or ge2024-01-01") from None


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise InvalidInput(f"{name}: not a number")
    return int(text)


def _is_in_time(fact: Span, prefix: str, asked: Span) -> bool:
    """https://hl7.org/fhir/R4/search.html#prefix: what a resource covers against what is asked for"""
    match prefix:
        case "ne":
            return not fact.within(asked)
        case "gt":
            return fact.end > asked.end
        case "lt":
            return fact.start < asked.start
        case "ge":
            return fact.end > asked.end or fact.within(asked)
        case "le":
            return fact.start < asked.start or fact.within(asked)
        case "sa":
            return fact.start >= asked.end
        case "eb":
            return fact.end <= asked.start
        case "ap":
            return fact.start < asked.end and asked.start < fact.end
        case _:
            return fact.within(asked)


def _time(text: str) -> tuple[str, Span]:
    """A date of any precision means all of the year, month, day or second that it names.

    Without a zone it is the country's. Raises ValueError and OverflowError.
    """
    parts = _DATE.fullmatch(text)
    if not parts:
        raise ValueError(text)
    prefix, year, month, day, time = parts.groups(default="")
    if time:
        start = datetime.fromisoformat(text.removeprefix(prefix)).replace(microsecond=0)
        return prefix, Span(start=_zoned(start), end=_zoned(start + timedelta(seconds=1)))
    first = date.fromisoformat(year + (month or "-01") + (day or "-01"))
    if day:
        return prefix, _days(first, first + timedelta(days=1))
    return prefix, _days(first, (Month.of(first) + (1 if month else 12)).first_day)


def _days(first: date, after: date) -> Span:
    return Span(start=_midnight(first), end=_midnight(after))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=get_default_timezone())


def _zoned(at: datetime) -> datetime:
    return make_aware(at) if is_naive(at) else at
