"""Dates of FHIR as the time that they cover (https://hl7.org/fhir/R4/search.html#date)."""

import re
from datetime import UTC, date, datetime, timedelta

from django.utils.timezone import get_default_timezone, is_naive, make_aware

from salus.fhir.criteria import Span
from salus.kernel.month import Month

# Where a Period is open; what has no end ends after all that can be asked for.
ALWAYS = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)

_DATE = re.compile(
    r"(?P<year>[1-9]\d{3})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<time>\d\d:\d\d"
    r"(?P<seconds>:\d\d(?:\.(?P<fraction>\d{1,9}))?)?)(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


def span(text: str) -> Span:
    """All of the year, month, day, minute, second or fraction of it that the text names.

    Without a zone it is the country's. Raises ValueError and OverflowError.
    """
    parts = _DATE.fullmatch(text)
    if not parts:
        raise ValueError("not a date of FHIR")
    if parts["time"]:
        digits = min(len(parts["fraction"] or ""), 6)
        # Python before 3.11 knew three or six digits only, and still cuts what is finer than a microsecond.
        start = _zoned(datetime.fromisoformat(text))
        width = timedelta(seconds=1) / 10**digits if parts["seconds"] else timedelta(minutes=1)
        return Span(start=start, end=start + width)
    if parts["day"]:
        return days(date.fromisoformat(text), date.fromisoformat(text) + timedelta(days=1))
    first = date(int(parts["year"]), int(parts["month"] or 1), 1)
    return days(first, (Month.of(first) + (1 if parts["month"] else 12)).first_day)


def days(first: date, after: date) -> Span:
    """From the local midnight of ``first`` to that of ``after``."""
    return Span(start=midnight(first), end=midnight(after))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=get_default_timezone())


def instant(at: datetime) -> str:
    """As a resource says it: to the microsecond, so that it covers no more time than the row does."""
    return at.isoformat(timespec="microseconds")


def _zoned(at: datetime) -> datetime:
    return make_aware(at) if is_naive(at) else at
