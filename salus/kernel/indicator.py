"""What a published figure is.

A domain declares its figures and charts in ``indicators.py`` as functions: the name is the published id, the
docstring the published definition, and what it returns says how it is counted: a `Tally` of rows, or the text of
one SQL aggregate. The report asks the registry and knows no domain.

A figure's SQL returns one number, or null where a share has no base. It may use the parameters
``%(start)s`` and ``%(end)s``, the local midnights that open and close the month (timestamptz; ``end``
itself is outside), and ``%(day)s``, the first day after the month (date). What is in force at the end
of the month began before ``end`` and did not end before ``end``. The session's time zone is the
country's, so that ``date_trunc('month', at)`` is a local midnight. A figure that is a share is a percentage,
unrounded.

A chart's SQL returns rows ``(period, dimension, count)`` for a window of months: ``period`` the first
day of the month (date), ``dimension`` one of the chart's codes ('' where it has none); ``start`` opens
the first month and ``end`` closes the last. Cells without a row are zero. A chart of shares counts too: the
report divides by the month's sum, since it must know how few people stand behind a share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from inspect import getdoc
from typing import NotRequired, TypedDict, Unpack

import sqlglot
from sqlglot import expressions

from salus.kernel.tally import Tally

CHART_MONTHS = 12


class Kind(StrEnum):
    FIGURE = "figure"
    CHART = "chart"


class Measure(StrEnum):
    STOCK = "stock"
    FLOW = "flow"
    SHARE = "share"


class Precision(StrEnum):
    """How a value is printed."""

    EXACT = "exact"
    MILLIONS_0 = "millions_0"  # 21 M; below one million exact
    MILLIONS_1 = "millions_1"  # 14,6 M; below one million exact
    PERCENT_1 = "percent_1"
    PERCENT_2 = "percent_2"


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """``title``, ``definition``, ``population`` and ``unit`` are English; the catalogues translate them."""

    id: str
    kind: Kind
    service: str
    title: str
    definition: str
    population: str  # whom or what the figure is about, before any condition
    measure: Measure
    unit: str
    sql: str
    tally: Tally | None = None
    precision: Precision = Precision.EXACT
    dimension: str = ""  # what a chart's series are by: country, act_type, age_band
    codes: tuple[str, ...] = ("",)  # of the dimension, in the order of printing
    total: str = ""  # the figure, or chart without dimension, to which a chart's codes add up
    cell_of: str = ""  # the chart whose last month has this figure, in the column of its one code
    added: bool = False  # not in the agency's own report; printed in its second part
    glossary: str = ""  # the starred term of the glossary that explains it

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The tables that are read, in order of their names."""
        query = sqlglot.parse_one(self.sql, read="postgres")
        inner = {cte.alias for cte in query.find_all(expressions.CTE)}
        named = {table.name for table in query.find_all(expressions.Table)}
        return tuple(sorted(named - inner - {""}))  # '': what a function returns


_registry: dict[str, Indicator] = {}


def registered() -> tuple[Indicator, ...]:
    """Every declared indicator, in the order of declaration."""
    return tuple(_registry.values())


Declared = Callable[[], Tally | str]


class Words(TypedDict):
    """What every declaration says, in English."""

    service: str
    title: str
    population: str
    unit: str
    measure: Measure
    glossary: NotRequired[str]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The figures that print the cells of a chart's last month, one for each code.

    ``id`` has the place ``{code}``; ``title`` and ``definition`` have ``%(part)s``, the code's name.
    """

    id: str
    title: str
    definition: str


def figure(
    *, precision: Precision = Precision.EXACT, added: bool = False, **words: Unpack[Words]
) -> Callable[[Declared], Declared]:
    def declare(function: Declared) -> Declared:
        tally, sql = _counted(function(), words["measure"], Kind.FIGURE)
        _register(
            Indicator(
                id=function.__name__,
                kind=Kind.FIGURE,
                definition=_definition(function),
                sql=sql,
                tally=tally,
                precision=precision,
                added=added,
                **words,
            )
        )
        return function

    return declare


def chart(
    *,
    dimension: str = "",
    codes: tuple[str, ...] = ("",),
    total: str = "",
    cells: Cells | None = None,
    **words: Unpack[Words],
) -> Callable[[Declared], Declared]:
    def declare(function: Declared) -> Declared:
        tally, sql = _counted(function(), words["measure"], Kind.CHART)
        drawn = Indicator(
            id=function.__name__,
            kind=Kind.CHART,
            definition=_definition(function),
            sql=sql,
            tally=tally,
            precision=Precision.PERCENT_1 if words["measure"] is Measure.SHARE else Precision.EXACT,
            dimension=dimension,
            codes=codes,
            total=total,
            **words,
        )
        _register(drawn)
        if cells:
            for code in codes:
                _register(_cell(drawn, code, cells))
        return function

    return declare


def _counted(counted: Tally | str, measure: Measure, kind: Kind) -> tuple[Tally | None, str]:
    if isinstance(counted, str):
        return None, _laid_out(counted)
    sql = {
        (Kind.FIGURE, Measure.STOCK): counted.in_force,
        (Kind.FIGURE, Measure.FLOW): counted.begun,
        (Kind.CHART, Measure.STOCK): counted.in_force_by_month,
        (Kind.CHART, Measure.FLOW): counted.begun_by_month,
    }
    return counted, _laid_out(sql[kind, measure])


def _laid_out(sql: str) -> str:
    """The SQL as it is published, and as it is run: readers shall see the very text that counted."""
    return sqlglot.parse_one(sql, read="postgres").sql("postgres", pretty=True)


def _cell(drawn: Indicator, code: str, cells: Cells) -> Indicator:
    return replace(
        drawn,
        id=cells.id.format(code=code.lower()),
        kind=Kind.FIGURE,
        title=cells.title,
        definition=cells.definition,
        codes=(code,),
        total="",
        cell_of=drawn.id,
    )


def _definition(function: Declared) -> str:
    text = getdoc(function)
    if not text:
        raise ValueError(f"{function.__name__} has no published definition (docstring)")
    return " ".join(text.split())


def _register(indicator: Indicator) -> None:
    if indicator.id in _registry:
        raise ValueError(f"two indicators are called {indicator.id}")
    _registry[indicator.id] = indicator
