"""`$may-prescribe` at the base: may this professional prescribe this product on this day."""

from datetime import date

from salus.eligibility.actions import check
from salus.eligibility.fhir import vocabulary
from salus.eligibility.fhir.vocabulary import reason_coding, status_coding
from salus.eligibility.questions import Answer, PrescribingQuestion
from salus.fhir.dates import instant
from salus.fhir.element import Element
from salus.fhir.refusal import Unprocessable
from salus.fhir.resource import Arguments, Body, Call, Input, Operation
from salus.kernel.errors import InvalidInput
from salus.kernel.scopes import Interaction

_PARAMETER = "Parameters.parameter"
_ATC = "http://www.whocc.no/atc"


def _perform(call: Call, arguments: Arguments) -> Body:
    try:
        answer = check(
            actor=call.asker,
            question=_question(arguments),
            at=call.at,
            request_id=call.request_id if call.repeatable else None,
        )
    except InvalidInput as error:
        named = error.at in ("day", "product")  # of the question, so of the parameter
        at = f"{_PARAMETER}.where(name='{error.at}')" if named else error.at
        raise Unprocessable(error.text, at=at) from error
    return _parameters(answer)


def _question(arguments: Arguments) -> PrescribingQuestion:
    prescriber: Element = arguments.one("prescriber")
    product: Element | None = arguments.one("product")
    if product and product.text("system") != _ATC:
        raise product.wrong("system", f"must be {_ATC}")
    day = arguments.one("day", "")
    if day and len(day) < len("2024-12-31"):
        raise InvalidInput("a full date is needed", at="day")
    return PrescribingQuestion(
        system=prescriber.required("system"),
        value=prescriber.required("value"),
        day=date.fromisoformat(day) if day else None,
        product=product.required("code") if product else "",
    )


def _parameters(answer: Answer) -> Body:
    parameters: list[Body] = [
        {"name": "status", "valueCoding": status_coding(answer)},
        {"name": "reason", "valueCoding": reason_coding(answer)},
        {"name": "day", "valueDate": answer.day.isoformat()},
        {"name": "answered", "valueInstant": instant(answer.answered_at)},
        {"name": "lastKnown", "valueBoolean": answer.last_known},
    ]
    if answer.as_of:
        parameters.append({"name": "asOf", "valueInstant": instant(answer.as_of)})
    for name, codes in (("only", answer.only), ("limit", answer.limits)):
        parameters += [
            {"name": name, "valueCoding": {"system": _ATC, "code": code}} for code in codes
        ]
    if answer.suspended_until:
        parameters.append(
            {"name": "suspendedUntil", "valueDate": answer.suspended_until.isoformat()}
        )
    return {"resourceType": "Parameters", "parameter": parameters}


MAY_PRESCRIBE = Operation(
    code="may-prescribe",
    definition=vocabulary.MAY_PRESCRIBE,
    documentation="May a professional of the directory prescribe a product on a day.",
    inputs=(
        Input(name="prescriber", types=("Identifier",), least=1),
        Input(name="day", types=("date",)),
        Input(name="product", types=("Coding",)),
    ),
    perform=_perform,
    needs=(Interaction.CREATE,),
    of="CoverageEligibilityRequest",
    changes=True,
)
