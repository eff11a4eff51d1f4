"""A month counted from the rows as they stand now: no cell withheld, nothing published before."""

from datetime import datetime

from django.test import override_settings

from salus.activity_report.assembling import assemble
from salus.activity_report.counting import count, snapshot
from salus.activity_report.edition import Edition
from salus.kernel.month import Month


def count_edition(month: Month, *, as_of: datetime) -> Edition:
    """By the reporter; the caller connects as such."""
    with override_settings(DISCLOSURE_CONTROL=False), snapshot() as cursor:
        return assemble(count(cursor, month, as_of=as_of), [])
