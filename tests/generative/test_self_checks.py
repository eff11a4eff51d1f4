"""The self-checks against random nations: silent on those that agree with themselves, and never silent on a planted
contradiction.

A nation here is nothing but what began and ended on each day, drawn at random; the slow plain counting below
knows no rule.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random

import pytest
from django.utils.translation import override
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from salus.activity_report import checks
from salus.activity_report.counting import share
from salus.activity_report.edition import Number, indicators
from salus.kernel.indicator import CHART_MONTHS, Indicator, Kind, Measure
from tests.generative.nations import (
    BUSY,
    DAYS,
    HOLIDAYS,
    IN_MONTH,
    MONTH,
    Nation,
    Office,
    tallied_figures,
)

SEEDS = st.integers(0, 2**32)
SIMULATED = st.sampled_from(["", "1/100"])  # small counts are withheld, or not


@given(SEEDS, SIMULATED, st.sampled_from([0, 1, 2]))
@settings(max_examples=30, derandomize=True)  # by chance a nation may alarm, if rarely
def test_a_nation_that_agrees_with_itself_raises_no_alarm(
    seed: int, simulated: str, months_published: int
) -> None:
    office = Office(nation=Nation(seed, simulated=simulated))
    for back in range(months_published):
        office.publish(MONTH + (-1 - back))
    assert office.failures() == []


def every_december_is_quiet(day: date) -> int:
    return 40 if day.month == 12 else 100


def every_other_week_there_is_a_batch(day: date) -> int:
    return 150 if day.toordinal() % 14 == 2 else 0


def no_month_is_like_the_next(day: date) -> int:
    return 20 + 10 * ((day.year * 12 + day.month) * 5 % 13)


@pytest.mark.parametrize(
    "habit",
    [every_december_is_quiet, every_other_week_there_is_a_batch, no_month_is_like_the_next],
)
def test_what_has_been_so_before_is_no_surprise(habit: Callable[[date], int]) -> None:
    office = Office(nation=Nation(1, simulated=""))
    office.nation.of("documents_total").began = {day: habit(day) for day in DAYS if habit(day)}
    assert office.failures() == []


def test_an_empty_day_is_not_hidden_by_a_public_holiday_weeks_before() -> None:
    office = Office(nation=Nation(1, simulated=""))
    friday = date(2024, 12, 13)  # of the eight Fridays before, the 1st of November was a holiday
    closed = {day for day in DAYS if day.weekday() == 6} | HOLIDAYS | {friday}
    office.nation.of("documents_total").began = {day: 16 for day in DAYS if day not in closed}
    found = {(check.rule, dict(check.facts)["first"]) for check in office.failures()}
    assert found == {("daily", "2024-12-13")}


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
        rng.choice([*charts, *tallied_figures(Measure.FLOW)])
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
    flow = rng.choice(tallied_figures(Measure.FLOW)).id
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
    return rng.choice([i for i in tallied_figures(Measure.STOCK) if i.tally])


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
