"""Keeps counted months, and hands them out again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from salus.activity_report.edition import Edition
from salus.activity_report.models import ArchivedEdition
from salus.kernel.errors import NotFound
from salus.kernel.month import Month


def keep(edition: Edition, *, counted_at: datetime) -> Edition:
    """Keep a freshly counted edition as the month's next revision, unless the last one says the same."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("set transaction read write")  # the reporter otherwise only reads
            # Two recounts at once would take the same number.
            cursor.execute("select pg_advisory_xact_lock(hashtext('activity_report'))")
        last = (
            ArchivedEdition.objects.filter(period=edition.month.first_day)
            .order_by("revision")
            .last()
        )
        if last is not None:
            kept = Edition.from_json(last.body)
            if kept.counted == edition.counted:
                return kept
            edition = replace(edition, revision=last.revision + 1)
        ArchivedEdition.objects.create(
            period=edition.month.first_day,
            revision=edition.revision,
            counted_at=counted_at,
            body=edition.as_json(),
        )
        return edition


def edition_of(month: Month) -> Edition:
    """The last revision of a month. Raises NotFound when the month was never counted."""
    last = ArchivedEdition.objects.filter(period=month.first_day).order_by("revision").last()
    if last is None:
        raise NotFound(f"there is no report of {month}")
    return Edition.from_json(last.body)


def editions() -> Iterator[Edition]:
    """The last revision of each counted month, newest month first."""
    rows = ArchivedEdition.objects.order_by("-period", "-revision").distinct("period")
    return (Edition.from_json(row.body) for row in rows)
