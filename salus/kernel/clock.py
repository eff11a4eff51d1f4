"""The present. Edges read it once and pass it in; rules never do."""

from datetime import datetime, timedelta

from django.utils import timezone

from salus.kernel.month import Month


def now() -> datetime:
    """The present instant, at the offset that the country has from UTC now.

    A fixed one: within a time zone Python adds and subtracts what the hands of a clock show. In the hour that comes
    twice in autumn "in five minutes" would be an hour ago, and a token over when it is given.
    """
    local = timezone.localtime()
    return local.astimezone(timezone.get_fixed_timezone(local.utcoffset() or timedelta()))


def last_complete_month() -> Month:
    return Month.of(now().date()) + -1
