"""How far two records agree, field by field: one word of agreement each."""

from collections.abc import Callable
from enum import StrEnum

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from salus.kernel.spelling.phonetic import sounds
from salus.mpi.matching.prepared import Prepared


class Field(StrEnum):
    GIVEN = "given"
    FAMILY = "family"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    STREET = "street"
    HOUSE_NUMBER = "house_number"
    POSTAL_CODE = "postal_code"
    CITY = "city"
    PHONE = "phone"
    EMAIL = "email"
    NATIONAL_ID = "national_id"


# The column of `Prepared` that a field compares first.
COLUMN = {field: "born" if field is Field.BIRTH_DATE else str(field) for field in Field}


class Level(StrEnum):
    EQUAL = "equal"
    PART = "part equal"  # one of several names; maiden and married name
    SWAPPED = "swapped"  # given and family name; day and month
    SIMILAR = "similar"  # one slip of the hand
    SOUNDS_ALIKE = "sounds alike"
    INITIAL = "initial"
    RESEMBLES = "resembles"  # two of day, month and year; much of a name
    YEAR_ONLY = "year only"  # with 1 January, or no more known
    DIFFERS = "differs"
    NOT_KNOWN = "not known"


def compare(a: Prepared, b: Prepared) -> dict[Field, Level]:
    """The level of each field. ``a`` and ``b`` may change places."""
    levels = {field: _level(field, a, b) for field in Field}
    if _are_names_swapped(a, b):
        levels[Field.GIVEN] = levels[Field.FAMILY] = Level.SWAPPED
    return levels


def is_slip(one: str, other: str) -> bool:
    """Whether one slip of the hand, or little else, lies between two words."""
    return (
        min(len(one), len(other)) > 3
        and DamerauLevenshtein.distance(one, other, score_cutoff=1) < 2
    ) or resemblance(one, other) >= 0.93


def resemblance(one: str, other: str) -> float:
    return JaroWinkler.similarity(one, other)


def _level(field: Field, a: Prepared, b: Prepared) -> Level:
    match field:
        case Field.GIVEN:
            return _given(a, b)
        case Field.FAMILY:
            return _family(a, b)
        case Field.BIRTH_DATE:
            return _birth_date(a.born, b.born)
        case _:
            one, other = getattr(a, field), getattr(b, field)
            if not (one and other):
                return Level.NOT_KNOWN
            if one == other:
                return Level.EQUAL
            return Level.SIMILAR if _NEARLY[field](one, other) else Level.DIFFERS


def _given(a: Prepared, b: Prepared) -> Level:
    if not (a.given and b.given):
        return Level.NOT_KNOWN
    if a.given == b.given:
        return Level.EQUAL
    if min(len(a.given), len(b.given)) == 1 and a.given[0] == b.given[0]:
        return Level.INITIAL
    one, other = set(a.given_words), set(b.given_words)
    if one <= other or other <= one:
        return Level.PART
    return _like(a.given, b.given)


def _family(a: Prepared, b: Prepared) -> Level:
    if not (a.family and b.family):
        return Level.NOT_KNOWN
    if a.family == b.family or a.family_full == b.family_full:
        return Level.EQUAL
    if not set(a.families).isdisjoint(b.families):
        return Level.PART
    return _like(a.family, b.family)


def _like(one: str, other: str) -> Level:
    if is_slip(one, other):
        return Level.SIMILAR
    if len(sound := sounds(one)) > 1 and sound == sounds(other):
        return Level.SOUNDS_ALIKE
    return Level.RESEMBLES if resemblance(one, other) >= 0.84 else Level.DIFFERS


def _are_names_swapped(a: Prepared, b: Prepared) -> bool:
    """Given name there is family name here: one of the two exactly, the other nearly."""
    if not (a.given and a.family and b.given and b.family):
        return False
    if a.given == b.given or a.family == b.family:
        return False
    return (a.given == b.family and resemblance(a.family, b.given) >= 0.85) or (
        a.family == b.given and resemblance(a.given, b.family) >= 0.85
    )


def _birth_date(one: str, other: str) -> Level:
    if not (one and other):
        return Level.NOT_KNOWN
    if one[4:] in _WEAK_DAYS or other[4:] in _WEAK_DAYS:
        return Level.YEAR_ONLY if one[:4] == other[:4] else Level.DIFFERS
    if one == other:
        return Level.EQUAL
    if one == other[:4] + other[6:] + other[4:6]:
        return Level.SWAPPED
    if DamerauLevenshtein.distance(one, other) == 1:
        return Level.SIMILAR
    same = (one[:4] == other[:4]) + (one[4:6] == other[4:6]) + (one[6:] == other[6:])
    return Level.RESEMBLES if same == 2 else Level.DIFFERS


_WEAK_DAYS = frozenset({"0101", "0000"})


def _slips(most: int, *, least: int) -> Callable[[str, str], bool]:
    return lambda one, other: (
        min(len(one), len(other)) >= least
        and DamerauLevenshtein.distance(one, other, score_cutoff=most) <= most
    )


_NEARLY: dict[Field, Callable[[str, str], bool]] = {
    Field.SEX: lambda one, other: False,
    Field.STREET: lambda one, other: resemblance(one, other) >= 0.92,
    Field.HOUSE_NUMBER: lambda one, other: (
        one.rstrip("abcdefghijklmnopqrstuvwxyz") == other.rstrip("abcdefghijklmnopqrstuvwxyz")
    ),
    Field.POSTAL_CODE: _slips(1, least=4),
    Field.CITY: is_slip,
    Field.PHONE: _slips(1, least=6),
    Field.EMAIL: _slips(2, least=8),
    Field.NATIONAL_ID: _slips(1, least=8),
}
