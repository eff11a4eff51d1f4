"""The report as JSON: what it prints, figure by figure, in one language."""

import json
from pathlib import Path
from typing import Any

from django.utils.translation import override

from salus.activity_report.content import content_of
from salus.activity_report.edition import Chart, Edition, Figure, Point, indicators
from salus.activity_report.layout import definition_of, name_of, profile, title_of
from salus.activity_report.opendata import addresses

LICENCE = "CC-BY-4.0"  # https://spdx.org/licenses/CC-BY-4.0.html
_SCHEMA = Path(__file__).with_name("report.schema.json")


def schema() -> bytes:
    """What `as_json` keeps to (JSON Schema 2020-12)."""
    return _SCHEMA.read_bytes()


def as_json(edition: Edition, language: str) -> bytes:
    content = content_of(edition, language)
    with override(language):
        body = {
            "$schema": addresses.of_report("schema.json"),
            "id": addresses.of_edition(edition),
            "about": {
                "title": content.full_title,
                "language": language,
                "publisher": str(profile().agency),
                "licence": LICENCE,
                "source": "counted by Salus from the rows of the services",
                "note": " ".join(content.notes),
            },
            "period": edition.period,
            "revision": edition.revision,
            "reason": edition.reason,
            "data": content.fingerprint,
            "figures": [
                _figure(edition.figure(name), figure.printed, language)
                for name, figure in content.figures.items()
            ],
            "charts": [_chart(edition.chart(name), language) for name in content.charts],
        }
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def _figure(figure: Figure, printed: str, language: str) -> dict[str, Any]:
    indicator = indicators()[figure.id]
    return {
        "id": figure.id,
        "title": title_of(indicator, language),
        "value": figure.value,
        "printed": printed,
        "unit": indicator.unit,
        "definition": definition_of(indicator, language),
        "status": figure.status,
        "change": figure.change,
    }


def _chart(chart: Chart, language: str) -> dict[str, Any]:
    indicator = indicators()[chart.id]
    dimension = indicator.dimension
    return {
        "id": chart.id,
        "title": title_of(indicator, language),
        "definition": definition_of(indicator, language),
        "measure": indicator.measure,
        "unit": indicator.unit,
        "dimension": dimension,
        "names": {code: name_of(dimension, code, language) for code in indicator.codes if code},
        "series": [_point(point) for point in chart.series],
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "period": point.period,
        "dimension": point.dimension,
        "value": point.value,
        "status": point.status,
    }
