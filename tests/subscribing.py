"""Software that subscribed and listens on this machine, as in demo mode it may, and the worker that tells it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import override_settings
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import DjangoApp
from psycopg_pool import AsyncNullConnectionPool

from config.deliveries import deliveries
from config.feeds import FEEDS
from salus.fhir.resource import Body
from salus.kernel.postgres import login
from tests.fhir_client import Fhir

JSON = "application/fhir+json"


@dataclass(frozen=True, kw_only=True)
class Told:
    method: str
    path: str  # below the address that was named
    headers: dict[str, str]
    content: bytes


@dataclass
class Listener:
    """What it heard, and what it answers."""

    url: str = ""
    status: int = 204
    answer: Callable[[Told], int] | None = None  # the status, where it depends on what is told
    heard: list[Told] = field(default_factory=list)


@contextmanager
def listening(*, among_others: bool = False) -> Iterator[Listener]:
    """``among_others``: what these asked for stays in force."""
    listener = Listener()
    if not among_others:
        _forget()  # what other tests did, and nobody has heard

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = Told(
                method=self.command,
                path=self.path.removeprefix("/feed").lstrip("/"),
                headers=dict(self.headers),
                content=content,
            )
            listener.heard.append(told)
            self.send_response(listener.answer(told) if listener.answer else listener.status)
            self.send_header("Location", "http://localhost:1/")
            self.end_headers()

        do_PUT = do_DELETE = do_POST  # noqa: N815  # the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    listener.url = f"http://127.0.0.1:{server.server_address[1]}/feed"
    with override_settings(DEMO=True):
        yield listener
    server.shutdown()
    thread.join()
    server.server_close()
    if not among_others:
        _forget()


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("update accounts_subscription set status = 'off', error = ''")
        cursor.execute("delete from procrastinate_jobs where status <> 'doing'")


def subscription(url: str, criteria: str, payload: str = JSON, **changed: Any) -> Body:
    channel = {"type": "rest-hook", "endpoint": url, "payload": payload}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Our copy of the directory.",
        "criteria": criteria,
        "channel": {name: value for name, value in channel.items() if value},
        **changed,
    }


def subscribed(client: Fhir, url: str, criteria: str = "Practitioner", payload: str = JSON) -> Body:
    answer = client.post("Subscription", subscription(url, criteria, payload))
    assert answer.status == 201, answer.body
    return answer.body


@cache
def _worker() -> DjangoApp:
    """What the worker does but by the clock; once, since its tasks are named by it."""
    connector = PsycopgConnector(
        kwargs=asdict(login(settings.DATA, settings.ROLE)),
        pool_factory=AsyncNullConnectionPool,
        min_size=0,
    )
    app = DjangoApp(connector=connector)
    app.add_tasks_from(deliveries, namespace="events")
    for queue, feed in FEEDS.items():
        app.add_tasks_from(feed, namespace=queue)
    return app


def work(*, early: bool = True) -> None:
    """The worker, until nothing is left to do; ``early``: what is to be tried later is due now."""
    if early:
        with connection.cursor() as cursor:
            cursor.execute(
                "update procrastinate_jobs set scheduled_at = null where status = 'todo'"
            )

    async def run() -> None:
        app = _worker()
        async with app.open_async():
            await app.run_worker_async(
                queues=["events", *FEEDS], wait=False, install_signal_handlers=False
            )

    asyncio.run(run())
