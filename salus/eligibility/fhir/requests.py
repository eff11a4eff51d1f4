"""A CoverageEligibilityRequest as a question. What it says beyond that is refused, each thing with its place.

https://hl7.org/fhir/R4/coverageeligibilityrequest.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from salus.country import country
from salus.directory.models import Organization
from salus.eligibility.fhir.vocabulary import PROOF
from salus.eligibility.questions import AffiliationQuestion, LookUpQuestion
from salus.fhir.datatypes import best_name, human_name, identifiers
from salus.fhir.element import Element
from salus.fhir.refusal import Unprocessable
from salus.fhir.resource import Body, Call
from salus.kernel.errors import InvalidInput

# One place for all names: a request is the same one, whether it comes by itself or in a Bundle.
BY_IDENTIFIER = uuid5(NAMESPACE_URL, "https://salus.example/eligibility-request")
_MEANT = ("status", "identifier", "purpose", "patient", "servicedDate", "insurer", "provider")
_OF_A_LOOK_UP = ("contained", "supportingInfo")
_UNUSED = ("resourceType", "id", "meta", "language", "text", "extension")
_UNUSED_TOO = ("priority", "created", "enterer")  # they change nothing in what is asked
_INSTEAD = {
    "servicedPeriod": "ask for one day, by servicedDate",
    "insurance": "not supported: the question is about the statutory insurance",
    "item": "not supported: whether something is paid for is not answered",
}
_PLACES = {"day": ".servicedDate", "birth_date": ".contained[0].birthDate"}
_LONGEST_MISSION = 64  # characters, as by the other doors


@dataclass(frozen=True, kw_only=True)
class Asked:
    question: AffiliationQuestion | LookUpQuestion
    whom: Body  # members of the response, with no more than was sent
    path: str  # of the request in what was sent
    name: str  # by its own identifier; '' without one
    identifier: Body  # of the request, for its response to refer to it

    def with_place(self, error: InvalidInput) -> Unprocessable:
        """What is wrong with the question, said of the request."""
        return Unprocessable(error.text, at=self.path + _PLACES.get(error.at, ""))


def read_request(call: Call, request: Element) -> Asked:
    """Raises Unprocessable."""
    with _told():
        _check_members(request)
        request.code("status", ("active",))
        if set(request.texts("purpose")) != {"validation"}:
            raise request.wrong("purpose", "must be validation: nothing else is answered")
        _check_insurer(request.child("insurer"))
        if "provider" in request.value:
            _check_provider(call, request.child("provider"))
        read = _look_up if _names_contained(request) else _affiliation
        question, whom = read(call, request)
        own = identifiers(request)[:1]
    return Asked(
        question=question,
        whom=whom,
        path=request.path,
        name="|".join(own[0]) if own else "",
        identifier=dict(zip(("system", "value"), own[0], strict=True)) if own else {},
    )


def request_id(call: Call, asked: Asked) -> UUID | None:
    """By which a retry is known: the request's own identifier before that of the message."""
    if asked.name:
        return uuid5(BY_IDENTIFIER, asked.name)
    return call.request_id if call.repeatable else None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise Unprocessable(error.text, at=error.at) from error


def _check_members(request: Element) -> None:
    for member in request.value:
        name = member.lstrip("_")
        if name not in (*_MEANT, *_OF_A_LOOK_UP, *_UNUSED, *_UNUSED_TOO):
            raise request.wrong(name, _INSTEAD.get(name, "not supported"))


def _affiliation(call: Call, request: Element) -> tuple[AffiliationQuestion, Body]:
    """By identifier alone: by an address of ours callers could learn who is known."""
    for name in _OF_A_LOOK_UP:
        if name in request.value:
            raise request.wrong(name, "not supported: the patient is named by patient.identifier")
    patient = request.child("patient")
    if "reference" in patient.value:
        raise patient.wrong("reference", "not supported: name the patient by identifier")
    identifier = patient.child("identifier")
    system, value = identifier.required("system"), identifier.required("value")
    question = AffiliationQuestion(
        system=system, value=value, day=_day(request), proof=_wants_proof(request)
    )
    whom = {"type": "Patient", "identifier": {"system": system, "value": value}}
    return question, {"patient": whom}


def _names_contained(request: Element) -> bool:
    return request.child("patient").text("reference").startswith("#")


def _look_up(call: Call, request: Element) -> tuple[LookUpQuestion, Body]:
    """By name and birth date of the one contained Patient, today."""
    if _day(request) not in (None, call.at.date()):
        raise request.wrong("servicedDate", "a look-up by name is about today")
    if _wants_proof(request):
        raise request.wrong("extension", "a look-up by name is not signed")
    patient = _contained(request)
    name, birth_date = human_name(patient), patient.day("birthDate")
    if not name.given:
        raise best_name(patient).wrong("given", "missing")
    if birth_date is None:
        raise patient.wrong("birthDate", "a full date is needed")
    question = LookUpQuestion(
        family=name.family, given=name.given, birth_date=birth_date, mission=_mission(request)
    )
    whom = {
        "resourceType": "Patient",
        "id": patient.text("id"),
        "name": [{"family": name.family, "given": name.given.split()}],
        "birthDate": birth_date.isoformat(),
    }
    return question, {"contained": [whom], "patient": {"reference": f"#{whom['id']}"}}


def _contained(request: Element) -> Element:
    """The Patient to whom it refers, of whom it says what a look-up goes by and nothing else."""
    reference = request.child("patient").text("reference")
    held = request.children("contained")
    if [(one.text("resourceType"), f"#{one.text('id')}") for one in held] != [
        ("Patient", reference)
    ]:
        raise request.wrong("contained", "must be the one Patient to whom patient refers")
    for member in held[0].value:
        if member.lstrip("_") not in ("resourceType", "id", "name", "birthDate"):
            raise held[0].wrong(member, "not supported: a look-up is by name and birthDate")
    return held[0]


def _mission(request: Element) -> str:
    """The caller's own number of what the look-up is for."""
    said = request.children("supportingInfo")
    if len(said) != 1:
        raise request.wrong("supportingInfo", "a look-up names what it is for, once")
    identifier = said[0].child("information").child("identifier")
    mission = identifier.required("value")
    if len(mission) > _LONGEST_MISSION:
        raise identifier.wrong("value", f"longer than {_LONGEST_MISSION} characters")
    return mission


def _wants_proof(request: Element) -> bool:
    asked = [one for one in request.children("extension") if one.value.get("url") == PROOF]
    return any(one.value.get("valueBoolean") is True for one in asked)


def _day(request: Element) -> date | None:
    day = request.day("servicedDate")
    if day is None and "servicedDate" in request.value:
        raise request.wrong("servicedDate", "a full date is needed")
    return day


def _check_insurer(insurer: Element) -> None:
    known = country().INSURER
    identifier = insurer.child("identifier")
    if (identifier.text("system"), identifier.text("value")) != (known.system, known.value):
        raise insurer.wrong("identifier", f"must be {known.system}|{known.value}, and no other")


def _check_provider(call: Call, provider: Element) -> None:
    """Whoever asks, asks for its own organisation, named by its address here or by its number in the directory."""
    caller = call.asker.organization or 0
    reference = provider.text("reference", most=1000).removeprefix(f"{call.base}/")
    identifier = provider.child("identifier")
    own = Organization.objects.filter(pk=caller)
    said = (identifier.text("system"), identifier.text("value"))
    by_address = reference == f"Organization/{caller}"
    by_number = not reference and said in own.values_list("system", "value")
    if not (by_address or by_number):
        raise InvalidInput("must be the organisation whose software asks", at=provider.path)
