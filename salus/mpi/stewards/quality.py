"""How well the index joins by itself, month by month."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.timezone import get_default_timezone, get_default_timezone_name

from salus.kernel.month import Month
from salus.kernel.rows import Scope, finding_in

MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Of one month; the running one is the last."""

    month: Month
    joined: int  # automatically
    parted: int  # of such joins, whenever they were made
    same: int  # judgements of stewards
    different: int


_COUNTS = """
    with deed (what, at) as (
        select 'joined', made_at from mpi_link where made_by = 'matcher'
        union all
        select 'parted', ended_at from mpi_link where made_by = 'matcher'
        union all
        select judgement, judged_at from mpi_pair
    )
    select to_char(at at time zone %s, 'YYYY-MM'), what, count(*) from deed
    where at >= %s group by 1, 2
"""


def quality(at: datetime) -> list[Quality]:
    """The last MONTHS to the running one, oldest first. Counts alone: nobody is shown, so there is no event."""
    months = Month.of(at.date()).last(MONTHS)
    zone, since = get_default_timezone_name(), months[0].start(get_default_timezone())
    with finding_in(Scope.INDEX), connection.cursor() as cursor:  # whoever they are
        cursor.execute(_COUNTS, [zone, since])
        counts = {(month, what): number for month, what, number in cursor.fetchall()}
    return [
        Quality(
            month=month,
            **{
                what: counts.get((str(month), what), 0)
                for what in ("joined", "parted", "same", "different")
            },
        )
        for month in months
    ]
