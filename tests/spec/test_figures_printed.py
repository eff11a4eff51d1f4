"""How numbers are printed. The numbers are those of the published report of December 2024.

In French a narrow no-break space separates thousands, in German and Luxembourgish a point; in all three a no-break
space stands before the percent sign (CLDR).
"""

from datetime import date

import pytest
from django.utils.translation import override

from salus.activity_report.edition import Number
from salus.activity_report.printed import (
    million,
    month_name,
    month_short,
    print_change,
    print_day,
    print_parts,
    print_value,
    separators,
)
from salus.kernel.indicator import Precision
from salus.kernel.month import Month

THIN, SPACE = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("value", "precision", "french", "german", "english"),
    [
        (209214, Precision.EXACT, f"209{THIN}214", "209.214", "209,214"),
        (3129, Precision.EXACT, f"3{THIN}129", "3.129", "3,129"),
        (0, Precision.EXACT, "0", "0", "0"),
        (1_203_417, Precision.MILLIONS_1, f"1,2{SPACE}M", f"1,2{SPACE}Mio.", "1.2M"),
        (14_612_938, Precision.MILLIONS_1, f"14,6{SPACE}M", f"14,6{SPACE}Mio.", "14.6M"),
        (20_987_654, Precision.MILLIONS_0, f"21{SPACE}M", f"21{SPACE}Mio.", "21M"),
        (7_012_345, Precision.MILLIONS_0, f"7{SPACE}M", f"7{SPACE}Mio.", "7M"),
        (999_999, Precision.MILLIONS_0, f"999{THIN}999", "999.999", "999,999"),
        (1_000_000, Precision.MILLIONS_0, f"1{SPACE}M", f"1{SPACE}Mio.", "1M"),
        (65.5, Precision.PERCENT_1, f"65,5{SPACE}%", f"65,5{SPACE}%", "65.5%"),
        (65.45, Precision.PERCENT_1, f"65,4{SPACE}%", f"65,4{SPACE}%", "65.4%"),
        (100, Precision.PERCENT_1, f"100,0{SPACE}%", f"100,0{SPACE}%", "100.0%"),
        (0.18, Precision.PERCENT_2, f"0,18{SPACE}%", f"0,18{SPACE}%", "0.18%"),
    ],
)
def test_values(
    value: Number, precision: Precision, french: str, german: str, english: str
) -> None:
    assert print_value(value, precision, "fr") == french
    assert print_value(value, precision, "de") == german
    assert print_value(value, precision, "lb") == german
    assert print_value(value, precision, "en") == english


@pytest.mark.parametrize(
    ("change", "french", "german", "english"),
    [
        (-2.7192, f"↓ 2,72{SPACE}%", f"↓ 2,72{SPACE}%", "↓ 2.72%"),
        (9.376, f"↑ 9,38{SPACE}%", f"↑ 9,38{SPACE}%", "↑ 9.38%"),
        (0.0049, f"→ 0,00{SPACE}%", f"→ 0,00{SPACE}%", "→ 0.00%"),
        (-0.0049, f"→ 0,00{SPACE}%", f"→ 0,00{SPACE}%", "→ 0.00%"),
        (1234.5, f"↑ 1{THIN}234,50{SPACE}%", f"↑ 1.234,50{SPACE}%", "↑ 1,234.50%"),
    ],
)
def test_changes(change: float, french: str, german: str, english: str) -> None:
    assert print_change(change, "fr") == french
    assert print_change(change, "de") == german
    assert print_change(change, "lb") == german
    assert print_change(change, "en") == english


@pytest.mark.parametrize(
    ("language", "month", "short", "day"),
    [
        ("fr", "mars 2024", "mars", "31/03/2024"),
        ("de", "März 2024", "Mär", "31.03.2024"),
        ("en", "March 2024", "Mar", "31/03/2024"),
        ("lb", "Mäerz 2024", "Mäe", "31.03.2024"),
    ],
)
def test_dates(language: str, month: str, short: str, day: str) -> None:
    assert month_name(Month(2024, 3), language) == month
    assert month_short(Month(2024, 3), language) == short
    assert print_day(date(2024, 3, 31), language) == day


@pytest.mark.parametrize(
    ("language", "million_is", "decimal", "thousands"),
    [
        ("fr", f"{SPACE}M", ",", THIN),
        ("de", f"{SPACE}Mio.", ",", "."),
        ("en", "M", ".", ","),
        ("lb", f"{SPACE}Mio.", ",", "."),
    ],
)
def test_charts_write_numbers_as_figures_do(
    language: str, million_is: str, decimal: str, thousands: str
) -> None:
    assert million(language) == million_is
    marks = separators(language)
    assert (marks["decimal"], marks["thousands"]) == (decimal, thousands)


def test_what_has_no_value_says_so() -> None:
    with override("en"):
        assert print_value(None, Precision.PERCENT_1, "en") == "n/a"
        assert print_change(None, "en") == "n/a"
        assert print_parts([None, None], Precision.PERCENT_1, "en") == ["n/a", "n/a"]


def test_parts_add_up_as_printed() -> None:
    """Each by itself would be rounded to 55.6, 22.0, 10.4, 9.4 and 2.8, which is 100.2."""
    parts = print_parts([55.56, 21.95, 10.35, 9.35, 2.79], Precision.PERCENT_1, "en")
    assert sum(round(10 * float(part.rstrip("%"))) for part in parts) == 1000
