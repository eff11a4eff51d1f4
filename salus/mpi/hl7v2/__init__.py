"""The patient index over HL7 v2: PIX and PDQ of IHE (ITI-8, ITI-9, ITI-10, ITI-21)."""

from salus.hl7v2.edge import Answer, Call, Transaction
from salus.mpi.hl7v2 import feed, pdq, pix
from salus.mpi.hl7v2.permissions import check_asks
from salus.mpi.hl7v2.querying import refused

_NEW = frozenset(["2.5", "2.5.1"])


def _cancel(call: Call) -> Answer:
    """QCN^J01: no increment is kept for anybody, so nothing is left to be cancelled."""
    check_asks(call.actor)
    return Answer()


TRANSACTIONS = (
    Transaction(
        type="ADT",
        events=feed.UPDATES | {feed.MERGE},
        versions=frozenset(["2.3.1", "2.4"]) | _NEW,
        handle=feed.take,
    ),
    Transaction(
        type="QBP",
        events=frozenset(["Q23"]),
        versions=_NEW,
        handle=pix.answer,
        reply=("RSP", "K23", "RSP_K23"),
        refused=refused,
    ),
    Transaction(
        type="QBP",
        events=frozenset(["Q22"]),
        versions=_NEW,
        handle=pdq.answer,
        reply=("RSP", "K22", "RSP_K21"),
        refused=refused,
    ),
    Transaction(type="QCN", events=frozenset(["J01"]), versions=_NEW, handle=_cancel),
)
