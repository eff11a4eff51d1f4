"""Asking: one transaction finds the caller, counts towards the quota, decides, keeps the answer, leaves the event."""

import time
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.eligibility import misuse, rescue
from salus.eligibility.models import KeptAnswer, Right
from salus.eligibility.permissions import CallerInForce, check_right
from salus.eligibility.proofs import proof_of
from salus.eligibility.queries import Insured, insured, insured_called, prescriber
from salus.eligibility.questions import (
    AffiliationQuestion,
    Answer,
    LookUpQuestion,
    PrescribingQuestion,
    Question,
    check_question,
    hash_of,
    read,
    written,
)
from salus.eligibility.quota import counted, tally
from salus.eligibility.rules import Reason, Status, Verdict
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, Forbidden, InvalidInput

_BEAT = 0.025  # seconds: several times what a check takes

Outcome = Answer | InvalidInput | Forbidden | Conflict


def check(
    *, actor: Actor, question: Question, at: datetime, request_id: UUID | None = None
) -> Answer:
    """Answer a question, once: a retry with the ``request_id`` within a week gets the same answer, and counts no more.

    Raises Forbidden, InvalidInput, TooMany, and Conflict for an id that was another question's.
    """
    check_question(question, at)
    begun = time.perf_counter()
    answer = counted(
        actor,
        1,
        at,
        lambda caller, person: _answer(actor, caller, question, person, at, request_id),
        about=_about(question),
    )
    _even_out([answer], begun)
    return answer


def check_batch(
    *,
    actor: Actor,
    questions: Mapping[str, Question | InvalidInput],
    at: datetime,
    request_id: UUID | None = None,
) -> dict[str, Outcome]:
    """By the line's own name its outcome; each answered line counts as a check. Raises as `check`, but for what is
    wrong with a line."""

    def answers(caller: CallerInForce, nobody: Insured) -> dict[str, Outcome]:
        check_right(caller, Right.BATCH)
        return {
            name: _line(actor, caller, question, nobody, at, request_id and uuid5(request_id, name))
            for name, question in questions.items()
        }

    begun = time.perf_counter()
    outcomes = counted(actor, len(questions), at, answers)
    _even_out(outcomes.values(), begun)
    return outcomes


def _even_out(outcomes: Iterable[Outcome], begun: float) -> None:
    """Let an answer that says "not affiliated" take a whole number of beats from ``begun``.

    An event that names somebody is a little more work than one that names nobody: without this, time would tell who is
    known (benchmarks/eligibility.py).
    """
    if any(one.status is Status.NOT_AFFILIATED for one in outcomes if isinstance(one, Answer)):
        time.sleep((begun - time.perf_counter()) % _BEAT)


def _line(
    actor: Actor,
    caller: CallerInForce,
    question: Question | InvalidInput,
    nobody: Insured,
    at: datetime,
    request_id: UUID | None,
) -> Outcome:
    if isinstance(question, InvalidInput):
        return question
    try:
        check_question(question, at)
        is_of_person = isinstance(question, AffiliationQuestion)
        with insured(*_about(question)) if is_of_person else nullcontext(nobody) as person:
            return _answer(actor, caller, question, person, at, request_id)
    except (
        InvalidInput,
        Forbidden,
        Conflict,
    ) as error:  # before anything was written for this line
        return error


def _about(question: Question) -> tuple[str, str]:
    """The identifier of the person in whose rows the answer is worked out: nobody's, if it is not about one known by
    a number."""
    if isinstance(question, AffiliationQuestion):
        return question.system, question.value
    return "", ""


