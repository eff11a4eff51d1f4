"""The connections of the address book: many, on each one request after the other, answered in order.

While a request of a connection is under way nothing more is read from it, and all of them together have ``threads``
places. So the memory is bounded whatever is sent: ``connections`` times ``bytes`` and an answer of at most 500 entries.
"""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from time import monotonic

from salus.directory.address_book.answering import Answer, answer, busy, disconnected, is_search
from salus.directory.address_book.framing import Frame, Frames
from salus.directory.address_book.throttle import Throttle, network_of
from salus.kernel.errors import InvalidInput
from salus.kernel.listener import CHUNK, Listener, Task


@dataclass(frozen=True, kw_only=True)
class Limits:
    bytes: int = 2**16  # of one message
    connections: int = 500
    threads: int = 4  # and connections to the database
    idle: float = 300  # seconds between two messages; a mail program connects again
    unfinished: float = 20  # seconds without a byte within a message
    unread: float = 30  # seconds that an answer may wait for being read
    patience: float = 10  # seconds that a request under way may last after a stop
    burst: float = 300  # searches of one network address at once
    per_second: float = 30  # of them in the long run


class Server(Listener):
    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits = limits or Limits()
        self._throttle = Throttle(burst=limits.burst, per_second=limits.per_second)
        super().__init__(
            "ldap",
            connections=limits.connections,
            threads=limits.threads,
            patience=limits.patience,
        )

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: Task
    ) -> None:
        frames = Frames(self._limits.bytes)
        address, *_ = writer.get_extra_info("peername")
        network = network_of(address)
        who = task if network is None else network
        while not self._is_stopping():
            patience = self._limits.unfinished if frames.is_within else self._limits.idle
            self._reading[task] = True
            data = await asyncio.wait_for(reader.read(CHUNK), patience)
            self._reading[task] = False
            if not data:
                return
            try:
                for frame in frames.feed(data):
                    answered = await self._answered(frame, who)
                    await self._send(writer, answered.content)
                    if answered.is_last or self._is_stopping():
                        return
            except InvalidInput as error:
                await self._send(writer, disconnected(str(error)).content)
                return

    async def _answered(self, frame: Frame, who: Hashable) -> Answer:
        begun = monotonic()
        if is_search(frame) and not self._throttle.lets(who, at=begun):
            return busy(frame)
        loop = asyncio.get_running_loop()
        answered: Answer = await loop.run_in_executor(self._pool, answer, frame)
        if is_search(frame):
            ended = monotonic()
            self._throttle.charge(who, seconds=ended - begun, at=ended)
        return answered

    async def _send(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        writer.write(content)
        await asyncio.wait_for(writer.drain(), self._limits.unread)
