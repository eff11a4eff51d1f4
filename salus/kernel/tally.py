"""The SQL of the commonest counts: rows of a table that count from an instant on, until another.

Each text keeps the contract of `salus.kernel.indicator`. They are written once and in one place, so that a stock,
what joins it and what leaves it can be held against each other.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tally:
    table: str
    since: str  # column: the instant from which a row counts
    until: str = ""  # column: the instant from which it counts no more; '' where rows stay
    where: str = ""  # which rows count at all; '' for all
    distinct: str = ""  # column whose different values are counted, rather than rows

    @property
    def in_force(self) -> str:
        """One number: how many there are at the end of the window."""
        return self._select(self._holds_at("%(end)s"))

    @property
    def begun(self) -> str:
        """One number: how many began in the window."""
        return self._select(_within(self.since))

    @property
    def in_force_by_month(self) -> str:
        """Rows (month, '', number): how many there are at the end of each month of the window."""
        before = [f"count(*) filter (where {self.since} < %(start)s)"]
        within = [self._by_month(self.since, "count(*)")]
        if self.until:
            before.append(f"count(*) filter (where {self.until} < %(start)s)")
            within.append(self._by_month(self.until, "- count(*)"))
        rows = f"where {self.where}" if self.where else ""
        return f"""
            with step as (
                select %(start)s as opens, {" - ".join(before)} as number from {self.table} {rows}
                union all {" union all ".join(within)}
            )
            select opens::date, '', sum(sum(coalesce(number, 0))) over (order by opens)
            from generate_series(%(start)s::timestamptz, %(end)s - interval '1 day', '1 month') opens
            left join step using (opens)
            group by opens
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

    def _by_month(self, column: str, number: str) -> str:
        return f"""
            select date_trunc('month', {column}) as opens, {number} as number
            from {self.table} where {self._among(_within(column))} group by 1
        """

    def _among(self, condition: str) -> str:
        return f"{self.where} and {condition}" if self.where else condition

    def _holds_at(self, instant: str) -> str:
        began = f"{self.since} < {instant}"
        if not self.until:
            return began
        return f"{began} and ({self.until} is null or {self.until} >= {instant})"


def _within(column: str) -> str:
    return f"{column} >= %(start)s and {column} < %(end)s"
