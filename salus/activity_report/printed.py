"""How numbers and months are printed in a language: the rules of the CLDR, through Babel."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import (
    format_compact_decimal,
    format_decimal,
    format_percent,
    get_decimal_symbol,
    get_group_symbol,
)
from django.utils.translation import pgettext

from salus.activity_report.edition import Number
from salus.activity_report.rounding import largest_remainder
from salus.kernel.indicator import Precision
from salus.kernel.month import Month

_MILLION = 1_000_000
_MILLIONS = {Precision.MILLIONS_0: 0, Precision.MILLIONS_1: 1}
_PERCENT = {Precision.PERCENT_1: 1, Precision.PERCENT_2: 2}


def missing() -> str:
    return pgettext("a figure that has no value", "n/a")


def print_value(value: Number, precision: Precision, language: str) -> str:
    """209 214, 14,6 M, 65,5 %; a counter goes in millions from one million on, below it is exact."""
    if value is None:
        return missing()
    if precision in _PERCENT:
        return _percent(Decimal(repr(float(value))), _PERCENT[precision], language)
    if precision in _MILLIONS and value >= _MILLION:
        digits = _MILLIONS[precision]
        return format_compact_decimal(value, locale=language, fraction_digits=digits)
    return format_decimal(value, locale=language)


def print_parts(values: Sequence[Number], precision: Precision, language: str) -> list[str]:
    """Shares of one whole, rounded together so that they add to 100 as printed."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return [print_value(value, precision, language) for value in values]
    decimals = _PERCENT[precision]
    return [_percent(part, decimals, language) for part in largest_remainder(known, decimals)]


def print_change(change: float | None, language: str) -> str:
    """A change in percent: arrow, then its size with two decimals."""
    if change is None:
        return missing()
    rounded = Decimal(repr(change)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    arrow = "↑" if rounded > 0 else "↓" if rounded < 0 else "→"
    return f"{arrow} {_percent(abs(rounded), 2, language)}"


def _percent(percentage: Decimal, decimals: int, language: str) -> str:
    pattern = Locale.parse(language).percent_formats[None].pattern
    affix = pattern.split("#,##0", 1)[1]
    return format_percent(
        percentage / 100, f"#,##0.{'0' * decimals}{affix}", locale=language, group_separator=True
    )


def million(language: str) -> str:
    """What follows a number of millions: M, Mio."""
    formats = Locale.parse(language).compact_decimal_formats["short"]["other"]
    pattern: str = formats[str(_MILLION)].pattern
    return pattern.lstrip("0").replace("'", "")  # a quote guards the dot


def separators(language: str) -> dict[str, object]:
    """The marks in numbers, as d3-format takes them."""
    return {
        "decimal": get_decimal_symbol(language),
        "thousands": get_group_symbol(language),
        "grouping": [3],
        "currency": ["", ""],
    }


def month_name(month: Month, language: str) -> str:
    """December 2024, décembre 2024."""
    return format_date(month.first_day, "MMMM y", locale=language)


def month_short(month: Month, language: str) -> str:
    """Dec, déc."""
    return format_date(month.first_day, "LLL", locale=language)


def print_day(day: date, language: str) -> str:
    """31/12/2024, 31.12.2024."""
    pattern = "dd.MM.y" if language in ("de", "lb") else "dd/MM/y"
    return format_date(day, pattern, locale=language)


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
