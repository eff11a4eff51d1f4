"""An entry of the directory as the national register tells of it: what it is, and what changes later.

The rows of the directory follow from that (tables_of_directory), as they follow from change sets.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from salus.directory.models import Kind
from salus.simulation.sampling import mixed
from salus.simulation.timeline import NO_DAY, Days, Ints

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

    def __len__(self) -> int:
        return len(self.said)

    @property
    def statements(self) -> int:
        return len(self) + sum(map(len, self.later.values()))

    @property
    def begins(self) -> Days:
        return np.full(len(self), NO_DAY) if self.since is None else self.since


def dice(ids: Ints, salt: int) -> list[int]:
    """A number below 2**48 for each."""
    thrown: list[int] = (mixed(ids, salt) >> np.uint64(16)).tolist()
    return thrown


def telephone(number: int) -> str:
    return f"+352 20 {number % 90 + 10} {number // 90 % 90 + 10}"
