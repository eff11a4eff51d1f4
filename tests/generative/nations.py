"""Random nations for the self-checks: what happened day by day, counted slowly and plainly."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np

from salus.activity_report import checks
from salus.activity_report.assembling import assemble
from salus.activity_report.counting import HISTORY_MONTHS, Count, Evidence, share
from salus.activity_report.edition import Check, Edition, Figure, Number, Outcome, Point, indicators
from salus.kernel.indicator import CHART_MONTHS, Indicator, Kind, Measure
from salus.kernel.month import Month
from salus.kernel.tally import Tally

MONTH = Month(2024, 12)
FIRST = (MONTH + -HISTORY_MONTHS).first_day
DAYS = [FIRST + timedelta(days=i) for i in range((MONTH.last_day - FIRST).days + 1)]
IN_MONTH = [day for day in DAYS if Month.of(day) == MONTH]
HOLIDAYS = {
    day for day in DAYS if (day.month, day.day) in {(1, 1), (5, 1), (11, 1), (12, 25), (12, 26)}
}
WEEK = [1.15, 1.1, 1.05, 1.05, 1.0, 0.35]
# Of these there are so many, and so evenly, that an empty day or half a month cannot be chance.
BUSY = ("documents_total", "documents_stock", "index_requests_in_month", "uses_pharmacy_in_month")


@dataclass(kw_only=True)
class History:
    """What a tally counts: how many there were before all days, began and ended on each."""

    opening: int
    began: dict[date, int]
    ended: dict[date, int] = field(default_factory=dict)

    def at_end_of(self, month: Month) -> int:
        last = month.last_day

        def until_then(days: Mapping[date, int]) -> int:
            return sum(number for day, number in days.items() if day <= last)

        return self.opening + until_then(self.began) - until_then(self.ended)

    def in_month(self, month: Month) -> tuple[int, int]:
        first, last = month.first_day, month.last_day

        def within(days: Mapping[date, int]) -> int:
            return sum(number for day, number in days.items() if first <= day <= last)

        return within(self.began), within(self.ended)


def history(tally: Tally, rng: np.random.Generator, *, busy: bool) -> History:
    """A service of any size, with weekends and holidays, a season and growth; some are young."""
    rate = 10 ** rng.uniform(2.2 if busy else -2.5, 2.5)
    sunday, season, growth = (
        rng.choice([0, 0.15]),
        rng.uniform(0, 0.15 if busy else 0.3),
        rng.uniform(-0.01, 0.03),
    )
    peak = rng.integers(12)
    together = 1 if busy else int(rng.choice([1, 20]))  # as documents that come in batches
    opens = int(rng.integers(len(DAYS))) if not busy and rng.random() < 0.25 else 0

    def drawn(rate: float) -> dict[date, int]:
        expected = [
            rate
            * (sunday if day in HOLIDAYS else [*WEEK, sunday][day.weekday()])
            * (1 + season * np.cos((day.month - peak) * np.pi / 6))
            * np.exp(growth * (Month.of(day) - MONTH))
            for day in DAYS[opens:]
        ]
        counts = rng.poisson(expected).tolist()
        return {day: n * together for day, n in zip(DAYS[opens:], counts, strict=True) if n}

    began = drawn(rate)
    ended = drawn(rate * 0.1) if tally.until else {}
    opening = sum(ended.values()) + (0 if opens else int(rate * 1000))
    return History(opening=opening, began=began, ended=ended)


class Nation:
    """Random rows, and what is counted of them in any month."""

    def __init__(self, seed: int, *, simulated: str) -> None:
        rng = np.random.default_rng(seed)
        self.simulated = simulated
        busy = {indicators()[name].tally for name in BUSY}
        tallies = dict.fromkeys(i.tally for i in indicators().values() if i.tally)
        self.histories = {t: history(t, rng, busy=t in busy) for t in tallies}

    def of(self, name: str) -> History:
        """What counts into an indicator; a chart that is no tally is one of its total's rows."""
        indicator = indicators()[name]
        while not indicator.tally:
            total = {"vaccinations_recorded": "vaccinations_total"}.get(indicator.id)
            indicator = indicators()[total or indicator.total]
        return self.histories[indicator.tally]

    def number(self, indicator: Indicator, month: Month) -> int:
        history = self.of(indicator.id)
        if indicator.measure is Measure.FLOW:
            return history.in_month(month)[0]
        return history.at_end_of(month)

    def _split(self, chart: Indicator, month: Month) -> list[int]:
        """The month's number in as many parts as there are codes, the same whenever it is asked for."""
        whole = self.number(chart, month)
        cut = Random(f"{chart.id} {month} {whole}")
        cuts = sorted(cut.randint(0, whole) for _ in chart.codes[1:])
        return [b - a for a, b in zip([0, *cuts], [*cuts, whole], strict=True)]

    def count(self, month: Month = MONTH) -> Count:
        charts = {
            chart.id: {
                (str(period), code): number
                for period in month.last(CHART_MONTHS)
                for code, number in zip(chart.codes, self._split(chart, period), strict=True)
            }
            for chart in indicators().values()
            if chart.kind is Kind.CHART
        }
        figures: dict[str, int | float | None] = {}
        for figure in indicators().values():
            if figure.cell_of:
                figures[figure.id] = share(charts[figure.cell_of], str(month), figure.codes[0])
            elif figure.kind is Kind.FIGURE:
                # What is neither a tally nor part of anything may be any number.
                figures[figure.id] = self.number(figure, month) if figure.tally else 7
        flows = [i for i in tallied_figures(Measure.FLOW) if i.tally]
        return Count(
            month=month,
            as_of=datetime(2025, 1, 10, tzinfo=UTC),
            running=False,
            simulated=self.simulated,
            figures=figures,
            flows_before={i.id: self.number(i, month + -1) for i in flows},
            charts=charts,
        )

    def evidence(self) -> Evidence:
        stocks = tallied_figures(Measure.STOCK)
        return Evidence(
            stocks_before={i.id: self.number(i, MONTH + -1) if i.tally else 7 for i in stocks},
            movements={i.id: self.of(i.id).in_month(MONTH) for i in stocks if i.tally},
            daily={i.id: self.of(i.id).began for i in indicators().values() if i.tally},
        )

    def edition(self, month: Month) -> Edition:
        return assemble(self.count(month), [], counted_at="2025-01-10T10:00:00+01:00")


