"""The self-checks against random nations: silent on those that agree with themselves, and never silent on a planted
contradiction.

A nation here is nothing but what began and ended on each day, drawn at random; the slow plain counting below
knows no rule.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
import pytest
from django.utils.translation import override
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

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
HOLIDAYS = {day for day in DAYS if (day.month, day.day) in {(1, 1), (5, 1), (12, 25), (12, 26)}}
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


def _history(tally: Tally, rng: np.random.Generator, *, busy: bool) -> History:
    """A service of any size, with weekends and holidays, a season and growth; some are young."""
    rate = 10 ** rng.uniform(2.2 if busy else -2.5, 2.5)
    sunday, season, growth = (
        rng.choice([0, 0.15]),
        rng.uniform(0, 0.15 if busy else 0.3),
        rng.uniform(-0.01, 0.03),
    )
    peak = rng.integers(12)
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
        return {day: n for day, n in zip(DAYS[opens:], counts, strict=True) if n}

    began = drawn(rate)
    ended = drawn(rate * 0.1) if tally.until else {}
    opening = sum(ended.values()) if opens else int(rate * 1000)
    return History(opening=opening, began=began, ended=ended)


class Nation:
    """Random rows, and what is counted of them in any month."""

    def __init__(self, seed: int, *, simulated: str) -> None:
        rng = np.random.default_rng(seed)
        self.simulated = simulated
        busy = {indicators()[name].tally for name in BUSY}
        tallies = dict.fromkeys(i.tally for i in indicators().values() if i.tally)
        self.histories = {t: _history(t, rng, busy=t in busy) for t in tallies}

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
        flows = [i for i in _figures(Measure.FLOW) if i.tally]
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
        stocks = _figures(Measure.STOCK)
        return Evidence(
            stocks_before={i.id: self.number(i, MONTH + -1) if i.tally else 7 for i in stocks},
            movements={i.id: self.of(i.id).in_month(MONTH) for i in stocks if i.tally},
            daily={i.id: self.of(i.id).began for i in indicators().values() if i.tally},
        )

    def edition(self, month: Month) -> Edition:
        return assemble(self.count(month), [], counted_at="2025-01-10T10:00:00+01:00")


def _figures(measure: Measure) -> list[Indicator]:
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


SEEDS = st.integers(0, 2**32)
SIMULATED = st.sampled_from(["", "1/100"])  # small counts are withheld, or not


@given(SEEDS, SIMULATED, st.sampled_from([0, 1, 2]))
@settings(max_examples=30, phases=[Phase.generate])
def test_a_nation_that_agrees_with_itself_raises_no_alarm(
    seed: int, simulated: str, months_published: int
) -> None:
    office = Office(nation=Nation(seed, simulated=simulated))
    for back in range(months_published):
        office.publish(MONTH + (-1 - back))
    assert office.failures() == []


# Each plants one contradiction, and says which rule must find it of which indicator, and what the sentence must name.
Expected = tuple[str, str, tuple[Number | date, Number | date]]


def stock_off_by_one(office: Office, rng: Random) -> Expected:
    stock = _tallied_stock(rng)
    right = office.nation.number(stock, MONTH)
    wrong = right + rng.choice([1, -1])
    office.changed[stock.id, str(MONTH), ""] = wrong
    return "stock_and_flows", stock.id, (right, wrong)


def printed_flow_off_by_one(office: Office, rng: Random) -> Expected:
    caller = rng.choice(["pharmacy", "laboratory", "rescue"])
    history = office.nation.of(f"uses_{caller}_total")
    joined, _ = history.in_month(MONTH)
    office.changed[f"uses_{caller}_in_month", str(MONTH), ""] = joined + 1
    stock = history.at_end_of(MONTH)
    return "stock_and_flows", f"uses_{caller}_total", (stock + 1, stock)


def lost_row(office: Office, rng: Random) -> Expected:
    """An old row is deleted where it ought to end."""
    stock = _tallied_stock(rng)
    history = office.nation.of(stock.id)
    history.opening += 1
    office.publish(MONTH + -1)
    history.opening -= 1
    now = history.at_end_of(MONTH + -1)
    return "past_unchanged", stock.id, (now + 1, now)


def late_rows(office: Office, rng: Random) -> Expected:
    """Rows come late, and are dated back into a published month."""
    month = MONTH + -rng.randrange(1, 4)
    office.publish(month)
    charts = [i for i in indicators().values() if i.kind is Kind.CHART and i.tally]
    chart = (
        rng.choice([*charts, *_figures(Measure.FLOW)])
        if month == MONTH + -1
        else rng.choice(charts)
    )
    then = office.nation.number(chart, month)
    began = office.nation.of(chart.id).began
    began[month.last_day] = began.get(month.last_day, 0) + 3
    return "past_unchanged", chart.id, (then, then + 3)


def part_moved(office: Office, rng: Random) -> Expected:
    """To another month: all rows are there, in the wrong place."""
    office.nation.simulated = "1/100"  # nothing is withheld
    month, other = rng.sample(MONTH.last(CHART_MONTHS), 2)
    counts = office.nation.count().charts["vaccinations_by_type"]
    for period, by in ((str(month), 1), (str(other), -1)):
        cell = (period, "historical")
        office.changed["vaccinations_by_type", *cell] = counts[cell] + by
    whole, _ = office.nation.of("vaccinations_by_type").in_month(month)
    return "parts_and_totals", "vaccinations_by_type", (whole + 1, whole)


def total_does_not_match(office: Office, rng: Random) -> Expected:
    charts = [i for i in indicators().values() if i.kind is Kind.CHART and i.total]
    chart = rng.choice([i for i in charts if indicators()[i.total].kind is Kind.FIGURE])
    parts = office.nation.of(chart.total).at_end_of(MONTH)
    office.changed[chart.total, str(MONTH), ""] = parts + 1
    return "parts_and_totals", chart.id, (parts, parts + 1)


def days_do_not_make_the_month(office: Office, rng: Random) -> Expected:
    flow = rng.choice(_figures(Measure.FLOW)).id
    days, _ = office.nation.of(flow).in_month(MONTH)
    office.changed[flow, str(MONTH), ""] = days - 1
    return "parts_and_totals", flow, (days, days - 1)


def figure_is_not_its_cell(office: Office, rng: Random) -> Expected:
    figure = rng.choice([i for i in indicators().values() if i.cell_of])
    office.nation.of(figure.cell_of).opening += 100  # there is somebody to have a share of
    office.nation.simulated = "1/100"
    office.changed[figure.id, str(MONTH), ""] = 101
    return "parts_and_totals", figure.id, (101, office.nation.count().figures[figure.id])


def shares_do_not_add(office: Office, rng: Random) -> Expected:
    chart = indicators()[rng.choice(["records_by_residence", "vaccination_records_by_age"])]
    office.nation.of(chart.id).opening += 100
    office.nation.simulated = "1/100"
    code = rng.choice(chart.codes)
    right = share(office.nation.count().charts[chart.id], str(MONTH), code)
    assert right is not None
    office.changed[chart.id, str(MONTH), code] = right + 0.25
    return "shares", chart.id, (100.25, 100)


def fall_without_cause(office: Office, rng: Random) -> Expected:
    """More old rows are deleted than new ones joined."""
    stock = _tallied_stock(rng)
    history = office.nation.of(stock.id)
    joined, lost = history.in_month(MONTH)
    history.opening += joined + 1
    office.publish(MONTH + -1)
    before = history.at_end_of(MONTH + -1)
    history.opening -= joined + 1
    return "no_fall", stock.id, (before, before - lost - 1)


def chart_that_falls(office: Office, rng: Random) -> Expected:
    month = MONTH + -rng.randrange(1, CHART_MONTHS - 1)
    history = office.nation.of("vaccination_records_stock")
    history.opening += 2
    before = history.at_end_of(month + -1)
    office.changed["vaccination_records_stock", str(month), ""] = before - 2
    return "no_fall", "vaccination_records_stock", (before, before - 2)


def day_without_any(office: Office, rng: Random) -> Expected:
    day = rng.choice([d for d in IN_MONTH if d.weekday() < 5 and d not in HOLIDAYS])
    name = _emptied(office, rng, [day])
    return "daily", name, (0, day)


def days_without_any(office: Office, rng: Random) -> Expected:
    """One finding, with the first day and the last."""
    first = rng.choice([d for d in IN_MONTH if d.weekday() == 1 and d.day < 24])
    days = [first + timedelta(days=i) for i in range(3)]
    name = _emptied(office, rng, days)
    return "daily", name, (days[0], days[-1])


def month_without_any(office: Office, rng: Random) -> Expected:
    name = _emptied(office, rng, IN_MONTH)
    return "daily", name, (IN_MONTH[0], IN_MONTH[-1])


def month_doubled(office: Office, rng: Random) -> Expected:
    return _multiplied(office, rng, 2)


def month_halved(office: Office, rng: Random) -> Expected:
    return _multiplied(office, rng, 0.5)


def _tallied_stock(rng: Random) -> Indicator:
    return rng.choice([i for i in _figures(Measure.STOCK) if i.tally])


def _emptied(office: Office, rng: Random, days: list[date]) -> str:
    name = rng.choice(BUSY)
    for day in days:
        office.nation.of(name).began.pop(day, None)
    return name


def _multiplied(office: Office, rng: Random, factor: float) -> Expected:
    name = rng.choice(BUSY)
    history = office.nation.of(name)
    history.began |= {day: round(history.began.get(day, 0) * factor) for day in IN_MONTH}
    before, _ = history.in_month(MONTH + -1)
    value, _ = history.in_month(MONTH)
    return "usual_range", name, (value, before)


@pytest.mark.parametrize(
    "plant",
    [
        stock_off_by_one,
        printed_flow_off_by_one,
        lost_row,
        late_rows,
        part_moved,
        total_does_not_match,
        days_do_not_make_the_month,
        figure_is_not_its_cell,
        shares_do_not_add,
        fall_without_cause,
        chart_that_falls,
        day_without_any,
        days_without_any,
        month_without_any,
        month_doubled,
        month_halved,
    ],
)
@given(seed=SEEDS, simulated=SIMULATED)
@settings(max_examples=8, phases=[Phase.generate])  # a seed cannot be made simpler
def test_a_planted_contradiction_is_found_and_named(
    plant: Callable[[Office, Random], Expected], seed: int, simulated: str
) -> None:
    office = Office(nation=Nation(seed, simulated=simulated))
    rule, indicator, named = plant(office, Random(seed))
    with override("en"):
        sentences = [
            checks.sentence(check, indicator)
            for check in office.failures()
            if (check.rule, check.indicator) == (rule, indicator)
        ]
    assert any(f"“{indicator}”" in told and _names(told, named) for told in sentences), sentences


def _names(sentence: str, named: Iterable[Number | date]) -> bool:
    return all(_printed(one) in sentence for one in named)


def _printed(fact: Number | date) -> str:
    if isinstance(fact, date):
        return f"{fact:%d/%m/%Y}"
    return f"{fact:,.9f}".rstrip("0").rstrip(".")
