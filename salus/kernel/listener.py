"""A server of lines that stay open: many connections, on each one request after the other, answered in order."""

import asyncio
import logging
import signal
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import cast

logger = logging.getLogger(__name__)

CHUNK = 2**16  # bytes that are read at a time
_HANDSHAKE = 10  # seconds

Task = asyncio.Task[None]


class Listener:
    """What a protocol adds is ``_converse``: it marks in ``_reading`` when it waits for the other side.

    ``threads`` answer, each with a connection to the database. ``patience``: seconds that a request under way may
    last after a stop.
    """

    def __init__(self, name: str, *, connections: int, threads: int, patience: float) -> None:
        self._name, self._connections, self._patience = name, connections, patience
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._reading: dict[Task, bool] = {}  # whether it waits for a message
        self._stops = False

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> asyncio.Server:
        return await asyncio.start_server(
            self._connected,
            host,
            port,
            limit=CHUNK,
            ssl=tls,
            ssl_handshake_timeout=_HANDSHAKE if tls else None,
        )

    async def stop(self, listening: asyncio.Server) -> None:
        """Take no more; who waits is let go, a request under way is answered first."""
        self._stops = True
        listening.close()
        for task, is_reading in self._reading.items():
            if is_reading:
                task.cancel()
        if self._reading:
            await asyncio.wait(self._reading, timeout=self._patience)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def serve(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Until this process is told to end."""
        listening = await self.listen(host, port, tls)
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()
        await self.stop(listening)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast(Task, asyncio.current_task())
        if self._stops or len(self._reading) >= self._connections:
            logger.warning("a connection of %s too many was closed", self._name)
            writer.close()
            return
        self._reading[task] = False
        try:
            await self._converse(reader, writer, task)
        except (ConnectionError, TimeoutError, ssl.SSLError, asyncio.CancelledError):
            pass  # the other side has gone or is silent, or this side stops
        finally:
            del self._reading[task]
            writer.close()
            with suppress(Exception):
                await writer.wait_closed()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: Task
    ) -> None:
        raise NotImplementedError

    def _is_stopping(self) -> bool:
        return self._stops


def tls_of(certificate: str, key: str, trusted: str = "") -> ssl.SSLContext:
    """With ``trusted`` both sides show a certificate (IHE ATNA, ITI-19: BCP 195): authorities, or clients themselves.

    Raises OSError when a file is not there, or is not what it must be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if trusted:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(trusted)
    return context
