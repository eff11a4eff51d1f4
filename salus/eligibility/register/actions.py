"""Taking in a delivery: whole, or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.eligibility.models import Delivery, Outcome
from salus.eligibility.register import applying, arriving
from salus.eligibility.register.messages import End, Line
from salus.eligibility.register.rules import AHEAD, reason_to_hold
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput
from salus.kernel.rows import rows_of

_LOCK = 7_041_146  # advisory: whoever delivers, one at a time
_PEOPLE_AT_ONCE = 1_000  # whom one event names
_SHOWN = 20  # refused lines
SHORT = 1_000  # lines, of a delivery whose sender is told of each


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What a delivery did or, held or previewed, would do."""

    number: int | None  # of the delivery; None: it was a preview
    counts: dict[str, int]  # lines by outcome, and periods withdrawn
    held_for: str  # why nothing of it was applied; '': it was
    refused: list[tuple[int, str]]  # the first lines, with their reasons
    lines: list[dict[str, Any]]  # of a queue's, all: line, key, outcome, problem


def deliver(
    *,
    actor: Actor,
    at: datetime,
    kind: Delivery.Kind,
    lines: Iterable[Line | End],
    file_name: str = "",
    digest: str = "",
    confirmed: bool = False,
    preview: bool = False,
) -> Delivered:
    """Apply what the register says. An implausible file is held until somebody has ``confirmed`` it.

    Deliveries take turns; one that is cut off has done nothing. Raises InvalidInput for a file that is not whole.
    """
    full, queue = kind is Delivery.Kind.FULL, kind is Delivery.Kind.QUEUE
    with transaction.atomic():
        end = arriving.arrive(lines, needs_end=not queue)
        if end and end.as_of and end.as_of > at + AHEAD:
            raise InvalidInput("the register cannot know what is to come", at="asOf")
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        sequence = end.sequence if end else None
        floor = _floor()
        whole = sequence if full and sequence and sequence > floor else None
        arriving.decide(full=full, sequence=sequence, floor=floor)
        counts = arriving.outcomes()
        told = arriving.each() if queue else []
        held_for = ""
        if not queue:
            counts["withdrawn"], in_state = applying.would_go(whole=whole)
            held_for = reason_to_hold(
                lines=sum(counts[outcome] for outcome in Outcome.values),
                refused=counts[Outcome.REFUSED],
                withdrawn=counts["withdrawn"],
                in_state=in_state,
            )
        is_held = bool(held_for) and not confirmed
        number = None
        refused = arriving.refused(_SHOWN)
        if not preview:
            number = Delivery.objects.create(
                kind=kind,
                as_of=end.as_of if end else None,
                sequence=sequence,
                file_name=file_name,
                digest=digest,
                counts=counts,
                received_at=at,
                applied_at=None if is_held else at,
                held_for=held_for,
            ).pk
            if not is_held:
                applying.write(delivery=number, full=full, whole=whole)
                _tell(actor, at)
                _bring_in_waiting(actor, at)
    return Delivered(
        number=number,
        counts=counts,
        held_for=held_for if is_held else "",
        refused=refused,
        lines=told,
    )


def bring_in_waiting(*, actor: Actor, at: datetime) -> int:
    """Apply what waited for people who are registered by now; returns whose cover it was, how many."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        return _bring_in_waiting(actor, at)


def _bring_in_waiting(actor: Actor, at: datetime) -> int:
    applying.bring_in_waiting()
    return _tell(actor, at)


def _tell(actor: Actor, at: datetime) -> int:
    """Everybody sees in the own log who said what of their cover; the log has one event for many. Returns how many."""
    told = 0
    for people in applying.touched(_PEOPLE_AT_ONCE):
        with rows_of(people):
            record(actor=actor, kind=EventKind.AFFILIATIONS_CHANGED, at=at, persons=people)
        told += len(people)
    return told


def _floor() -> int:
    """The sequence of the newest full file that was applied."""
    newest = Delivery.objects.filter(kind=Delivery.Kind.FULL, applied_at__isnull=False)
    return newest.aggregate(Max("sequence"))["sequence__max"] or 0
