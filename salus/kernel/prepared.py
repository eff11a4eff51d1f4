"""Statements of the hot paths, which the server plans once for a connection and not at every request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

# Django switches preparing off (None). With this none is prepared because it came often, but each that is told to be.
_HOWEVER_OFTEN = 2**31


class _Preparing(psycopg.Cursor[Any]):
    """Binds parameters in the server, and prepares at the first call: Django's own cursors do neither."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "_Preparing":
        # Whoever logs statements sees their text, which a prepared one does not send.
        prepare = not connection.queries_logged
        return super().execute(query, params, **options | {"prepare": prepare})


@contextmanager
def preparing_cursor() -> Iterator[CursorWrapper]:
    """As ``connection.cursor()``, for a text that is the same at every call.

    A parameter has no type of its own: a place that does not say which needs a cast.
    """
    connection.ensure_connection()
    driver: Any = connection.connection
    driver.prepare_threshold = _HOWEVER_OFTEN
    cursor: Any = _Preparing(driver)
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(cursor) as wrapped:
        yield wrapped
