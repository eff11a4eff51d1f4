"""Pure rules of the patient index: under which number a human being is known, and what speaks against a link."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What decides which of two roots stays one."""

    id: int
    in_register: bool  # it has a matricule
    registered_at: datetime


def stays_root(one: Standing, other: Standing) -> Standing:
    """The national register's; of two or none the older: others know that number for longer."""
    return min(one, other, key=lambda s: (not s.in_register, s.registered_at, s.id))


class Contradiction(StrEnum):
    """What two records say that one human being cannot be; only what both say."""

    MATRICULE = "matricule"  # each has one of its own
    MULTIPLE_BIRTH = "multiple birth"  # order among twins
    BIRTH_DATE = "birth date"
    GENDER = "gender"
    DECEASED = "deceased"  # on different days
    JUDGED_DIFFERENT = "judged different"  # by stewards, before


@dataclass(frozen=True, kw_only=True)
class Statements:
    """What the identities of one human being say, each value once; what is not known is not said."""

    matricules: frozenset[str]
    multiple_births: frozenset[int]
    birth_dates: frozenset[date]
    genders: frozenset[str]
    deceased: frozenset[date]


def contradictions(one: Statements, other: Statements) -> list[Contradiction]:
    """In the order of the list above."""

    def differ(mine: Collection[object], theirs: Collection[object]) -> bool:
        return bool(mine) and bool(theirs) and not set(mine) & set(theirs)

    compared = (
        (Contradiction.MATRICULE, one.matricules, other.matricules),
        (Contradiction.MULTIPLE_BIRTH, one.multiple_births, other.multiple_births),
        (Contradiction.BIRTH_DATE, one.birth_dates, other.birth_dates),
        (Contradiction.GENDER, one.genders, other.genders),
        (Contradiction.DECEASED, one.deceased, other.deceased),
    )
    return [what for what, mine, theirs in compared if differ(mine, theirs)]
