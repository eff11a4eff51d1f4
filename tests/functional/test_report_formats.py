"""`salus report` in every format: the same numbers, the same bytes, and clear words when it cannot."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import altair as alt
import jsonschema
import pandas
import pdfplumber
import pytest
from django.utils.translation import override

from salus.activity_report.archive import edition_of, folder_of
from salus.activity_report.charts import (
    PAPER_HALF,
    SCREEN_FULL,
    Look,
    paper,
    screen,
    specification,
)
from salus.activity_report.content import content_of
from salus.activity_report.formats import FORMATS, rendered
from salus.activity_report.page import page_of
from salus.activity_report.run import report
from salus.kernel.errors import NotFound
from salus.kernel.month import Month
from tests.conftest import as_role

MONTH = Month(2024, 12)


@pytest.fixture(scope="module", autouse=True)
def _reporter(nation: Path) -> Iterator[None]:
    with as_role("reporter"):
        yield


def written(name: str, folder: Path, language: str = "fr") -> bytes:
    out = folder / f"report.{language}.{name}"
    if not out.exists():
        assert report(month=MONTH, language=language, format=name, out=out).path == out
    return out.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def published(folder: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(written("json", folder))
    return body


@pytest.mark.conformance
def test_csv_says_what_the_json_says(folder: Path, published: dict[str, Any]) -> None:
    table = pandas.read_csv(
        io.BytesIO(written("csv", folder)), keep_default_na=False, float_precision="round_trip"
    )
    rows = {(row.period, row.indicator, row.dimension): row.value for row in table.itertuples()}
    expected = {("2024-12", f["id"], ""): f["value"] for f in published["figures"]} | {
        (point["period"], chart["id"], point["dimension"]): point["value"]
        for chart in published["charts"]
        for point in chart["series"]
    }
    assert len(table) == len(expected)
    assert {key: float(str(value)) for key, value in rows.items()} == expected


@pytest.mark.parametrize(
    "language",
    [
        pytest.param("en", marks=pytest.mark.prove),
        "fr",
        "lb",
        pytest.param("de", marks=pytest.mark.prove),
    ],
)
def test_pdf_prints_every_figure(folder: Path, language: str) -> None:
    figures = json.loads(written("json", folder, language))["figures"]
    with pdfplumber.open(io.BytesIO(written("pdf", folder, language))) as pdf:
        words = " ".join(spaced(page.extract_text()) for page in pdf.pages)
    for figure in figures:
        assert spaced(figure["printed"]) in words, figure["id"]


@pytest.mark.parametrize("language", ["fr", "de", "en", "lb"])
def test_page_prints_every_figure_and_every_chart(folder: Path, language: str) -> None:
    body = json.loads(written("json", folder, language))
    page = unescape(written("html", folder, language).decode())
    for figure in body["figures"]:
        card = page.split(f'<li id="{figure["id"]}"', 1)[1].split("</li>", 1)[0]
        assert f'href="#how-{figure["id"]}"' in card
        assert f">{figure['printed']}</a>" in card
    for chart in body["charts"]:
        drawing = page.split(f'id="{chart["id"]}"', 1)[1].split("</figure>", 1)[0]
        assert drawing.count("<td>") == len(chart["series"])
        assert "<svg" in drawing
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    links = set(re.findall(r'(?:src|href)="([^#"][^"]*)"', markup))
    assert links == {"https://www.esante.lu"}, "the file needs nothing else"


@pytest.mark.conformance
@pytest.mark.parametrize("look", [screen(SCREEN_FULL), paper("#00695c", PAPER_HALF)])
def test_every_chart_keeps_to_the_schema_of_vega_lite(folder: Path, look: Look) -> None:
    written("json", folder)
    with override("fr"):
        content = content_of(edition_of(MONTH), "fr")
        drawn = [
            specification(chart, look)
            for section in content.sections
            for row in section.charts
            for chart in row
        ]
    assert len(drawn) == 11
    schema = jsonschema.Draft7Validator(alt.load_schema())
    assert [error.message for one in drawn for error in schema.iter_errors(one)] == []
    drawn[0]["width"] = "wide"
    assert not schema.is_valid(drawn[0])


def test_printed_shares_of_residence_add_to_a_hundred(published: dict[str, Any]) -> None:
    shares = [f["printed"] for f in published["figures"] if f["id"].startswith("records_residence")]
    tenths = [int(share.replace(",", "").replace("%", "")) for share in shares]
    assert len(tenths) == 5
    assert sum(tenths) == 1000


def test_a_chart_ends_where_its_figure_stands(published: dict[str, Any]) -> None:
    figures = {figure["id"]: figure["value"] for figure in published["figures"]}
    last = {
        (chart["id"], point["dimension"]): point["value"]
        for chart in published["charts"]
        for point in chart["series"]
        if point["period"] == "2024-12"
    }
    assert last["documents_stock", ""] == figures["documents_total"]
    assert last["vaccination_records_stock", ""] == figures["vaccination_records_total"]
    for code in ("LU", "FR", "BE", "DE", "other"):
        share = figures[f"records_residence_{code.lower()}_share"]
        assert last["records_by_residence", code] == pytest.approx(share)
    by_age = [value for (chart, _), value in last.items() if chart == "vaccinations_by_age"]
    assert sum(by_age) == figures["vaccinations_total"]
    by_type = [value for (chart, _), value in last.items() if chart == "vaccinations_by_type"]
    assert sum(by_type) == last["vaccinations_recorded", ""]


def test_only_flows_change(published: dict[str, Any]) -> None:
    changing = {f["id"] for f in published["figures"] if f["change"] is not None}
    assert changing == {
        "index_requests_in_month",
        "uses_pharmacy_in_month",
        "uses_laboratory_in_month",
        "uses_rescue_in_month",
    }


@pytest.mark.conformance
def test_pdf_is_tagged_archivable_and_in_its_language(folder: Path) -> None:
    with pdfplumber.open(io.BytesIO(written("pdf", folder))) as pdf:
        catalog = pdf.doc.catalog
        metadata = catalog["Metadata"].resolve().get_data().decode()
    assert catalog["Lang"] == b"fr"
    assert catalog["MarkInfo"]["Marked"] is True
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata


def test_pdf_is_dated_by_its_month_and_not_by_its_printing(folder: Path) -> None:
    with pdfplumber.open(io.BytesIO(written("pdf", folder))) as pdf:
        (information,) = pdf.doc.info
    midnight = b"D:20241231230000Z"  # that closes December in Luxembourg
    assert (information["CreationDate"], information["ModDate"]) == (midnight, midnight)


@pytest.mark.parametrize("suffix", list(FORMATS))
def test_rendered_anew_a_file_is_the_same_bytes(folder: Path, suffix: str) -> None:
    written("json", folder)
    edition = edition_of(MONTH)
    page_of.cache_clear()
    content_of.cache_clear()
    file = folder_of(edition) / FORMATS[suffix].file_name(suffix, "fr")
    # Counted at another time, the same numbers are still the same file.
    later = replace(edition, counted_at="2031-05-05T05:05:05+02:00")
    assert rendered(later, suffix, "fr") == file.read_bytes()


def test_a_month_that_was_never_counted_is_not_found() -> None:
    with pytest.raises(NotFound):
        edition_of(Month(2023, 1))


def spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text)
