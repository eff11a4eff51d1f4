"""One edition of the report: every registered indicator, asked for one month in one snapshot of the rows."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.module_loading import autodiscover_modules
from django.utils.timezone import get_default_timezone

from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.indicator import CHART_MONTHS, Indicator, Kind, Measure, registered
from salus.kernel.month import Month


class MonthNotBegun(InvalidInput):
    """There is nothing to report of the future."""


class MonthBeforeData(NotFound):
    """Nothing had been recorded by the end of the month."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    id: str
    value: int | float | None  # None: a share that has no base
    # Of a whole month's flow, in percent of the month before; None: nothing to compare.
    change: float | None = None


@dataclass(frozen=True, kw_only=True)
class Point:
    period: str  # YYYY-MM
    dimension: str  # a code of the chart's dimension, '' where it has none
    value: int | float | None


@dataclass(frozen=True, kw_only=True)
class Chart:
    id: str
    series: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What was counted, without words: those come with the language that it is printed in."""

    period: str  # YYYY-MM
    revision: int = 1
    figures: tuple[Figure, ...]
    charts: tuple[Chart, ...]
    simulated: str = ""  # scale of the synthetic nation that was counted, "1/100"
    provisional_on: str = ""  # the day of the count, YYYY-MM-DD, when the month was still running

    @property
    def month(self) -> Month:
        return Month.parse(self.period)

    @property
    def cut_off(self) -> date:
        """The last day that was counted."""
        running = self.provisional_on
        return date.fromisoformat(running) if running else self.month.last_day

    @property
    def counted(self) -> tuple[tuple[Figure, ...], tuple[Chart, ...], str]:
        """All that a recount can change."""
        return self.figures, self.charts, self.simulated

    def figure(self, id: str) -> Figure:
        return next(figure for figure in self.figures if figure.id == id)

    def chart(self, id: str) -> Chart:
        return next(chart for chart in self.charts if chart.id == id)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        return cls(
            period=body["period"],
            revision=body["revision"],
            figures=tuple(Figure(**figure) for figure in body["figures"]),
            charts=tuple(
                Chart(id=chart["id"], series=tuple(Point(**point) for point in chart["series"]))
                for chart in body["charts"]
            ),
            simulated=body["simulated"],
        )


@cache
def indicators() -> dict[str, Indicator]:
    """Every indicator by id, from the module ``indicators`` of each installed domain."""
    autodiscover_modules("indicators")
    return {indicator.id: indicator for indicator in registered()}


def count_edition(month: Month, *, as_of: datetime) -> Edition:
    """Count every figure and chart of ``month`` from one snapshot of the rows, as they are now.

    The running month is counted as far as it has come, and says so. Raises MonthNotBegun for a month
    that lies in the future ``as_of``, and MonthBeforeData when nothing had been recorded by its end.
    """
    if month.start(get_default_timezone()) > as_of:
        raise MonthNotBegun(f"{month} has not begun yet: there is nothing to report of it")
    asked = indicators().values()
    running = month.end(get_default_timezone()) > as_of
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # One snapshot, so that figures agree with each other while the services go on.
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select set_config('TimeZone', %s, true)", [settings.TIME_ZONE])
        edition = Edition(
            period=str(month),
            figures=tuple(
                _count(cursor, i, month, whole=not running) for i in asked if i.kind is Kind.FIGURE
            ),
            charts=tuple(_draw(cursor, i, month) for i in asked if i.kind is Kind.CHART),
            simulated=_simulated(),
            provisional_on=as_of.date().isoformat() if running else "",
        )
    if not any(figure.value for figure in edition.figures):
        raise MonthBeforeData(f"nothing had been recorded by the end of {month}: no report of it")
    return edition


def _simulated() -> str:
    """Whether people are synthetic: a report of them must say so. The one thing known of a sibling."""
    nations = apps.get_model("simulation", "Nation").objects
    denominator = nations.values_list("scale_denominator", flat=True).first()
    return f"1/{denominator}" if denominator else ""


def _window(first: Month, last: Month) -> dict[str, datetime | date]:
    return {
        "start": first.start(get_default_timezone()),
        "end": last.end(get_default_timezone()),
        "day": (last + 1).first_day,
    }


def _count(cursor: CursorWrapper, indicator: Indicator, month: Month, *, whole: bool) -> Figure:
    value = _value_of(cursor, indicator, month)
    change = None
    if indicator.measure is Measure.FLOW and whole:
        before = _value_of(cursor, indicator, month + -1)
        if value is not None and before:
            change = 100 * (value - before) / before
    return Figure(id=indicator.id, value=value, change=change)


def _value_of(cursor: CursorWrapper, indicator: Indicator, month: Month) -> int | float | None:
    cursor.execute(indicator.sql, _window(month, month))
    return _number(cursor.fetchone()[0], indicator)


def _draw(cursor: CursorWrapper, indicator: Indicator, month: Month) -> Chart:
    window = month.last(CHART_MONTHS)
    cursor.execute(indicator.sql, _window(window[0], month))
    values = {(Month.of(day), code): _number(v, indicator) for day, code, v in cursor.fetchall()}
    if unknown := {code for _, code in values} - set(indicator.codes):
        raise ValueError(f"{indicator.id} counts by codes that it does not declare: {unknown}")
    with_base = {month for month, _ in values}
    return Chart(
        id=indicator.id,
        series=tuple(
            Point(
                period=str(month),
                dimension=code,
                value=values.get((month, code), 0)
                if indicator.measure is not Measure.SHARE or month in with_base
                else None,
            )
            for month in window
            for code in indicator.codes
        ),
    )


def _number(value: int | Decimal | None, indicator: Indicator) -> int | float | None:
    if value is None:
        return None
    return float(value) if indicator.measure is Measure.SHARE else int(value)
