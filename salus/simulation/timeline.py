"""Time as the simulation sees it: months are indices from FIRST, instants microseconds, days ordinals.

Instants count from 1970-01-01 UTC in int64 microseconds, days in int32 from 1970-01-01. What has not happened is
NEVER or NO_DAY, later than all that has, so that comparisons need no special case.
"""

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from salus.kernel.month import Month

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FIRST = Month(2015, 1)
NEVER = np.int64(2**62)
NO_DAY = np.int32(2**30)
NO_MONTH = 10_000
DAY = 86_400_000_000  # microseconds
UNIX_ERA = Month(1970, 1).first_day.toordinal()

# Clinical life goes by the hour of the day (7 to 20) and slackens at the weekend.
_HOURS = np.array([3, 8, 12, 13, 11, 6, 7, 10, 11, 9, 6, 3, 1, 1], dtype=float)
_HOURS_FROM = 7
_WEEKDAYS = np.array([1.15, 1.1, 1.05, 1.05, 1.0, 0.35, 0.15])  # Monday first


@dataclass(frozen=True)
class Timeline:
    """The months from FIRST to ``until`` in one time zone; ``end`` is the first instant after them."""

    until: Month
    zone: ZoneInfo

    @cached_property
    def months(self) -> int:
        return self.until - FIRST + 1

    @cached_property
    def starts(self) -> Ints:
        """Local midnight that opens each month; one more than months, so starts[i + 1] closes i."""
        firsts = [(FIRST + i).start(self.zone).timestamp() for i in range(self.months + 1)]
        return np.array(firsts, dtype=np.int64) * 1_000_000

    @cached_property
    def first_days(self) -> Days:
        days = [(FIRST + i).first_day.toordinal() - UNIX_ERA for i in range(self.months + 1)]
        return np.array(days, dtype=np.int32)

    @property
    def end(self) -> int:
        return int(self.starts[self.months])

    def month_of_day(self, days: npt.NDArray[np.int32]) -> Ints:
        """The index of the month of a day: below 0 before FIRST, NO_MONTH for one after the end."""
        month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        month -= (FIRST.year - 1970) * 12 + FIRST.month - 1
        return np.where(month < self.months, month, NO_MONTH)

    def moments(
        self, rng: np.random.Generator, months: npt.NDArray[np.integer], *, until_day: int = 31
    ) -> Ints:
        """An instant in each month, at a likely weekday and hour; NEVER for NO_MONTH.

        ``until_day`` leaves the rest of the month free for what follows.
        """
        result = np.full(len(months), NEVER, dtype=np.int64)
        order = np.argsort(months, kind="stable")
        present, at, counts = np.unique(months[order], return_index=True, return_counts=True)
        for month, start, count in zip(present, at, counts, strict=True):
            if 0 <= month < self.months:
                result[order[start : start + count]] = self._within(
                    rng, int(month), count, until_day
                )
        return result

    def _within(self, rng: np.random.Generator, month: int, count: int, until_day: int) -> Ints:
        length = int(self.first_days[month + 1] - self.first_days[month])
        weekday = (int(self.first_days[month]) + 3 + np.arange(length)) % 7  # day 0 was a Thursday
        likely = _WEEKDAYS[weekday] * (np.arange(length) < until_day)
        day = rng.choice(length, count, p=likely / likely.sum())
        hour = rng.choice(len(_HOURS), count, p=_HOURS / _HOURS.sum()) + _HOURS_FROM
        second = hour * 3600 + rng.integers(0, 3600, count)
        # Days of a clock change are an hour off; hours stay far enough from midnight.
        within = second * 1_000_000 + rng.integers(0, 10**6, count)
        result: Ints = self.starts[month] + day * DAY + within
        return result


def day_of(instants: Ints) -> Days:
    """The day of an instant of ``moments`` (07:00 to 21:00, so that UTC and local agree)."""
    return np.where(instants < NEVER, instants // DAY, NO_DAY).astype(np.int32)


def first_day(year: int, month: int) -> int:
    """The day number of the first of a month."""
    return Month(year, month).first_day.toordinal() - UNIX_ERA
