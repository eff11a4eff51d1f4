"""Two acts at the same moment, each on a connection of its own."""

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

from salus.kernel.rows import rows_of

Result = TypeVar("Result")


def after(
    first: Callable[[], object],
    second: Callable[[], Result],
    *,
    persons: Collection[int] = (),
    waits: bool | None = None,
) -> Future[Result]:
    """Do the first act, in these persons' rows, and begin the second before the first is committed.

    ``waits``: what the second one shall do meanwhile, if that is the question.
    """

    def on_its_own() -> Result:
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with rows_of(persons):
            first()
            future = pool.submit(on_its_own)
            while not future.done() and not _somebody_waits():
                pass
            assert waits in (None, not future.done())
        return future


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return bool(cursor.fetchone()[0])
