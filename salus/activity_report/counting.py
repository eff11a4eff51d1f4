"""Counting: every registered indicator, asked for one month in one snapshot of the rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.timezone import get_default_timezone

from salus.activity_report.edition import Cell, Number, indicators
from salus.activity_report.pruned import Days, Pruned, never_rolled_up, pruned
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.indicator import CHART_MONTHS, Indicator, Kind, Measure
from salus.kernel.month import Month
from salus.kernel.tally import Tally

ChartCell = tuple[str, str]  # period YYYY-MM, code
HISTORY_MONTHS = 14  # before the reported one, of what began on each day


class MonthNotBegun(InvalidInput):
    """There is nothing to report of the future."""


class MonthBeforeData(NotFound):
    """Nothing had been recorded by the end of the month."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What the rows say of a month: nothing withheld yet, nothing rounded."""

    month: Month
    as_of: datetime
    running: bool  # the month is not over
    simulated: str  # scale of the synthetic nation, '' of a real one
    figures: Mapping[str, Number]
    flows_before: Mapping[str, Number]  # of figures that are flows: a month earlier
    charts: Mapping[str, Mapping[ChartCell, int]]
    # Of cells to which rows belong that are gone by a retention rule: those were not counted, but added from roll-ups.
    rolled_up: frozenset[Cell] = frozenset()

    def cells(self, asked: Mapping[str, Indicator]) -> dict[Cell, Number]:
        """Every value as it would be printed were nothing withheld; ``asked``: what was counted."""
        figures = {(name, str(self.month), ""): value for name, value in self.figures.items()}
        points = {
            (name, *cell): value
            for name, counts in self.charts.items()
            for cell, value in printable(asked[name], counts).items()
        }
        return figures | points


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the self-checks hold the count against, from the same snapshot."""

    # Of figures that are stocks: how many there were at the end of the month before, and, where they are
    # tallies, how many joined and left since.
    stocks_before: Mapping[str, int]
    movements: Mapping[str, tuple[int, int]]
    # Of stocks, flows and flow charts that are tallies: how many began on each day of HISTORY_MONTHS
    # and of the month; days without any are left out.
    daily: Mapping[str, Mapping[date, int]]
    # Of tallies whose rows may be pruned, in the same months and in those not rolled up so far: how many began on each
    # day, by month; months that are gone are left out.
    prunable: Mapping[Tally, Mapping[Month, Days]] = field(default_factory=dict)


@contextmanager
def snapshot() -> Iterator[CursorWrapper]:
    """One state of the rows, so that figures agree with each other while the services go on."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select set_config('TimeZone', %s, true)", [settings.TIME_ZONE])
        yield cursor


def count(
    cursor: CursorWrapper,
    month: Month,
    *,
    as_of: datetime,
    asked: Mapping[str, Indicator] | None = None,
) -> Count:
    """Every figure and chart of ``month``, or those ``asked`` for; the running month as far as it has come.

    Raises MonthNotBegun for a month that lies in the future ``as_of``, and MonthBeforeData when nothing
    had been recorded by its end.
    """
    if month.start(get_default_timezone()) > as_of:
        raise MonthNotBegun(f"{month} has not begun yet: there is nothing to report of it")
    every = (asked or indicators()).values()
    gone = pruned(cursor, {i.tally for i in every if i.tally}, month)
    charts = {i.id: _series(cursor, i, month, gone) for i in every if i.kind is Kind.CHART}
    figures = {
        i.id: share(charts[i.cell_of], str(month), i.codes[0])
        if i.cell_of
        else _figure(cursor, i, month, gone)
        for i in every
        if i.kind is Kind.FIGURE
    }
    if not any(figures.values()):
        raise MonthBeforeData(f"nothing had been recorded by the end of {month}: no report of it")
    flows = (i for i in every if i.kind is Kind.FIGURE and i.measure is Measure.FLOW)
    return Count(
        month=month,
        as_of=as_of,
        running=month.end(get_default_timezone()) > as_of,
        simulated=simulated(),
        figures=figures,
        flows_before={i.id: _figure(cursor, i, month + -1, gone) for i in flows},
        charts=charts,
        rolled_up=frozenset(_rolled_up(every, month, gone)),
    )


