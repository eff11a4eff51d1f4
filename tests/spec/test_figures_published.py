"""Every published figure is declared once, laid out once, explained, and translated."""

import json
from pathlib import Path
from typing import Any

import polib
import pytest

from salus.activity_report import layout
from salus.activity_report.edition import indicators
from salus.kernel.indicator import Kind, Measure
from tools import figures

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared/reference/activity-report-2024-12.json"
FRENCH = ROOT / "locale/fr/LC_MESSAGES/django.po"


def names(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    return [name for row in rows for name in row]


def declared(kind: Kind) -> list[str]:
    return [indicator.id for indicator in indicators().values() if indicator.kind is kind]


def test_each_is_laid_out_once() -> None:
    assert sorted(n for s in layout.SECTIONS for n in names(s.figures)) == sorted(
        declared(Kind.FIGURE)
    )
    assert sorted(n for s in layout.SECTIONS for n in names(s.charts)) == sorted(
        declared(Kind.CHART)
    )
    assert len(declared(Kind.FIGURE)) == 27
    assert len(declared(Kind.CHART)) == 11


def test_each_has_a_caption_or_a_title() -> None:
    assert layout.CAPTIONS.keys() == set(declared(Kind.FIGURE))
    assert layout.TITLES.keys() == set(declared(Kind.CHART))


def test_each_code_has_a_name() -> None:
    for indicator in indicators().values():
        if indicator.dimension:
            assert tuple(layout.DIMENSIONS[indicator.dimension]) == indicator.codes
            assert indicator.dimension in layout.DIMENSION_NAMES


def test_starred_terms_are_explained() -> None:
    starred = {indicator.glossary for indicator in indicators().values()} - {""}
    assert starred <= layout.GLOSSARY.keys()


def test_no_colour_is_given_twice() -> None:
    assert len({section.accent for section in layout.SECTIONS}) == len(layout.SECTIONS)


def test_definitions_are_translated() -> None:
    french = {entry.msgid: entry for entry in polib.pofile(str(FRENCH))}
    untranslated = [
        indicator.id
        for indicator in indicators().values()
        if indicator.definition not in french or not french[indicator.definition].translated()
    ]
    assert untranslated == []


def test_reference_page_is_current() -> None:
    assert figures.PAGE.read_text(encoding="utf-8") == figures.page(), "run python tools/figures.py"


@pytest.fixture(scope="module")
def reference() -> list[dict[str, Any]]:
    if not REFERENCE.exists():
        pytest.skip("the published report lies beside the project, not in it")
    services: list[dict[str, Any]] = json.loads(REFERENCE.read_text(encoding="utf-8"))["services"]
    return services


def test_figures_are_those_of_the_published_report(reference: list[dict[str, Any]]) -> None:
    published = [
        (figure["id"], service["id"], figure["unit"], figure.get("glossary", ""))
        for service in reference
        for figure in service["figures"]
    ]
    ours = [(i.id, i.service, i.unit, i.glossary) for i in indicators().values()]
    assert set(published) <= set(ours)
    order = [name for section in layout.SECTIONS for name in names(section.figures)]
    assert order == [name for name, *_ in published]


def test_charts_are_those_of_the_published_report(reference: list[dict[str, Any]]) -> None:
    published = [
        (chart["id"], service["id"], chart["unit"], Measure(chart["measure"]))
        for service in reference
        for chart in service["charts"]
    ]
    ours = {(i.id, i.service, i.unit, i.measure) for i in indicators().values()}
    assert set(published) <= ours
    order = [name for section in layout.SECTIONS for name in names(section.charts)]
    assert order == [name for name, *_ in published]
