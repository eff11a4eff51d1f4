"""`CoverageEligibilityRequest/$submit`: is this person insured on this day, one request or a Bundle of them.

https://hl7.org/fhir/R4/coverageeligibilityrequest-operation-submit.html. Neither requests nor responses are kept as
resources, so that there is nothing to read and to search: who asks again with the same identifier is answered alike.
"""

from http import HTTPStatus
from typing import Any

from salus.eligibility.actions import Outcome, check, check_batch
from salus.eligibility.fhir.requests import BY_IDENTIFIER, Asked, read_request, request_id
from salus.eligibility.fhir.vocabulary import (
    PURPOSES,
    STATUS_WORDS,
    answer_extension,
    insurer,
    reason_coding,
)
from salus.eligibility.questions import Answer, LookUpQuestion, Question
from salus.eligibility.rules import Status
from salus.fhir import exchange
from salus.fhir.batch import MOST_ENTRIES, failed, responded
from salus.fhir.datatypes import URI
from salus.fhir.dates import instant
from salus.fhir.element import Element
from salus.fhir.refusal import Unprocessable
from salus.fhir.resource import Arguments, Body, Call, Input, Operation, Resource
from salus.kernel.errors import InvalidInput
from salus.kernel.scopes import Interaction

_TYPE = "CoverageEligibilityRequest"


def _perform(call: Call, arguments: Arguments) -> Body:
    sent = arguments.one("resource")
    if sent.value["resourceType"] == "Bundle":
        return _batch(call, sent)
    asked = read_request(call, sent)
    try:
        answer = check(
            actor=call.asker,
            question=asked.question,
            at=call.at,
            request_id=request_id(call, asked),
        )
    except InvalidInput as error:
        raise asked.with_place(error) from error
    return _response(answer, asked, named=f"urn:uuid:{call.request_id}")


def _batch(call: Call, bundle: Element) -> Body:
    """Each line is answered as if it had come by itself; its identifier, or its place, is what a retry is known by."""
    bundle.code("type", ("collection",))
    entries = bundle.children("entry")
    if len(entries) > MOST_ENTRIES:
        raise bundle.wrong("entry", f"more than {MOST_ENTRIES} entries: split it")
    lines: dict[str, Asked | InvalidInput] = {}
    for index, entry in enumerate(entries):
        place = f"{call.request_id}/{index}"
        line = _line(call, entry)
        name = line.name if isinstance(line, Asked) and line.name else place
        if name in lines:
            name, line = place, InvalidInput("another entry has this identifier", at=entry.path)
        lines[name] = line
    said = check_batch(
        actor=call.asker,
        questions={name: _question(line) for name, line in lines.items()},
        at=call.at,
        request_id=BY_IDENTIFIER,
    )
    answered = [
        _outcome(said[name], line, entry)
        for (name, line), entry in zip(lines.items(), entries, strict=True)
    ]
    response: Body = {"resourceType": "Bundle", "type": "batch-response"}
    return response | ({"entry": answered} if answered else {})


def _line(call: Call, entry: Element) -> Asked | InvalidInput:
    request = entry.child("resource")
    if request.value.get("resourceType") != _TYPE:
        return entry.wrong("resource", f"must be a {_TYPE}")
    try:
        asked = read_request(call, request)
    except InvalidInput as error:
        return error
    if isinstance(asked.question, LookUpQuestion):  # each is of a mission, and owes a check
        return Unprocessable("a look-up by name is asked by itself", at=f"{asked.path}.contained")
    return asked


def _question(line: Asked | InvalidInput) -> Question | InvalidInput:
    return line.question if isinstance(line, Asked) else line


def _outcome(said: Outcome, line: Asked | InvalidInput, entry: Element) -> Body:
    if isinstance(line, InvalidInput):
        return failed(line)
    if isinstance(said, Answer):
        body = _response(said, line, named=entry.text("fullUrl", most=1000))
        return responded(exchange.Answer(status=HTTPStatus.OK, body=body))
    return failed(line.with_place(said) if isinstance(said, InvalidInput) else said)


def _response(answer: Answer, asked: Asked, *, named: str) -> Body:
    """Of the person nothing but what was sent: who is not known reads like who is not insured."""
    return {
        "resourceType": "CoverageEligibilityResponse",
        "extension": [answer_extension(answer)],
        "status": "active",
        "purpose": ["validation"],
        **asked.whom,
        "servicedDate": answer.day.isoformat(),
        "created": instant(answer.answered_at),
        "request": {
            "type": _TYPE,
            "identifier": asked.identifier or {"system": URI, "value": named},
        },
        **_told(answer),
        "insurer": insurer(),
    }


def _told(answer: Answer) -> dict[str, Any]:
    if answer.status is Status.CANNOT_TELL:
        return {
            "outcome": "error",
            "disposition": STATUS_WORDS[answer.status],
            "error": [{"code": {"coding": [reason_coding(answer)]}}],
        }
    cover = {"type": "Coverage", "display": "Statutory health insurance"}
    last_known = ", as the register last said" if answer.last_known else ""
    return {
        "outcome": "complete",
        "disposition": STATUS_WORDS[answer.status] + last_known,
        "insurance": [{"coverage": cover, "inforce": answer.status is Status.AFFILIATED}],
    }


SUBMIT = Operation(
    code="submit",
    definition="http://hl7.org/fhir/OperationDefinition/CoverageEligibilityRequest-submit",
    documentation="Is somebody insured on a day: one request, or a collection with a line for each.",
    inputs=(Input(name="resource", types=(_TYPE, "Bundle"), least=1),),
    perform=_perform,
    needs=(Interaction.CREATE,),
    on_type=True,
    changes=True,
)
REQUESTS = Resource(type=_TYPE, parameters={}, operations=(SUBMIT,), purposes=PURPOSES)
