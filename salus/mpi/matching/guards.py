"""Why two records must not be linked without a human being, however much else agrees."""

from collections.abc import Iterator, Mapping

from salus.mpi.matching.levels import Field, Level
from salus.mpi.matching.prepared import Prepared

_OTHER_NAME = {Level.DIFFERS, Level.RESEMBLES}
_SAME_DAY = {Level.EQUAL, Level.SWAPPED, Level.SIMILAR}


def guards(a: Prepared, b: Prepared, levels: Mapping[Field, Level]) -> Iterator[str]:
    """Stable words for what twins, siblings, parent and child with one name look like."""
    given, born = levels[Field.GIVEN], levels[Field.BIRTH_DATE]
    if given in _OTHER_NAME:
        yield "given name differs"
    if given in {Level.NOT_KNOWN, Level.INITIAL}:
        yield "given name not known"
    if levels[Field.FAMILY] in _OTHER_NAME | {Level.NOT_KNOWN} and born is not Level.EQUAL:
        yield "family name and birth date differ"
    if born not in _SAME_DAY:
        yield "birth date differs" if born is not Level.NOT_KNOWN else "birth date not known"
    if levels[Field.SEX] is Level.DIFFERS and given is not Level.EQUAL:
        yield "given name and sex differ"
    if a.multiple_birth and b.multiple_birth and a.multiple_birth != b.multiple_birth:
        yield "multiple birth order differs"
    if levels[Field.NATIONAL_ID] is Level.DIFFERS:
        yield "national id differs"
