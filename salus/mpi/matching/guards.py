"""Why two records must not be linked without a human being, however much of them agrees.

Twins share all but the given name, parent and child may share all but the date, and either may be filed under the
other's number: each of these lies one slip of the pen from one person's own records, so no weight can decide.
"""

from collections.abc import Iterator, Mapping

from salus.mpi.matching.levels import Field, Level
from salus.mpi.matching.prepared import Prepared

_ANOTHER_NAME = {Level.DIFFERS, Level.RESEMBLES}
_NEAR = {Level.EQUAL, Level.SIMILAR}
_GENERATION = 14  # years: parent and child are further apart, slips in a date mostly less


def guards(a: Prepared, b: Prepared, levels: Mapping[Field, Level]) -> Iterator[str]:
    """Stable words, for the review queue. Some do not hold where both know the same national identifier."""
    given, family, born = (levels[f] for f in (Field.GIVEN, Field.FAMILY, Field.BIRTH_DATE))
    confirmed = levels[Field.NATIONAL_ID] is Level.EQUAL
    exact = given is Level.EQUAL or (given is Level.SWAPPED and _are_swapped(a, b))

    if given in {Level.NOT_KNOWN, Level.INITIAL}:
        yield "given name not known"
    elif given in _ANOTHER_NAME:
        yield "given name differs"
    elif not exact:
        # Ana and Anna, Jean and Jean-Luc: also under one matricule, for twins are filed under the other's.
        yield "given name not quite equal"
    if levels[Field.SEX] is Level.DIFFERS and not (exact and confirmed):
        yield "sex differs"
    if (a.multiple_birth or b.multiple_birth) and not exact:
        yield "one of a multiple birth"

    if family is Level.NOT_KNOWN or (family in _ANOTHER_NAME and not confirmed):
        yield "family name differs"
    if family in _ANOTHER_NAME and born is not Level.EQUAL:
        yield "family name and birth date differ"

    if born in {Level.NOT_KNOWN, Level.DIFFERS}:
        yield f"birth date {born}"
    elif born is not Level.EQUAL and not confirmed:
        yield "birth date not quite equal"
    if a.born and b.born and abs(int(a.born[:4]) - int(b.born[:4])) >= _GENERATION:
        yield "born a generation apart"

    if not confirmed and not _reached_alike(levels):
        yield "nothing but name and birth date"  # namesakes born on one day are some hundred in a nation
    if a.multiple_birth and b.multiple_birth and a.multiple_birth != b.multiple_birth:
        yield "multiple birth order differs"
    if levels[Field.NATIONAL_ID] is Level.DIFFERS:
        yield "national id differs"


def _reached_alike(levels: Mapping[Field, Level]) -> bool:
    """At one telephone, by one e-mail, or at one house."""
    if Level.EQUAL in (levels[Field.PHONE], levels[Field.EMAIL]):
        return True
    here = Level.EQUAL in (
        levels[Field.POSTAL_CODE],
        levels[Field.CITY],
    )  # each town has its 12, Grand-Rue
    return here and levels[Field.STREET] in _NEAR and levels[Field.HOUSE_NUMBER] in _NEAR


def _are_swapped(a: Prepared, b: Prepared) -> bool:
    return a.given == b.family and a.family == b.given
