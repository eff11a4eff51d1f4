"""Seeded randomness: one generator per named piece of work, so that no piece depends on the order of others."""

from zlib import crc32

import numpy as np
import numpy.typing as npt

from salus.kernel.errors import SalusError
from salus.simulation.calibration import CALIBRATION, largest_remainder
from salus.simulation.timeline import FIRST, NO_MONTH, Floats, Ints, Mask


class ScaleTooSmall(SalusError):
    """So small a share of the nation has too few people for what must happen."""


def generator(seed: int, name: str) -> np.random.Generator:
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, crc32(name.encode())]))
    )


def keys(rng: np.random.Generator, weights: npt.ArrayLike) -> Floats:
    """Sort keys such that the smallest k are a weighted sample of k without replacement."""
    positive = np.maximum(np.asarray(weights, dtype=float), 1e-12)
    result: Floats = rng.exponential(size=positive.shape) / positive
    return result


def enrol(
    keys: Floats, *, start: npt.NDArray[np.integer], last: npt.NDArray[np.integer], counts: Ints
) -> Ints:
    """The month in which each is taken, else NO_MONTH.

    Each month takes its count of those with the smallest keys among whom it suits (from month
    ``start`` to month ``last``) and who were not taken before. What a month lacks the next ones make
    up; raises ScaleTooSmall when the calibration month, or the last one, still lacks some.
    """
    taken = np.full(len(keys), NO_MONTH, dtype=np.int64)
    owed = 0
    for month, count in enumerate(counts.tolist()):
        owed += count
        if owed:
            suits = (start <= month) & (last >= month) & (taken == NO_MONTH)
            ready = np.flatnonzero(suits & np.isfinite(keys))
            if len(ready) > owed:
                ready = ready[np.argpartition(keys[ready], owed - 1)[:owed]]
            taken[ready] = month
            owed -= len(ready)
        if owed and month in (CALIBRATION - FIRST, len(counts) - 1):
            raise ScaleTooSmall("too few people at this scale: choose a larger one, as 1/100")
    return taken


def leaving(growth: Ints, monthly_rate: float) -> Ints:
    """How many leave in each month, of the stock of half a year before, when it shall grow so."""
    stock = np.concatenate([np.zeros(6, dtype=np.int64), np.cumsum(growth)])[: len(growth)]
    return np.diff(np.floor(np.cumsum(stock) * monthly_rate), prepend=0).astype(np.int64)


def leave(
    rng: np.random.Generator, joined: Ints, last: npt.NDArray[np.integer], counts: Ints
) -> Ints:
    """The month in which each leaves, else NO_MONTH: at random, two months after joining or later.

    Only those leave who may, up to month ``last``; what a month lacks the next ones make up.
    """
    left = np.full(len(joined), NO_MONTH, dtype=np.int64)
    owed = 0
    for month, count in enumerate(counts.tolist()):
        owed += count
        if owed:
            may = np.flatnonzero((joined + 2 <= month) & (last >= month) & (left == NO_MONTH))
            goes = rng.permutation(may)[:owed]
            left[goes] = month
            owed -= len(goes)
    return left


def draw(rng: np.random.Generator, weights: npt.ArrayLike, count: int) -> Ints:
    """``count`` indices with replacement, in proportion to ``weights``."""
    running = np.cumsum(np.asarray(weights, dtype=float))
    if count == 0 or running[-1] == 0:
        return np.zeros(0, dtype=np.int64)
    found: Ints = np.searchsorted(running, rng.random(count) * running[-1], side="right")
    return np.minimum(found, len(running) - 1)


def spread(rng: np.random.Generator, candidates: Mask, weights: Floats, count: int) -> Ints:
    """``count`` draws with replacement among the candidates; none when there are no candidates."""
    among = np.flatnonzero(candidates)
    if not len(among):
        return np.zeros(0, dtype=np.int64)
    return among[draw(rng, weights[among], count)]


def in_proportion(count: int, weights: npt.ArrayLike) -> Ints:
    """``count`` indices of ``weights`` in proportion, by largest remainder, in order."""
    return np.repeat(np.arange(len(np.asarray(weights))), largest_remainder(count, weights))


def mixed(numbers: npt.NDArray[np.integer], salt: int) -> npt.NDArray[np.uint64]:
    """64 pseudo-random bits that depend on the number alone (splitmix64)."""
    with np.errstate(over="ignore"):
        z = numbers.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
