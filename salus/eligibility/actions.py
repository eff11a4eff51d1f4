"""Asking: one transaction finds the caller, counts towards the quota, decides, keeps the answer, leaves the event."""

import hmac
import re
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.eligibility import rules
from salus.eligibility.models import KeptAnswer, Right
from salus.eligibility.permissions import CallerInForce, caller_of, check_right
from salus.eligibility.queries import heard, insured, prescriber
from salus.eligibility.rules import Reason, Status, Verdict
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, TooMany

_T = TypeVar("_T")
_EARLIEST = date(1900, 1, 1)
_ATC = re.compile(r"([A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?)?")  # its five levels, of WHO's index


@dataclass(frozen=True, kw_only=True)
class AffiliationQuestion:
    """Is the person with this identifier insured on the day (None: today)?"""

    system: str  # URI of who gives out the numbers
    value: str
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class PrescribingQuestion:
    """May the professional with this identifier of the directory prescribe the product on the day?"""

    system: str
    value: str
    day: date | None = None
    product: str = ""  # ATC code, or a group's; '': anything at all


Question = AffiliationQuestion | PrescribingQuestion


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The same by every door. ``as_of``: until when the source was known; None where that cannot be told."""

    status: Status
    reason: Reason
    day: date
    answered_at: datetime
    as_of: datetime | None
    last_known: bool
    # Of prescribing, beginnings of ATC codes within what was asked: no more than these (none: all), and these not.
    only: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def check(
    *, actor: Actor, question: Question, at: datetime, request_id: UUID | None = None
) -> Answer:
    """Answer a question, once: a retry with the ``request_id`` within a week gets the same answer, and counts no more.

    Raises Forbidden, InvalidInput, TooMany, and Conflict for an id that was another question's.
    """
    _check(question, at)
    return _counted(actor, 1, at, lambda caller: _answer(actor, caller, question, at, request_id))


def check_batch(
    *,
    actor: Actor,
    questions: dict[str, Question | InvalidInput],
    at: datetime,
    request_id: UUID | None = None,
) -> dict[str, Answer | InvalidInput | Forbidden]:
    """By the line's own name its outcome; each answered line counts as a check. Raises as `check`, but for what is
    wrong with a line."""

    def answers(caller: CallerInForce) -> dict[str, Answer | InvalidInput | Forbidden]:
        check_right(caller, Right.BATCH)
        return {
            name: _line(actor, caller, question, at, request_id and uuid5(request_id, name))
            for name, question in questions.items()
        }

    return _counted(actor, len(questions), at, answers)


def _line(
    actor: Actor,
    caller: CallerInForce,
    question: Question | InvalidInput,
    at: datetime,
    request_id: UUID | None,
) -> Answer | InvalidInput | Forbidden:
    if isinstance(question, InvalidInput):
        return question
    try:
        _check(question, at)
        return _answer(actor, caller, question, at, request_id)
    except (InvalidInput, Forbidden) as error:  # before anything was written for this line
        return error


def _counted(
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


def _check(question: Question, at: datetime) -> None:
    if question.day and not _EARLIEST <= question.day <= at.date():
        raise InvalidInput("the day must be today or before, and not before 1900", at="day")
    if isinstance(question, PrescribingQuestion) and not _ATC.fullmatch(question.product):
        raise InvalidInput("the product must be an ATC code, or that of a group", at="product")


def _answer(
    actor: Actor, caller: CallerInForce, question: Question, at: datetime, request_id: UUID | None
) -> Answer:
    day = question.day or at.date()
    if day != at.date():
        check_right(caller, Right.HISTORIC)
    key = uuid5(request_id, str(caller.id)) if request_id else None
    kept = _kept(key, question) if key else None
    said = _Said(actor=actor, at=at, request_id=request_id, repeated=kept is not None)
    if isinstance(question, AffiliationQuestion):
        check_right(caller, Right.AFFILIATION)
        answer = _affiliation(question, day, said, kept)
    else:
        check_right(caller, Right.PRESCRIBING)
        answer = _prescribing(question, day, said, kept)
    if key and kept is None:
        KeptAnswer.objects.create(key=key, question=_hash(question), answer=_written(answer), at=at)
    return answer


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What every event of a check tells."""

    actor: Actor
    at: datetime
    request_id: UUID | None
    repeated: bool

    def record(self, *, persons: tuple[int, ...] = (), practitioner: int | None = None) -> None:
        record(
            actor=self.actor,
            kind=EventKind.ELIGIBILITY_CHECK,
            at=self.at,
            person=persons[0] if persons else None,
            persons=persons[1:],
            practitioner=practitioner,
            request_id=self.request_id,
            repeated=self.repeated,
        )


def _affiliation(
    question: AffiliationQuestion, day: date, said: _Said, kept: Answer | None
) -> Answer:
    with insured(question.system, question.value) as person:
        said.record(persons=person.persons)
        if kept:
            return kept
        as_of = heard()
        verdict = rules.affiliation(
            person.periods, day=day, at=said.at, heard=as_of, rules=country().ELIGIBILITY
        )
    return _answered(verdict, day, said.at, as_of)


def _prescribing(
    question: PrescribingQuestion, day: date, said: _Said, kept: Answer | None
) -> Answer:
    practitioner, registrations = prescriber(question.system, question.value, day=day)
    said.record(practitioner=practitioner)
    verdict = rules.prescribing(
        registrations,
        product=question.product,
        own_country=country().CODE,
        rules=country().ELIGIBILITY,
    )
    return kept or _answered(verdict, day, said.at, said.at)


def _answered(verdict: Verdict, day: date, at: datetime, as_of: datetime | None) -> Answer:
    return Answer(
        status=verdict.status,
        reason=verdict.reason,
        day=day,
        answered_at=at,
        as_of=as_of,
        last_known=verdict.last_known,
        only=verdict.only,
        limits=verdict.limits,
    )


def _kept(key: UUID, question: Question) -> Answer | None:
    row = KeptAnswer.objects.filter(key=key).first()
    if row is None:
        return None
    if not hmac.compare_digest(bytes(row.question), _hash(question)):
        raise Conflict("this id was another question's: a new question needs a new id")
    return _read(row.answer)


def _hash(question: Question) -> bytes:
    """Keyed: numbers of people are few enough to try them all."""
    text = f"{type(question).__name__} {astuple(question)}"
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode(), "sha256")


def _written(answer: Answer) -> dict[str, Any]:
    instants = {"answered_at", "as_of", "day"}
    return {
        name: value.isoformat() if name in instants and value else value
        for name, value in asdict(answer).items()
    }


def _read(kept: dict[str, Any]) -> Answer:
    return Answer(
        status=Status(kept["status"]),
        reason=Reason(kept["reason"]),
        day=date.fromisoformat(kept["day"]),
        answered_at=datetime.fromisoformat(kept["answered_at"]),
        as_of=datetime.fromisoformat(kept["as_of"]) if kept["as_of"] else None,
        last_known=kept["last_known"],
        only=tuple(kept["only"]),
        limits=tuple(kept["limits"]),
    )


def forget_kept_answers(*, before: datetime) -> None:
    """Housekeeping, as `salus.audit.actions.forget_answered_requests`: nobody retries any more."""
    KeptAnswer.objects.filter(at__lt=before).delete()
