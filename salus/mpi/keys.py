"""The keys by which the index finds who may be meant, written with the names (NameKey; ADR 0025)."""

from collections.abc import Iterable
from itertools import islice, product

from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.matching.record import Traits

_MOST = 24  # of one person; who has more names is found by the first ones


def name_keys(given: str, family: str, other_families: Iterable[str] = ()) -> list[str]:
    """A key for each given name with each family name of a person, none where one of the two is not known."""
    former = tuple(other_families)
    return keys_of(prepare(Traits(given=given, family=family, former_families=former)))


def keys_of(person: Prepared) -> list[str]:
    """Of names that are prepared already. Sorted, so that swapped names have the same key."""
    pairs = product(person.given_sounds, person.family_sounds)
    return list(dict.fromkeys(" ".join(sorted(pair)) for pair in islice(pairs, _MOST)))
