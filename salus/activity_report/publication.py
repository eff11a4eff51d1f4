"""Publishing a month: count, check, sign, write, archive. Afterwards nothing of it changes any more.

An edition is published as a folder of files and one signed document, ``edition.json``:

    edition     what was counted, cell by cell (salus.activity_report.edition)
    data        SHA-256 of ``edition`` in its canonical spelling; printed in every file
    indicators  of each its definition, population, unit, source tables, and the SQL that was run
    rolled_up   the cells to which more belongs than that SQL finds: what was deleted by a retention rule
    files       SHA-256 of every other file of the edition
    signature   over all of it (salus.activity_report.signing)
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import override

from salus.activity_report import checks
from salus.activity_report.archive import edition_of, folder_of, history
from salus.activity_report.assembling import assemble
from salus.activity_report.calendar import public_holidays, release_of
from salus.activity_report.counting import count, gather, snapshot
from salus.activity_report.edition import Cell, Check, Edition, Outcome, indicators
from salus.activity_report.formats import DOCUMENT, files_of
from salus.activity_report.layout import title_of
from salus.activity_report.models import ArchivedEdition, RollUp
from salus.activity_report.rollup import count_of, keep, roll_ups
from salus.activity_report.signing import fingerprint, sign
from salus.kernel.data_folder import disk_errors, sync_folder, write_whole
from salus.kernel.errors import Conflict
from salus.kernel.indicator import Indicator
from salus.kernel.month import Month
from salus.kernel.signing import Document


class ChecksFailed(Conflict):
    """The count contradicts itself, or what was published before."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An edition that could be published next, and what to roll up of its count."""

    edition: Edition
    roll_ups: Sequence[RollUp] = ()
    rolled_up: Sequence[Cell] = ()  # the cells to which roll-ups were added, since rows are gone


def count_anew(month: Month, *, now: datetime) -> Draft:
    """What the rows say of a month, self-checks included.

    Before its release date it is provisional and unchecked. Raises MonthNotBegun and MonthBeforeData.
    """
    earlier = history()
    of_month = [edition for edition in earlier if edition.period == str(month)]
    early = not of_month and now < release_of(month)
    with snapshot() as cursor:
        found = count(cursor, month, as_of=now)
        evidence = None if early else gather(cursor, month)
    edition = assemble(
        found,
        earlier,
        revision=len(of_month) + 1,
        counted_at=now.isoformat(timespec="seconds"),
        provisional=now.date().isoformat() if early else "",
    )
    if evidence is None:
        return Draft(edition=edition)
    before = {old.period: old for old in earlier}  # the last revision of each
    closed = public_holidays(month.year - 2, month.year)
    found_out = checks.check(found, evidence, edition, before, closed)
    return Draft(
        edition=replace(edition, checks=tuple(found_out)),
        roll_ups=roll_ups(found, evidence),
        rolled_up=sorted(found.rolled_up),
    )


def publish(draft: Draft, *, reason: str = "", despite: str = "") -> Edition:
    """Publish a count for good, and roll it up: the month's first edition, or a revision with its reason.

    Raises ChecksFailed, saying what contradicts what, unless ``despite`` gives a reason to print, and
    Conflict when another publication of the month came first.
    """
    edition = draft.edition
    failed = [check for check in edition.checks if check.outcome is Outcome.FAILED]
    if failed and not despite:
        raise ChecksFailed(_refusal(edition, failed))
    edition = replace(edition, reason=reason, override=despite if failed else "")
    with (
        disk_errors(settings.DATA),
        transaction.atomic(durable=True),
        connection.cursor() as cursor,
    ):
        cursor.execute("set transaction read write")  # the reporter otherwise only reads
        cursor.execute("select pg_advisory_xact_lock(hashtext('activity_report'))")
        rows = ArchivedEdition.objects.filter(period=edition.month.first_day)
        if rows.count() != edition.revision - 1:
            raise Conflict(
                f"another report of {edition.period} was published meanwhile: start again"
            )
        # The files first: a kill before the row leaves a folder that nobody knows, and is made again.
        document = _write(edition, draft.rolled_up)
        ArchivedEdition.objects.create(
            period=edition.month.first_day,
            revision=edition.revision,
            published_at=datetime.fromisoformat(edition.counted_at),
            document=document,
        )
        keep(draft.roll_ups)
    return edition


def from_roll_ups(month: Month) -> Edition:
    """The newest revision of a month once more, from its roll-ups: cell by cell, and no row is asked.

    Raises NotFound where nothing is published.
    """
    published = edition_of(month)
    earlier = list(takewhile(lambda edition: edition != published, history()))
    return assemble(
        count_of(month),
        earlier,
        revision=published.revision,
        counted_at=published.counted_at,
        reason=published.reason,
        override=published.override,
        checks=published.checks,
    )


def differences(edition: Edition, published: Edition) -> list[Cell]:
    """The cells whose values differ, or that only one of the two has."""
    one, other = edition.cells, published.cells
    missing = object()
    return [cell for cell in one | other if one.get(cell, missing) != other.get(cell, missing)]


def _write(edition: Edition, rolled_up: Sequence[Cell]) -> Document:
    folder = folder_of(edition)
    made = folder.with_name(f".{folder.name}.new")
    for old in (made, folder):
        shutil.rmtree(old, ignore_errors=True)
    made.mkdir(parents=True)
    hashes: dict[str, str] = {}
    for name, content in files_of(edition):
        write_whole(made / name, content)
        hashes[name] = sha256(content).hexdigest()
    document = sign(
        {
            "edition": edition.as_json(),
            "data": fingerprint(edition),
            "indicators": {name: _explained(one) for name, one in indicators().items()},
            "rolled_up": [list(cell) for cell in rolled_up],
            "files": hashes,
        }
    )
    write_whole(made / DOCUMENT, json.dumps(document, ensure_ascii=False, indent=1).encode())
    made.rename(folder)
    for changed in (folder.parent, folder.parent.parent):  # a month's first edition makes both
        sync_folder(changed)
    return document


def _explained(indicator: Indicator) -> dict[str, Any]:
    facts = asdict(indicator) | {"sources": indicator.sources}
    del facts["id"]  # it is the key
    return facts


def _refusal(edition: Edition, failed: list[Check]) -> str:
    with override("en"):  # as the command speaks
        told = "".join(f"\n  {checks.sentence(one, _title(one))}" for one in failed)
    return (
        f"{edition.period} is not published, {len(failed)} self-checks failed:{told}\nMend the rows, or"
        " give a reason to publish nevertheless, which the edition will print: --override REASON"
    )


def _title(check: Check) -> str:
    return title_of(indicators()[check.indicator], "en")
