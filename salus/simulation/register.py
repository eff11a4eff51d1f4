"""An entry of the directory as the national register tells of it: what it is, and what changes later.

The rows of the directory follow from that (tables_of_directory), as they follow from change sets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from salus.directory.models import Kind
from salus.simulation.lives import World
from salus.simulation.sampling import generator, mixed
from salus.simulation.timeline import DAY, NO_DAY, Days, Ints

Said = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Later:
    """What is said of an entry after it was registered, true from that day on."""

    at: int
    said: Said


@dataclass(frozen=True, kw_only=True)
class Entries:
    """All of one kind, in the order of their ids, which are 1, 2, ..."""

    kind: Kind
    system: str
    first_value: int  # of the identifiers, which count on from it
    said: list[Said]
    registered: Ints
    since: Days | None = None  # from which day on it is true; None: always
    later: dict[int, list[Later]] = field(default_factory=dict)  # index: in the order of time
    # Index: when something changed that it is shown with, which gives it a version as well.
    follows: dict[int, list[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.said)

    @property
    def statements(self) -> int:
        return len(self) + sum(map(len, self.later.values()))

    @property
    def begins(self) -> Days:
        return np.full(len(self), NO_DAY) if self.since is None else self.since


def told_later(
    world: World,
    name: str,
    registered: Ints,
    *,
    among: Ints,
    share: float,
    said: Callable[[int], Said],
) -> dict[int, list[Later]]:
    """What is said of a few of these, of three at least, a quarter after they were registered or later."""
    rng, line = generator(world.seed, name), world.line
    earliest = line.month_of_day((registered // DAY).astype(np.int32)) + 3
    among = rng.permutation(among[earliest[among] < line.months - 1])
    chosen = among[: max(3, int(len(among) * share))]
    at = line.moments(rng, rng.integers(earliest[chosen], line.months - 1))
    return {
        i: [Later(at=when, said=said(i))]
        for i, when in zip(chosen.tolist(), at.tolist(), strict=True)
    }


def dice(ids: Ints, salt: int) -> list[int]:
    """A number below 2**48 for each."""
    thrown: list[int] = (mixed(ids, salt) >> np.uint64(16)).tolist()
    return thrown


def telephone(number: int) -> str:
    return f"+352 20 {number % 90 + 10} {number // 90 % 90 + 10}"
