"""What the two queries have in common: their QPD, and the answer that echoes it (HL7 2.5, chapter 5)."""

from collections.abc import Collection, Sequence

from salus.hl7v2.edge import Answer
from salus.hl7v2.message import Field, Message
from salus.hl7v2.refusal import ACCEPT, ERROR, ErrorCode, FieldWrong, Problem
from salus.hl7v2.writing import repeated, segment
from salus.kernel.actor import Actor
from salus.mpi.hl7v2.authorities import system_of
from salus.mpi.queries import systems_known

FOUND = "OK"  # HL7 table 0208
NOT_FOUND = "NF"


def found(message: Message, segments: Sequence[str], *, count: int) -> Answer:
    status = FOUND if segments else NOT_FOUND
    return Answer(
        acknowledgement=ACCEPT, segments=[*_echoed(message, status, str(count)), *segments]
    )


def not_understood(message: Message, problems: Sequence[Problem]) -> Answer:
    """What is asked for is unknown here: an error of the request, which is answered all the same."""
    return Answer(acknowledgement=ERROR, problems=problems, segments=_echoed(message, ERROR))


def refused(message: Message, acknowledgement: str) -> Sequence[str]:
    return _echoed(message, acknowledgement)


def domains(fields: Collection[Field], *, of: Actor) -> tuple[list[str], list[Problem]]:
    """The systems that "what domains returned" asks for, and a problem for each that is unknown here."""
    systems = [domain(field, of=of) for field in fields]
    known = systems_known(set(systems))
    problems = [
        unknown("no such domain is known here", at=field.at)
        for field, system in zip(fields, systems, strict=True)
        if system not in known
    ]
    return systems, problems


def domain(field: Field, *, of: Actor) -> str:
    """The system of a CX; '' for what is none, and so unknown too."""
    try:
        return system_of(field, 4, of=of)
    except FieldWrong:
        return ""


def unknown(text: str, *, at: str) -> Problem:
    return Problem(code=ErrorCode.UNKNOWN_KEY, text=text, at=at)


def _echoed(message: Message, status: str, count: str = "") -> list[str]:
    qpd = message.first("QPD")
    if qpd is None:
        return [segment("QAK", "", status)]
    try:
        tag, echo = qpd.text(2), repeated(qpd)
    except FieldWrong:  # an escape that is not read, in what was not understood anyway
        tag, echo = "", segment("QPD")
    return [segment("QAK", tag, status, "", count), echo]
