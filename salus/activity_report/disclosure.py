"""Disclosure control: which cells of a breakdown to withhold so that no small group is told apart.

Who reads every edition, and subtracts, must not come to a number of 1 to 4 people. There are three ways to
one: read it, take the rest of the row from the row's public total, or take one row from another. So one
rule looks at every *base* of a row: nobody at all (what is counted is then the row itself), each earlier
version of it (what a revision changed) and, where a series is cumulative, the other months (what a month
added).

1. No cell is published that differs from the base's by 1 to 4.
2. The cells that are withheld, in the row or in the base, differ by ten or more together; or not at all,
   where the base has people.

Rule 2 hides each among others only if the choice of the others says nothing: were they the smallest, 4 beside
13 and 13 could be computed (anything less would leave the other above 13). So codes go in fixed pairs of
neighbours; then even a reader who knows this program learns no more than that one in a pair is small.

A row for which no choice does is withheld whole; its total stays. `docs/explanation/disclosure.md` says what
readers can rely on, and what is not covered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SMALLEST = 5  # the smallest number of people, but none, that may be known
TOGETHER = 2 * SMALLEST  # the smallest number that withheld cells hide among them

Cell = tuple[str, str]  # month, code


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """A chart's true counts for an edition."""

    months: tuple[str, ...]  # YYYY-MM, oldest first
    codes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]  # a row per month, a column per code
    cumulative: bool  # a stock: what changes between months are people too


@dataclass(frozen=True, kw_only=True)
class Published:
    """What an earlier edition, or an earlier revision of this one, said of the chart."""

    totals: Mapping[str, int]  # of each month: public, always true
    cells: Mapping[Cell, int | None]  # None: withheld


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A month as the public knows it from one edition."""

    month: str
    total: int
    cells: tuple[int | None, ...]  # None: withheld

    @property
    def withheld(self) -> frozenset[int]:
        return frozenset(i for i, cell in enumerate(self.cells) if cell is None)

    def sum_over(self, codes: frozenset[int]) -> int:
        """What these are together, be all the withheld among them, or none."""
        if self.withheld & codes:
            return self.total - sum(
                cell
                for code, cell in enumerate(self.cells)
                if cell is not None and code not in codes
            )
        return sum(self.cells[code] or 0 for code in codes)


def suppressed(table: Breakdown, published: Sequence[Published]) -> frozenset[Cell]:
    """The cells of ``table`` to withhold, given all that was ``published`` of it before, oldest first.

    A row that is as it was published is repeated as it was published.
    """
    known = [row for edition in published for row in _rows(edition, table.codes)]
    counts = dict(zip(table.months, table.counts, strict=True))
    withheld: dict[str, frozenset[int]] = {}
    for month, row in counts.items():
        last = next((old for old in reversed(known) if old.month == month), None)
        if last and _is_as_published(row, last):
            withheld[month] = last.withheld
    for month, row in counts.items():
        if month in withheld:
            continue
        versions = [old for old in known if old.month == month]
        others = [old for old in known if old.month != month] if table.cumulative else []
        bases = [_nobody(len(row)), *versions, *others]
        withheld[month] = _with_complements(row, bases)
        known.append(_published(month, row, withheld[month]))
    return frozenset(
        (month, table.codes[code]) for month, codes in withheld.items() for code in codes
    )


def _rows(edition: Published, codes: Sequence[str]) -> Iterable[_Row]:
    for month, total in edition.totals.items():
        cells = tuple(edition.cells.get((month, code), 0) for code in codes)
        yield _Row(month=month, total=total, cells=cells)


def _nobody(codes: int) -> _Row:
    return _Row(month="", total=0, cells=(0,) * codes)


def _published(month: str, row: Sequence[int], withheld: frozenset[int]) -> _Row:
    cells = tuple(None if code in withheld else count for code, count in enumerate(row))
    return _Row(month=month, total=sum(row), cells=cells)


def _is_as_published(row: Sequence[int], old: _Row) -> bool:
    return sum(row) == old.total and all(
        cell is None or cell == count for cell, count in zip(old.cells, row, strict=True)
    )


def _small(row: Sequence[int], bases: Iterable[_Row]) -> frozenset[int]:
    """Codes whose count, or change, would be published and is of 1 to 4."""
    return frozenset(
        code
        for base in bases
        for code, cell in enumerate(base.cells)
        if cell is not None and 0 < abs(row[code] - cell) < SMALLEST
    )


def _with_complements(row: Sequence[int], bases: Sequence[_Row]) -> frozenset[int]:
    """The pairs of small cells, then as many others, in the order of the codes, as it takes to hide them."""
    pairs = _pairs(len(row))
    small = _small(row, bases)
    withheld = frozenset[int]().union(*(pair for pair in pairs if pair & small))
    for pair in pairs:
        if all(_is_hidden(row, withheld, base) for base in bases):
            break
        withheld |= pair
    return withheld


def _pairs(codes: int) -> list[frozenset[int]]:
    """Neighbours in the order of the codes; an odd last one joins the pair before it."""
    starts = range(0, max(codes - 1, 1), 2)
    return [frozenset(range(i, codes if i == starts[-1] else i + 2)) for i in starts]


def _is_hidden(row: Sequence[int], withheld: frozenset[int], base: _Row) -> bool:
    """Whether every sum over cells that can be taken from one row to the other is of enough people, or of none."""
    apart = withheld.isdisjoint(base.withheld)  # then each is known by itself
    groups = [withheld, base.withheld] if apart else [withheld | base.withheld]
    for group in filter(None, groups):
        moved = abs(sum(row[code] for code in group) - base.sum_over(group))
        if moved < TOGETHER and (moved > 0 or base == _nobody(len(row))):
            return False
    return True
