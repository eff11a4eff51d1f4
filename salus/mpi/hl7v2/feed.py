"""What hospitals tell of their patients (IHE ITI-8, Patient Identity Feed; HL7 2.3.1, and 2.5 alike)."""

from django.db import IntegrityError, transaction

from salus.audit.actions import is_first
from salus.fhir.element import Element
from salus.hl7v2.edge import Answer, Call
from salus.hl7v2.message import Message, Segment
from salus.kernel.errors import Conflict
from salus.mpi.actions import change_person, register_person
from salus.mpi.fhir.receiving import _demographics, _former_names
from salus.mpi.fhir.rendering import rendered
from salus.mpi.hl7v2 import identification
from salus.mpi.hl7v2.permissions import check_feeds
from salus.mpi.queries import person_identified

# Admission, registration, pre-admission, update: each says who the patient is.
UPDATES = frozenset(["A01", "A04", "A05", "A08"])


def take(call: Call) -> Answer:
    """Raises InvalidInput and Conflict. A message that comes again finds its work done."""
    check_feeds(call.actor)
    for last in (False, True):
        try:
            with transaction.atomic():
                if is_first(request_id=call.request_id, at=call.at):
                    _take(call)
            return Answer()
        except IntegrityError:  # two at once told us of one person: the second time it is known
            if last:
                raise Conflict("others change the same patient at the same time") from None
    raise AssertionError("taken, or refused")


def _take(call: Call) -> None:
    for segment in _patients(call.message):
        _receive(call, segment)


def _patients(message: Message) -> list[Segment]:
    message.required("PID")
    return message.all("PID")


def _receive(call: Call, segment: Segment) -> int:
    body = identification.patient(segment, of=call.actor, at=call.at.date())
    patient = Element(path="PID", value=body)
    known = _demographics(patient, call.at)
    identifiers = identification.identifiers(segment.repetitions(3), of=call.actor)
    person = person_identified(identifiers)
    if person is None:
        person, _ = register_person(
            actor=call.actor,
            at=call.at,
            identifiers=identifiers,
            family=known.family,
            given=known.given,
            birth_family=known.birth_family,
            birth_date=known.birth_date,
            gender=known.gender,
            deceased_on=known.deceased_on,
            multiple_birth=known.multiple_birth,
            address=known.address,
            received=body,
            filed=True,
            request_id=call.request_id,
        )
        return person
    change_person(
        actor=call.actor,
        at=call.at,
        person=person,
        version=None,
        identifiers=identifiers,
        demographics=known,
        former_names=_former_names(patient),
        received=body,
        shown=lambda row: rendered(row).body,
        request_id=call.request_id,
    )
    return person
