"""Every published figure is declared once, laid out once, and explained."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import get_default_timezone

from salus.activity_report import layout
from salus.activity_report.edition import indicators
from salus.kernel.indicator import Kind, Measure, registered
from salus.kernel.month import Month
from tests.conftest import as_role
from tools import figures

MONTH = Month(2024, 12)
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared/reference/activity-report-2024-12.json"


def names(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    return [name for row in rows for name in row]


def declared(kind: Kind) -> list[str]:
    assert set(indicators().values()) == set(registered()), "none is left out"
    return [indicator.id for indicator in registered() if indicator.kind is kind]


def test_each_is_laid_out_once() -> None:
    sections = layout.sections()
    assert sorted(n for s in sections for n in names(s.figures)) == sorted(declared(Kind.FIGURE))
    assert sorted(n for s in sections for n in names(s.charts)) == sorted(declared(Kind.CHART))


def test_each_code_has_a_name() -> None:
    for indicator in indicators().values():
        if indicator.dimension:
            assert indicator.dimension in layout.DIMENSIONS
            assert all(layout.name_of(indicator.dimension, code, "fr") for code in indicator.codes)


def test_starred_terms_are_explained() -> None:
    starred = {indicator.glossary for indicator in indicators().values()} - {""}
    assert starred <= layout.profile().glossary.keys()


def test_no_colour_is_given_twice() -> None:
    sections = layout.sections()
    assert len({section.accent for section in sections}) == len(sections)


def test_the_sources_of_a_figure_are_those_that_the_database_would_read(database: Path) -> None:
    with as_role("reporter"), connection.cursor() as cursor:
        for indicator in indicators().values():
            start, end = MONTH.start(get_default_timezone()), MONTH.end(get_default_timezone())
            window = {"start": start, "end": end, "day": (MONTH + 1).first_day}
            cursor.execute(f"explain (format json) {indicator.sql}", window)
            ((plan,),) = cursor.fetchall()
            read = {re.sub(r"_\d{4}_\d{2}$|_other$", "", name) for name in relations(plan)}
            assert read == set(indicator.sources), indicator.id


def relations(plan: Any) -> Iterator[str]:
    """The tables in a plan of PostgreSQL, partitions by their own names."""
    if isinstance(plan, dict):
        if name := plan.get("Relation Name"):
            yield name
        plan = list(plan.values())
    if isinstance(plan, list):
        for part in plan:
            yield from relations(part)


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
    order = [name for section in layout.profile().sections for name in names(section.figures)]
    assert order == [name for name, *_ in published]


def test_charts_are_those_of_the_published_report(reference: list[dict[str, Any]]) -> None:
    published = [
        (chart["id"], service["id"], chart["unit"], Measure(chart["measure"]))
        for service in reference
        for chart in service["charts"]
    ]
    ours = {(i.id, i.service, i.unit, i.measure) for i in indicators().values()}
    assert set(published) <= ours
    order = [name for section in layout.sections() for name in names(section.charts)]
    assert order == [name for name, *_ in published]
