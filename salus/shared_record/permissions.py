"""Who may use whose shared record, given the rights of `access` and the record's own state."""

from dataclasses import replace
from datetime import datetime

from salus.access.decision import Decision, Purpose, decide
from salus.access.queries import facts_about
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.mpi.identities import Identities, rows_of_human
from salus.shared_record.models import Closure, Record


def decision_on(
    *,
    actor: Actor,
    human: Identities,
    at: datetime,
    purpose: Purpose,
    organization: int | None = None,
) -> Decision:
    """For a caller in whose transaction the human being's rows show, whose records are one: open when one of
    them is there, and closed when one is closed.

    ``organization``: in whose name that is, or shall be, what the actor wants to read or file.
    """
    if not Record.objects.filter(pk__in=human.all, erased_at=None).exists():
        return Decision(permit=False, rule="no-record", reason="there is no record")
    facts = facts_about(actor=actor, human=human, at=at, organization=organization)
    return decide(purpose, replace(facts, closed=_closed(human)))


def check_control(*, actor: Actor, human: Identities, at: datetime) -> None:
    """Refuse whoever is neither the patient nor the assistant, and where there is no record."""
    if not decision_on(actor=actor, human=human, at=at, purpose=Purpose.CONTROL).permit:
        raise NotFound("no such record")


def is_closed(person: int) -> bool:
    """Whether the patient keeps the record closed now."""
    with rows_of_human(person) as human:
        return _closed(human)


def _closed(human: Identities) -> bool:
    return Closure.objects.filter(record__in=human.all, reopened_at=None).exists()
