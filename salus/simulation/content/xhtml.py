"""Narrative of a section: XHTML for FHIR, and the same words for CDA."""

from functools import cache
from html import escape

from salus.simulation.content.report import Result

TABLE_HEAD = {
    "fr": ("Analyse", "Résultat", "Unité", "Valeurs de référence"),
    "de": ("Untersuchung", "Ergebnis", "Einheit", "Referenzbereich"),
}
_MARK = {"": "", "L": " ↓", "H": " ↑"}


def section_html(language: str, text: str, results: tuple[Result, ...] = ()) -> str:
    """The ``div`` of a FHIR narrative."""
    body = f"<p>{escape(text, quote=False)}</p>"
    if results:
        rows = "".join(row(language, result) for result in results)
        body = f"<table>{_head(language)}<tbody>{rows}</tbody></table>{body}"
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'


def table(language: str, results: tuple[Result, ...]) -> str:
    """The results as a table of a CDA narrative block."""
    rows = "".join(row(language, result) for result in results)
    return f"<table>{_head(language)}<tbody>{rows}</tbody></table>"


@cache
def _head(language: str) -> str:
    cells = "".join(f"<th>{text}</th>" for text in TABLE_HEAD[language])
    return f"<thead><tr>{cells}</tr></thead>"


@cache
def row(language: str, result: Result) -> str:
    return "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in cells(language, result)) + "</tr>"


@cache
def cells(language: str, result: Result) -> tuple[str, str, str, str]:
    """Name, value, unit and range as people read them: with a decimal comma in both languages."""
    value = result.value.replace(".", ",") + _MARK[result.flag]
    range_ = f"{result.low} – {result.high}".replace(".", ",")
    return result.name, value, _UNITS.get(result.unit, result.unit), range_


# UCUM for people.
_UNITS = {"10*3/uL": "10³/µL", "10*6/uL": "10⁶/µL", "m[IU]/L": "mUI/L", "ug/L": "µg/L"}
