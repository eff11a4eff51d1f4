"""Small counts are withheld from every edition of a nation of real people, in every form that it comes in."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils.timezone import get_default_timezone

from salus.activity_report.assembling import assemble
from salus.activity_report.counting import Count, count, snapshot
from salus.activity_report.edition import Edition, Status, indicators
from salus.activity_report.formats import rendered
from salus.kernel.month import Month
from tests.conftest import as_role

MONTHS = [Month(2024, 11) + offset for offset in range(4)]
NOW = datetime(2025, 3, 20, tzinfo=get_default_timezone())


@pytest.fixture(scope="module")
def counts(nation: Path) -> list[Count]:
    with as_role("reporter"):
        found = []
        for month in MONTHS:
            with snapshot() as cursor:
                found.append(count(cursor, month, as_of=NOW))
        return found


@pytest.fixture(scope="module")
def editions(counts: list[Count]) -> list[Edition]:
    """Month by month, each knowing what was published before it."""
    published: list[Edition] = []
    with override_settings(DISCLOSURE_CONTROL=True):
        for found in counts:
            published.append(assemble(found, published, counted_at=NOW.isoformat()))
    return published


def breakdowns(edition: Edition) -> Iterator[tuple[str, str, str, Status]]:
    for chart in edition.charts:
        if indicators()[chart.id].dimension:
            yield from ((chart.id, p.period, p.dimension, p.status) for p in chart.series)


def test_no_printed_cell_stands_for_one_to_four_people(
    editions: list[Edition], counts: list[Count]
) -> None:
    withheld = 0
    for edition, found in zip(editions, counts, strict=True):
        for chart, period, code, status in breakdowns(edition):
            number = found.charts[chart][period, code]
            if status is Status.SUPPRESSED:
                withheld += 1
            else:
                assert not 1 <= number <= 4, (edition.period, chart, period, code)
    assert withheld


def test_no_two_editions_differ_by_one_to_four_people(
    editions: list[Edition], counts: list[Count]
) -> None:
    printed: dict[tuple[str, str], set[int]] = {}
    for edition, found in zip(editions, counts, strict=True):
        for chart, period, code, status in breakdowns(edition):
            if indicators()[chart].measure != "flow" and status is not Status.SUPPRESSED:
                numbers = printed.setdefault((chart, code), {0})
                number = found.charts[chart][period, code]
                assert not any(1 <= abs(number - other) <= 4 for other in numbers), (chart, code)
                numbers.add(number)


def test_headlines_are_never_withheld(editions: list[Edition]) -> None:
    for edition in editions:
        withheld = {f.id for f in edition.figures if f.status is Status.SUPPRESSED}
        assert all(indicators()[name].cell_of for name in withheld)
        assert {c.id for c in edition.charts if any(p.value is None for p in c.series)} <= {
            chart for chart, *_ in breakdowns(edition)
        }


def test_a_figure_is_withheld_with_its_cell(editions: list[Edition]) -> None:
    for edition in editions:
        for figure in edition.figures:
            if chart := indicators()[figure.id].cell_of:
                (code,) = indicators()[figure.id].codes
                (point,) = (
                    p
                    for p in edition.chart(chart).series
                    if (p.period, p.dimension) == (edition.period, code)
                )
                assert (figure.value is None) == (point.value is None)


def test_a_sample_of_a_synthetic_nation_is_shown_whole_with_a_notice(counts: list[Count]) -> None:
    edition = assemble(counts[0], [], counted_at=NOW.isoformat())
    assert not any(status is Status.SUPPRESSED for *_, status in breakdowns(edition))
    page = rendered(edition, "html", "en").decode()
    assert "Small counts are not withheld" in page


def test_what_is_withheld_is_in_no_form_of_the_edition(editions: list[Edition]) -> None:
    edition = editions[0]
    body = json.loads(rendered(edition, "json", "en"))
    hidden = [
        (chart["id"], point)
        for chart in body["charts"]
        for point in chart["series"]
        if point["status"] == "suppressed"
    ]
    assert hidden
    assert all(point["value"] is None for _, point in hidden)
    lines = rendered(edition, "csv", "en").decode().splitlines()
    assert sum("suppressed" in line for line in lines) >= len(hidden)
    page = rendered(edition, "html", "en").decode()
    assert page.count("withheld") >= len(hidden)
