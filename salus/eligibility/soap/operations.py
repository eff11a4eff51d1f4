"""What may be asked: from the element in a Body to a question, and from an answer to the one that goes back."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language, get_supported_language_variant, override
from lxml import etree

from salus.country import country
from salus.eligibility import rules
from salus.eligibility.actions import check, check_batch
from salus.eligibility.permissions import caller_of
from salus.eligibility.queries import heard, use_on
from salus.eligibility.questions import (
    AffiliationQuestion,
    Answer,
    LookUpQuestion,
    PrescribingQuestion,
    Question,
)
from salus.eligibility.rescue import tell_of_use
from salus.eligibility.soap.faults import code_of
from salus.eligibility.soap.names import OURS, ours
from salus.eligibility.soap.schema import check_schema
from salus.eligibility.words import ANSWERS, REASONS
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput

_SPACE = " \t\r\n"  # of XML, which dates and booleans may have around them


@dataclass(frozen=True, kw_only=True)
class Call:
    actor: Actor
    at: datetime
    request_id: UUID | None


def answered(request: Any, call: Call) -> Any:
    """The element that answers. Raises InvalidInput for what does not fit the schema, and as `check` does."""
    request = deepcopy(request)  # a document of its own, in which places are counted from it
    check_schema(request)
    operation = etree.QName(request).localname
    if operation not in _OPERATIONS:  # an element of the schema that is no question
        raise InvalidInput("that is no operation", at="Body")
    response = etree.Element(ours(f"{operation}Response"), nsmap={"el": OURS})
    try:
        _OPERATIONS[operation](response, request, call)
    except InvalidInput as error:  # of what the schema cannot say
        place = _PLACES.get(error.at, error.at)
        raise InvalidInput(error.text, at="/".join(filter(None, [operation, place]))) from error
    return response


def _affiliation(response: Any, request: Any, call: Call) -> None:
    _check(response, _affiliation_question(request), call)


def _prescriber(response: Any, request: Any, call: Call) -> None:
    _check(response, _prescribing_question(request), call)


def _batch(response: Any, request: Any, call: Call) -> None:
    questions = {
        line.get("name"): _QUESTIONS[etree.QName(line[0]).localname](line[0]) for line in request
    }
    outcomes = check_batch(
        actor=call.actor, questions=questions, at=call.at, request_id=call.request_id
    )
    for name, outcome in outcomes.items():
        line = etree.SubElement(response, ours("line"), name=name)
        if isinstance(outcome, Answer):
            _write(line, outcome)
        else:
            refused = etree.SubElement(line, ours("refused"))
            _add(refused, "code", code_of(outcome))
            _add(refused, "text", str(outcome))


def _look_up(response: Any, request: Any, call: Call) -> None:
    question = LookUpQuestion(
        family=request.findtext(ours("family")),
        given=request.findtext(ours("given")),
        birth_date=_date(request.findtext(ours("birthDate"))),
        mission=request.findtext(ours("mission")),
    )
    _check(response, question, call)


def _use(response: Any, request: Any, call: Call) -> None:
    told = tell_of_use(
        actor=call.actor,
        proof=request.findtext(ours("proof")),
        used_at=datetime.fromisoformat(request.findtext(ours("usedAt")).strip(_SPACE)),
        at=call.at,
    )
    for name in ("outcome", "said", "found"):
        _add(response, name, getattr(told, name))


def _rights(response: Any, request: Any, call: Call) -> None:
    caller = caller_of(call.actor)
    for right in sorted(caller.rights):
        _add(response, "right", right)
    _add(response, "perMinute", str(caller.per_minute))
    _add(response, "perDay", str(caller.per_day))
    today = use_on(caller.id, call.at.date())
    for name in ("asked", "repeated", "refused"):
        _add(response, name, str(getattr(today, name)))


def _reasons(response: Any, request: Any, call: Call) -> None:
    caller_of(call.actor)
    said = request.findtext(ours("language"))
    with override(_spoken(said.strip(_SPACE)) if said else get_language()):
        for name, words in (("status", ANSWERS), ("reason", REASONS)):
            for code, meaning in words.items():
                element = etree.SubElement(response, ours(name))
                _add(element, "code", code)
                _add(element, "meaning", str(meaning))


def _spoken(language: str) -> str:
    try:
        return get_supported_language_variant(language)
    except LookupError:
        spoken = ", ".join(code for code, _ in settings.LANGUAGES)
        raise InvalidInput(f"that is not spoken here, but {spoken}", at="language") from None


def _status(response: Any, request: Any, call: Call) -> None:
    caller_of(call.actor)
    as_of = heard()
    _add(response, "status", rules.service(at=call.at, heard=as_of, rules=country().ELIGIBILITY))
    if as_of:
        _add(response, "asOf", as_of.isoformat())


_OPERATIONS: dict[str, Callable[[Any, Any, Call], None]] = {
    "CheckAffiliation": _affiliation,
    "CheckPrescriber": _prescriber,
    "CheckBatch": _batch,
    "LookUp": _look_up,
    "TellOfUse": _use,
    "GetRights": _rights,
    "GetReasons": _reasons,
    "GetStatus": _status,
}
_PLACES = {"birth_date": "birthDate", "used_at": "usedAt"}


def _check(response: Any, question: Question, call: Call) -> None:
    said = check(actor=call.actor, question=question, at=call.at, request_id=call.request_id)
    _write(response, said)


def _affiliation_question(element: Any) -> AffiliationQuestion:
    system, value = _identifier(element, "person", country().MATRICULE_SYSTEM)
    wants_proof = (element.findtext(ours("proof")) or "").strip(_SPACE) in ("true", "1")
    return AffiliationQuestion(system=system, value=value, day=_day(element), proof=wants_proof)


def _prescribing_question(element: Any) -> PrescribingQuestion:
    system, value = _identifier(element, "prescriber", country().PROVIDER_SYSTEM)
    return PrescribingQuestion(
        system=system,
        value=value,
        day=_day(element),
        product=element.findtext(ours("product")) or "",
    )


_QUESTIONS: dict[str, Callable[[Any], Question]] = {
    "affiliation": _affiliation_question,
    "prescribing": _prescribing_question,
}


def _identifier(element: Any, name: str, own_system: str) -> tuple[str, str]:
    of = element.find(ours(name))
    return of.findtext(ours("system")) or own_system, of.findtext(ours("value"))


def _day(element: Any) -> date | None:
    said = element.findtext(ours("day"))
    return _date(said) if said else None


def _date(said: str) -> date:
    return date.fromisoformat(said.strip(_SPACE))


def _write(parent: Any, answer: Answer) -> None:
    element = etree.SubElement(parent, ours("answer"))
    _add(element, "status", answer.status)
    _add(element, "reason", answer.reason)
    _add(element, "day", answer.day.isoformat())
    _add(element, "answeredAt", answer.answered_at.isoformat())
    if answer.as_of:
        _add(element, "asOf", answer.as_of.isoformat())
    _add(element, "lastKnown", "true" if answer.last_known else "false")
    for code in answer.only:
        _add(element, "only", code)
    for code in answer.limits:
        _add(element, "limit", code)
    if answer.suspended_until:
        _add(element, "suspendedUntil", answer.suspended_until.isoformat())
    if answer.proof:
        _add(element, "proof", answer.proof)


def _add(parent: Any, name: str, text: str) -> None:
    etree.SubElement(parent, ours(name)).text = text
