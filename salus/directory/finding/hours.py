"""Opening hours as minutes since Monday 0:00, local time."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from salus.country import country
from salus.directory.fields import DAYS

_DAY = 24 * 60


def openings(hours: Iterable[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """From a minute until before another one, of FHIR R4 availableTime or hoursOfOperation as statements hold it."""
    spans = []
    for one in hours:
        first, last = (
            (0, _DAY)
            if one.get("allDay") is True
            else (
                _minute(one.get("availableStartTime") or one["openingTime"]),
                _minute(one.get("availableEndTime") or one["closingTime"]),
            )
        )
        days = [DAYS.index(day) for day in one["daysOfWeek"]]
        spans += [(day * _DAY + first, day * _DAY + last) for day in days]
    return sorted(spans)


def minute_of_week(at: datetime) -> int:
    local = at.astimezone(ZoneInfo(country().TIME_ZONE))
    return local.weekday() * _DAY + local.hour * 60 + local.minute


def _minute(text: str) -> int:
    clock = time.fromisoformat(text)
    return clock.hour * 60 + clock.minute
