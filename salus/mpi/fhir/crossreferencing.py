"""`Patient/$ihe-pix`: by which other identifiers somebody is known (IHE PIXm, ITI-83)."""

from http import HTTPStatus
from typing import NoReturn

from salus.country.identifiers import spelled
from salus.fhir.datatypes import row_number
from salus.fhir.refusal import Prescribed
from salus.fhir.resource import Arguments, Body, Call, Input, Operation
from salus.fhir.search import WrongParameter, parted, unescaped
from salus.kernel.scopes import Interaction
from salus.mpi.golden import Human
from salus.mpi.lookups import check_asks, is_in_index
from salus.mpi.queries import cross_references, person_identified, person_read, systems_known


def _perform(call: Call, asked: Arguments) -> Body:
    system, value = _source(asked.one("sourceIdentifier"))
    wanted = set(asked.all("targetSystem"))
    if not wanted - {call.base} <= systems_known(wanted):
        _refuse(HTTPStatus.FORBIDDEN, "code-invalid", "targetSystem not found")
    if system != call.base and not systems_known([system]):
        words = "sourceIdentifier Assigning Authority not found"
        _refuse(HTTPStatus.BAD_REQUEST, "code-invalid", words)
    human = _meant(call, system, value)
    if human is None:
        _refuse(HTTPStatus.NOT_FOUND, "not-found", "sourceIdentifier Patient Identifier not found")
    numbers = [
        said.value for said in human.golden.identifiers if not wanted or said.value[0] in wanted
    ]
    parameters: list[Body] = [
        {"name": "targetIdentifier", "valueIdentifier": {"system": one[0], "value": one[1]}}
        for one in numbers
        if one != (system, spelled(system, value))
    ]
    patient = f"Patient/{human.root}"
    if value != patient and (numbers or not wanted or call.base in wanted):
        parameters.append({"name": "targetId", "valueReference": {"reference": patient}})
    return {"resourceType": "Parameters"} | ({"parameter": parameters} if parameters else {})


def _meant(call: Call, system: str, value: str) -> Human | None:
    """By a number, or by the address of a Patient here. That nobody is is an answer too, and counts."""
    check_asks(call.asker)
    number = (system, spelled(system, value))
    is_ours = system == call.base
    found = row_number(value.removeprefix("Patient/")) if is_ours else person_identified([number])
    person = found or 0
    if not is_in_index(person):
        cross_references(
            actor=call.asker, identifier=number, at=call.at, request_id=call.request_id
        )
        return None
    return person_read(
        actor=call.asker, person=person, assisted=(), at=call.at, request_id=call.request_id
    )


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
