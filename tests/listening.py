"""A server of lines in a thread of its own, over this process's database."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from salus.kernel.listener import Listener


@contextmanager
def port_of(made: Callable[[], Listener], *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of the server, which stops as that of `salus serve` does."""
    loop = asyncio.new_event_loop()
    ready: list[tuple[Listener, asyncio.Server]] = []
    is_ready = threading.Event()

    async def start() -> None:
        server = made()
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
