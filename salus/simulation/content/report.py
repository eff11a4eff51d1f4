"""What a document says, independent of its format: chosen by its row, the same at every call."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from salus.terminology import DOCUMENT_TYPES

_DATA = Path(__file__).parent.parent / "data"
LABORATORY_REPORT = 1
OFTEN = 20_000  # texts that formats keep at hand: names come again and again
_STEPS = 64  # values of an analyte, from below its range to above it
_PANELS = (
    ("blood", "inflammation"),
    ("blood", "kidney", "liver"),
    ("lipids", "metabolic"),
    ("blood", "metabolic", "lipids", "kidney", "liver", "thyroid"),
    ("thyroid", "iron", "vitamins"),
    ("kidney", "metabolic"),
    ("blood", "iron"),
)
_TITLES = {"fr": "Résultats d'analyses de laboratoire", "de": "Laborbefund"}
_RESULTS = {"fr": "Résultats", "de": "Ergebnisse"}
_COMMENT = {
    "fr": (
        "Résultats validés par le biologiste responsable.",
        "Valeurs à interpréter dans le contexte clinique.",
        "Prélèvement veineux reçu dans des conditions conformes.",
    ),
    "de": (
        "Befund ärztlich validiert.",
        "Bewertung im klinischen Zusammenhang.",
        "Venöse Blutentnahme, Probe einwandfrei.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured value with its reference range; ``flag`` is "", "L" or "H" (HL7 v3 ObservationInterpretation)."""

    name: str
    loinc: str
    value: str
    unit: str  # UCUM
    low: str
    high: str
    flag: str


@dataclass(frozen=True, kw_only=True)
class Report:
    title: str
    sections: tuple[tuple[str, str], ...]  # heading, text
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Header:
    """Who wrote about whom, when, where: texts as they are printed."""

    number: int
    token: str  # 32 hexadecimal digits, the document's own
    created: str  # YYYY-MM-DD
    type: int
    language: str
    family: str
    given: str
    birth: str
    female: bool
    matricule: str
    author_family: str
    author_given: str
    author_code: str
    organization: str
    organization_code: str
    organization_place: str

    @property
    def loinc(self) -> str:
        return DOCUMENT_TYPES[self.type].loinc


def report(*, type: int, language: str, female: bool, age: int, dice: int) -> Report:
    """The report of a document; ``dice`` are 64 bits that depend on the document alone."""
    if type == LABORATORY_REPORT:
        return _laboratory(language, female, dice)
    suits = [found for low, high, found in _scenarios(language)[type] if low <= age <= high] or [
        found for _, _, found in _scenarios(language)[type]
    ]
    return suits[(dice >> 20) % len(suits)]


def _laboratory(language: str, female: bool, dice: int) -> Report:
    results = []
    bits = dice >> 8
    for panel in _PANELS[dice % len(_PANELS)]:
        for values in _analytes(language, female)[panel]:
            results.append(values[bits % _STEPS])
            bits = (bits >> 3) ^ (bits * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
    comment = _COMMENT[language][(dice >> 50) % 3]
    return Report(
        title=_TITLES[language],
        sections=((_RESULTS[language], comment),),
        results=tuple(results),
    )


@cache
def _analytes(language: str, female: bool) -> dict[str, list[list[Result]]]:
    """For each panel its analytes, each with all the values that it can have."""
    panels: dict[str, list[list[Result]]] = {}
    for line in _lines("analytes.tsv"):
        panel, french, german, loinc, unit, *numbers, decimals = line.split("\t")
        low, high = (float(n) for n in (numbers[2:] if female else numbers[:2]))
        name = german if language == "de" else french
        values = []
        for step in range(_STEPS):
            # Most lie within the range, one in eight above or below it.
            share = (step + 0.5) / _STEPS * 1.15 - 0.07
            value = max(low + (high - low) * share, 0)
            shown = f"{value:.{decimals}f}"
            flag = "L" if float(shown) < low else "H" if float(shown) > high else ""
            values.append(
                Result(
                    name=name, loinc=loinc, value=shown, unit=unit, flag=flag,
                    low=f"{low:.{decimals}f}", high=f"{high:.{decimals}f}",
                )
            )  # fmt: skip
        panels.setdefault(panel, []).append(values)
    return panels


@cache
def _scenarios(language: str) -> dict[int, list[tuple[int, int, Report]]]:
    """For each type of document: lowest age, highest age, report."""
    found: dict[int, list[tuple[int, int, Report]]] = {}
    heading = re.compile(r"## (\d) \[(\d+)-(\d+)\] (.+)")
    sections: list[tuple[str, str]] = []
    for line in [*_lines(f"texts/{language}.txt")[::-1]]:
        if match := heading.fullmatch(line):
            type_, low, high = (int(match[i]) for i in (1, 2, 3))
            entry = (low, high, Report(title=match[4], sections=tuple(reversed(sections))))
            found.setdefault(type_, []).append(entry)
            sections = []
        else:
            title, text = line.split(": ", 1)
            sections.append((title, text))
    return found


def _lines(file: str) -> list[str]:
    lines = (_DATA / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]
