"""The report on the site, as a reader's browser shows it."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.conftest import Site, salus

PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def counted(site: Site) -> dict[str, Any]:
    """The site has two reports; returns the open data of December 2024."""
    for month in ("2024-12", "2025-01"):
        done = salus("report", month, "--format", "json", data=site.data)
        assert done.returncode == 0, done.stderr
    with urllib.request.urlopen(f"{site.url}/report/2024-12.json") as answer:
        body: dict[str, Any] = json.load(answer)
    return body


@pytest.fixture
def page(site: Site, browser: Browser, counted: dict[str, Any]) -> Iterator[Page]:
    """A page that must not complain in its console, nor ask another host for anything."""
    context = browser.new_context(base_url=site.url, locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((site.url, "data:")) else complaints.append(request.url)
        ),
    )
    yield page
    context.close()
    assert complaints == []


def test_archive_leads_to_each_month(page: Page) -> None:
    page.goto("/report/")
    months = page.locator(".report-month")
    assert months.all_inner_texts() == ["January 2025", "December 2024"]
    page.get_by_role("link", name="December 2024").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("December 2024")


def test_page_shows_what_the_open_data_says(page: Page, counted: dict[str, Any]) -> None:
    page.goto("/report/2024-12")
    english = page.evaluate("fetch('/report/2024-12.json').then(answer => answer.json())")
    assert [figure["value"] for figure in english["figures"]] == [
        figure["value"] for figure in counted["figures"]
    ]
    shown = page.locator(".report-numeral").all_inner_texts()
    assert shown == [figure["printed"] for figure in english["figures"]]


def test_charts_answer_the_pointer(page: Page, counted: dict[str, Any]) -> None:
    page.goto("/report/2024-12")
    expect(page.locator(".report-drawing.vega-embed svg")).to_have_count(11)
    bar = page.locator("#documents_stock .mark-rect path").last
    bar.scroll_into_view_if_needed()
    bar.hover()
    series = next(chart for chart in counted["charts"] if chart["id"] == "documents_stock")
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_contain_text("December 2024")
    expect(tooltip).to_contain_text(f"{series['series'][-1]['value']:,}")


def test_data_lies_behind_each_chart(page: Page) -> None:
    page.goto("/report/2024-12")
    chart = page.locator("#vaccinations_by_type")
    expect(chart.locator("table")).to_be_hidden()
    chart.locator("summary").click()
    expect(chart.locator("tbody tr")).to_have_count(12)
    assert chart.locator("thead th").all_inner_texts() == [
        *("Month", "Performed act", "Historical act", "MSVAC import"),
    ]


def test_works_without_script(site: Site, browser: Browser, counted: dict[str, Any]) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/report/2024-12")
    assert page.locator(".report-drawing > svg").count() == 11
    page.locator("#documents_stock summary").click()
    expect(page.locator("#documents_stock table")).to_be_visible()
    context.close()


def test_fits_a_phone(site: Site, browser: Browser, counted: dict[str, Any]) -> None:
    context = browser.new_context(base_url=site.url, viewport=PHONE)
    page = context.new_page()
    for address in ("/report/", "/report/2024-12"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], address
    context.close()


@pytest.mark.parametrize(
    ("address", "media_type"),
    [
        ("2024-12.pdf", "application/pdf"),
        ("2024-12.csv", "text/csv; charset=utf-8"),
        ("2024-12.json", "application/json"),
        ("2024-12.html", "text/html; charset=utf-8"),
        ("2024-12/documents_stock.vl.json", "application/json"),
    ],
)
def test_files(page: Page, address: str, media_type: str) -> None:
    answer = page.request.get(f"/report/{address}")
    assert answer.ok
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize(
    "address", ["2023-01", "2024-13", "2024-13.pdf", "2024-12.txt", "2024-12/nothing.vl.json"]
)
def test_what_is_not_there_is_not_found(page: Page, address: str) -> None:
    assert page.request.get(f"/report/{address}").status == 404
