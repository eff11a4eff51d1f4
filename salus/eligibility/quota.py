"""Who asks, and how often yet: what stands in front of every question."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from math import ceil
from typing import TypeVar

from django.db import connection
from django.db.models import F

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.eligibility.models import Usage
from salus.eligibility.permissions import (
    COLUMNS,
    CallerInForce,
    caller_of,
    check_speaks_for_caller,
)
from salus.eligibility.queries import Insured, insured_and
from salus.kernel.actor import Actor
from salus.kernel.errors import Forbidden, TooMany
from salus.kernel.rows import Answers, Beside

_T = TypeVar("_T")


def counted(
    actor: Actor,
    questions: int,
    at: datetime,
    answer: Callable[[CallerInForce, Insured], _T],
    *,
    about: tuple[str, str] = ("", ""),
) -> _T:
    """What ``answer`` returns for the caller whom the actor speaks for, towards whose quota the questions count, and
    the person ``about`` whose identifier it is: nobody, unless given.

    A caller's requests take turns from here to the end of the transaction, so that two with the same id are never
    both the first.
    """
    try:
        with insured_and(*about, beside=_use(actor, questions, at)) as (person, used):
            return answer(_caller(used, at), person)
    except Forbidden:
        record(actor=actor, kind=EventKind.ELIGIBILITY_CHECK, at=at, denied=True)
        raise
    except TooMany:
        _refuse(actor, questions, at)
        raise


# Whoever waited for its turn since the minute before counts to the one that has begun.
_GOES_ON = "usage.minute between excluded.minute and excluded.minute + interval '1 minute'"
# The caller and the quota, in the round trip that every request waits for.
_USE = f"""
    with caller as (
        select {", ".join(COLUMNS)} from eligibility_caller
        where organization_id = %(organization)s and client_id is not distinct from %(client)s::bigint
            and ended_at is null
    ), used as (
        insert into eligibility_usage as usage (caller_id, day, asked, minute, asked_in_minute)
        select id, %(day)s, %(questions)s, %(minute)s, %(questions)s from caller
        on conflict (caller_id, day) do update set
            asked = usage.asked + excluded.asked,
            asked_in_minute = excluded.asked_in_minute
                + case when {_GOES_ON} then usage.asked_in_minute else 0 end,
            minute = case when {_GOES_ON} then usage.minute else excluded.minute end
        returning asked, asked_in_minute
    )
"""  # noqa: S608  # its parts are ours


def _use(actor: Actor, questions: int, at: datetime) -> Beside:
    check_speaks_for_caller(actor)
    return Beside(
        first=_USE,
        source="from (select 1) one left join (caller cross join used) on true",
        ask=(*(f"caller.{name}" for name in COLUMNS), "asked", "asked_in_minute"),
        asked={
            "organization": actor.organization,
            "client": actor.client,
            "day": at.date(),
            "questions": questions,
            "minute": at.replace(second=0, microsecond=0),
        },
    )


def _caller(used: Answers, at: datetime) -> CallerInForce:
    """Raises Forbidden, TooMany."""
    *caller_, in_day, in_minute = used
    caller = CallerInForce.of(caller_)
    if in_day > caller.per_day:
        midnight = datetime.combine(at.date() + timedelta(days=1), time.min, at.tzinfo)
        left = ceil(midnight.timestamp() - at.timestamp())  # a day may have 23 or 25 hours
        raise TooMany(f"the quota of {caller.per_day} questions a day is used up", wait=left)
    if in_minute > caller.per_minute:
        raise TooMany(
            f"the quota of {caller.per_minute} questions a minute is used up", wait=60 - at.second
        )
    return caller


def tally(caller: CallerInForce, at: datetime, *, repeated: bool, negative: bool) -> None:
    """What the answer was, beside the question that is counted already."""
    Usage.objects.filter(caller=caller.id, day=at.date()).update(
        repeated=F("repeated") + int(repeated), negative=F("negative") + int(negative)
    )


def _refuse(actor: Actor, questions: int, at: datetime) -> None:
    """What was asked beyond the quota leaves a number, no events: a flood must not fill the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into eligibility_usage as usage
                (caller_id, day, asked, minute, asked_in_minute, refused)
            values (%(caller)s, %(day)s, 0, %(at)s, 0, %(questions)s)
            on conflict (caller_id, day) do update set refused = usage.refused + excluded.refused
            """,
            {
                "caller": caller_of(actor).id,
                "day": at.date(),
                "at": at,
                "questions": questions,
            },
        )