def _answer(
    actor: Actor,
    caller: CallerInForce,
    question: Question,
    person: Insured,
    at: datetime,
    request_id: UUID | None,
) -> Answer:
    day = question.day or at.date()
    if day != at.date():
        check_right(caller, Right.HISTORIC)
    key = uuid5(request_id, f"{actor.organization} {actor.client}") if request_id else None
    kept = _kept(key, question) if key else None
    asked = _Asked(
        actor=actor, caller=caller, at=at, day=day, request_id=request_id, repeated=kept is not None
    )
    match question:
        case AffiliationQuestion():
            answer = _affiliation(question, person, asked)
        case PrescribingQuestion():
            answer = _prescribing(question, asked)
        case LookUpQuestion():
            answer = _looked_up(question, asked)
    is_negative = answer.status is Status.NOT_AFFILIATED
    if kept or is_negative:
        tally(caller, at, repeated=kept is not None, negative=is_negative and kept is None)
    if key and kept is None:
        KeptAnswer.objects.create(
            key=key, question=hash_of(question), answer=written(answer), at=at
        )
    return kept or answer


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """Who asks, and what every event of a check tells."""

    actor: Actor
    caller: CallerInForce
    at: datetime
    day: date
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

    def answer(self, verdict: Verdict, as_of: datetime | None, proof: str = "") -> Answer:
        return Answer(
            status=verdict.status,
            reason=verdict.reason,
            day=self.day,
            answered_at=self.at,
            as_of=as_of,
            last_known=verdict.last_known,
            only=verdict.only,
            limits=verdict.limits,
            suspended_until=verdict.suspended_until,
            proof=proof,
        )


def _affiliation(question: AffiliationQuestion, person: Insured, asked: _Asked) -> Answer:
    check_right(asked.caller, Right.AFFILIATION, *([Right.PROOF] if question.proof else []))
    asked.record(persons=person.persons)
    if not asked.repeated:
        misuse.look_at(asked.actor, asked.caller.id, person, at=asked.at)
    if Right.LOOK_UP in asked.caller.rights:
        rescue.confirm(asked.actor, person.persons, at=asked.at)
    verdict = person.verdict(day=asked.day, at=asked.at)
    as_of = person.heard
    proof = ""
    says = verdict.status is not Status.CANNOT_TELL
    if as_of and says and (question.proof or verdict.last_known):
        lasts = country().ELIGIBILITY.last_known_for
        proof = proof_of(question, verdict, day=asked.day, at=asked.at, as_of=as_of, lasts=lasts)
    return asked.answer(verdict, as_of, proof)


_SEVERAL = Verdict(status=Status.CANNOT_TELL, reason=Reason.SEVERAL_PEOPLE)


def _looked_up(question: LookUpQuestion, asked: _Asked) -> Answer:
    check_right(asked.caller, Right.LOOK_UP)
    with insured_called(question.family, question.given, question.birth_date) as (person, several):
        asked.record(persons=person.persons)
        if not asked.repeated:
            misuse.look_at(asked.actor, asked.caller.id, person, at=asked.at)
        verdict = _SEVERAL if several else person.verdict(day=asked.day, at=asked.at)
        if person.persons and not asked.repeated:
            rescue.remember(
                asked.caller.id, person.persons[0], mission=question.mission, at=asked.at
            )
    return asked.answer(verdict, person.heard)


def _prescribing(question: PrescribingQuestion, asked: _Asked) -> Answer:
    check_right(asked.caller, Right.PRESCRIBING)
    professional = prescriber(question.system, question.value)
    asked.record(practitioner=professional.practitioner)
    return asked.answer(professional.verdict(question.product, day=asked.day), asked.at)


def _kept(key: UUID, question: Question) -> Answer | None:
    row = KeptAnswer.objects.filter(key=key).first()
    if row is None:
        return None
    if bytes(row.question) != hash_of(question):
        raise Conflict("this id was another question's: a new question needs a new id")
    return read(row.answer)


def forget_kept_answers(*, before: datetime) -> None:
    """Housekeeping, as `salus.audit.actions.forget_answered_requests`: nobody retries any more."""
    KeptAnswer.objects.filter(at__lt=before).delete()
