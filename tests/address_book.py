"""The address book as mail programs reach it: a server in a thread of its own, over this process's database."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from salus.directory.address_book.server import Limits, Server


@contextmanager
def listening(*, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port; the server stops as that of `salus serve` does."""
    loop = asyncio.new_event_loop()
    ready: list[tuple[Server, asyncio.Server]] = []
    is_ready = threading.Event()

    async def start() -> None:
        server = Server(limits)
        ready.append((server, await server.listen("127.0.0.1", 0, tls)))
        is_ready.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    is_ready.wait()
    server, listens = ready[0]
    try:
        yield int(listens.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(listens), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
