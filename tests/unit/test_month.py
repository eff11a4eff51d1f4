from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from salus.kernel.errors import InvalidInput
from salus.kernel.month import Month

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")


def test_a_month_counts_across_years() -> None:
    assert Month(2024, 12) + 1 == Month(2025, 1)
    assert Month(2024, 1) + -1 == Month(2023, 12)
    assert Month(2025, 3) - Month(2024, 12) == 3
    assert [str(month) for month in Month(2024, 2).last(3)] == ["2023-12", "2024-01", "2024-02"]


def test_the_cut_off_is_local_midnight() -> None:
    assert Month(2024, 12).end(LUXEMBOURG).isoformat() == "2025-01-01T00:00:00+01:00"
    assert Month(2024, 6).start(LUXEMBOURG) == datetime(2024, 6, 1, tzinfo=LUXEMBOURG)
    assert Month(2024, 2).last_day == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["2024-13", "2024-00", "24-12", "2024-1", "december", "", "0000-12"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="YYYY-MM"):
        Month.parse(text)
