"""The keys under which records meet: only those that share one are compared."""

from collections.abc import Iterator

from salus.kernel.spelling.phonetic import sounds
from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.matching.record import Traits

__all__ = ["blocking_keys", "keys_of", "sounds"]


def blocking_keys(traits: Traits) -> frozenset[str]:
    """Two records are compared when they share one of these: "rule:value", made of the values' normal form."""
    return frozenset(keys_of(prepare(traits)))


def keys_of(record: Prepared) -> Iterator[str]:
    """The keys of a record that is prepared already."""
    names = sorted({*record.given_sounds, *record.family_sounds})
    places = [place for place in (record.postal_code, record.city) if place]
    if record.born:
        yield from (f"born-name:{record.born}:{sound}" for sound in names)
        initials = {word[0] for word in (*record.given_words, *record.families)}
        yield from (f"born-initial:{record.born}:{letter}" for letter in sorted(initials))
        yield from (f"born-place:{record.born}:{place}" for place in places)
    for given in record.given_sounds:
        for family in record.family_sounds:
            one, other = sorted((given, family))  # swapped names meet as well
            yield f"names:{one}:{other}"
    for place in places:
        yield from (f"name-place:{sound}:{place}" for sound in names)
    if record.street and record.house_number:
        yield f"address:{sounds(record.street)}:{record.house_number}"
    if record.phone:
        yield f"phone:{record.phone}"
    if record.email:
        yield f"email:{record.email}"
    if record.national_id:
        yield f"id:{record.national_id}"
