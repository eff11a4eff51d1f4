"""By which other identifiers somebody is known (IHE ITI-9, PIX Query; HL7 2.5)."""

from salus.hl7v2.edge import Answer, Call
from salus.hl7v2.refusal import ErrorCode
from salus.hl7v2.writing import segment
from salus.mpi.hl7v2 import identification
from salus.mpi.hl7v2.permissions import check_asks
from salus.mpi.hl7v2.querying import domain, domains, found, not_understood, unknown
from salus.mpi.queries import cross_references, systems_known

_NOBODY = "nobody is known by this identifier"


def answer(call: Call) -> Answer:
    """The cases are those of ITI TF-2, 3.9.4.2.2.6."""
    check_asks(call.actor)
    message = call.message
    qpd = message.required("QPD")
    asked = qpd.field(3)
    if not asked.raw:
        raise asked.wrong("the identifier that is known is missing", code=ErrorCode.REQUIRED)
    systems, problems = domains(qpd.repetitions(4), of=call.actor)
    own = domain(asked, of=call.actor)
    if own not in systems_known([own]):
        problems = [unknown("no such domain is known here", at=f"{asked.at}^4"), *problems]  # 4
    if problems:
        return not_understood(message, problems)  # 5
    identifier = identification.identifier(asked, of=call.actor)
    known = cross_references(
        actor=call.actor, identifier=identifier, at=call.at, request_id=call.request_id
    )
    if known is None:
        return not_understood(message, [unknown(_NOBODY, at=f"{asked.at}^1")])  # 3
    others = [
        identification.cx(one)
        for one in known
        if one != identifier and (not systems or one[0] in systems)
    ]
    # One space stands for a name, which differs between domains and is not what is asked (3.9.4.2.2.5).
    lines = [segment("PID", "", "", others, "", " ")] if others else []
    return found(message, lines, count=len(lines))  # 1, 2, 6
