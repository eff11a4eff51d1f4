"""Who asks, and how often yet: what stands in front of every question."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import connection, transaction

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.eligibility.permissions import CallerInForce, caller_of
from salus.kernel.actor import Actor
from salus.kernel.errors import Forbidden, TooMany

_T = TypeVar("_T")


def counted(
    actor: Actor, questions: int, at: datetime, answer: Callable[[CallerInForce], _T]
) -> _T:
    """What ``answer`` returns for the caller whom the actor speaks for, towards whose quota the questions count.

    A caller's requests take turns from here to the end of the transaction, so that two with the same id are never
    both the first.
    """
    try:
        with transaction.atomic():
            caller = caller_of(actor)
            _use(caller, questions, at)
            return answer(caller)
    except Forbidden:
        record(actor=actor, kind=EventKind.ELIGIBILITY_CHECK, at=at, denied=True)
        raise
    except TooMany:
        _refuse(actor, questions, at)
        raise


_USE = """
    insert into eligibility_usage as usage (caller_id, day, asked, minute, asked_in_minute)
    values (%(caller)s, %(day)s, %(questions)s, %(minute)s, %(questions)s)
    on conflict (caller_id, day) do update set
        asked = usage.asked + excluded.asked,
        asked_in_minute = excluded.asked_in_minute
            + case when usage.minute = excluded.minute then usage.asked_in_minute else 0 end,
        minute = excluded.minute
    returning asked, asked_in_minute
"""


def _use(caller: CallerInForce, questions: int, at: datetime) -> None:
    minute = at.replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            _USE,
            {"caller": caller.id, "day": at.date(), "questions": questions, "minute": minute},
        )
        in_day, in_minute = cursor.fetchone()
    if in_day > caller.per_day:
        tomorrow = at.replace(hour=0, minute=0, second=0, microsecond=0)
        left = 24 * 3600 - int((at - tomorrow).total_seconds())
        raise TooMany(f"the quota of {caller.per_day} questions a day is used up", wait=left)
    if in_minute > caller.per_minute:
        raise TooMany(
            f"the quota of {caller.per_minute} questions a minute is used up",
            wait=60 - at.second,
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
