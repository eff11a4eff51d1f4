"""Two numbers that must agree, and do not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from salus.activity_report.checks.case import Case, Fact, declared, not_judged, verdict
from salus.activity_report.edition import Check, indicators
from salus.activity_report.rounding import largest_remainder
from salus.kernel.indicator import Indicator, Kind, Measure
from salus.kernel.month import Month

_TINY = 1e-9  # percentages are binary fractions

Real = int | float


def stock_and_flows(case: Case) -> Iterator[Check]:
    """The month before, and what joined, without what left, is the stock.

    That the month before is still as it was published, is for `past_unchanged` to say.
    """
    # Where the edition itself prints what joined, that is what its readers add.
    printed = {
        flow.tally: case.number(flow.id)
        for flow in declared(Kind.FIGURE, Measure.FLOW)
        if flow.tally and not flow.tally.distinct
    }
    for stock in declared(Kind.FIGURE, Measure.STOCK):
        if not stock.tally:
            continue  # what moves it is not known
        before = case.evidence.stocks_before[stock.id]
        joined, lost = case.evidence.movements[stock.id]
        gained = printed.get(stock.tally, joined)
        facts: dict[str, Fact] = {
            "before": before,
            "gained": gained,
            "lost": lost,
            "makes": before + gained - lost,
            "value": case.number(stock.id),
        }
        contradicts = facts["makes"] != facts["value"]
        yield from verdict("stock_and_flows", stock.id, [facts] if contradicts else [])


def past_unchanged(case: Case) -> Iterator[Check]:
    """What the rows say now of an earlier month is what its last published revision says."""
    for indicator in indicators().values():
        now = _earlier_months(case, indicator)
        then = {month: case.published_value(indicator.id, month) for month in now}
        if any(value is not None for value in then.values()):
            changed: list[dict[str, Fact]] = [
                {"period": month, "published": value, "counted": now[month]}
                for month, value in then.items()
                if value is not None and value != now[month]
            ]
            yield from verdict("past_unchanged", indicator.id, changed)
        elif now:
            yield not_judged("past_unchanged", indicator.id)


def _earlier_months(case: Case, indicator: Indicator) -> Mapping[str, Real]:
    """By month, what the rows say now. Empty where the definition itself lets a later month see another past."""
    if indicator.kind is Kind.CHART:
        months = case.months(indicator.id)[:-1] if indicator.tally else []
        return {month: case.number(indicator.id, month) for month in months}
    for before in (case.evidence.stocks_before, case.count.flows_before):
        if indicator.id in before:
            return {case.month_before: before[indicator.id] or 0}
    return {}


def parts_and_totals(case: Case) -> Iterator[Check]:
    """Codes add up to the total, days to the month, and a chart ends where its figure stands."""
    for indicator in indicators().values():
        sums = [
            *_codes_and_totals(case, indicator),
            *_days_and_months(case, indicator),
            *_charts_and_cells(case, indicator),
        ]
        if sums:
            wrong = [
                {"period": month, "parts": parts, "whole": whole}
                for month, parts, whole in sums
                if parts != whole
            ]
            yield from verdict("parts_and_totals", indicator.id, wrong)


Sums = Iterator[tuple[str, Real, Real]]  # month, sum of the parts, whole


def _codes_and_totals(case: Case, indicator: Indicator) -> Sums:
    if not indicator.total:
        return
    added = {
        month: sum(case.people(indicator.id, month, code) for code in indicator.codes)
        for month in case.months(indicator.id)
    }
    if indicators()[indicator.total].kind is Kind.FIGURE:
        yield case.period, added[case.period], case.number(indicator.total)
    else:
        for month, parts in added.items():
            yield month, parts, case.number(indicator.total, month)
    if totals := case.edition.chart(indicator.id).totals:
        for (month, parts), whole in zip(added.items(), totals, strict=True):
            yield month, parts, whole


def _days_and_months(case: Case, indicator: Indicator) -> Sums:
    tally = indicator.tally
    if not tally or tally.distinct or indicator.measure is not Measure.FLOW:
        return
    days: Counter[str] = Counter()
    for day, number in case.evidence.daily[indicator.id].items():
        days[str(Month.of(day))] += number
    months = case.months(indicator.id) if indicator.kind is Kind.CHART else [case.period]
    for month in months:
        yield month, days[month], case.number(indicator.id, month)


def _charts_and_cells(case: Case, indicator: Indicator) -> Sums:
    if indicator.cell_of:
        cell = case.number(indicator.cell_of, case.period, indicator.codes[0])
        yield case.period, cell, case.number(indicator.id)


def shares(case: Case) -> Iterator[Check]:
    """Shares of one whole add to 100, and to exactly 100.0 as printed."""
    for chart in declared(Kind.CHART, Measure.SHARE):
        months = {
            month: [share for share in parts if share is not None]
            for month in case.months(chart.id)
            for parts in [[case.value(chart.id, month, code) for code in chart.codes]]
        }
        if any(months.values()):
            wrong: list[dict[str, Fact]] = [
                {"period": month, "parts": sum(parts), "whole": 100}
                for month, parts in months.items()
                if parts and not _is_whole(parts)
            ]
            yield from verdict("shares", chart.id, wrong)
        else:
            yield not_judged("shares", chart.id)


def _is_whole(parts: list[Real]) -> bool:
    return abs(sum(parts) - 100) < _TINY and sum(largest_remainder(parts, decimals=1)) == 100


def no_fall(case: Case) -> Iterator[Check]:
    """Readers see no total fall further than rows are recorded to have left it."""
    for stock in declared(Kind.FIGURE, Measure.STOCK):
        if not stock.tally:
            continue
        before = case.published_value(stock.id, case.month_before)
        if before is None:
            before = case.evidence.stocks_before[stock.id]
        _, lost = case.evidence.movements[stock.id]
        step = (case.period, before, case.number(stock.id))
        yield from verdict("no_fall", stock.id, _falls([step], lost=lost))
    for chart in declared(Kind.CHART, Measure.STOCK):
        if not chart.tally or chart.tally.until:
            continue  # how many left in its earlier months is not known
        months = case.months(chart.id)
        values = [case.number(chart.id, month) for month in months]
        steps = zip(months[1:], values, values[1:], strict=False)
        yield from verdict("no_fall", chart.id, _falls(steps, lost=0))


def _falls(steps: Iterable[tuple[str, Real, Real]], *, lost: int) -> Iterator[Mapping[str, Fact]]:
    """``steps``: month, the number before, the number at its end."""
    for month, before, value in steps:
        fall = before - value
        if fall > lost:
            yield {"period": month, "before": before, "value": value, "fall": fall, "lost": lost}
