"""The release calendar: when each month's edition appears, announced for ever by one rule of the country."""

from datetime import date, datetime, timedelta

import holidays
from django.utils.timezone import get_default_timezone
from icalendar import Calendar, Event

from salus.activity_report.layout import TITLE, profile
from salus.kernel.month import Month

SATURDAY = 5


def public_holidays(first: int, last: int) -> set[date]:
    """Of the country, in the years from ``first`` to ``last``."""
    observed = profile().release.holidays
    if not observed:
        return set()
    return set(holidays.country_holidays(observed, years=range(first, last + 1)))


def release_of(month: Month) -> datetime:
    """The instant at which the month's first edition appears; before it, every count is provisional."""
    rule = profile().release
    day = (month + 1).first_day.replace(day=rule.day)
    closed = public_holidays(day.year, day.year)
    while day.weekday() >= SATURDAY or day in closed:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, rule.hour, tzinfo=get_default_timezone())


def upcoming(now: datetime, count: int = 12) -> list[tuple[Month, datetime]]:
    """The next ``count`` releases, the nearest first."""
    month = Month.of(now.date()) + -2
    months = (month + offset for offset in range(count + 3))
    return [(m, release) for m in months if (release := release_of(m)) > now][:count]


def as_icalendar(releases: list[tuple[Month, datetime]], *, now: datetime, agency: str) -> bytes:
    """For the reader's own calendar (RFC 5545)."""
    feed = Calendar()
    feed.add("prodid", "-//Salus//activity report//EN")
    feed.add("version", "2.0")
    feed.add("name", f"{TITLE} · {agency}")
    for month, release in releases:
        event = Event()
        event.add("uid", f"{month}@{profile().address.removeprefix('https://')}")
        event.add("dtstamp", now)
        event.add("dtstart", release)
        event.add("summary", f"{TITLE} {month}")
        feed.add_component(event)
    return bytes(feed.to_ical())
