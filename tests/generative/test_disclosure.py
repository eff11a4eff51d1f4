"""Disclosure control under attack by a reader who keeps every edition, subtracts, and solves."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from salus.activity_report.disclosure import (
    SMALLEST,
    TOGETHER,
    Breakdown,
    Cell,
    Published,
    suppressed,
)

CODES = "abcdefg"


def month(number: int) -> str:
    return f"2024-{number + 1:02}"


def publish(tables: Sequence[Breakdown]) -> list[Published]:
    """What the public sees of edition after edition."""
    published: list[Published] = []
    for table in tables:
        withheld = suppressed(table, published)
        published.append(
            Published(
                totals=dict(zip(table.months, map(sum, table.counts), strict=True)),
                cells={
                    cell: None if cell in withheld else count for cell, count in counts_of(table)
                },
            )
        )
    return published


def counts_of(table: Breakdown) -> Iterator[tuple[Cell, int]]:
    for name, row in zip(table.months, table.counts, strict=True):
        for code, count in zip(table.codes, row, strict=True):
            yield (name, code), count


@dataclass(frozen=True, kw_only=True)
class Nation:
    tables: list[Breakdown]  # edition by edition, revisions among them
    grows: bool  # people and records are only ever added: then the attacker knows it


@st.composite
def nations(draw: st.DrawFn) -> Nation:
    """A few months of a few groups that are born, grow, are corrected late; a window moves over them."""
    groups = draw(st.integers(2, 5))
    window = draw(st.integers(1, 4))
    grows, cumulative = draw(st.booleans()), draw(st.booleans())
    size = st.one_of(st.just(0), st.integers(0, 4), st.integers(0, 12), st.integers(0, 2000))
    change = st.one_of(st.integers(1, 4), st.integers(1, 30))
    flow = [[draw(size) for _ in range(groups)] for _ in range(window)]
    tables = []
    for steps in draw(st.lists(st.booleans(), min_size=1, max_size=5)):
        tables.append(_table(flow, window, cumulative=cumulative))
        if steps:
            flow.append([draw(size) for _ in range(groups)])
        for at, group, late in draw(
            st.lists(
                st.tuples(
                    st.integers(0, len(flow) - 1),
                    st.integers(0, groups - 1),
                    change if grows else st.one_of(change, change.map(int.__neg__)),
                ),
                max_size=3,
            )
        ):
            flow[at][group] = max(0, flow[at][group] + late)
    return Nation(tables=tables, grows=grows)


def _table(flow: Sequence[Sequence[int]], window: int, *, cumulative: bool) -> Breakdown:
    counts = np.cumsum(flow, axis=0) if cumulative else np.array(flow)
    return Breakdown(
        months=tuple(month(number) for number in range(len(flow) - window, len(flow))),
        codes=tuple(CODES[: len(flow[0])]),
        counts=tuple(tuple(map(int, row)) for row in counts[-window:]),
        cumulative=cumulative,
    )


@dataclass
class Row:
    """A version of a month, pieced together from all the editions that say the same of it."""

    month: str
    total: int
    known: dict[str, int]


@dataclass
class Attacker:
    """Knows all that was published, that rows add up, and in a nation that grows that nobody leaves:
    either from month to month of an edition, or from revision to revision.

    Takes a row for the same where two editions do not contradict each other, and joins what they say.
    """

    nation: Nation
    published: Sequence[Published]
    follows_months: bool = False
    rows: list[Row] = field(default_factory=list)
    orders: list[tuple[int, int]] = field(
        default_factory=list
    )  # no cell of the first exceeds the second

    def __post_init__(self) -> None:
        self.codes = self.nation.tables[0].codes
        last: dict[str, int] = {}
        for table, edition in zip(self.nation.tables, self.published, strict=True):
            for name in table.months:
                self._read(name, edition, last)
            if self.nation.grows and table.cumulative and self.follows_months:
                at = [last[name] for name in table.months]
                self.orders += pairwise(at)

    def _read(self, name: str, edition: Published, last: dict[str, int]) -> None:
        said = {code: edition.cells[name, code] for code in self.codes}
        known = {code: count for code, count in said.items() if count is not None}
        total = edition.totals[name]
        if name in last:
            old = self.rows[last[name]]
            if old.total == total and all(old.known.get(c, n) == n for c, n in known.items()):
                old.known |= known
                return
            if self.nation.grows and not self.follows_months:
                self.orders.append((last[name], len(self.rows)))
        last[name] = len(self.rows)
        self.rows.append(Row(month=name, total=total, known=known))

    def bounds(self, row: int, code: str) -> tuple[int, int]:
        """Least and largest count that a cell can have."""
        width = len(self.codes)
        goal = np.zeros(len(self.rows) * width)
        goal[row * width + self.codes.index(code)] = 1
        low, high = (
            linprog(
                sign * goal,
                A_eq=np.kron(np.eye(len(self.rows)), np.ones(width)),
                b_eq=[row.total for row in self.rows],
                A_ub=self._ordered(),
                b_ub=np.zeros(len(self.orders) * width),
                bounds=[
                    (row.known.get(code, 0), row.known.get(code, row.total))
                    for row in self.rows
                    for code in self.codes
                ],
            ).fun
            for sign in (1, -1)
        )
        return round(low), round(-high)

    def comparable(self) -> Iterator[tuple[Row, Row]]:
        """Rows whose difference is of people."""
        for one, other in combinations(self.rows, 2):
            if self.nation.tables[0].cumulative or one.month == other.month:
                yield one, other

    def headline_tells(self, row: Row) -> bool:
        """Whether totals alone, which are always published, leave nothing to hide a small number in."""
        if row.known:
            return False
        totals = [a.total + b.total - row.total for a, b in self.comparable() if row in (a, b)]
        near = self.nation.grows and any(abs(row.total - total) < TOGETHER for total in totals)
        return row.total < SMALLEST or near

    def _ordered(self) -> NDArray[np.floating]:
        steps = np.zeros((len(self.orders), len(self.rows)))
        for i, (less, more) in enumerate(self.orders):
            steps[i, less], steps[i, more] = 1, -1
        return np.kron(steps, np.eye(len(self.codes)))


def revised(*rows: tuple[int, ...]) -> Nation:
    """A month to which each edition adds."""
    return Nation(tables=[_table([row], 1, cumulative=False) for row in rows], grows=True)


def added_up(*rows: tuple[int, ...]) -> Nation:
    """Months of one edition, from what each adds."""
    return Nation(tables=[_table(rows, len(rows), cumulative=True)], grows=True)


@pytest.mark.parametrize("follows_months", [True, False], ids=["months", "revisions"])
@settings(max_examples=60)
@given(nation=nations())
@example(
    nation=revised((3, 225, 24, 990), (5, 225, 26, 1011))
)  # one pair comes back as another goes
@example(nation=added_up((280, 0, 3, 263, 0), (0, 3, 1331, 1319, 12), (56, 156, 0, 4, 1)))
def test_no_withheld_count_can_be_solved(nation: Nation, follows_months: bool) -> None:
    attacker = Attacker(
        nation=nation, published=publish(nation.tables), follows_months=follows_months
    )
    for number, row in enumerate(attacker.rows):
        for code in set(attacker.codes) - row.known.keys():
            low, high = attacker.bounds(number, code)
            # Where nobody joins and nobody leaves, equal counts before and after tell the one between.
            still = low == high and low in {other.known.get(code) for other in attacker.rows}
            assert high - low >= SMALLEST or still or attacker.headline_tells(row)


FALLS = _table([(3, 40, 500, 600), (1, -4, 60, 100)], 2, cumulative=True)


@given(nations())
@example(Nation(tables=[FALLS], grows=False))  # two withheld cells lose three together
def test_no_small_number_is_published_or_left_by_subtraction(nation: Nation) -> None:
    attacker = Attacker(nation=nation, published=publish(nation.tables))
    for row in attacker.rows:
        assert not set(row.known.values()) & set(range(1, SMALLEST))
        rest = row.total - sum(row.known.values())
        assert rest >= TOGETHER or len(row.known) in (0, len(attacker.codes))
    for one, other in attacker.comparable():
        for code in one.known.keys() & other.known.keys():
            assert abs(one.known[code] - other.known[code]) not in range(1, SMALLEST)
        if one.known and one.known.keys() == other.known.keys():
            rests = (row.total - sum(row.known.values()) for row in (one, other))
            assert abs(next(rests) - next(rests)) not in range(1, TOGETHER)


@given(nations())
def test_a_row_is_repeated_as_it_was_published(nation: Nation) -> None:
    published = publish(nation.tables)
    for table, before, after in zip(nation.tables[1:], published, published[1:], strict=False):
        for name, row in zip(table.months, table.counts, strict=True):
            old = [before.cells.get((name, code)) for code in table.codes]
            agree = all(cell in (None, count) for cell, count in zip(old, row, strict=True))
            if agree and before.totals.get(name) == sum(row):
                assert [after.cells[name, code] for code in table.codes] == old


@given(nations())
def test_order_in_which_an_edition_lists_its_cells_does_not_matter(nation: Nation) -> None:
    published = publish(nation.tables)
    turned = [
        Published(
            totals=dict(reversed(list(edition.totals.items()))),
            cells=dict(reversed(list(edition.cells.items()))),
        )
        for edition in published
    ]
    for number, table in enumerate(nation.tables):
        assert suppressed(table, published[:number]) == suppressed(table, turned[:number])


@given(nations())
def test_nothing_is_withheld_without_a_small_number(nation: Nation) -> None:
    small = set(range(1, SMALLEST))
    for table in nation.tables:
        rows = np.array(table.counts)
        differences = (rows[:, None] - rows) if table.cumulative else rows
        if not small & {abs(int(n)) for n in (*rows.flat, *differences.flat)}:
            assert suppressed(table, []) == frozenset()


def test_a_small_cell_costs_its_pair_and_no_more() -> None:
    table = Breakdown(
        months=("2024-01", "2024-02"),
        codes=tuple("abcdef"),
        counts=((900, 3, 400, 500, 0, 700), (950, 60, 450, 560, 0, 702)),
        cumulative=False,
    )
    assert suppressed(table, []) == {("2024-01", "a"), ("2024-01", "b")}


# What is left to whoever knows the program too, and tries every nation that there could be.


def rows_of(total: int, codes: int) -> Iterator[tuple[int, ...]]:
    if codes == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in rows_of(total - first, codes - 1):
            yield first, *rest


View = tuple[int | None, ...]


def view(published: Published) -> View:
    return tuple(published.cells.values())


@pytest.mark.parametrize("codes", [2, 3, 4])
@pytest.mark.parametrize("total", [7, 10, 12, 24])
def test_the_choice_of_cells_does_not_give_them_away(codes: int, total: int) -> None:
    """Had 13, 13, 4 its smallest cells withheld, then only 4 could be what 13 leaves."""
    worlds: dict[View, list[tuple[int, ...]]] = defaultdict(list)
    for row in rows_of(total, codes):
        [seen] = publish([_table([row], 1, cumulative=False)])
        worlds[view(seen)].append(row)
    assert len(worlds) > 1
    for seen_row, rows in worlds.items():
        for cell, counts in zip(seen_row, zip(*rows, strict=True), strict=True):
            assert cell is not None or max(counts) - min(counts) >= SMALLEST


@pytest.mark.parametrize("cumulative", [True, False], ids=["months", "revisions"])
@pytest.mark.parametrize(
    ("codes", "before", "after"), [(2, 12, 30), (3, 11, 11), (3, 10, 15), (4, 6, 12)]
)
def test_the_choice_of_cells_does_not_give_differences_away(
    codes: int, before: int, after: int, cumulative: bool
) -> None:
    worlds: dict[tuple[View, View], list[tuple[int, ...]]] = defaultdict(list)
    for old, new in product(rows_of(before, codes), rows_of(after, codes)):
        first = Breakdown(
            months=(month(0),), codes=tuple(CODES[:codes]), counts=(old,), cumulative=cumulative
        )
        second = Breakdown(
            months=(month(int(cumulative)),),
            codes=first.codes,
            counts=(new,),
            cumulative=cumulative,
        )
        one, two = publish([first, second])
        worlds[view(one), view(two)].append(tuple(b - a for a, b in zip(old, new, strict=True)))
    assert len(worlds) > 1
    for (one_row, two_row), differences in worlds.items():
        for a, b, changes in zip(one_row, two_row, zip(*differences, strict=True), strict=True):
            assert max(changes) - min(changes) >= SMALLEST or None not in (a, b)
