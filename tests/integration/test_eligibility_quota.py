"""How often a caller may ask: exactly so often, whoever asks at the same moment, and again when the clock says so."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from salus.eligibility.actions import check, check_batch
from salus.eligibility.models import Caller, Usage
from salus.eligibility.questions import AffiliationQuestion
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import TooMany
from tests import eligibility
from tests.integration.test_eligibility_rest import NOBODY, ask
from tests.links import registered

pytestmark = pytest.mark.usefixtures("database")

AT_ONCE, QUOTA = 40, 25
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


@pytest.fixture
def question() -> AffiliationQuestion:
    return eligibility.about(registered())


def noon() -> datetime:
    return now().replace(hour=12, minute=0, second=0, microsecond=0)


def usage(caller: Actor) -> tuple[int, int]:
    """Asked and refused, on all days."""
    rows = Usage.objects.filter(caller__client=caller.client).values_list("asked", "refused")
    return sum(asked for asked, _ in rows), sum(refused for _, refused in rows)


@contextmanager
def refused(*, wait: int) -> Iterator[None]:
    """For so many seconds."""
    with pytest.raises(TooMany) as too_many:
        yield
    assert too_many.value.wait == wait


def test_of_40_requests_at_once_the_quota_is_answered_and_counted() -> None:
    def at_once(caller: Actor) -> list[tuple[int, bool, int]]:
        token = eligibility.token(caller)

        def one(_number: int) -> tuple[int, bool, int]:
            try:
                said = ask("/affiliation", NOBODY, by=token)
            finally:
                connection.close()  # of this thread
            return (
                said.status,
                "Retry-After" in said.headers,
                int(said.headers.get("Retry-After", 1)),
            )

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(AT_ONCE)))

    while True:
        begun, pharmacy = now(), eligibility.caller(per_minute=QUOTA)
        before = eligibility.counted(pharmacy)
        told = at_once(pharmacy)
        if now().minute == begun.minute:  # else it was the quota of two minutes
            break
    answered, late = [(200, False)] * QUOTA, [(429, True)] * (AT_ONCE - QUOTA)
    assert sorted((status, says_when) for status, says_when, _ in told) == answered + late
    assert all(1 <= wait <= 60 for *_, wait in told)
    assert eligibility.counted(pharmacy) == before + QUOTA
    assert usage(pharmacy) == (QUOTA, AT_ONCE - QUOTA)


def test_a_minute_ends_with_its_last_moment(question: AffiliationQuestion) -> None:
    pharmacy, at = eligibility.caller(per_minute=2), noon()
    last = at + timedelta(seconds=59, microseconds=999_999)
    for when in (at, last):
        check(actor=pharmacy, question=question, at=when)
    with refused(wait=1):
        check(actor=pharmacy, question=question, at=last)
    with refused(wait=60):
        check(actor=pharmacy, question=question, at=at)
    check(actor=pharmacy, question=question, at=at + timedelta(minutes=1))
    assert usage(pharmacy) == (3, 2)


def test_who_comes_late_from_the_minute_before_opens_no_new_quota(
    question: AffiliationQuestion,
) -> None:
    """It read its clock, and then stood in the queue behind one that came after."""
    pharmacy, at = eligibility.caller(per_minute=2), noon()
    late = at - timedelta(milliseconds=1)
    check(actor=pharmacy, question=question, at=at)
    check(actor=pharmacy, question=question, at=late)
    with refused(wait=60):
        check(actor=pharmacy, question=question, at=at)
    # A clock that was put back by more than that is believed.
    check(actor=pharmacy, question=question, at=at - timedelta(minutes=2))


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-06-15", 24), ("2026-03-29", 23), ("2026-10-25", 25)]
)
def test_a_day_ends_at_midnight_however_long_it_is(
    question: AffiliationQuestion, day: str, hours: int
) -> None:
    pharmacy = eligibility.caller(per_minute=1, per_day=1)
    begins = datetime.fromisoformat(day).replace(tzinfo=LUXEMBOURG)
    last = datetime.fromisoformat(f"{day}T23:59:59.5").replace(tzinfo=LUXEMBOURG)
    check(actor=pharmacy, question=question, at=begins)
    with refused(wait=hours * 3600):
        check(actor=pharmacy, question=question, at=begins)
    with refused(wait=1):
        check(actor=pharmacy, question=question, at=last)
    check(actor=pharmacy, question=question, at=begins + timedelta(days=1))
    assert usage(pharmacy) == (2, 2)


def test_each_line_of_a_batch_counts_and_a_batch_beyond_the_quota_is_refused_whole(
    question: AffiliationQuestion,
) -> None:
    pharmacy, at = eligibility.caller(per_minute=5), noon() + timedelta(seconds=30)
    before = eligibility.counted(pharmacy)

    def batch(size: int) -> None:
        lines = {str(number): question for number in range(size)}
        check_batch(actor=pharmacy, questions=lines, at=at)

    batch(3)
    with refused(wait=30):
        batch(3)
    batch(2)
    with refused(wait=30):
        check(actor=pharmacy, question=question, at=at)
    assert eligibility.counted(pharmacy) == before + 5
    assert usage(pharmacy) == (5, 4)


def test_a_retry_counts_towards_the_quota_and_not_as_a_check(question: AffiliationQuestion) -> None:
    pharmacy, at, key = eligibility.caller(per_minute=3), noon() + timedelta(seconds=30), uuid4()
    before = eligibility.counted(pharmacy)
    for _ in range(3):
        check(actor=pharmacy, question=question, at=at, request_id=key)
    with refused(wait=30):
        check(actor=pharmacy, question=question, at=at, request_id=key)
    assert eligibility.counted(pharmacy) == before + 1
    row = Usage.objects.get(caller__client=pharmacy.client)
    assert (row.asked, row.repeated, row.refused) == (3, 2, 1)


def test_a_batch_that_comes_again_is_a_retry_of_each_line(question: AffiliationQuestion) -> None:
    pharmacy, key = eligibility.caller(), uuid4()
    lines = {"a": question, "b": question, "c": eligibility.about(registered())}
    before = eligibility.counted(pharmacy)
    first, again = (
        check_batch(actor=pharmacy, questions=lines, at=now(), request_id=key) for _ in range(2)
    )
    assert again == first
    assert eligibility.counted(pharmacy) == before + 3
    assert Usage.objects.get(caller__client=pharmacy.client).repeated == 3


def test_one_callers_quota_is_no_others(question: AffiliationQuestion) -> None:
    pharmacy, other = eligibility.caller(per_minute=1), eligibility.caller(per_minute=1)
    at = noon() + timedelta(seconds=30)
    for one in (pharmacy, other):
        check(actor=one, question=question, at=at)
    with refused(wait=30):
        check(actor=pharmacy, question=question, at=at)
    assert Caller.objects.get(client=other.client).per_minute == 1
    assert usage(other) == (1, 0)
