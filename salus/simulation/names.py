"""The region's mix of names and places, from the text files in ``data``."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from salus.simulation.timeline import Floats, Ints

_DATA = Path(__file__).with_name("data")

CULTURES = ("luxembourgish", "portuguese", "french", "german", "italian", "south_slavic", "world")
COUNTRIES = ("LU", "FR", "BE", "DE", "other")
_ERAS = ("old", "middle", "young")
_ERA_BEGINS = (1958, 1988)  # year of birth

# Of those insured, by the country where they live: whose names they bear.
CULTURE_OF = {
    "LU": (0.49, 0.17, 0.11, 0.06, 0.05, 0.04, 0.08),
    "FR": (0.02, 0.05, 0.71, 0.03, 0.08, 0.02, 0.09),
    "BE": (0.10, 0.05, 0.69, 0.03, 0.05, 0.02, 0.06),
    "DE": (0.05, 0.02, 0.02, 0.81, 0.02, 0.03, 0.05),
    "other": (0.03, 0.44, 0.15, 0.05, 0.06, 0.03, 0.24),
}


@dataclass(frozen=True, kw_only=True)
class NameTable:
    """All names in one list; each culture's are a slice of it, the most frequent first."""

    texts: list[str]
    slices: dict[tuple[str, str], slice]

    def find(self, text: str) -> int:
        return self.texts.index(text)

    def draw(self, rng: np.random.Generator, kind: str, cultures: npt.NDArray[np.integer]) -> Ints:
        """An index into ``texts`` for each; rank r comes in proportion to 1 / (r + 10)."""
        result = np.zeros(len(cultures), dtype=np.int64)
        for number, culture in enumerate(CULTURES):
            at = np.flatnonzero(cultures == number)
            part = self.slices[culture, kind]
            weights = 1 / (np.arange(part.stop - part.start) + 10.0)
            result[at] = part.start + rng.choice(len(weights), len(at), p=weights / weights.sum())
        return result

    def draw_given(
        self,
        rng: np.random.Generator,
        cultures: npt.NDArray[np.integer],
        female: npt.NDArray[np.bool_],
        birth_year: npt.NDArray[np.integer],
    ) -> Ints:
        """A given name of the time, with a blur between the eras."""
        era = np.digitize(birth_year + rng.integers(-8, 9, len(birth_year)), _ERA_BEGINS)
        result = np.zeros(len(cultures), dtype=np.int64)
        for sex in (False, True):
            for number, name in enumerate(_ERAS):
                at = np.flatnonzero((female == sex) & (era == number))
                kind = f"{'female' if sex else 'male'} {name}"
                result[at] = self.draw(rng, kind, cultures[at])
        return result


@cache
def name_table() -> NameTable:
    texts: list[str] = []
    slices = {}
    for culture in CULTURES:
        for kind, names in _sections(f"names/{culture}.txt").items():
            slices[culture, kind] = slice(len(texts), len(texts) + len(names))
            texts += names
    return NameTable(texts=texts, slices=slices)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Municipalities where people live; ``group`` is the index in COUNTRIES.

    Those in Luxembourg have a position, in degrees; the others (0, 0).
    """

    country: list[str]
    postal_code: list[str]
    municipality: list[str]
    group: Ints
    weight: Floats
    position: list[tuple[float, float]]

    def draw(self, rng: np.random.Generator, groups: npt.NDArray[np.integer]) -> Ints:
        result = np.zeros(len(groups), dtype=np.int64)
        for group in range(len(COUNTRIES)):
            at = np.flatnonzero(groups == group)
            weights = self.weight * (self.group == group)
            result[at] = rng.choice(len(weights), len(at), p=weights / weights.sum())
        return result


@cache
def places() -> Places:
    rows = [line.split("\t") for line in _lines("places.tsv")]
    return Places(
        country=[row[0] for row in rows],
        postal_code=[row[1] for row in rows],
        municipality=[row[2] for row in rows],
        group=np.array([group_of(row[0]) for row in rows]),
        weight=np.array([float(row[3]) for row in rows]),
        position=[(float(row[4]), float(row[5])) if row[4:] else (0.0, 0.0) for row in rows],
    )


def group_of(country: str) -> int:
    return COUNTRIES.index(country) if country in COUNTRIES else COUNTRIES.index("other")


@cache
def streets() -> dict[str, list[str]]:
    return _sections("streets.txt")


@cache
def organization_names() -> dict[str, list[str]]:
    return _sections("organizations.txt")


@cache
def departments() -> list[tuple[str, str]]:
    """Those of a hospital: name, and specialty as a code of salus.terminology.PROFESSIONS."""
    return [(name, code) for name, code in (line.split("\t") for line in _lines("departments.tsv"))]


def street_line(country: str, mixed: int) -> str:
    """An address line; ``mixed`` is any number, the same number gives the same line."""
    names = streets().get(country) or streets()["other"]
    name, number = names[mixed % len(names)], 1 + (mixed // 1009) % 120
    return f"{number}, {name}" if country in ("LU", "FR") else f"{name} {number}"


def _sections(file: str) -> dict[str, list[str]]:
    parts = (line.split(": ", 1) for line in _lines(file))
    return {kind: names.split(", ") for kind, names in parts}


def _lines(file: str) -> list[str]:
    lines = (_DATA / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
