"""Luxembourg's municipalities and localities, and the towns around, with their positions."""

from functools import cache
from pathlib import Path

from salus.country.gazetteer import KnownPlace, read_places


@cache
def places() -> tuple[KnownPlace, ...]:
    return read_places(Path(__file__).with_name("places.tsv"))
