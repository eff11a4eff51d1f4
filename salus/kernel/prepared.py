"""Statements of the hot paths, which the server plans once for a connection and not at every request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class _Preparing(psycopg.Cursor[Any]):
    """Binds parameters in the server, and prepares at the first call: Django's own cursors do neither."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "_Preparing":
        return super().execute(query, params, **options | {"prepare": True})


@contextmanager
def preparing_cursor() -> Iterator[CursorWrapper]:
    """As ``connection.cursor()``, for a text that is the same at every call.

    A parameter has no type of its own: a place that does not say which needs a cast.
    """
    connection.ensure_connection()
    cursor: Any = _Preparing(connection.connection)
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(cursor) as wrapped:
        yield wrapped
