"""What the rules judge, and how they say what they found."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from salus.activity_report.counting import Count, Evidence
from salus.activity_report.edition import Cell, Check, Edition, Number, Outcome, indicators
from salus.kernel.indicator import CHART_MONTHS, Indicator, Kind, Measure

Fact = int | float | str
Cells = Mapping[Cell, Number]


@dataclass(frozen=True, kw_only=True)
class Case:
    count: Count
    evidence: Evidence
    edition: Edition
    published: Mapping[str, Edition]
    holidays: frozenset[date]

    @property
    def period(self) -> str:
        return str(self.count.month)

    @property
    def month_before(self) -> str:
        return str(self.count.month + -1)

    def months(self, chart: str) -> list[str]:
        """YYYY-MM, oldest first."""
        return list(dict.fromkeys(period for period, _ in self.count.charts[chart]))

    def value(self, indicator: str, period: str = "", code: str = "") -> Number:
        """As about to be published; as counted, where that is withheld. None: a share that has no base."""
        cell = (indicator, period or self.period, code)
        published = self._cells[cell]
        return self._counted[cell] if published is None else published

    def number(self, indicator: str, period: str = "", code: str = "") -> int | float:
        """The value of what is not a share, hence never missing."""
        return self.value(indicator, period, code) or 0

    def people(self, chart: str, period: str, code: str) -> int | float:
        """How many stand behind a chart's cell: of a share the count, since the edition has the percentage."""
        if indicators()[chart].measure is Measure.SHARE:
            return self.count.charts[chart][period, code]
        return self.number(chart, period, code)

    def published_value(self, indicator: str, period: str) -> Number:
        """Of a figure, or of a chart without codes, by the month's own edition; None where there is none."""
        return self._published.get(period, {}).get((indicator, period, ""))

    @cached_property
    def _cells(self) -> Cells:
        return self.edition.cells

    @cached_property
    def _counted(self) -> Cells:
        return self.count.cells(indicators())

    @cached_property
    def _published(self) -> Mapping[str, Cells]:
        earlier = map(str, self.count.month.last(CHART_MONTHS)[:-1])
        return {month: self.published[month].cells for month in earlier if month in self.published}


def declared(kind: Kind, measure: Measure) -> Iterator[Indicator]:
    return (i for i in indicators().values() if i.kind is kind and i.measure is measure)


def verdict(rule: str, indicator: str, failures: Iterable[Mapping[str, Fact]]) -> list[Check]:
    """A failed check for each of the ``failures``, or one that passed."""
    failed = [
        Check(rule=rule, indicator=indicator, outcome=Outcome.FAILED, facts=tuple(facts.items()))
        for facts in failures
    ]
    return failed or [Check(rule=rule, indicator=indicator, outcome=Outcome.PASSED)]


def not_judged(rule: str, indicator: str, **facts: Fact) -> Check:
    return Check(
        rule=rule, indicator=indicator, outcome=Outcome.NOT_JUDGED, facts=tuple(facts.items())
    )
