"""The present. Edges read it once and pass it in; rules never do."""

from datetime import datetime

from django.utils import timezone

from salus.kernel.month import Month


def now() -> datetime:
    """The present instant in the country's time zone."""
    return timezone.localtime()


def last_complete_month() -> Month:
    return Month.of(now().date()) + -1
