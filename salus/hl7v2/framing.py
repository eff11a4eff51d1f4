"""MLLP, the transport of HL7 v2 over TCP (HL7 Transport Specification: MLLP, Release 1), without any input or output.

A message stands between <SB> and <EB><CR>. Neither byte occurs in a message of the character sets that are spoken here,
so an <SB> within a message says that the rest of that one never came.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum, auto

START = b"\x0b"
END = b"\x1c\x0d"


class Flaw(Enum):
    TOO_LONG = auto()
    CUT_OFF = auto()


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The bytes of one message; of a flawed one the first alone, so that its sender can be answered."""

    content: bytes
    flaw: Flaw | None = None


class Frames:
    """Cuts one stream. Holds at most ``most`` bytes of a message and drops the rest of a longer one as it comes."""

    HEAD = 4096  # bytes kept of a message that is too long: its MSH segment

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = bytearray()
        self._is_within = False
        self._is_too_long = False
        self.skipped = 0  # bytes since the last message that belong to none

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._is_within

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The messages that these bytes end, in order."""
        while data:
            if self._is_within:
                data = yield from self._go_on(data)
            else:
                _, start, rest = data.partition(START)
                self.skipped += len(data) - len(rest) - len(start)
                self._is_within = bool(start)
                data = rest

    def end(self) -> Frame | None:
        """The message that the stream broke off in."""
        return self._taken(bytes(self._held), Flaw.CUT_OFF) if self._is_within else None

    def _go_on(self, data: bytes) -> Generator[Frame, None, bytes]:
        """Take bytes within a message; returns those that come after it."""
        before = len(self._held)
        self._held += data
        ended = self._held.find(END, max(before - 1, 0))
        again = self._held.find(START, before, ended if ended >= 0 else len(self._held))
        if again >= 0:
            rest = bytes(self._held[again + 1 :])
            yield self._taken(bytes(self._held[:again]), Flaw.CUT_OFF)
            self._is_within = True
            return rest
        if ended >= 0:
            rest = bytes(self._held[ended + len(END) :])
            yield self._taken(bytes(self._held[:ended]), None)
            return rest
        if len(self._held) > self._most:
            self._is_too_long = True
            # The last byte may be the first half of the end.
            self._held = self._held[: self.HEAD] + self._held[-1:]
        return b""

    def _taken(self, content: bytes, flaw: Flaw | None) -> Frame:
        if self._is_too_long or len(content) > self._most:
            content, flaw = content[: self.HEAD], Flaw.TOO_LONG
        self._held.clear()
        self._is_within = self._is_too_long = False
        self.skipped = 0
        return Frame(content=content, flaw=flaw)


def framed(content: bytes) -> bytes:
    return START + content + END
