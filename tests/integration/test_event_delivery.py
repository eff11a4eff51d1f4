"""Domain events: kept with what they tell or not at all, delivered at least once, with one effect."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import override_settings

from salus.kernel.events import Subscription, publish, wait_after
from salus.kernel.postgres import login
from tests import hearers
from tests.conftest import salus
from tests.durability.site import wait_until
from tests.hearers import Happened
from tests.worker import Rows, kill_at_work, sessions_locked, worker

AT = datetime(2024, 12, 1, tzinfo=UTC)
EFFECT = "7 30 2024"
SETTINGS = "tests.hearing"


@pytest.fixture
def rows(database: Path) -> Iterator[Rows]:
    """The installation past all rights, without jobs and sessions; the clock's jobs have had their turn."""
    with psycopg.connect(**asdict(login(database, "superuser")), autocommit=True) as connection:
        connection.execute(
            "truncate procrastinate_jobs, procrastinate_periodic_defers, procrastinate_events,"
            " procrastinate_workers, django_session"
        )
        with override_settings(SUBSCRIPTIONS="tests.hearers.SUBSCRIPTIONS"):
            yield connection


def happen() -> None:
    with transaction.atomic():
        publish(Happened(row=7, rows=(10, 20), at=AT))


def happen_and_fail() -> None:
    with transaction.atomic():
        happen()
        raise LookupError


def jobs(rows: Rows) -> dict[str, tuple[str, int]]:
    """Subscriber -> status of its delivery, and how often it was tried."""
    query = (
        "select args ->> 'subscriber', status::text, attempts from procrastinate_jobs"
        " where queue_name = 'events'"
    )
    return {name: (status, attempts) for name, status, attempts in rows.execute(query)}


def effects() -> set[str]:
    return set(Session.objects.values_list("session_key", flat=True))


def test_an_event_is_kept_with_what_it_tells_or_not_at_all(rows: Rows) -> None:
    with pytest.raises(LookupError):
        happen_and_fail()
    assert jobs(rows) == {}
    happen()
    assert jobs(rows) == {"diligent": ("todo", 0), "moody": ("todo", 0)}


def test_an_event_outside_of_a_transaction_tells_of_nothing(rows: Rows) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        publish(Happened(row=7, rows=(), at=AT))


@dataclass(frozen=True, kw_only=True)
class Named:
    name: str


def test_an_event_holds_nobody_s_data(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Subscription(event=Named, subscriber="anybody", act=print)
    monkeypatch.setattr(hearers, "SUBSCRIPTIONS", [told])
    with pytest.raises(TypeError), transaction.atomic():
        publish(Named(name="Anna"))


def test_one_who_fails_is_told_again_and_nobody_else_is(rows: Rows, database: Path) -> None:
    happen()

    def log_is(log: str) -> bool:
        """The place and the kind of error, never its text."""
        return "LookupError" in log and hearers.SAID not in log

    with worker(settings=SETTINGS, log_is=log_is) as process:
        wait_until(
            lambda: jobs(rows) == {"diligent": ("succeeded", 1), "moody": ("todo", 1)}, process
        )
    assert effects() == {EFFECT}  # of the other nothing stays
    ((waits,),) = rows.execute(
        "select extract(epoch from scheduled_at - now()) from procrastinate_jobs"
        " where args ->> 'subscriber' = 'moody'"
    ).fetchall()
    assert 0 < waits <= wait_after(0).total_seconds()
    ill = salus("doctor", data=database)
    assert ill.returncode == 1
    assert "FAIL  domain events are delivered: moody fails on 1, 1 times by now" in ill.stdout

    Session.objects.create(session_key="mended", expire_date=hearers.LATER)
    rows.execute("update procrastinate_jobs set scheduled_at = now() where status = 'todo'")
    with worker(settings=SETTINGS) as process:
        wait_until(lambda: jobs(rows)["moody"] == ("succeeded", 2), process)
    assert effects() == {EFFECT, "mended", "whole"}
    assert "ok    domain events are delivered" in salus("doctor", data=database).stdout


@pytest.mark.prove
def test_what_a_killed_worker_had_in_hand_is_delivered_with_one_effect(
    rows: Rows, database: Path
) -> None:
    Session.objects.create(session_key="mended", expire_date=hearers.LATER)
    happen()
    with sessions_locked(database):
        kill_at_work(rows, settings=SETTINGS)
    assert effects() == {"mended"}
    deliver_all(rows)
    assert effects() == {"mended", EFFECT, "whole"}

    # As if it had been killed between the subscriber's commit and the note that the job is done.
    rows.execute(
        "update procrastinate_jobs set status = 'doing', worker_id = null"
        " where args ->> 'subscriber' = 'diligent'"
    )
    before = jobs(rows)["diligent"][1]
    deliver_all(rows)
    assert jobs(rows)["diligent"][1] > before + 1  # taken up, and done
    assert effects() == {"mended", EFFECT, "whole"}


def deliver_all(rows: Rows) -> None:
    with worker(settings=SETTINGS) as process:
        wait_until(
            lambda: {status for status, _attempts in jobs(rows).values()} == {"succeeded"}, process
        )


def test_waits_grow_up_to_an_hour() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(50)]
    assert waits[:3] == [10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == 3600
