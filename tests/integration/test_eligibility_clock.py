"""The REST door in nights of a clock change, on leap days and at turns of the year: which day it is, and how long."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client as Browser

from salus.eligibility.models import Caller
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from tests import eligibility
from tests.links import registered

pytestmark = pytest.mark.usefixtures("database")

ZONE = ZoneInfo("Europe/Luxembourg")
HOUR = timedelta(hours=1)
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)  # of 23 and of 25 hours
# Days to whose first minute is asked, and the one before.
DAYS = (SPRING, AUTUMN, date(2028, 2, 29), date(2028, 3, 1), date(2028, 1, 1))


def midnight(day: date) -> datetime:
    """The instant at which the day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def ask(pharmacy: Actor, person: int, **said: Any) -> Any:
    """The door's answer now, as HTTP."""
    question = eligibility.about(person)
    headers = {"Authorization": f"Bearer {eligibility.token(pharmacy)}"}
    return Browser(SERVER_NAME="localhost").post(
        "/eligibility/v1/affiliation",
        {"identifier": {"system": question.system, "value": question.value}} | said,
        content_type="application/json",
        headers=headers,
    )


@pytest.fixture
def pharmacy() -> Actor:
    return eligibility.caller()


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_today_turns_at_midnight_where_the_country_is(pharmacy: Actor, day: date) -> None:
    """Insured for this one day: a minute before it nobody is, in its first and last minute, not in the next."""
    person, tomorrow = registered(), day + timedelta(1)
    eligibility.affiliate(person, day, tomorrow)
    minute = timedelta(minutes=1)
    for instant, today, status in (
        (midnight(day) - minute, day - timedelta(1), "not-affiliated"),
        (midnight(day), day, "affiliated"),
        (midnight(tomorrow) - minute, day, "affiliated"),
        (midnight(tomorrow), tomorrow, "not-affiliated"),
    ):
        with time_machine.travel(instant, tick=False):
            eligibility.register_heard(now())
            said = ask(pharmacy, person).json()
            assert (said["day"], said["status"]) == (today.isoformat(), status)
            assert datetime.fromisoformat(said["answered_at"]) == instant
            yesterday = ask(pharmacy, person, day=(today - timedelta(1)).isoformat()).json()
            assert yesterday["status"] == ("affiliated" if today == tomorrow else "not-affiliated")
            assert ask(pharmacy, person, day=(today + timedelta(1)).isoformat()).status_code == 422


@pytest.mark.parametrize("day", [SPRING, AUTUMN], ids=str)
def test_each_hour_of_a_clock_change_is_answered_once(pharmacy: Actor, day: date) -> None:
    """In autumn the hour that comes twice is two hours: instants go on, and the quota of a minute is each its own."""
    person = registered()
    eligibility.affiliate(person, day)
    Caller.objects.filter(client=pharmacy.client).update(per_minute=1)
    answered = []
    hours = round((midnight(day + timedelta(1)) - midnight(day)) / HOUR)
    for number in range(hours):
        instant = midnight(day) + number * HOUR
        with time_machine.travel(instant, tick=False):
            eligibility.register_heard(now())
            said = ask(pharmacy, person)
            assert (said.status_code, said.json()["status"]) == (200, "affiliated")
            assert ask(pharmacy, person).status_code == 429
            answered.append(datetime.fromisoformat(said.json()["answered_at"]))
    assert [later - earlier for earlier, later in pairwise(answered)] == [HOUR] * (hours - 1)
    assert hours == {SPRING: 23, AUTUMN: 25}[day]


@pytest.mark.parametrize("day", [SPRING, AUTUMN, date(2028, 2, 29)], ids=str)
def test_the_quota_of_a_day_lasts_as_long_as_the_day(pharmacy: Actor, day: date) -> None:
    person = registered()
    Caller.objects.filter(client=pharmacy.client).update(per_minute=1, per_day=1)
    half_past = midnight(day) + HOUR / 2
    with time_machine.travel(half_past, tick=False):
        eligibility.register_heard(now())
        assert ask(pharmacy, person).status_code == 200
        refused = ask(pharmacy, person)
    wait = timedelta(seconds=int(refused["Retry-After"]))
    assert half_past + wait == midnight(day + timedelta(1))
    for late, status in ((-timedelta(seconds=1), 429), (timedelta(), 200)):
        with time_machine.travel(half_past + wait + late, tick=False):
            assert ask(pharmacy, person).status_code == status


@pytest.mark.parametrize("day", [SPRING, AUTUMN], ids=str)
def test_silence_is_counted_in_hours_that_pass(pharmacy: Actor, day: date) -> None:
    """36 hours, of which one is missing in spring and one comes twice in autumn (the country's rule)."""
    person, heard = registered(), midnight(day) - 12 * HOUR
    for silence, is_last_known in ((36 * HOUR, False), (36 * HOUR + HOUR / 60, True)):
        with time_machine.travel(heard + silence, tick=False):
            eligibility.register_heard(heard)
            said = ask(pharmacy, person).json()
            assert said["last_known"] is is_last_known
            assert datetime.fromisoformat(said["as_of"]) == heard


@pytest.mark.parametrize("seen_on", [SPRING, AUTUMN, date(2028, 2, 29)], ids=str)
def test_periods_that_touch_and_overlap_leave_no_day_out(pharmacy: Actor, seen_on: date) -> None:
    """Up to the day, from it on, and one beside; withdrawn ones count for nothing."""
    person, day = registered(), timedelta(1)
    eligibility.affiliate(person, seen_on - 9 * day, seen_on)
    eligibility.affiliate(person, seen_on, seen_on + day)
    eligibility.affiliate(person, seen_on - 2 * day, seen_on + 3 * day)
    eligibility.affiliate(person, seen_on + 4 * day, seen_on + 5 * day)
    with time_machine.travel(midnight(seen_on + 9 * day), tick=False):
        eligibility.register_heard(now())
        said = {
            number: ask(pharmacy, person, day=(seen_on + number * day).isoformat()).json()["status"]
            for number in range(-10, 7)
        }
    insured = {number for number, status in said.items() if status == "affiliated"}
    assert insured == {*range(-9, 3), 4}
