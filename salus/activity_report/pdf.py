"""The report on paper: A4, tagged and archivable (PDF/UA-1 and PDF/A-2a), the same bytes each time."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext, override

from salus.activity_report.charts import FONTS, PAPER_FULL, PAPER_HALF, paper, specification, svg
from salus.activity_report.content import Content, PrintedChart, PrintedSection, content_of
from salus.activity_report.edition import Edition

TEMPLATE = Path(__file__).with_name("templates") / "activity_report" / "report.typ"


def as_pdf(edition: Edition, language: str) -> bytes:
    content = content_of(edition, language)
    with override(language):
        report = json.dumps(_words(content))
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[FONTS])
    pdf: bytes = typst.compile(
        TEMPLATE,
        format="pdf",
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"report": report},
        pdf_standards=["ua-1", "a-2a"],
        # Not the time of printing: a reprint is the same file.
        timestamp=int(edition.month.end(get_default_timezone()).timestamp()),
    )
    return pdf


def _words(content: Content) -> dict[str, Any]:
    """What the template prints; it holds no word of its own."""
    return {
        "language": content.language,
        "title": content.title,
        "month": content.month_title,
        "full_title": content.full_title,
        "introduction": content.introduction,
        "notes": content.notes,
        "sections": [
            {
                "title": section.title,
                "purpose": section.purpose,
                "accent": section.accent,
                "figures": [[asdict(figure) for figure in row] for row in section.figures],
                "charts": [
                    [
                        _chart(chart, section.accent, PAPER_FULL if len(row) == 1 else PAPER_HALF)
                        for chart in row
                    ]
                    for row in section.charts
                ],
            }
            for section in content.sections
        ],
        "glossary": content.glossary,
        "explanations": [
            {
                "title": section.title,
                "accent": section.accent,
                "figures": [asdict(one) | {"verdict": one.verdict} for one in section.explanations],
            }
            for section in content.sections
        ],
        "tables": [
            {"title": section.title, "accent": section.accent, "tables": _tables(section)}
            for section in content.sections
            if section.charts
        ],
        "contact": content.contact,
        "licence": content.licence,
        "fingerprint": content.fingerprint,
        "labels": {
            "glossary": gettext("Glossary"),
            "explanations": gettext("How each figure is counted"),
            "counted": gettext(
                "All figures are counted at the end of %(day)s, by the SQL that stands here, from one"
                " state of the tables. Counting again is one command: salus report --verify."
            )
            % {"day": content.cut_off},
            "population": gettext("Population"),
            "unit": gettext("Unit"),
            "sources": gettext("Source tables"),
            "cell_of": gettext("Read off the last month of:"),
            "fingerprint": gettext("Fingerprint of the figures (SHA-256)"),
            "tables": gettext("The data behind the charts"),
            "month": gettext("Month"),
            "page": gettext("page"),
            "revision": gettext("Revision %(number)s") % {"number": content.revision},
        },
    }


def _chart(chart: PrintedChart, accent: str, size: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": chart.id,
        "title": chart.title,
        "starred": chart.starred,
        "span": chart.span,
        "finding": chart.finding,
        "legend": chart.legend,
        "svg": svg(specification(chart, paper(accent, size))),
    }


def _tables(section: PrintedSection) -> list[dict[str, Any]]:
    """The data of a section's charts: those by month alone side by side, each other by itself."""
    charts = [chart for row in section.charts for chart in row]
    by_month = [chart for chart in charts if not chart.dimension]
    columns = zip(*(chart.rows for chart in by_month), strict=True)
    side_by_side = {
        "title": "",
        "names": [chart.title for chart in by_month],
        "rows": [(row[0][0], [_cell(*values[0]) for _, values in row]) for row in columns],
    }
    return [side_by_side] + [
        {
            "title": chart.title,
            "names": chart.names,
            "rows": [(month, [_cell(*value) for value in values]) for month, values in chart.rows],
        }
        for chart in charts
        if chart.dimension
    ]


def _cell(value: str, mark: str) -> str:
    return f"{value} ({mark})" if mark else value
