"""The report as one tidy table: a row for each value, a column for each thing that is said of it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from salus.activity_report.edition import Edition, Point, indicators
from salus.kernel.indicator import Indicator

COLUMNS = ("period", "indicator", "dimension", "value", "unit", "status")


def cells(edition: Edition) -> Iterator[tuple[Indicator, Point]]:
    """Every value of the edition: the month's figures, then the series."""
    for figure in edition.figures:
        yield (
            indicators()[figure.id],
            Point(period=edition.period, dimension="", value=figure.value, status=figure.status),
        )
    for chart in edition.charts:
        for point in chart.series:
            yield indicators()[chart.id], point


def as_csv(edition: Edition, _language: str) -> bytes:
    """RFC 4180, with a header and in no language; all characters are ASCII, so no byte order mark is needed.

    Values are as counted, shares in percent; a value that is withheld or missing is empty.
    """
    rows = (
        (p.period, one.id, p.dimension, p.value, one.unit, p.status.value)
        for one, p in cells(edition)
    )
    return table(COLUMNS, rows)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """CSV, ASCII alone."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("ascii")
