"""The MLLP server: many connections, on each one message after the other, answered in order.

Whoever sends faster than is answered waits: while a message of a connection is under way nothing more is read from
it, and all of them together have ``under_way`` places. So the memory is bounded whatever is sent:
``connections`` times ``bytes``.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509

from salus.hl7v2.framing import Frame, Frames, framed
from salus.kernel.listener import CHUNK, Listener, Task

Answerer = Callable[[Frame, x509.Certificate | None], bytes]


@dataclass(frozen=True, kw_only=True)
class Limits:
    bytes: int = 2**20  # of one message
    garbage: int = 2**16  # bytes between two messages
    connections: int = 200
    under_way: int = 8  # messages
    threads: int = 4  # and connections to the database
    idle: float = (
        3600  # seconds between two messages; then whoever still needs the line opens it again
    )
    unfinished: float = 30  # seconds without a byte within a message
    unread: float = 30  # seconds that an answer may wait for being read
    patience: float = 10  # seconds that a message under way may last after a stop


class Server(Listener):
    def __init__(self, answer: Answerer, limits: Limits | None = None) -> None:
        self._answer = answer
        self._limits = limits = limits or Limits()
        self._places = asyncio.Semaphore(limits.under_way)
        super().__init__(
            "mllp",
            connections=limits.connections,
            threads=limits.threads,
            patience=limits.patience,
        )

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: Task
    ) -> None:
        _keep_alive(writer)
        line = _Line(reader, writer, self._limits)
        while not self._is_stopping():
            self._reading[task] = True
            frames = await line.frames()
            self._reading[task] = False
            for frame in frames:
                async with self._places:
                    answer = await asyncio.get_running_loop().run_in_executor(
                        self._pool, self._answer, frame, line.certificate
                    )
                await line.send(answer)
                if self._is_stopping():
                    return  # what came after it was not begun: its sender sends it again
            if line.has_ended:
                return


class _Line:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits
    ) -> None:
        self._reader, self._writer, self._limits = reader, writer, limits
        self._frames = Frames(limits.bytes)
        self.has_ended = False
        self.certificate = _certificate(writer)

    async def frames(self) -> list[Frame]:
        """The next messages, of which several may have come at once; none at the end."""
        while True:
            patience = self._limits.unfinished if self._frames.is_within else self._limits.idle
            try:
                data = await asyncio.wait_for(self._reader.read(CHUNK), patience)
            except TimeoutError:
                data = b""
            found = list(self._frames.feed(data))
            if not data or self._frames.skipped > self._limits.garbage:
                self.has_ended = True
                rest = self._frames.end()
                return [rest] if rest else []
            if found:
                return found

    async def send(self, answer: bytes) -> None:
        self._writer.write(framed(answer))
        await asyncio.wait_for(self._writer.drain(), self._limits.unread)


def _certificate(writer: asyncio.StreamWriter) -> x509.Certificate | None:
    """The one that the other side has proved to hold."""
    tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    shown = tls.getpeercert(binary_form=True) if tls else None
    return x509.load_der_x509_certificate(shown) if shown else None


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """So that a line whose other end has vanished is noticed, and is not held until it is idle."""
    found: socket.socket = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
