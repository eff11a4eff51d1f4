"""One edition of the report: what was counted of a month, and how it was published. No words: those come with
the language that it is printed in.
"""

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Self

from django.utils.module_loading import autodiscover_modules

from salus.country import country
from salus.kernel.indicator import Indicator, registered
from salus.kernel.month import Month

Number = int | float | None
Cell = tuple[str, str, str]  # indicator, period YYYY-MM, code of the dimension or ''


class Status(StrEnum):
    """Of one cell; each has its code in SDMX's CL_OBS_STATUS (salus.activity_report.opendata.sdmx)."""

    NORMAL = "normal"
    PROVISIONAL = "provisional"
    REVISED = "revised"  # an earlier edition or revision printed another value
    SUPPRESSED = "suppressed"  # withheld, since it would tell of too few people
    MISSING = "missing"  # a share that has no base


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not judged"  # too little is known to say


@dataclass(frozen=True, kw_only=True)
class Figure:
    id: str
    value: Number
    change: float | None = None  # of a whole month's flow, in percent of the month before
    status: Status = Status.NORMAL


@dataclass(frozen=True, kw_only=True)
class Point:
    period: str  # YYYY-MM
    dimension: str  # a code of the chart's dimension, '' where it has none
    value: Number
    status: Status = Status.NORMAL


@dataclass(frozen=True, kw_only=True)
class Chart:
    id: str
    series: tuple[Point, ...]
    totals: tuple[int, ...] = ()  # of a breakdown: the whole that its codes share, month by month


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a self-check found of one indicator (salus.activity_report.checks)."""

    rule: str
    indicator: str
    outcome: Outcome
    facts: tuple[tuple[str, int | float | str], ...] = ()  # for the sentence that tells it

    def __post_init__(self) -> None:
        # In one order: an archived JSON object has none.
        object.__setattr__(self, "facts", tuple(sorted(self.facts)))


@dataclass(frozen=True, kw_only=True)
class Edition:
    period: str  # YYYY-MM
    revision: int = 1
    counted_at: str = ""  # instant of the count, ISO 8601, when this revision was published
    reason: str = ""  # of a revision
    override: str = ""  # why it was published although a check failed
    provisional: str = ""  # the day of the count, YYYY-MM-DD, of what is not published yet
    simulated: str = ""  # scale of the synthetic nation that was counted, "1/100"
    protected: bool = True  # whether small counts are withheld
    figures: tuple[Figure, ...]
    charts: tuple[Chart, ...]
    checks: tuple[Check, ...] = ()

    @property
    def month(self) -> Month:
        return Month.parse(self.period)

    @property
    def cut_off(self) -> date:
        """The last day that was counted."""
        last = self.month.last_day
        return min(date.fromisoformat(self.provisional), last) if self.provisional else last

    @property
    def cells(self) -> dict[Cell, Number]:
        """Every printed value; what a recount can change."""
        figures = {(f.id, self.period, ""): f.value for f in self.figures}
        points = {(c.id, p.period, p.dimension): p.value for c in self.charts for p in c.series}
        return figures | points

    def figure(self, id: str) -> Figure:
        return next(figure for figure in self.figures if figure.id == id)

    def chart(self, id: str) -> Chart:
        return next(chart for chart in self.charts if chart.id == id)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "checks": [asdict(c) | {"facts": dict(c.facts)} for c in self.checks]
        }

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        figures = (Figure(**f | {"status": Status(f["status"])}) for f in body["figures"])
        charts = (
            Chart(
                id=chart["id"],
                totals=tuple(chart["totals"]),
                series=tuple(Point(**p | {"status": Status(p["status"])}) for p in chart["series"]),
            )
            for chart in body["charts"]
        )
        checks = (
            Check(
                **check
                | {"outcome": Outcome(check["outcome"]), "facts": tuple(check["facts"].items())}
            )
            for check in body["checks"]
        )
        return cls(
            **body | {"figures": tuple(figures), "charts": tuple(charts), "checks": tuple(checks)}
        )


@cache
def indicators() -> dict[str, Indicator]:
    """The indicators by id that the country's report prints, those they lean on, and the added ones."""
    autodiscover_modules("indicators")
    declared = {indicator.id: indicator for indicator in registered()}
    rows = (row for s in country().REPORT.sections for row in (*s.figures, *s.charts))
    printed = {name for row in rows for name in row}
    needed = {name for one in printed for name in (declared[one].cell_of, declared[one].total)}
    return {name: one for name, one in declared.items() if one.added or name in printed | needed}
