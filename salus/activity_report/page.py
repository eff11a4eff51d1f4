"""The report as a page of the site, and as one HTML file that needs nothing else."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

from salus.activity_report.charts import SCREEN_FULL, SCREEN_HALF, screen, specification, svg
from salus.activity_report.content import Content, PrintedChart, PrintedSection, content_of
from salus.activity_report.edition import Edition

_STYLES = (
    "portal/tokens.css",
    "activity_report/report.css",
    "activity_report/explanation.css",
    "activity_report/print.css",
    "activity_report/file.css",
)
_SCRIPTS = ("vendor/vega.js", "activity_report/report.js")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A chart as drawn here, and what a script needs to draw it anew in the reader's hands."""

    chart: PrintedChart
    svg: SafeString
    specification: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    content: Content
    sections: tuple[tuple[PrintedSection, tuple[tuple[Drawing, ...], ...]], ...]


@lru_cache(maxsize=8)  # drawn once for the page of the site and the file
def page_of(edition: Edition, language: str) -> Page:
    content = content_of(edition, language)
    with override(language):
        return Page(
            content=content,
            sections=tuple((section, _drawings(section)) for section in content.sections),
        )


def _drawings(section: PrintedSection) -> tuple[tuple[Drawing, ...], ...]:
    return tuple(
        tuple(_drawing(chart, SCREEN_FULL if len(row) == 1 else SCREEN_HALF) for chart in row)
        for row in section.charts
    )


def _drawing(chart: PrintedChart, size: tuple[int, int]) -> Drawing:
    drawn = specification(chart, screen(size))
    return Drawing(
        chart=chart,
        svg=mark_safe(svg(drawn)),  # noqa: S308  # Vega escapes the texts
        specification=drawn,
    )


def as_fragment(edition: Edition, language: str) -> bytes:
    """What the site shows of the edition between its own header and footer."""
    with override(language):
        context = {"page": page_of(edition, language), "on_site": True}
        return render_to_string("activity_report/report.html", context).encode()


def as_html(edition: Edition, language: str) -> bytes:
    with override(language):
        return render_to_string(
            "activity_report/file.html",
            {
                "page": page_of(edition, language),
                "styles": [_inline(name) for name in _STYLES],
                "scripts": [_inline(name) for name in _SCRIPTS],
            },
        ).encode()


def _inline(static_file: str) -> SafeString:
    found = finders.find(static_file)
    if found is None:
        raise FileNotFoundError(f"{static_file} (made by `make assets`)")
    # Inside <script> only this would end the element early; in CSS it never occurs.
    text = Path(found).read_text(encoding="utf-8").replace("</script", r"<\/script")
    return mark_safe(text)  # noqa: S308  # our own files
