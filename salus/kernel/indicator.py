"""What a published figure is.

A domain declares its figures and charts in ``indicators.py`` as functions: the name is the published id, the
docstring the published definition, and the returned text the one SQL aggregate that counts it. The report asks
the registry and knows no domain.

A figure's SQL returns one number, or null where a share has no base. It may use the parameters
``%(start)s`` and ``%(end)s``, the local midnights that open and close the month (timestamptz; ``end``
itself is outside), and ``%(day)s``, the first day after the month (date). What is in force at the end
of the month began before ``end`` and did not end before ``end``. The session's time zone is the
country's, so that ``date_trunc('month', at)`` is a local midnight.

A chart's SQL returns rows ``(period, dimension, value)`` for a window of months: ``period`` the first
day of the month (date), ``dimension`` one of the chart's codes ('' where it has none); ``start`` opens
the first month and ``end`` closes the last. Months without a row are zero; shares without any row in
their month are missing. A share is a percentage, unrounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from inspect import getdoc

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
    id: str
    kind: Kind
    service: str
    measure: Measure
    unit: str
    definition: str
    sql: str
    precision: Precision = Precision.EXACT
    parts_of: str = ""  # shares with the same name here add to 100.0 as printed
    dimension: str = ""  # what a chart's series are by: country, act_type, age_band
    codes: tuple[str, ...] = ("",)  # of the dimension, in the order of printing
    glossary: str = ""  # the starred term of the glossary that explains it


_registry: dict[str, Indicator] = {}


def registered() -> tuple[Indicator, ...]:
    """Every declared indicator, in the order of declaration."""
    return tuple(_registry.values())


def figure(
    *,
    service: str,
    measure: Measure,
    unit: str,
    precision: Precision = Precision.EXACT,
    parts_of: str = "",
    glossary: str = "",
) -> Callable[[Callable[[], str]], Callable[[], str]]:
    def declare(function: Callable[[], str]) -> Callable[[], str]:
        _register(
            Indicator(
                id=function.__name__,
                kind=Kind.FIGURE,
                service=service,
                measure=measure,
                unit=unit,
                definition=_definition(function),
                sql=function(),
                precision=precision,
                parts_of=parts_of,
                glossary=glossary,
            )
        )
        return function

    return declare


def chart(
    *,
    service: str,
    measure: Measure,
    unit: str,
    dimension: str = "",
    codes: tuple[str, ...] = ("",),
    glossary: str = "",
) -> Callable[[Callable[[], str]], Callable[[], str]]:
    def declare(function: Callable[[], str]) -> Callable[[], str]:
        _register(
            Indicator(
                id=function.__name__,
                kind=Kind.CHART,
                service=service,
                measure=measure,
                unit=unit,
                definition=_definition(function),
                sql=function(),
                precision=Precision.PERCENT_1 if measure is Measure.SHARE else Precision.EXACT,
                dimension=dimension,
                codes=codes,
                glossary=glossary,
            )
        )
        return function

    return declare


def _definition(function: Callable[[], str]) -> str:
    text = getdoc(function)
    if not text:
        raise ValueError(f"{function.__name__} has no published definition (docstring)")
    return " ".join(text.split())


def _register(indicator: Indicator) -> None:
    if indicator.id in _registry:
        raise ValueError(f"two indicators are called {indicator.id}")
    _registry[indicator.id] = indicator
