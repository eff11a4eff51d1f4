"""Rounding of parts that belong together."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal


def largest_remainder(parts: Sequence[float], decimals: int) -> list[Decimal]:
    """Round each part up or down to ``decimals`` so that the sum is the rounded sum of the parts.

    All are rounded down first; what is then missing goes to those that lost most, the earlier first
    where they lost alike (Hamilton's method).
    """
    unit = Decimal(1).scaleb(-decimals)
    exact = [Decimal(repr(float(part))) for part in parts]
    rounded = [part.quantize(unit, ROUND_FLOOR) for part in exact]
    whole = sum(exact, Decimal(0)).quantize(unit, ROUND_HALF_EVEN)
    missing = int((whole - sum(rounded)) / unit)
    by_loss = sorted(range(len(exact)), key=lambda i: (rounded[i] - exact[i], i))
    for i in by_loss[:missing]:
        rounded[i] += unit
    return rounded
