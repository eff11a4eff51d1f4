"""`Patient/$ihe-pix`: by which other identifiers somebody is known (IHE PIXm, ITI-83)."""

from http import HTTPStatus
from typing import NoReturn

from salus.fhir.datatypes import row_number
from salus.fhir.refusal import Prescribed
from salus.fhir.resource import Arguments, Body, Call, Input, Operation
from salus.fhir.search import WrongParameter, parted, unescaped
from salus.kernel.scopes import Interaction
from salus.mpi.lookups import cross_references, is_domain


def _perform(call: Call, asked: Arguments) -> Body:
    system, value = _source(asked.one("sourceIdentifier"))
    wanted = set(asked.all("targetSystem"))
    for target in sorted(wanted - {call.base}):
        if not is_domain(target):
            _refuse(HTTPStatus.FORBIDDEN, "code-invalid", "targetSystem not found")
    if system != call.base and not is_domain(system):
        words = "sourceIdentifier Assigning Authority not found"
        _refuse(HTTPStatus.BAD_REQUEST, "code-invalid", words)
    found = cross_references(
        actor=call.asker,
        identifier=(system, value),
        person=row_number(value.removeprefix("Patient/")) if system == call.base else None,
        at=call.at,
        request_id=call.request_id,
    )
    if found is None:
        _refuse(HTTPStatus.NOT_FOUND, "not-found", "sourceIdentifier Patient Identifier not found")
    numbers = [one for one in found.identifiers if not wanted or one[0] in wanted]
    parameters: list[Body] = [
        {"name": "targetIdentifier", "valueIdentifier": {"system": one[0], "value": one[1]}}
        for one in numbers
        if one != (system, value)
    ]
    patient = f"Patient/{found.root}"
    if value != patient and (numbers or not wanted or call.base in wanted):
        parameters.append({"name": "targetId", "valueReference": {"reference": patient}})
    return {"resourceType": "Parameters"} | ({"parameter": parameters} if parameters else {})


def _source(text: str) -> tuple[str, str]:
    match [unescaped(part) for part in parted(text, "|")]:
        case [system, value] if system and value:
            return system, value
    raise WrongParameter("sourceIdentifier", "must be the assigning authority, |, and the number")


def _refuse(status: HTTPStatus, code: str, words: str) -> NoReturn:
    raise Prescribed(status, code=code, words=words)


IHE_PIX = Operation(
    code="ihe-pix",
    definition="https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
    documentation="The other identifiers of a person, and the Patient (IHE PIXm, ITI-83).",
    inputs=(
        Input(name="sourceIdentifier", types=("string",), least=1),
        Input(name="targetSystem", types=("string", "uri"), many=True),
    ),
    perform=_perform,
    needs=(Interaction.SEARCH,),
    on_type=True,
)
