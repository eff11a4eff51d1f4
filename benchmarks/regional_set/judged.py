"""What the scorer says of labelled pairs, and what that is worth."""

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random

import duckdb
import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from benchmarks.regional_set.deviations import written
from benchmarks.regional_set.humans import Human
from benchmarks.regional_set.pairs import Labelled, different_people, same_people
from benchmarks.regional_set.record import by_the_register
from benchmarks.regional_set.strangers import Region
from salus.mpi.matching.keys import keys_of
from salus.mpi.matching.learn import learn
from salus.mpi.matching.model import Model
from salus.mpi.matching.prepared import prepare
from salus.mpi.matching.score import Band, score_prepared
from salus.mpi.matching.table import fill

UNTOUCHED = "no deviation"
_CHUNK = 5_000
_EXAMPLES = 3  # of each kind of wrong link, to look at
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Pairs of one label. ``bands``: how many of each kind came to each band; a pair may have several kinds.

    ``weights`` in bits with the prior; ``guarded``: a guard forbids the link whatever the weight; ``met``: the
    records share a key, so that one is found when the other comes.
    """

    weights: Floats
    guarded: Mask
    met: Mask
    bands: Counter[tuple[str, str]]
    guards: Counter[str]
    wrong: tuple[Labelled, ...] = ()  # linked though different, or new though the same

    def __len__(self) -> int:
        return len(self.weights)

    def linked(self, at: float) -> int:
        return int(((self.weights >= at) & ~self.guarded & self.met).sum())

    def raised(self, at: float) -> int:
        """Linked or in the review queue."""
        return int(((self.weights >= at) & self.met).sum())


@dataclass(frozen=True, kw_only=True)
class Task:
    people: Sequence[Human]
    model: Model
    harsh: bool = False


@dataclass(kw_only=True)
class _Worker:
    region: Region | None = None
    task: Task | None = field(default=None)


_here = _Worker()


def learned(people: Sequence[Human], seed: int) -> Model:
    """What the matcher learns without labels: of an index that holds the register and what two other systems know.

    Every other human being is known to the first, every fourth to the second.
    """
    rng = Random(f"learned {seed}")
    records = [(by_the_register(human), f"r{n}") for n, human in enumerate(people)]
    for step, system in ((2, "a"), (4, "b")):
        records += [
            (written(rng, human, by_the_register(human))[0], f"{system}{n}")
            for n, human in enumerate(people)
            if n % step == 0
        ]
    rng.shuffle(records)
    with duckdb.connect() as connection:
        fill(connection, ((0, name, prepare(record)) for record, name in records))
        return learn(connection)


def judge(pairs: Iterable[Labelled], model: Model) -> Judged:
    weights, guarded, met = [], [], []
    bands: Counter[tuple[str, str]] = Counter()
    guards: Counter[str] = Counter()
    wrong: list[Labelled] = []
    for pair in pairs:
        one, other = prepare(pair.one), prepare(pair.other)
        match = score_prepared(one, other, model)
        weights.append(match.weight)
        guarded.append(bool(match.guards))
        met.append(not set(keys_of(one)).isdisjoint(keys_of(other)))
        band = match.band if met[-1] else Band.NEW
        bands.update((kind, band) for kind in pair.kinds or (UNTOUCHED,))
        guards.update(match.guards)
        if band is (Band.NEW if pair.same else Band.LINK):
            wrong.append(pair)
    return Judged(
        weights=np.array(weights),
        guarded=np.array(guarded, dtype=bool),
        met=np.array(met, dtype=bool),
        bands=bands,
        guards=guards,
        wrong=tuple(wrong),
    )


def judge_many(
    task: Task, seed: int, *, same: int, different: int, processes: int
) -> tuple[Judged, Judged]:
    """So many pairs of one human being, so many of two, drawn and judged in several processes.

    The pairs depend on the seed alone, not on the number of processes.
    """
    chunks = [
        (label, f"{seed} {start}", min(_CHUNK, count - start))
        for label, count in ((True, same), (False, different))
        for start in range(0, count, _CHUNK)
    ]
    # Learning has left threads behind, with which a fork is not safe.
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (task,)) as pool:
        parts = pool.starmap(_chunk, chunks, chunksize=1)
    labelled = list(zip(chunks, parts, strict=True))
    one, two = (
        _joined([part for (label, *_), part in labelled if label is wanted])
        for wanted in (True, False)
    )
    return one, two


def _begin(task: Task) -> None:
    _here.task, _here.region = task, Region(list(task.people))


def _chunk(same: bool, seed: str, count: int) -> Judged:
    task, region = _here.task, _here.region
    assert task is not None
    assert region is not None
    draw = same_people if same else different_people
    return judge(islice(draw(region, seed, harsh=task.harsh), count), task.model)


def _joined(parts: Sequence[Judged]) -> Judged:
    return Judged(
        weights=np.concatenate([part.weights for part in parts]),
        guarded=np.concatenate([part.guarded for part in parts]),
        met=np.concatenate([part.met for part in parts]),
        bands=sum((part.bands for part in parts), Counter()),
        guards=sum((part.guards for part in parts), Counter()),
        wrong=tuple(pair for part in parts for pair in part.wrong),
    )


def lower_bound(right: int, wrong: int) -> float:
    """Of the share of right ones, by Clopper and Pearson: the lower end of the 95 % interval of two sides."""
    return float(beta.ppf(0.025, right, wrong + 1)) if right else 0.0
