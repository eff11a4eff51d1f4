"""The keys under which records meet: only those that share one are compared."""

from collections.abc import Iterator

from salus.mpi.matching.phonetic import sounds
from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.matching.record import Traits

__all__ = ["blocking_keys", "keys_of", "sounds"]


def blocking_keys(traits: Traits) -> frozenset[str]:
    """Two records are compared when they share one of these: "rule:value", made of the values' normal form."""
    return frozenset(keys_of(prepare(traits)))


def keys_of(record: Prepared) -> Iterator[str]:
    """The keys of a record that is prepared already."""
    names = {*record.given_sounds, *record.family_sounds}
    if record.born:
        yield from (f"born-name:{record.born}:{sound}" for sound in sorted(names))
        if record.postal_code or record.city:
            yield f"born-place:{record.born}:{record.postal_code or record.city}"
    for given in record.given_sounds:
        for family in record.family_sounds:
            one, other = sorted((given, family))  # swapped names meet as well
            yield f"names:{one}:{other}"
    if record.street and record.house_number:
        yield f"address:{sounds(record.street)}:{record.house_number}:{record.postal_code[:2]}"
    if record.phone:
        yield f"phone:{record.phone}"
    if record.email:
        yield f"email:{record.email}"
    if record.national_id:
        yield f"id:{record.national_id}"
