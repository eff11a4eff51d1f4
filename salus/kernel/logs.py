"""Log lines without patient data."""

import logging
import traceback
from types import TracebackType

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """Of an exception the place and the type, never the text: a database quotes values in it."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  # logging's name
        kind, _, place = ei
        lines = traceback.format_tb(place)
        return "".join(lines) + (kind.__qualname__ if kind else "")
