"""Everybody's matricule: numbers of the older form within those of who was born before 2014."""

from datetime import date
from functools import cache
from itertools import chain, product

import numpy as np

from salus.country.lu.matricule import VARIANTS, check_digit, matricule, weighted_sum
from salus.simulation.lives import World
from salus.simulation.population import People
from salus.simulation.sampling import mixed
from salus.simulation.timeline import Days, Ints, first_day


def serial_numbers(world: World) -> Ints:
    """The serial of each matricule: unique among those born on one day.

    Who was born before 2014 has an older number inside it (salus.country.lu.matricule), as far as a day has enough.
    """
    people = world.people
    old = people.birth < first_day(2014, 7)
    return np.where(old, _old_serials(people), _new_serials(people))


def _new_serials(people: People) -> Ints:
    # 7 and 1000 have no common factor: up to a thousand births a day get different serials.
    return (_rank(people.birth) * 7 + _shift(people.birth, 1000)) % 1000


def _old_serials(people: People) -> Ints:
    """Up to 500 women and 500 men a day get different serials."""
    days, day = np.unique(people.birth, return_inverse=True)
    remainder = np.array([_remainder(date) for date in days.astype("datetime64[D]").tolist()])[day]
    pools, given = _old_pools()
    first = given[remainder, people.female.astype(np.int64)]
    rank = _rank(people.birth * 2 + people.female)
    place = np.where(rank < first, (rank + _shift(people.birth, 1000)) % first, rank)
    serials: Ints = pools[remainder, people.female.astype(np.int64), place]
    return serials


def _rank(key: Ints | Days) -> Ints:
    """Of each among those with the same key."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    rank = np.empty(len(key), dtype=np.int64)
    rank[order] = np.arange(len(key)) - np.searchsorted(ordered, ordered)
    return rank


def _shift(birth: Days, modulus: int) -> Ints:
    """Where the serials of a day begin."""
    return (mixed(birth.astype(np.int64), 23) % np.uint64(modulus)).astype(np.int64)


def _remainder(birth_date: date) -> int:
    """What the date adds to the sum of which the older check digit is made."""
    return weighted_sum(f"{birth_date:%Y%m%d}00") % 11


@cache
def _old_pools() -> tuple[Ints, Ints]:
    """By remainder of the date and sex: all serials, in the order in which they are given; how many by variant 0."""
    pools = np.zeros((11, 2, 500), dtype=np.int64)
    first = np.zeros((11, 2), dtype=np.int64)
    for remainder, female in product(range(11), (0, 1)):
        variants = [
            [
                order * 10 + check
                for order in range(1 - female, 100, 2)
                if (check := check_digit(remainder + weighted_sum(f"00000000{order:02}"), variant))
                is not None
            ]
            for variant in range(VARIANTS)
        ]
        given = dict.fromkeys(chain.from_iterable(variants))
        rest = (s for s in range(1000) if s // 10 % 2 != female and s not in given)
        pools[remainder, female] = [*given, *rest]
        first[remainder, female] = len(variants[0])
    return pools, first


def matricules(world: World, who: Ints, serials: Ints) -> list[str]:
    days = world.people.birth[who].astype("datetime64[D]").tolist()
    return [matricule(day, serial) for day, serial in zip(days, serials[who].tolist(), strict=True)]
