"""The worker as `salus serve` runs it, for tests that give it work, or kill it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from salus.kernel.postgres import login
from tests.durability.site import wait_until

Rows = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def worker(
    *, settings: str = "config.settings", log_is: Callable[[str], bool] = lambda log: log == ""
) -> Iterator[subprocess.Popen[str]]:
    """The process, stopped in order at the end unless it was killed."""
    command = [sys.executable, "-W", "error", "-m", "config.worker"]
    environ = os.environ | {"DJANGO_SETTINGS_MODULE": settings}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
        _, log = process.communicate()
        assert process.returncode in (0, -9)
        assert log_is(log), log


def registered(rows: Rows) -> bool:
    return bool(rows.execute("select from procrastinate_workers").fetchall())


@contextmanager
def sessions_locked(data: Path) -> Iterator[None]:
    """Whoever wants to write or delete sessions waits."""
    with psycopg.connect(**asdict(login(data, "superuser"))) as connection:
        connection.execute("lock table django_session")
        yield


def kill_at_work(rows: Rows, *, settings: str = "config.settings") -> None:
    """Kill a worker while it does a job and stands before the lock; the database notices."""
    with worker(settings=settings) as process:
        wait_until(lambda: _waiting(rows), process)
        process.kill()
        process.wait()
    # Until it is gone: the next worker's wait must not be taken for this one's.
    rows.execute(
        "select pg_terminate_backend(pid, 60000)"
        " from pg_locks where not granted and locktype = 'relation'"
    )


def _waiting(rows: Rows) -> bool:
    query = "select from pg_locks where not granted and relation = 'django_session'::regclass"
    return bool(rows.execute(query).fetchall())
