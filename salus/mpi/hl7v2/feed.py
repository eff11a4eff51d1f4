"""What hospitals tell of their patients (IHE ITI-8, Patient Identity Feed; HL7 2.3.1, and 2.5 alike)."""

from django.db import IntegrityError, transaction

from salus.audit.actions import is_first
from salus.fhir.element import Element
from salus.hl7v2.edge import Answer, Call
from salus.hl7v2.message import Field, Message, Segment
from salus.hl7v2.refusal import ErrorCode, FieldWrong
from salus.kernel.errors import Conflict
from salus.mpi.fhir.receiving import receive
from salus.mpi.hl7v2 import identification
from salus.mpi.hl7v2.permissions import check_feeds
from salus.mpi.merging import replaced_by
from salus.mpi.permissions import is_own
from salus.mpi.queries import person_identified
from salus.mpi.receiving import NO_OWN_NUMBER

# Admission, registration, pre-admission, update: each says who the patient is.
UPDATES = frozenset(["A01", "A04", "A05", "A08"])
MERGE = "A40"


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
    if call.message.event == MERGE:
        for survivor, replaced in _merges(call.message):
            _replace(call, survivor, replaced)
        return
    _receive(call, call.message.required("PID"))


def _merges(message: Message) -> list[tuple[Segment, Segment]]:
    """Who survives, and who is replaced: PID and MRG, in pairs (HL7 2.3.1, 3.2.40)."""
    message.required("PID")
    message.required("MRG")
    parts = [segment for segment in message.segments if segment.name in ("PID", "MRG")]
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    for survivor, replaced in pairs:
        if (survivor.name, replaced.name) != ("PID", "MRG"):
            raise FieldWrong("each PID is followed by its MRG", at="MRG^1", code=ErrorCode.SEQUENCE)
    return pairs


def _replace(call: Call, survivor: Segment, replaced: Segment) -> None:
    """The sender goes on with one of its records of somebody. It decides about its own: by no other's numbers."""
    target = _own(call, survivor.repetitions(3))
    person = _own(call, replaced.repetitions(1))
    if target is None:
        target = _receive(call, survivor)
    if person is None:
        raise FieldWrong(
            "nobody is known by this identifier",
            at=replaced.field(1).at,
            code=ErrorCode.UNKNOWN_KEY,
        )
    if person != target:
        replaced_by(
            actor=call.actor,
            at=call.at,
            person=person,
            target=target,
            request_id=call.request_id,
        )


def _own(call: Call, fields: list[Field]) -> int | None:
    """Whom the sender knows by a number of its own. Raises FieldWrong when all of these are others'."""
    known = identification.identifiers(fields, of=call.actor, at=call.at.date())
    own = [one for one in known if is_own(call.actor, one[0])]
    if known and not own:
        raise fields[0].wrong(NO_OWN_NUMBER, 4, code=ErrorCode.VALUE)
    return person_identified(own)


def _receive(call: Call, segment: Segment) -> int:
    body = identification.patient(segment, of=call.actor, at=call.at.date())
    known = identification.identifiers(segment.repetitions(3), of=call.actor, at=call.at.date())
    if not any(is_own(call.actor, system) for system, _value in known):
        raise segment.field(3).wrong(NO_OWN_NUMBER, 4, code=ErrorCode.VALUE)
    received = receive(
        call.actor,
        call.at,
        Element(path="PID", value=body),
        known,
        call.request_id,
        filed=True,
    )
    return received.person
