"""Opening times in words that a page can say: the week day by day, and how it is at an instant. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from salus.directory.fields import DAYS

Hours = Sequence[
    Mapping[str, Any]
]  # FHIR R4 PractitionerRole.availableTime, as salus.directory.fields keeps it
Times = tuple[tuple[time, time], ...]
_ALL_DAY: Times = ((time.min, time.max),)


@dataclass(frozen=True, kw_only=True)
class Day:
    number: int  # 0 is Monday
    times: Times  # in their order, none overlaps; none: closed

    @property
    def all_day(self) -> bool:
        return self.times == _ALL_DAY


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How it is now: open until ``until``, or closed and open next on ``day`` at ``opens``."""

    until: time | None = None
    always: bool = False  # day and night, for the whole week
    day: int | None = None  # 0 is Monday
    opens: time | None = None
    days_ahead: int = 0  # 0: today; 7: a week from now

    @property
    def is_open(self) -> bool:
        return self.always or self.until is not None


def week(hours: Hours) -> list[Day]:
    """Monday to Sunday."""
    return [Day(number=number, times=_times(hours, day)) for number, day in enumerate(DAYS)]


def opening(hours: Hours, at: datetime) -> Opening | None:
    """How it is at the instant, which is in the place's own time; None: no times are known."""
    if not hours:
        return None
    days = week(hours)
    if all(day.all_day for day in days):
        return Opening(always=True)
    now = at.time()
    for opens, closes in days[at.weekday()].times:
        if opens <= now < closes:
            return Opening(until=closes)
    for ahead in range(8):
        day = days[(at + timedelta(days=ahead)).weekday()]
        for opens, _ in day.times:
            if ahead or now < opens:
                return Opening(day=day.number, opens=opens, days_ahead=ahead)
    return None


def _times(hours: Hours, day: str) -> Times:
    """Times that touch are one."""
    found: list[tuple[time, time]] = []
    for opens, closes in sorted(_span(one) for one in hours if day in one["daysOfWeek"]):
        if found and opens <= found[-1][1]:
            found[-1] = (found[-1][0], max(closes, found[-1][1]))
        else:
            found.append((opens, closes))
    return tuple(found)


def _span(one: Mapping[str, Any]) -> tuple[time, time]:
    if one.get("allDay"):
        return _ALL_DAY[0]
    opens, closes = one["availableStartTime"], one["availableEndTime"]
    return time.fromisoformat(opens), time.fromisoformat(closes)
