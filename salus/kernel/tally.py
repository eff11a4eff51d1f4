"""The SQL of the commonest counts: rows of a table that count from an instant on, until another.

Each text keeps the contract of `salus.kernel.indicator`. They are written once and in one place, so that a stock,
what joins it and what leaves it can be held against each other.
"""

from collections.abc import Callable
from dataclasses import dataclass

from salus.kernel.month import Month


@dataclass(frozen=True, kw_only=True)
class Tally:
    table: str
    since: str  # column: the instant from which a row counts
    until: str = ""  # column: the instant from which it counts no more; '' where rows stay
    where: str = ""  # which rows count at all; '' for all
    distinct: str = ""  # column whose different values are counted, rather than rows
    # The first of the table's partitions by month, where old ones are dropped by a retention rule; None where rows
    # stay. What began in such a month is then known from its roll-up (salus.activity_report.rollup) alone.
    prunable_from: Month | None = None

    def __post_init__(self) -> None:
        if self.prunable_from and (self.until or self.distinct):
            raise ValueError(
                f"{self.table}: days add up to a roll-up only where rows stay, each by itself"
            )

    @property
    def name(self) -> str:
        """What is counted, in one line that does not change with the layout of its SQL."""
        return f"{self.table}.{self.since} where {self.where or 'true'}"

    def prunable_months(self, until: Month) -> list[Month]:
        """The months to ``until`` whose rows may be gone, oldest first."""
        first = self.prunable_from
        return until.last(until - first + 1) if first and first <= until else []

    @property
    def in_force(self) -> str:
        """One number: how many there are at the end of the window."""
        if self.distinct or not self.until:
            return self._select(self._holds_at("%(end)s"))
        # All that began without the few that ended: an index, where there is one, knows both without reading rows.
        began = f"{self.since} < %(end)s"
        ended = self._select(f"{self.until} < %(end)s and {began}")
        return f"select ({self._select(began)}) - ({ended})"

    @property
    def begun(self) -> str:
        """One number: how many began in the window."""
        return self._select(_within(self.since))

    @property
    def in_force_by_month(self) -> str:
        """Rows (month, '', number): how many there are at the end of each month of the window."""
        month = ("opens", "opens + interval '1 month'")
        before = self._joined_less_left(lambda column: f"{column} < %(start)s")
        change = self._joined_less_left(lambda column: _within(column, *month))
        # Each month asked for by itself: an index, where there is one, knows it without looking at the others.
        return f"""
            with month as (
                select opens, {change} as change
                from generate_series(
                    %(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
            )
            select opens::date, '', {before} + sum(change) over (order by opens) from month
        """

    @property
    def begun_by_month(self) -> str:
        """Rows (month, '', number): how many began in each month of the window."""
        month = f"date_trunc('month', {self.since})::date"
        return self._select(_within(self.since), by=f"{month}, '',")

    @property
    def begun_by_day(self) -> str:
        """Rows (day, number): how many began on each day of the window, days without any left out."""
        return self._select(_within(self.since), by=f"{self.since}::date,")

    @property
    def movement(self) -> str:
        """One row (gained, lost): how many joined the stock in the window, and how many left it."""
        if self.distinct:  # a person joins with the first row in force, and leaves with the last
            return f"""
                select count(*) filter (where after and not before),
                       count(*) filter (where before and not after)
                from (
                    select bool_or({self._holds_at("%(start)s")}) as before,
                           bool_or({self._holds_at("%(end)s")}) as after
                    from {self.table} where {self._among("true")} group by {self.distinct}
                ) one
            """
        lost = f"({self._select(_within(self.until))})" if self.until else "0"
        return f"select ({self.begun}), {lost}"

    def _select(self, when: str, *, by: str = "") -> str:
        number = f"count(distinct {self.distinct})" if self.distinct else "count(*)"
        grouped = " group by 1" if by else ""
        return f"""
            select {by} {number} from {self.table}
            where {self._among(when)}{grouped}
        """

    def _joined_less_left(self, when: Callable[[str], str]) -> str:
        joined = f"({self._select(when(self.since))})"
        return f"{joined} - ({self._select(when(self.until))})" if self.until else joined

    def _among(self, condition: str) -> str:
        return f"{self.where} and {condition}" if self.where else condition

    def _holds_at(self, instant: str) -> str:
        began = f"{self.since} < {instant}"
        if not self.until:
            return began
        return f"{began} and ({self.until} is null or {self.until} >= {instant})"


def _within(column: str, opens: str = "%(start)s", closes: str = "%(end)s") -> str:
    return f"{column} >= {opens} and {column} < {closes}"
