"""Labelled pairs: records of one human being, or of two."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.regional_set.deviations import FILLERS, written
from benchmarks.regional_set.humans import Human
from benchmarks.regional_set.names import letters
from benchmarks.regional_set.record import by_the_register, changed
from benchmarks.regional_set.strangers import KINDS, Region, Strangers
from salus.mpi.matching.record import Traits

_REGISTER = (
    0.6  # of the pairs: one record is the national register's, the other that of another system
)


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """``kinds``: how the records of one human being deviate, or the one kind of two."""

    one: Traits
    other: Traits
    same: bool
    kinds: tuple[str, ...]


def same_people(region: Region, seed: str, *, harsh: bool = False) -> Iterator[Labelled]:
    """Without end. The same seed draws the same pairs."""
    rng = Random(f"same {seed}")
    while True:
        human = region.anybody(rng)
        one, kinds = _first(rng, human, harsh)
        other, more = written(rng, human, by_the_register(human), harsh=harsh)
        yield Labelled(one=one, other=other, same=True, kinds=tuple(dict.fromkeys(kinds + more)))


def different_people(region: Region, seed: str, *, harsh: bool = False) -> Iterator[Labelled]:
    """Without end. Two whom errors made one are drawn anew: no evidence could tell them apart."""
    rng = Random(f"different {seed}")
    names = list(KINDS)
    shares = [share for share, _ in KINDS.values()]
    while True:
        kind = rng.choices(names, shares)[0]
        two = KINDS[kind][1](rng, region)
        one, _ = _first(rng, two.one, harsh)
        other, _ = written(rng, two.other, by_the_register(two.other), harsh=harsh)
        one = changed(one, **two.written)
        other = changed(other, **{**two.written, **two.written_other})
        if not _made_one(two, one, other):
            yield Labelled(one=one, other=other, same=False, kinds=(kind,))


def _first(rng: Random, human: Human, harsh: bool) -> tuple[Traits, tuple[str, ...]]:
    record = by_the_register(human)
    return (record, ()) if rng.random() < _REGISTER else written(rng, human, record, harsh=harsh)


def _made_one(two: Strangers, one: Traits, other: Traits) -> bool:
    """Whether errors made their given names and dates the same, and nothing that stays for life tells them apart.

    Their records are then those of one human being who moved or whose family name has a slip.
    """
    born = two.one.birth_date == two.other.birth_date
    if born and letters(two.one.given[0]) == letters(two.other.given[0]):
        return False  # no error did: they are namesakes born on one day
    if not one.birth_date or one.birth_date != other.birth_date:
        return False
    given = {letters(one.given), letters(other.given)}
    swapped = (
        {letters(one.given), letters(other.family)},
        {letters(one.family), letters(other.given)},
    )
    if all(len(names) > 1 for names in (given, *swapped)):
        return False
    if one.national_id in FILLERS or other.national_id in FILLERS:
        one = changed(one, national_id="")
    known = ((getattr(one, f), getattr(other, f)) for f in ("sex", "national_id", "multiple_birth"))
    return all(a == b or not (a and b) for a, b in known)
