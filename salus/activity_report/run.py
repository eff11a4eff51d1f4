"""`salus report YYYY-MM`: publish a month, or hand out what was published."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from salus.activity_report.archive import folder_of, revisions
from salus.activity_report.edition import Edition
from salus.activity_report.formats import FORMATS, rendered
from salus.activity_report.publication import count_anew, differences, from_roll_ups, publish
from salus.kernel import clock
from salus.kernel.data_folder import disk_errors
from salus.kernel.errors import Conflict, InvalidInput
from salus.kernel.month import Month


class NothingToRevise(Conflict):
    """The rows say what the published edition says."""


@dataclass(frozen=True, kw_only=True)
class Report:
    path: Path
    note: str  # what the user should know, '' when all is as usual


def report(
    *,
    month: Month,
    language: str,
    format: str,
    out: Path | None = None,
    reason: str = "",
    override: str = "",
    rolled_up: bool = False,
) -> Report:
    """The month's report as a file.

    A month whose release date has come is published, once; later calls hand out the published file, and note
    when the rows have changed since. With a ``reason`` they publish these changes as a revision. A month that
    is not released yet is counted provisionally, and not kept. ``rolled_up`` draws a published month anew, at once,
    from what was counted then.

    Raises MonthNotBegun and MonthBeforeData (salus.activity_report.counting), ChecksFailed and Conflict
    (salus.activity_report.publication), and what `disk_errors` raises.
    """
    if rolled_up:
        drawn = _written(from_roll_ups(month), format, language, out, folder="rolled-up")
        return Report(path=drawn, note="drawn from the month's roll-ups: its rows were not asked")
    published = revisions(month)
    draft = count_anew(month, now=clock.now())
    counted = draft.edition
    note = ""
    if counted.provisional:
        return Report(
            path=_written(counted, format, language, out, folder="provisional"),
            note=_early(counted),
        )
    if not published:
        if reason:
            raise InvalidInput(f"{month} is not published yet: its first edition needs no --reason")
        edition = publish(draft, despite=override)
    else:
        edition = published[-1]
        changed = differences(counted, edition)
        if reason and not changed:
            raise NothingToRevise(f"the rows say what revision {edition.revision} of {month} says")
        if reason:
            edition = publish(draft, reason=reason, despite=override)
        elif changed:
            note = (
                f"{len(changed)} cells would differ today: this is revision {edition.revision} as it was"
                " published; to publish the next one, give its --reason"
            )
    path = folder_of(edition) / FORMATS[format].file_name(format, language)
    if out:
        _put(out, path.read_bytes())
    return Report(path=out or path, note=note)


def _early(edition: Edition) -> str:
    return f"provisional: {edition.period} is not published yet, and this count is not kept"


def _written(
    edition: Edition, format: str, language: str, out: Path | None, *, folder: str
) -> Path:
    name = FORMATS[format].file_name(format, language)
    path = out or Path(settings.DATA) / "reports" / edition.period / folder / name
    _put(path, rendered(edition, format, language))
    return path


def _put(path: Path, content: bytes) -> None:
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
