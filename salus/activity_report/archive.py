"""The published editions. Nothing here is ever changed or deleted: a correction is the month's next revision."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from salus.activity_report.edition import Cell, Edition, Number
from salus.activity_report.models import ArchivedEdition
from salus.kernel.errors import NotFound
from salus.kernel.month import Month


def edition_of(month: Month, revision: int | None = None) -> Edition:
    """A revision of a month, by default the newest. Raises NotFound."""
    return Edition.from_json(document_of(month, revision)["edition"])


def document_of(month: Month, revision: int | None = None) -> dict[str, Any]:
    """The signed document of a revision (salus.activity_report.publication). Raises NotFound."""
    found = revision_of(month, revision)
    row = ArchivedEdition.objects.get(period=month.first_day, revision=found)
    document: dict[str, Any] = row.document
    return document


def revision_of(month: Month, revision: int | None = None) -> int:
    """The number of a published revision, by default the newest. Raises NotFound. Reads no document."""
    rows = ArchivedEdition.objects.filter(period=month.first_day)
    if revision is not None:
        rows = rows.filter(revision=revision)
    found = rows.order_by("-revision").values_list("revision", flat=True).first()
    if found is None:
        raise NotFound(f"there is no report of {month}")
    return found


def editions() -> Iterator[Edition]:
    """The newest revision of each published month, newest month first."""
    rows = ArchivedEdition.objects.order_by("-period", "-revision").distinct("period")
    return (Edition.from_json(row.document["edition"]) for row in rows)


def revisions(month: Month) -> list[Edition]:
    """Every revision of a month, oldest first."""
    rows = ArchivedEdition.objects.filter(period=month.first_day).order_by("revision")
    return [Edition.from_json(row.document["edition"]) for row in rows]


def history() -> list[Edition]:
    """Every revision of every month, in the order of publication."""
    rows = ArchivedEdition.objects.order_by("published_at")
    return [Edition.from_json(row.document["edition"]) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What an edition says of cells that an earlier one had printed otherwise."""

    edition: Edition
    cells: tuple[tuple[Cell, Number, Number], ...]  # before, and since


def corrections() -> list[Correction]:
    """The revision table: every published number that a later edition or revision changed, newest first."""
    known: dict[Cell, Number] = {}
    found = []
    for edition in history():
        cells = edition.cells
        changed = tuple(
            (cell, known[cell], value)
            for cell, value in cells.items()
            if cell in known and known[cell] != value
        )
        if changed:
            found.append(Correction(edition=edition, cells=changed))
        known |= cells
    return found[::-1]


def folder_of(edition: Edition) -> Path:
    """Where the files of a revision lie, as they were published."""
    return folder(edition.month, edition.revision)


def folder(month: Month, revision: int) -> Path:
    return Path(settings.DATA / "reports" / str(month) / f"r{revision}")
