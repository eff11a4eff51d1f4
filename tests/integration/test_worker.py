"""The worker as `salus serve` runs it: only what is over goes, once or twice is the same, no job is lost."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.contrib.sessions.models import Session
from psycopg import errors

from salus.audit.actions import REMEMBERED, record
from salus.audit.models import AnsweredRequest, EventKind
from salus.directory.actions import change, register_practitioner, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind, Practitioner
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.postgres import login
from tests.conftest import salus
from tests.durability.site import wait_until
from tests.worker import Rows, kill_at_work, registered, sessions_locked, worker

SYSTEM = Actor(role=Role.SYSTEM, system="test")
TASKS = {
    *("clear_expired_sessions", "forget_expired_tokens"),
    *("forget_answered_requests", "delete_old_jobs", "check_endpoints", "turn_day_of_directory"),
    *("write_directory_files", "forget_heard_announcements", "look_back_for_misuse"),
    "bring_in_waiting_periods",
}


@pytest.fixture
def rows(database: Path) -> Iterator[Rows]:
    """The installation past all rights, without jobs, sessions and requests."""
    with psycopg.connect(**asdict(login(database, "superuser")), autocommit=True) as connection:
        connection.execute(
            "truncate procrastinate_jobs, procrastinate_periodic_defers, procrastinate_events,"
            " procrastinate_workers, django_session, audit_answeredrequest"
        )
        yield connection


def work(rows: Rows) -> None:
    """Run a worker until nothing is left to do."""
    with worker() as process:
        wait_until(lambda: registered(rows) and is_idle(rows), process)


def is_idle(rows: Rows) -> bool:
    """Every task has had its turn in this hour, and no job is waiting or under way."""
    taken = rows.execute(
        "select from procrastinate_periodic_defers"
        " where to_timestamp(defer_timestamp) = date_trunc('hour', now())"
    ).fetchall()
    waiting = "select from procrastinate_jobs where status in ('todo', 'doing')"
    return len(taken) == len(TASKS) and not rows.execute(waiting).fetchall()


def jobs(rows: Rows, status: str) -> set[str]:
    query = "select task_name from procrastinate_jobs where status::text = %s"
    return {name.removeprefix("housekeeping:") for (name,) in rows.execute(query, [status])}


def an_hour_later(rows: Rows) -> None:
    """The last round is an hour ago, so the next is due."""
    rows.execute(
        "update procrastinate_periodic_defers set defer_timestamp = defer_timestamp - 3600"
    )
    rows.execute("update procrastinate_events set at = at - interval '1 hour'")


def session(key: str, ends: datetime) -> None:
    Session.objects.create(session_key=key, session_data="", expire_date=ends)


def request(at: datetime) -> UUID:
    record(
        actor=SYSTEM, kind=EventKind.ELIGIBILITY_CHECK, at=at, request_id=(request_id := uuid4())
    )
    return request_id


def ask_again(request_id: UUID) -> None:
    record(actor=SYSTEM, kind=EventKind.ELIGIBILITY_CHECK, at=now(), request_id=request_id)


def sessions_and_requests() -> tuple[list[str], list[datetime]]:
    return (
        sorted(Session.objects.values_list("session_key", flat=True)),
        sorted(AnsweredRequest.objects.values_list("at", flat=True)),
    )


def counted(rows: Rows, request_id: UUID) -> list[bool]:
    """Of each event of the request, in order, whether figures count it."""
    query = "select not repeated from audit_event where request_id = %s order by id"
    return [is_counted for (is_counted,) in rows.execute(query, [request_id])]


def suspended_from_today() -> int:
    """A professional of whom it was said yesterday."""
    practitioner, _ = register_practitioner(
        actor=SYSTEM,
        at=now() - timedelta(days=1),
        system="urn:test",
        value=str(uuid4()),
        family="Weber",
        given="Léa",
        profession="62247001",
    )
    said = Line(
        number=1,
        kind=Kind.PRACTITIONER,
        entry=practitioner,
        said={"status": "suspended"},
        since=now().date(),
    )
    yesterday = now() - timedelta(days=1)
    source = source_named("test", at=yesterday)
    change(actor=SYSTEM, at=yesterday, source=source, how=How.AUTHORITY, lines=[said])
    return practitioner


def shown(practitioner: int) -> tuple[str, int | None]:
    row = Practitioner.objects.get(pk=practitioner)
    return row.status, row.version


def test_only_what_is_over_goes(database: Path, rows: Rows) -> None:
    session("over", now() - timedelta(seconds=1))
    session("open", now() + timedelta(hours=1))
    forgotten = request(now() - REMEMBERED - timedelta(minutes=1))
    remembered = request(now() - REMEMBERED + timedelta(hours=1))
    for status, name in (("succeeded", "old"), ("failed", "older"), ("failed", "young")):
        rows.execute(
            "with job as (insert into procrastinate_jobs (queue_name, task_name, status)"
            "             values ('default', %s, %s::procrastinate_job_status) returning id)"
            " insert into procrastinate_events (job_id, type, at)"
            " select id, 'started', now() - %s from job",
            [name, status, timedelta(hours=71 if name == "young" else 73)],
        )

    work(rows)

    assert sessions_and_requests()[0] == ["open"]
    for request_id in (forgotten, remembered):
        ask_again(request_id)
    assert counted(rows, forgotten) == [True, True]
    assert counted(rows, remembered) == [True, False]
    assert jobs(rows, "failed") == {"young"}
    assert jobs(rows, "succeeded") == TASKS


def test_a_second_round_changes_nothing_and_is_an_hour_later(database: Path, rows: Rows) -> None:
    session("over", now() - timedelta(days=1))
    session("open", now() + timedelta(days=1))
    request(now() - 2 * REMEMBERED)
    request(now())
    who = suspended_from_today()
    assert shown(who) == ("active", 2)  # with the day on which the right to practise ends
    work(rows)
    once = sessions_and_requests()
    assert shown(who) == ("suspended", 3)
    an_hour_later(rows)
    work(rows)
    assert sessions_and_requests() == once
    assert shown(who) == ("suspended", 3)
    assert [len(part) for part in once] == [1, 1]
    rounds = rows.execute(
        "select count(*) from procrastinate_jobs where status = 'succeeded' group by task_name"
    ).fetchall()
    assert len(rounds) == len(TASKS) and min(rounds) >= (2,)


def test_the_job_of_a_killed_worker_is_done_by_the_next(database: Path, rows: Rows) -> None:
    session("over", now() - timedelta(days=1))
    with sessions_locked(database):
        kill_at_work(rows)
        assert jobs(rows, "doing") == {"clear_expired_sessions"}
    work(rows)
    assert jobs(rows, "succeeded") == TASKS
    assert sessions_and_requests() == ([], [])


def test_a_job_that_took_three_workers_with_it_is_given_up(database: Path, rows: Rows) -> None:
    with sessions_locked(database):
        for _ in range(3):
            kill_at_work(rows)
    work(rows)
    assert jobs(rows, "failed") == {"clear_expired_sessions"}
    assert jobs(rows, "succeeded") == TASKS - {"clear_expired_sessions"}
    ill = salus("doctor", data=database)
    assert ill.returncode == 1
    assert "housekeeping:clear_expired_sessions failed" in ill.stdout


@pytest.mark.prove
def test_the_doctor_says_when_the_worker_is_behind(database: Path, rows: Rows) -> None:
    assert "warn  housekeeping: not done yet" in salus("doctor", data=database).stdout
    work(rows)
    assert "ok    housekeeping, last done 0 hours ago" in salus("doctor", data=database).stdout
    rows.execute("update procrastinate_events set at = at - interval '4 hours'")
    behind = "warn  housekeeping, last done 4 hours ago: the worker is behind"
    assert behind in salus("doctor", data=database).stdout


@pytest.mark.parametrize("role", ["loader", "reporter", "sequencer"])
@pytest.mark.parametrize(
    "statement",
    [
        *(
            f"select from procrastinate_{table}"
            for table in ("jobs", "events", "periodic_defers", "workers")
        ),
        "insert into procrastinate_jobs (queue_name, task_name) values ('default', 'any')",
        "select procrastinate_register_worker_v1()",
        "select nextval('procrastinate_jobs_id_seq')",
        "delete from audit_answeredrequest",
    ],
)
def test_work_is_the_worker_s_alone(database: Path, role: str, statement: str) -> None:
    with psycopg.connect(**asdict(login(database, role)), autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())