def gather(cursor: CursorWrapper, month: Month) -> Evidence:
    every = indicators().values()
    stocks = [i for i in every if i.kind is Kind.FIGURE and i.measure is Measure.STOCK]
    tallies = {i.id: i.tally for i in every if i.tally}
    gone = pruned(cursor, set(tallies.values()), month)
    history = month + -HISTORY_MONTHS
    first = {  # what was rolled up before the history need not be asked again
        tally: min([history, *never_rolled_up(tally, month)])
        for tally in dict.fromkeys(tallies.values())  # several indicators count one tally
    }
    days = {tally: begun_by_day(cursor, tally, first[tally], month) for tally in first}
    return Evidence(
        stocks_before={i.id: _figure(cursor, i, month + -1, gone) for i in stocks},
        movements={
            i.id: _moved(cursor, tallies[i.id], month, gone) for i in stocks if i.id in tallies
        },
        daily={
            name: _since(history, days[tally]) + Counter(gone.days(tally, history, month))
            for name, tally in tallies.items()
        },
        prunable={
            tally: rows_there(tally, days[tally], first[tally], month, gone)
            for tally in gone.months
        },
    )


def rows_there(
    tally: Tally, days: Days, first: Month, last: Month, gone: Pruned
) -> dict[Month, Days]:
    """``days`` by month, without the months that are gone: what a roll-up may keep."""
    there: dict[Month, dict[date, int]] = {
        month: {}
        for month in tally.prunable_months(last)
        if month >= first and not gone.concerns(tally, first=month, last=month)
    }
    for day, number in days.items():
        if (month := Month.of(day)) in there:
            there[month][day] = number
    return dict(there)


def begun_by_day(cursor: CursorWrapper, tally: Tally, first: Month, last: Month) -> Counter[date]:
    return Counter(dict(_rows(cursor, tally.begun_by_day, first, last)))


def _since(first: Month, days: Counter[date]) -> Counter[date]:
    return Counter({day: number for day, number in days.items() if day >= first.first_day})


def _moved(cursor: CursorWrapper, tally: Tally, month: Month, gone: Pruned) -> tuple[int, int]:
    gained, lost = _rows(cursor, tally.movement, month, month)[0]
    return gained + gone.begun(tally, first=month, last=month), lost


def simulated() -> str:
    """Whether people are synthetic: a report of them must say so. The one thing known of a sibling."""
    nations = apps.get_model("simulation", "Nation").objects
    denominator = nations.values_list("scale_denominator", flat=True).first()
    return f"1/{denominator}" if denominator else ""


def _rows(cursor: CursorWrapper, sql: str, first: Month, last: Month) -> list[tuple[Any, ...]]:
    zone = get_default_timezone()
    window = {"start": first.start(zone), "end": last.end(zone), "day": (last + 1).first_day}
    cursor.execute(sql, window)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _figure(cursor: CursorWrapper, indicator: Indicator, month: Month, gone: Pruned) -> Any:
    ((value,),) = _rows(cursor, indicator.sql, month, month)
    if indicator.tally:
        return value + _gone_of(indicator, month, gone)
    return float(value) if isinstance(value, Decimal) else value


def _series(
    cursor: CursorWrapper, indicator: Indicator, month: Month, gone: Pruned
) -> dict[ChartCell, int]:
    window = month.last(CHART_MONTHS)
    found = {
        (str(Month.of(day)), code): int(number)
        for day, code, number in _rows(cursor, indicator.sql, window[0], month)
    }
    if unknown := {code for _, code in found} - set(indicator.codes):
        raise ValueError(f"{indicator.id} counts by codes that it does not declare: {unknown}")
    return {
        (str(period), code): found.get((str(period), code), 0) + _gone_of(indicator, period, gone)
        for period in window
        for code in indicator.codes
    }


def _gone_of(indicator: Indicator, month: Month, gone: Pruned) -> int:
    return gone.begun(indicator.tally, first=_reaches_back_to(indicator, month), last=month)


def _rolled_up(every: Iterable[Indicator], month: Month, gone: Pruned) -> Iterator[Cell]:
    for indicator in every:
        periods = month.last(CHART_MONTHS) if indicator.kind is Kind.CHART else [month]
        for period in periods:
            first = _reaches_back_to(indicator, period)
            if gone.concerns(indicator.tally, first=first, last=period):
                yield indicator.id, str(period), ""  # what is broken down is no tally


def _reaches_back_to(indicator: Indicator, month: Month) -> Month | None:
    """The first month whose rows count into the value of ``month``; None: all before."""
    return None if indicator.measure is Measure.STOCK else month


def printable(chart: Indicator, counts: Mapping[ChartCell, int]) -> Mapping[ChartCell, Number]:
    """The values of a chart as they are printed: its counts, or their shares of each month."""
    if chart.measure is not Measure.SHARE:
        return counts
    return {(period, code): share(counts, period, code) for period, code in counts}


def share(counts: Mapping[ChartCell, int], period: str, code: str) -> float | None:
    """A cell in percent of its month; None where the month is empty."""
    whole = sum(number for (month, _), number in counts.items() if month == period)
    return 100 * counts[period, code] / whole if whole else None
