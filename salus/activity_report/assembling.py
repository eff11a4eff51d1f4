"""From a count to an edition: which cells are withheld, and how each is marked against what was published before."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings

from salus.activity_report.counting import ChartCell, Count, printable
from salus.activity_report.disclosure import Breakdown, Published, suppressed
from salus.activity_report.edition import (
    Chart,
    Edition,
    Figure,
    Number,
    Point,
    Status,
    indicators,
)
from salus.kernel.indicator import Indicator, Measure

WHOLE_NATION = {"", "1/1"}


def assemble(count: Count, earlier: Sequence[Edition], **facts: Any) -> Edition:
    """``earlier``: all that was published so far, in the order of publication; ``facts``: of the edition."""
    protected = _protected(count.simulated)
    known = {name: value for edition in earlier for name, value in edition.cells.items()}
    month = str(count.month)

    def status(indicator: str, period: str, code: str, value: Number) -> Status:
        if value is None:
            return Status.MISSING
        if facts.get("provisional") and period == month:
            return Status.PROVISIONAL
        before = known.get((indicator, period, code))
        return Status.REVISED if before not in (None, value) else Status.NORMAL

    def point(
        chart: Indicator, cell: ChartCell, value: Number, withheld: Iterable[ChartCell]
    ) -> Point:
        period, code = cell
        if cell in withheld:
            return Point(period=period, dimension=code, value=None, status=Status.SUPPRESSED)
        marked = status(chart.id, period, code, value)
        return Point(period=period, dimension=code, value=value, status=marked)

    charts, withheld = [], {}
    for name, counts in count.charts.items():
        chart = indicators()[name]
        withheld[name] = _withheld(chart, counts, earlier) if protected and chart.dimension else ()
        values = printable(chart, counts)
        series = tuple(point(chart, cell, values[cell], withheld[name]) for cell in counts)
        totals = tuple(_totals(counts).values()) if chart.dimension else ()
        charts.append(Chart(id=name, series=series, totals=totals))

    def figure(name: str, value: Number) -> Figure:
        indicator = indicators()[name]
        if indicator.cell_of and (month, indicator.codes[0]) in withheld[indicator.cell_of]:
            return Figure(id=name, value=None, status=Status.SUPPRESSED)
        change = None
        if indicator.measure is Measure.FLOW and not count.running:
            change = _change(value, count.flows_before[name])
        return Figure(id=name, value=value, change=change, status=status(name, month, "", value))

    return Edition(
        period=month,
        simulated=count.simulated,
        protected=protected,
        figures=tuple(figure(name, value) for name, value in count.figures.items()),
        charts=tuple(charts),
        **facts,
    )


def _protected(simulated: str) -> bool:
    """Behind a sample of a synthetic nation stands nobody, and nearly every cell of it is small."""
    chosen: bool | None = settings.DISCLOSURE_CONTROL
    return simulated in WHOLE_NATION if chosen is None else chosen


def _withheld(
    chart: Indicator, counts: Mapping[ChartCell, int], earlier: Sequence[Edition]
) -> frozenset[ChartCell]:
    months = tuple(_totals(counts))
    table = Breakdown(
        months=months,
        codes=chart.codes,
        counts=tuple(tuple(counts[month, code] for code in chart.codes) for month in months),
        cumulative=chart.measure is not Measure.FLOW,
    )
    before = [
        _as_published(chart, printed)
        for edition in earlier
        for printed in edition.charts
        if printed.id == chart.id and printed.totals
    ]
    return suppressed(table, before)


def _as_published(chart: Indicator, printed: Chart) -> Published:
    months = list(dict.fromkeys(point.period for point in printed.series))
    totals = dict(zip(months, printed.totals, strict=True))
    cells: dict[ChartCell, int | None] = {}
    for point in printed.series:
        people = point.value
        if people is not None and chart.measure is Measure.SHARE:
            people *= totals[point.period] / 100
        cell = (point.period, point.dimension)
        cells[cell] = None if point.status is Status.SUPPRESSED else round(people or 0)
    return Published(totals=totals, cells=cells)


def _totals(counts: Mapping[ChartCell, int]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (period, _), number in counts.items():
        totals[period] = totals.get(period, 0) + number
    return totals


def _change(value: Number, before: Number) -> float | None:
    return 100 * (value - before) / before if value is not None and before else None
