"""A calendar month, and its cut-off instants in the country's time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from salus.kernel.errors import InvalidInput

_PATTERN = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, order=True)
class Month:
    """A month of the proleptic Gregorian calendar, e.g. ``Month(2024, 12)``; printed ``2024-12``."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        match = _PATTERN.fullmatch(text)
        if not match or not 1 <= int(match[2]) <= 12 or not 1 <= int(match[1]) <= 9998:
            raise InvalidInput(f"{text!r} is not a month; write it as YYYY-MM, for example 2024-12")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    def __add__(self, months: int) -> Month:
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __sub__(self, other: Month) -> int:
        return (self.year - other.year) * 12 + self.month - other.month

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date.fromordinal((self + 1).first_day.toordinal() - 1)

    def start(self, zone: tzinfo) -> datetime:
        """Local midnight that opens the month."""
        return datetime(self.year, self.month, 1, tzinfo=zone)

    def end(self, zone: tzinfo) -> datetime:
        """Local midnight that closes the month: the cut-off, itself outside the month."""
        return (self + 1).start(zone)

    def last(self, count: int) -> list[Month]:
        """The ``count`` months that end with this one, oldest first."""
        return [self + offset for offset in range(1 - count, 1)]