def tallied_figures(measure: Measure) -> list[Indicator]:
    return [i for i in indicators().values() if i.kind is Kind.FIGURE and i.measure is measure]


@dataclass(kw_only=True)
class Office:
    """The moment before publishing. Whoever plants something changes the rows, or one number of the edition."""

    nation: Nation
    published: dict[str, Edition] = field(default_factory=dict)
    changed: dict[tuple[str, str, str], float] = field(default_factory=dict)  # by cell: the value

    def publish(self, month: Month) -> None:
        self.published[str(month)] = self.nation.edition(month)

    def failures(self) -> list[Check]:
        edition = self.nation.edition(MONTH)
        figures = (
            replace(f, value=self._value(f.id, edition.period, "", f)) for f in edition.figures
        )
        charts = (
            replace(
                chart,
                series=tuple(
                    replace(p, value=self._value(chart.id, p.period, p.dimension, p))
                    for p in chart.series
                ),
            )
            for chart in edition.charts
        )
        found = checks.check(
            self.nation.count(),
            self.nation.evidence(),
            replace(edition, figures=tuple(figures), charts=tuple(charts)),
            self.published,
            HOLIDAYS,
        )
        return [check for check in found if check.outcome is Outcome.FAILED]

    def _value(self, name: str, period: str, code: str, cell: Figure | Point) -> Number:
        return self.changed.get((name, period, code), cell.value)
