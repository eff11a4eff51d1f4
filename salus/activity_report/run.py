"""`salus report`: count a month, keep the count, print it."""

from pathlib import Path

from django.conf import settings

from salus.activity_report.archive import keep
from salus.activity_report.edition import count_edition
from salus.activity_report.formats import rendered
from salus.kernel import clock
from salus.kernel.data_folder import disk_errors
from salus.kernel.month import Month


def report(*, month: Month, language: str, format: str, out: Path | None) -> Path:
    """Write the report of a month, by default into the data folder; returns where it lies.

    The running month's report is provisional, and not kept. Raises MonthNotBegun and MonthBeforeData
    (salus.activity_report.edition), and what `disk_errors` raises when the file cannot be written.
    """
    now = clock.now()
    edition = count_edition(month, as_of=now)
    if not edition.provisional_on:
        edition = keep(edition, counted_at=now)
    path = out or settings.DATA / "reports" / str(month) / f"report.{language}.{format}"
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rendered(edition, language, format))
    return path
