"""What the worker does: by the clock, each of it hourly and safe to be done twice, and deliveries of events.

Jobs stand in the database (Procrastinate) and hold times and row ids, never a name. A round that was due while no
worker ran is done when one starts; one that failed is made good by the next.
"""

from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from procrastinate import Blueprint, JobContext, PsycopgConnector
from procrastinate.contrib.django import DjangoApp
from procrastinate.jobs import DEFAULT_QUEUE
from psycopg_pool import AsyncNullConnectionPool

from config.deliveries import deliveries
from config.feeds import FEEDS
from config.pix_updates import pix_updates
from salus.kernel.clock import now
from salus.kernel.events import QUEUE
from salus.kernel.postgres import login

HOUR = 3600  # seconds
_HOURLY = "0 * * * *"
_KEPT = 72  # hours: finished jobs, for who asks what happened over the weekend

_tasks = Blueprint()


def housekeeping() -> DjangoApp:
    """Procrastinate's app with the tasks, not connected yet."""
    connector = PsycopgConnector(
        kwargs=asdict(login(settings.DATA, settings.ROLE)),
        # A connection for each use: it asks seldom, and says at once when the database is gone.
        pool_factory=AsyncNullConnectionPool,
        min_size=0,
    )
    app = DjangoApp(connector=connector, periodic_defaults={"max_delay": HOUR})
    app.add_tasks_from(_tasks, namespace="housekeeping")
    app.add_tasks_from(deliveries, namespace=QUEUE)
    for queue, feed in FEEDS.items():
        app.add_tasks_from(feed, namespace=queue)
    app.add_tasks_from(pix_updates, namespace="pix_updates")
    return app


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="clear_expired_sessions")
def _clear_expired_sessions(timestamp: int) -> None:
    from salus.accounts.actions import clear_expired_sessions

    clear_expired_sessions(at=now())


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="forget_expired_tokens")
def _forget_expired_tokens(timestamp: int) -> None:
    from salus.accounts.actions import forget_expired_tokens

    forget_expired_tokens(at=now())


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="forget_answered_requests")
def _forget_answered_requests(timestamp: int) -> None:
    from salus.audit.actions import REMEMBERED, forget_answered_requests
    from salus.eligibility.actions import forget_kept_answers

    forget_answered_requests(before=now() - REMEMBERED)
    forget_kept_answers(before=now() - REMEMBERED)


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="bring_in_waiting_periods")
def _bring_in_waiting_periods(timestamp: int) -> None:
    from salus.eligibility.register.actions import bring_in_waiting
    from salus.kernel.actor import Actor, Role

    bring_in_waiting(actor=Actor(role=Role.SYSTEM, system="worker"), at=now())


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="check_endpoints")
def _check_endpoints(timestamp: int) -> None:
    from salus.directory.actions import check_endpoints
    from salus.directory.endpoints import are_checked

    if are_checked():
        check_endpoints(at=now())


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="write_directory_files")
def _write_directory_files(timestamp: int) -> None:
    from salus.directory.files import export, is_due

    at = now()
    if is_due(at):  # the first hour of a day
        export(at=at)


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="turn_day_of_directory")
def _turn_day_of_directory(timestamp: int) -> None:
    from salus.directory.actions import turn_day

    turn_day(at=now())


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="forget_heard_announcements")
def _forget_heard_announcements(timestamp: int) -> None:
    from salus.directory.actions import forget_heard_announcements

    forget_heard_announcements(at=now())


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="look_back_for_misuse")
def _look_back_for_misuse(timestamp: int) -> None:
    from salus.eligibility.misuse import DAYS_OPEN, look_back

    at = now()
    for back in range(DAYS_OPEN):
        look_back(day=at.date() - timedelta(days=back), at=at)


@_tasks.periodic(cron=_HOURLY)
@_tasks.task(name="delete_old_jobs", pass_context=True)
async def _delete_old_jobs(context: JobContext, timestamp: int) -> None:
    jobs = context.app.job_manager
    for queue in (DEFAULT_QUEUE, *FEEDS):
        await jobs.delete_old_jobs(
            nb_hours=_KEPT,
            queue=queue,
            include_failed=True,
            include_cancelled=True,
            include_aborted=True,
        )
    await jobs.delete_old_jobs(nb_hours=_KEPT, queue=QUEUE)  # what was not delivered stays
