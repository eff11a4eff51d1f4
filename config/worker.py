"""The child `worker` of `salus serve`: does the jobs that stand in the database. What there is: config.housekeeping."""

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime

import django
import psycopg
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DEFAULT_QUEUE, Status

from config.housekeeping import HOUR, housekeeping
from salus.kernel.events import wait_after

_ATTEMPTS = 3  # a job that takes its worker down, and the site with it, must not do so for ever
_PATIENCE = 10  # seconds that a job may go on after SIGTERM; then it is rolled back, and done again


async def _work() -> None:
    """Do jobs until this is cancelled; when the connection was lost, from the start once more."""
    app = housekeeping()
    while True:
        try:
            async with app.open_async():
                await _take_up(app)
                await app.run_worker_async(
                    install_signal_handlers=False,
                    fetch_job_polling_interval=60,  # it is notified; this is for a notice that was lost
                    # Nobody reads it, and each write has an idle site ship a file of its log.
                    update_heartbeat_interval=HOUR,
                )
        except (ConnectorException, psycopg.OperationalError) as error:
            if not isinstance(error.__cause__ or error, psycopg.OperationalError):
                raise
            logging.getLogger(__name__).warning("the database does not answer")
        await asyncio.sleep(1)


async def _take_up(app: App) -> None:
    """Free the jobs of workers that were killed: an installation has one worker, so all others are gone."""
    jobs = app.job_manager
    await jobs.prune_stalled_workers(0)
    for job in await jobs.get_stalled_jobs():
        if job.attempts + 1 < _ATTEMPTS:
            await jobs.retry_job(job)
        elif job.queue == DEFAULT_QUEUE:  # the clock's: its next round makes it good
            await jobs.finish_job(job, Status.FAILED, delete_job=False)
        else:  # nobody would; the site is up in between
            await jobs.retry_job(job, retry_at=datetime.now(UTC) + wait_after(job.attempts))


async def _until_stopped() -> None:
    work = asyncio.create_task(_work())

    def stop() -> None:
        signal.alarm(_PATIENCE)
        work.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await work


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "app"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    sys.exit(asyncio.run(_until_stopped()))
