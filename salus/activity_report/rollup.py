"""Roll-ups: what closed months counted, kept beside their rows, and after them.

The rows are the truth for as long as they are there: a report counts them. Its publication rolls up, by day, what a
retention rule may drop: the months that its self-checks look at, and those that never were. Before rows go their
roll-up must say what they say (`complete_until`); afterwards it stands in for them (salus.activity_report.pruned), and
is never made anew. Of each indicator the published month is kept as well, so that it is known without asking rows.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils.timezone import get_default_timezone

from salus.activity_report.counting import (
    ChartCell,
    Count,
    Evidence,
    begun_by_day,
    rows_there,
    simulated,
    snapshot,
)
from salus.activity_report.edition import Number, indicators
from salus.activity_report.models import RollUp
from salus.activity_report.pruned import kept, pruned
from salus.kernel.errors import NotFound
from salus.kernel.indicator import Kind
from salus.kernel.month import Month
from salus.kernel.tally import Tally

Row = tuple[str, str, Number]  # day or first day of the month, code or '', number


def roll_ups(count: Count, evidence: Evidence) -> list[RollUp]:
    """What to keep of a count: of each indicator its month, and of each prunable tally the days of its months."""
    of_indicators = [
        _roll_up(count.month, name, _rows_of(count, name))
        for name in (*count.figures, *count.charts)
    ]
    of_tallies = [
        _roll_up(month, tally.name, ((day.isoformat(), "", n) for day, n in sorted(days.items())))
        for tally, months in evidence.prunable.items()
        for month, days in months.items()
    ]
    return of_indicators + of_tallies


def keep(found: Iterable[RollUp]) -> None:
    """By the reporter, in the transaction that publishes what was counted in the same snapshot."""
    RollUp.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["period", "counted"],
        update_fields=["rows"],
    )


def count_of(month: Month) -> Count:
    """A month as it was counted when it was last published, without asking any row. Raises NotFound."""
    kept_rows = RollUp.objects.filter(period=month.first_day, counted__in=indicators())
    found = {roll_up.counted: _cells(roll_up.rows) for roll_up in kept_rows}
    if missing := indicators().keys() - found.keys():
        raise NotFound(f"{month} was not published with {min(missing)}, so nothing was rolled up")
    figures = {n: found[n] for n, one in indicators().items() if one.kind is Kind.FIGURE}
    now, before = (str(month), ""), (str(month + -1), "")
    return Count(
        month=month,
        as_of=month.end(get_default_timezone()),
        running=False,
        simulated=simulated(),
        figures={name: cells[now] for name, cells in figures.items()},
        flows_before={name: cells[before] for name, cells in figures.items() if before in cells},
        charts={n: found[n] for n, one in indicators().items() if one.kind is Kind.CHART},
    )


def complete_until() -> Month | None:
    """The last month to which all prunable rows are rolled up as they stand; None where not even the first is.

    Rows of later months must stay. To roll up a month whose rows have changed, publish it or its revision. Asked as
    the reporter: it counts. Raises RollUpMissing.
    """
    tallies = {i.tally for i in indicators().values() if i.tally and i.tally.prunable_from}
    with snapshot() as cursor:
        found = [_complete_until(cursor, tally) for tally in tallies]
    return min((month for month in found if month), default=None) if all(found) else None


def _complete_until(cursor: CursorWrapper, tally: Tally) -> Month | None:
    rolled_up = kept(tally)
    if not rolled_up:
        return None
    newest = max(rolled_up)
    months = tally.prunable_months(newest)
    gone = pruned(cursor, [tally], newest)
    days = begun_by_day(cursor, tally, months[0], newest)
    there = rows_there(tally, days, months[0], newest, gone)
    as_they_stand = takewhile(
        lambda month: month not in there or there[month] == rolled_up.get(month),
        months,
    )
    return max(as_they_stand, default=None)


def _roll_up(month: Month, counted: str, rows: Iterable[Row]) -> RollUp:
    return RollUp(period=month.first_day, counted=counted, rows=list(rows))


def _rows_of(count: Count, name: str) -> Iterator[Row]:
    """Of a chart the months that it shows; of a figure its month, and of a flow the month before."""
    for (period, code), number in count.charts.get(name, {}).items():
        yield f"{period}-01", code, number
    if name in count.flows_before:
        yield (count.month + -1).first_day.isoformat(), "", count.flows_before[name]
    if name in count.figures:
        yield count.month.first_day.isoformat(), "", count.figures[name]


def _cells(rows: Iterable[Row]) -> dict[ChartCell, Any]:
    return {(day[:7], code): number for day, code, number in rows}
