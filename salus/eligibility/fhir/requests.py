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
from salus.eligibility.questions import AffiliationQuestion
from salus.fhir.datatypes import identifiers
from salus.fhir.element import Element
from salus.fhir.refusal import Unprocessable
from salus.fhir.resource import Body, Call
from salus.kernel.errors import InvalidInput

# One place for all names: a request is the same one, whether it comes by itself or in a Bundle.
BY_IDENTIFIER = uuid5(NAMESPACE_URL, "https://salus.example/eligibility-request")
_MEANT = ("status", "identifier", "purpose", "patient", "servicedDate", "insurer", "provider")
_UNUSED = ("resourceType", "id", "meta", "language", "text", "extension")
_UNUSED_TOO = ("priority", "created", "enterer")  # they change nothing in what is asked
_INSTEAD = {
    "servicedPeriod": "ask for one day, by servicedDate",
    "insurance": "not supported: the question is about the statutory insurance",
    "item": "not supported: whether something is paid for is not answered",
    "contained": "not supported: name the patient by patient.identifier",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    question: AffiliationQuestion
    path: str  # of the request in what was sent
    name: str  # by its own identifier; '' without one
    identifier: Body  # of the request, for its response to refer to it

    def with_place(self, error: InvalidInput) -> Unprocessable:
        """What is wrong with the question, said of the request."""
        at = f"{self.path}.servicedDate" if error.at == "day" else self.path
        return Unprocessable(error.text, at=at)


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
        system, value = _patient(request.child("patient"))
        own = identifiers(request)[:1]
        question = AffiliationQuestion(system=system, value=value, day=_day(request))
    return Asked(
        question=question,
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
        if name not in (*_MEANT, *_UNUSED, *_UNUSED_TOO):
            raise request.wrong(name, _INSTEAD.get(name, "not supported"))


def _patient(patient: Element) -> tuple[str, str]:
    """By identifier alone: by an address of ours callers could learn who is known."""
    if "reference" in patient.value:
        raise patient.wrong("reference", "not supported: name the patient by identifier")
    identifier = patient.child("identifier")
    return identifier.required("system"), identifier.required("value")


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
