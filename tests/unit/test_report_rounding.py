"""Parts of a whole, rounded together."""

from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given
from hypothesis import strategies as st

from salus.activity_report.rounding import largest_remainder

counts = st.lists(st.integers(0, 10**7), min_size=1, max_size=12).filter(any)


def test_shares_of_the_published_report() -> None:
    parts = [55.56, 21.94, 10.34, 9.36, 2.80]
    assert [str(part) for part in largest_remainder(parts, 1)] == [
        *("55.6", "21.9", "10.3", "9.4", "2.8"),
    ]


def test_the_earlier_wins_a_tie() -> None:
    assert [str(part) for part in largest_remainder([100 / 3] * 3, 1)] == ["33.4", "33.3", "33.3"]


@given(counts, st.integers(0, 3))
def test_shares_add_to_a_hundred(counts: list[int], decimals: int) -> None:
    shares = [100 * count / sum(counts) for count in counts]
    assert sum(largest_remainder(shares, decimals)) == 100


@given(counts, st.integers(0, 3))
def test_no_share_moves_by_a_whole_unit(counts: list[int], decimals: int) -> None:
    unit = Decimal(1).scaleb(-decimals)
    shares = [100 * count / sum(counts) for count in counts]
    for share, rounded in zip(shares, largest_remainder(shares, decimals), strict=True):
        assert abs(rounded - Decimal(repr(share))) < unit
        assert rounded == rounded.quantize(unit)


@given(st.floats(0, 1000, allow_nan=False))
def test_alone_it_is_ordinary_rounding(value: float) -> None:
    whole = Decimal(repr(value)).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    assert largest_remainder([value], 1) == [whole]
