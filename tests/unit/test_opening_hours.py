"""Opening times as a page says them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from salus.directory.public.hours import Opening, opening, week

MORNING = {"availableStartTime": "08:00:00", "availableEndTime": "12:00:00"}
AFTERNOON = {"availableStartTime": "14:00:00", "availableEndTime": "18:30:00"}
HOURS = [
    {"daysOfWeek": ["mon", "tue"], **AFTERNOON},
    {"daysOfWeek": ["mon", "tue", "sat"], **MORNING},
]
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ZONE = ZoneInfo("Europe/Luxembourg")


def at(day: int, clock: str) -> datetime:
    """3 March 2025 is a Monday."""
    return datetime.combine(
        datetime(2025, 3, 2 + day, tzinfo=ZONE), time.fromisoformat(clock), ZONE
    )


def test_the_week_is_in_its_order() -> None:
    days = week(HOURS)
    assert [len(day.times) for day in days] == [2, 2, 0, 0, 0, 1, 0]
    assert days[0].times == ((time(8), time(12)), (time(14), time(18, 30)))


def test_times_that_touch_are_one() -> None:
    whole = [{"daysOfWeek": ["mon"], "availableStartTime": "12:00", "availableEndTime": "14:00"}]
    assert week([*HOURS, *whole])[0].times == ((time(8), time(18, 30)),)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (at(1, "08:00"), Opening(until=time(12))),
        (at(1, "11:59"), Opening(until=time(12))),
        (at(1, "12:00"), Opening(day=0, opens=time(14))),
        (at(1, "07:59"), Opening(day=0, opens=time(8))),
        (at(1, "18:30"), Opening(day=1, opens=time(8), days_ahead=1)),
        (at(2, "19:00"), Opening(day=5, opens=time(8), days_ahead=4)),
        (at(6, "12:00"), Opening(day=0, opens=time(8), days_ahead=2)),
    ],
)
def test_how_it_is_now(instant: datetime, expected: Opening) -> None:
    assert opening(HOURS, instant) == expected


def test_once_a_week_is_a_week_ahead() -> None:
    hours = [{"daysOfWeek": ["mon"], **MORNING}]
    assert opening(hours, at(1, "13:00")) == Opening(day=0, opens=time(8), days_ahead=7)


def test_day_and_night_and_not_said() -> None:
    always = opening([{"daysOfWeek": EVERY_DAY, "allDay": True}], at(3, "03:00"))
    assert always == Opening(always=True)
    assert always.is_open
    assert opening([], at(3, "03:00")) is None
