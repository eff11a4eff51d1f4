"""The connections of the address book: many, on each one request after the other, answered in order.

While a request of a connection is under way nothing more is read from it, and all of them together have ``threads``
places. So the memory is bounded whatever is sent: ``connections`` times ``bytes`` and an answer of at most 500 entries.
"""

import asyncio
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from salus.directory.address_book.answering import answer, disconnected
from salus.directory.address_book.framing import Frames
from salus.kernel.errors import InvalidInput

logger = logging.getLogger(__name__)

_CHUNK = 2**16  # bytes
_HANDSHAKE = 10  # seconds


@dataclass(frozen=True, kw_only=True)
class Limits:
    bytes: int = 2**16  # of one message
    connections: int = 500
    threads: int = 4  # and connections to the database
    idle: float = 300  # seconds between two messages; a mail program connects again
    unfinished: float = 20  # seconds without a byte within a message
    unread: float = 30  # seconds that an answer may wait for being read
    patience: float = 10  # seconds that a request under way may last after a stop


class Server:
    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._pool = ThreadPoolExecutor(self._limits.threads, thread_name_prefix="ldap")
        self._reading: dict[asyncio.Task[None], bool] = {}  # whether it waits for a message
        self._stops = False

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> asyncio.Server:
        return await asyncio.start_server(
            self._connected,
            host,
            port,
            limit=_CHUNK,
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
            await asyncio.wait(self._reading, timeout=self._limits.patience)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        if self._stops or len(self._reading) >= self._limits.connections:
            logger.warning("an LDAP connection too many was closed")
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
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        task: "asyncio.Task[None]",
    ) -> None:
        frames = Frames(self._limits.bytes)
        while not self._is_stopping():
            patience = self._limits.unfinished if frames.is_within else self._limits.idle
            self._reading[task] = True
            data = await asyncio.wait_for(reader.read(_CHUNK), patience)
            self._reading[task] = False
            if not data:
                return
            try:
                for frame in frames.feed(data):
                    answered = await asyncio.get_running_loop().run_in_executor(
                        self._pool, answer, frame
                    )
                    await self._send(writer, answered.content)
                    if answered.is_last or self._is_stopping():
                        return
            except InvalidInput as error:
                await self._send(writer, disconnected(str(error)).content)
                return

    async def _send(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        writer.write(content)
        await asyncio.wait_for(writer.drain(), self._limits.unread)

    def _is_stopping(self) -> bool:
        return self._stops


def tls_of(certificate: str, key: str) -> ssl.SSLContext:
    """The server alone shows a certificate. Raises OSError when a file is not there, or is not what it must be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
