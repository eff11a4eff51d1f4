"""Where the processor time of a request goes: the site's own handler in this process, its layers under a watch.

Time is what this thread and its backend in the database had, so that what else the machine does counts for nothing.
What a layer calls of another layer is the other's.
"""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from io import BytesIO
from typing import Any

from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.db.models import QuerySet
from django.db.transaction import Atomic

REST = "middleware"
LAYERS = {
    "token verification": ("salus.accounts.oauth.tokens:verified",),
    "standing query": ("salus.access.tokens:_standing",),
    "scopes": (
        "salus.fhir.authorization:permit",
        "salus.fhir.authorization:reachable",
        "salus.fhir.authorization:may",
    ),
    "search grammar": ("salus.fhir.searchset:asked_of", "salus.fhir.search:read_search"),
    "row context": ("salus.kernel.rows:_set",),
    "rights": ("salus.shared_record.permissions:decision_on",),
    "content store": ("salus.shared_record.store:ContentStore.file",),
    "event": ("salus.audit.actions:record",),
    "rendering": (
        "salus.mpi.fhir.rendering:rendered",
        "salus.shared_record.fhir.rendering:document_reference",
        "salus.fhir.sources:stamped",
        "salus.fhir.searchset:searchset",
    ),
    "validation": ("salus.fhir.validation:check",),
    "JSON": ("salus.fhir.exact_json:parse", "salus.fhir.exact_json:dump"),
}
QUERY, TRANSACTION, EDGE = "queries", "transactions", "edge, domain"
_OF_DJANGO = (
    (QUERY, QuerySet, ("_fetch_all", "create", "exists", "count")),
    (TRANSACTION, Atomic, ("__enter__", "__exit__")),
    (EDGE, BaseHandler, ("_get_response",)),
)
DATABASE = "of which the database"
NAMES = (*LAYERS, QUERY, TRANSACTION, EDGE, REST)


class Watch:
    """Charges time to the layer that is on top."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = defaultdict(int)  # nanoseconds
        self.of_database = 0
        self._layers = [REST]
        self._since = (0, 0)
        self._backend = -1

    def watched(self, layer: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            self._charge()
            self._layers.append(layer)
            try:
                return function(*given, **named)
            finally:
                self._charge()
                self._layers.pop()

        return call

    @contextmanager
    def running(self) -> Iterator[None]:
        connection.ensure_connection()
        pid = connection.connection.info.backend_pid
        self._backend = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY)
        self.spent.clear()
        self.of_database = 0
        self._since = self._now()
        try:
            yield
            self._charge()
        finally:
            os.close(self._backend)
            self._backend = -1

    def _charge(self) -> None:
        now = self._now()
        own, database = (after - before for after, before in zip(now, self._since, strict=True))
        self.spent[self._layers[-1]] += own + database
        self.of_database += database
        self._since = now

    def _now(self) -> tuple[int, int]:
        """Of this thread, and of the backend."""
        if self._backend < 0:
            return 0, 0
        return time.thread_time_ns(), int(os.pread(self._backend, 64, 0).split()[0])


def watch_the_layers() -> Watch:
    """Put the watch around every layer, wherever its name stands."""
    watch = Watch()
    import_module("config.urls")
    for layer, names in LAYERS.items():
        for name in names:
            module, _, path = name.partition(":")
            *owner, attribute = path.split(".")
            holder: Any = import_module(module)
            for part in owner:
                holder = getattr(holder, part)
            function = getattr(holder, attribute)
            watched = watch.watched(layer, function)
            setattr(holder, attribute, watched)
            for known in list(sys.modules.values()):
                if getattr(known, "__name__", "").startswith("salus."):
                    for alias, value in list(vars(known).items()):
                        if value is function:
                            setattr(known, alias, watched)
    for layer, owner_class, methods in _OF_DJANGO:
        for method in methods:
            setattr(owner_class, method, watch.watched(layer, getattr(owner_class, method)))
    return watch


def layers_of(
    watch: Watch, handler: WSGIHandler, environs: Sequence[dict[str, Any]], *, status: int
) -> dict[str, float]:
    """Milliseconds of processor time for one request, by layer; and of all of them the database's."""
    for environ in environs[:10]:
        _ask(handler, environ, status)  # what is cold is nobody's cost
    with watch.running():
        for environ in environs:
            _ask(handler, environ, status)
    return {
        name: spent / len(environs) / 1e6
        for name, spent in [*watch.spent.items(), (DATABASE, watch.of_database)]
    }


def _ask(handler: WSGIHandler, environ: dict[str, Any], status: int) -> None:
    body = environ["body"]
    answer = handler({**environ, "wsgi.input": BytesIO(body)}, lambda line, headers: line)
    assert answer.status_code == status, answer.content
    b"".join(answer)
    answer.close()


def environ_of(path: str, body: bytes, *, host: str, token: str) -> dict[str, Any]:
    address, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": host,
        "HTTP_ACCEPT": "application/fhir+json",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "CONTENT_TYPE": "application/fhir+json" if body else "",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "body": body,
    }
