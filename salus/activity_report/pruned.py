"""Months whose rows are gone: what they counted is known from their roll-ups, and added to what rows there are.

A retention rule drops whole partitions. Which are gone, the catalogue says; what they held, the roll-ups say
(salus.activity_report.rollup). A row that comes late into such a month is there, and counts itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.backends.utils import CursorWrapper

from salus.activity_report.models import RollUp
from salus.kernel.errors import Conflict
from salus.kernel.month import Month
from salus.kernel.tally import Tally

Days = Mapping[date, int]  # days without any may be left out

# Asked of the tree, which locks what it names: until the transaction ends no partition of it can be dropped.
_PARTITIONS = """
    select opens::timestamptz::date
    from pg_partition_tree(%s) tree
    join pg_class partition on partition.oid = tree.relid
    cross join lateral substring(
        pg_get_expr(relpartbound, partition.oid) from $$FROM \\('([^']+)'\\)$$) opens
    where opens is not null
"""


class RollUpMissing(Conflict):
    """Rows are gone, and what they counted was not kept."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """Of each tally the months whose rows are gone, with what had begun on each of their days."""

    months: Mapping[Tally, Mapping[Month, Days]]

    def begun(self, tally: Tally | None, *, last: Month, first: Month | None = None) -> int:
        """How many rows had begun from ``first`` (or ever) to ``last`` that are gone now."""
        return sum(sum(days.values()) for days in self._within(tally, first, last))

    def days(self, tally: Tally, first: Month, last: Month) -> Days:
        return {
            day: number for days in self._within(tally, first, last) for day, number in days.items()
        }

    def concerns(self, tally: Tally | None, *, last: Month, first: Month | None = None) -> bool:
        """Whether rows of these months are gone, be it that none were counted."""
        return bool(self._within(tally, first, last))

    def _within(self, tally: Tally | None, first: Month | None, last: Month) -> list[Days]:
        gone = self.months.get(tally, {}) if tally else {}
        return [days for month, days in gone.items() if (first or month) <= month <= last]


def pruned(cursor: CursorWrapper, tallies: Iterable[Tally], until: Month) -> Pruned:
    """What is gone of the months to ``until``. In a transaction, which keeps the rest from going.

    Raises RollUpMissing when a month is gone that was never rolled up.
    """
    prunable = [tally for tally in tallies if tally.prunable_from]
    there = {table: _partitions(cursor, table) for table in {tally.table for tally in prunable}}
    gone = {
        tally: [
            month
            for month in tally.prunable_months(min(until, max(there[tally.table])))
            if month not in there[tally.table]
        ]
        for tally in prunable
    }
    return Pruned(months={tally: _kept(tally, months) for tally, months in gone.items()})


def _partitions(cursor: CursorWrapper, table: str) -> set[Month]:
    cursor.execute(_PARTITIONS, [table])
    return {Month.of(day) for (day,) in cursor.fetchall()}


def kept(tally: Tally) -> dict[Month, Days]:
    """Every roll-up of the tally, by month."""
    rows = RollUp.objects.filter(counted=tally.name).values_list("period", "rows")
    return {
        Month.of(period): {date.fromisoformat(day): number for day, _, number in days}
        for period, days in rows
    }


def never_rolled_up(tally: Tally, until: Month) -> list[Month]:
    """The prunable months to ``until`` that have no roll-up, oldest first."""
    periods = RollUp.objects.filter(counted=tally.name).values_list("period", flat=True)
    rolled_up = {Month.of(period) for period in periods}
    return [month for month in tally.prunable_months(until) if month not in rolled_up]


def _kept(tally: Tally, gone: list[Month]) -> dict[Month, Days]:
    if not gone:
        return {}
    rolled_up = kept(tally)
    if missing := [month for month in gone if month not in rolled_up]:
        raise RollUpMissing(
            f"the rows of {tally.table} of {missing[0]} are gone and were never rolled up"
            f" ({tally.name}): restore them from a backup; until then no report can be counted"
        )
    return {month: rolled_up[month] for month in gone}
