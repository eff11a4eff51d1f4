"""Processes that make and load blocks side by side, so that no core waits: this one's children, by fork.

They share the world's arrays with it. Each has a session of its own; what it commits is whole blocks.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from multiprocessing import get_context

from django.conf import settings
from django.db import connection

from salus.kernel.errors import SalusError
from salus.kernel.process import end_with_parent
from salus.simulation.load import Work, write

_MOST = 4  # each holds a block of a million rows
_LOCK = 7_226_288  # held, shared, by each writer's session


class WriterLost(SalusError):
    """A writer was killed from outside."""


def write_all(works: Sequence[Work]) -> Iterator[Work]:
    """Write the blocks, stage by stage; yields each when it and those before it are committed."""
    count = min(_MOST, len(os.sched_getaffinity(0)))
    with ProcessPoolExecutor(
        count,
        mp_context=get_context("fork"),
        initializer=_become_writer,
        initargs=(os.getpid(), works),
    ) as pool:
        try:
            for _, stage in groupby(range(len(works)), key=lambda number: works[number].stage):
                for number in pool.map(_write, stage):
                    yield works[number]
        except BrokenProcessPool as error:
            raise WriterLost(
                "a part of the simulation was killed, perhaps for lack of memory: run it again, it"
                " goes on where it stopped"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def wait_for_writers() -> None:
    """Wait until the sessions of a run that was killed have ended."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s), pg_advisory_unlock(%s)", [_LOCK, _LOCK])


_works: Sequence[Work] = ()  # in a writer: all blocks
_of_parent: list[object] = []


def _become_writer(parent: int, works: Sequence[Work]) -> None:
    """In the new process: end with the parent, and leave its session alone."""
    global _works
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _works = works
    _of_parent.append(connection.connection)  # never closed here: that would end the parent's
    connection.connection = None
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock_shared(%s)", [_LOCK])


def _write(number: int) -> int:
    write(_works[number], settings.DATA)
    return number
