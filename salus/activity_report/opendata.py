"""The report for programs: JSON of the outer contract, and tidy CSV."""

import csv
import io
import json
from dataclasses import asdict

from salus.activity_report.content import content_of, status_of
from salus.activity_report.edition import Edition, Point, indicators

COLUMNS = ("period", "indicator", "dimension", "value", "unit", "status")


def as_json(edition: Edition, language: str) -> bytes:
    content = content_of(edition, language)
    body = {
        "about": {
            "title": content.full_title,
            "language": language,
            "licence": "CC-BY-4.0",
            "source": "counted by Salus from the rows of the services",
            "note": content.note,
        },
        "period": edition.period,
        "revision": edition.revision,
        "figures": [
            {
                "id": name,
                "value": edition.figure(name).value,
                "printed": figure.printed,
                "unit": figure.unit,
                "definition": figure.definition,
                "status": figure.status,
                "change": edition.figure(name).change,
            }
            for name, figure in content.figures.items()
        ],
        "charts": [
            {
                "id": name,
                "title": chart.title,
                "definition": chart.definition,
                "measure": chart.measure,
                "unit": indicators()[name].unit,
                "series": [
                    {**asdict(point), "status": status_of(point.value, edition, point.period)}
                    for point in edition.chart(name).series
                ],
            }
            for name, chart in content.charts.items()
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"


def as_csv(edition: Edition, language: str) -> bytes:
    """One row per value (RFC 4180, UTF-8), in no language: the month's figures, then the series."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    content = content_of(edition, language)
    points = [
        (name, Point(period=edition.period, dimension="", value=edition.figure(name).value))
        for name in content.figures
    ]
    points += [(name, point) for name in content.charts for point in edition.chart(name).series]
    for name, point in points:
        unit, status = indicators()[name].unit, status_of(point.value, edition, point.period)
        table.writerow((point.period, name, point.dimension, point.value, unit, status))
    return text.getvalue().encode()
