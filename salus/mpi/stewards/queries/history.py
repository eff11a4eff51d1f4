"""What was joined, parted and judged."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection

from salus.kernel.actor import Actor
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.stewards.queries.entries import Entry, entries_in_view, shown, stewards_only
from salus.mpi.stewards.queries.queue import AT_A_TIME


class Deed(StrEnum):
    JOINED = "joined"
    PARTED = "parted"
    JUDGED = "judged"


@dataclass(frozen=True, kw_only=True)
class Done:
    """One line of the history: what was done, by whom, to which two entries."""

    deed: Deed
    how: str  # of a join: Link.MadeBy; of a judgement: Pair.Judgement
    at: datetime
    account: int | None  # of the steward who judged
    link: int | None
    pair: int | None
    reason: str
    one: Entry
    other: Entry


_DEEDS = """
    (select 'joined', made_by, made_at, null::bigint, id, null::bigint, '', person_id, target_id
     from mpi_link order by made_at desc limit %(reach)s)
    union all
    (select 'parted', made_by, ended_at, null, id, null, ended_reason, person_id, target_id
     from mpi_link where ended_at is not null order by ended_at desc limit %(reach)s)
    union all
    (select 'judged', judgement, judged_at, judged_by, null, id, '', one_id, other_id
     from mpi_pair where judged_at is not null order by judged_at desc limit %(reach)s)
    order by 3 desc, 5 desc, 6 desc offset %(start)s limit %(many)s
"""


def history(
    *, actor: Actor, at: datetime, page: int, request_id: UUID | None = None
) -> tuple[list[Done], bool]:
    """A page of links made and ended and of judgements, newest first; and whether there is an older page."""
    stewards_only(actor)
    with finding_in(Scope.INDEX), connection.cursor() as cursor:  # whoever they are
        start, many = (max(page, 1) - 1) * AT_A_TIME, AT_A_TIME + 1
        cursor.execute(_DEEDS, {"start": start, "many": many, "reach": start + many})
        rows = cursor.fetchall()
    has_older, rows = len(rows) > AT_A_TIME, rows[:AT_A_TIME]
    persons = {person for row in rows for person in row[-2:]}
    with rows_of(persons):
        entries = entries_in_view(persons)
        shown(actor, persons, at=at, request_id=request_id)
    done = [
        Done(
            deed=Deed(deed),
            how=how,
            at=when,
            account=account,
            link=link,
            pair=pair,
            reason=reason,
            one=entries[one],
            other=entries[other],
        )
        for deed, how, when, account, link, pair, reason, one, other in rows
    ]
    return done, has_older
