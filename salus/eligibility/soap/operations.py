"""What may be asked: from the element in a Body to a question, and from an answer to the one that goes back."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from lxml import etree

from salus.country import country
from salus.eligibility import rules
from salus.eligibility.actions import check, check_batch
from salus.eligibility.permissions import caller_of
from salus.eligibility.queries import heard, use_on
from salus.eligibility.questions import (
    AffiliationQuestion,
    Answer,
    PrescribingQuestion,
    Question,
)
from salus.eligibility.soap.faults import code_of
from salus.eligibility.soap.names import OURS, ours
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput

SCHEMA = Path(__file__).with_name("eligibility.xsd")
_SPACE = " \t\r\n"  # of XML, which dates and booleans may have around them


@dataclass(frozen=True, kw_only=True)
class Call:
    actor: Actor
    at: datetime
    request_id: UUID | None


def answered(request: Any, call: Call) -> Any:
    """The element that answers. Raises InvalidInput for what does not fit the schema, and as `check` does."""
    request = deepcopy(request)  # a document of its own, in which places are counted from it
    _check_schema(request)
    operation = etree.QName(request).localname
    if operation not in _OPERATIONS:  # an element of the schema that is no question
        raise InvalidInput("that is no operation", at="Body")
    response = etree.Element(ours(f"{operation}Response"), nsmap={"el": OURS})
    _OPERATIONS[operation](response, request, call)
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


def _rights(response: Any, request: Any, call: Call) -> None:
    caller = caller_of(call.actor)
    for right in sorted(caller.rights):
        _add(response, "right", right)
    _add(response, "perMinute", str(caller.per_minute))
    _add(response, "perDay", str(caller.per_day))
    today = use_on(caller.id, call.at.date())
    for name in ("asked", "repeated", "refused"):
        _add(response, name, str(getattr(today, name)))


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
    "GetRights": _rights,
    "GetStatus": _status,
}


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
    return date.fromisoformat(said.strip(_SPACE)) if said else None


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


_schema = etree.XMLSchema(etree.parse(SCHEMA))
_one_at_a_time = Lock()  # what is wrong is noted at the schema itself


def _check_schema(element: Any) -> None:
    """Raises InvalidInput, which quotes nothing but names of elements."""
    with _one_at_a_time:
        if _schema.validate(element):
            return
        wrong = _schema.error_log[0]
    prefixes = {name: uri for one in element.iter() for name, uri in one.nsmap.items() if name}
    found = element.xpath(wrong.path.partition("/@")[0], namespaces=prefixes)
    raise InvalidInput(
        _WORDS.get(wrong.type_name, "the value is not of its type"),
        at=_path_of(found[0] if found else element),
    )


_WORDS = {
    "SCHEMAV_ELEMENT_CONTENT": "the element is not expected here, or lacks one that must be in it",
    "SCHEMAV_CVC_ELT_1": "there is no such operation",
    "SCHEMAV_CVC_IDC": "two lines have the same name",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "the attribute is not expected here",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": "the attribute is not expected here",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "an attribute is missing",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "nothing is expected in it",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "text is not expected here",
}


def _path_of(place: Any) -> str:
    """As CheckAffiliation/person/value; what is not of our schema is *."""
    path = [*reversed(list(place.iterancestors())), place]
    return "/".join(
        etree.QName(one).localname if one.tag.startswith(f"{{{OURS}}}") else "*" for one in path
    )
