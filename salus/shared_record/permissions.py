"""Who may use whose shared record, given the rights of `access` and the record's own state."""

from dataclasses import replace

from salus.access.decision import Decision, Purpose, decide
from salus.access.queries import facts_about
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.kernel.rows import rows_of
from salus.shared_record.models import Closure, Record


def decision_on(
    *, actor: Actor, person: int, purpose: Purpose, organization: int | None = None
) -> Decision:
    """For a caller in whose transaction the person's rows show.

    ``organization``: in whose name that is, or shall be, what the actor wants to read or file.
    """
    if not Record.objects.filter(pk=person, erased_at=None).exists():
        return Decision(permit=False, rule="no-record", reason="there is no record")
    facts = facts_about(actor=actor, person=person, organization=organization)
    return decide(purpose, replace(facts, closed=_closed(person)))


def check_control(*, actor: Actor, person: int) -> None:
    """Refuse whoever is neither the patient nor the assistant, and where there is no record."""
    if not decision_on(actor=actor, person=person, purpose=Purpose.CONTROL).permit:
        raise NotFound("no such record")


def is_closed(person: int) -> bool:
    """Whether the patient keeps the record closed now."""
    with rows_of([person]):
        return _closed(person)


def _closed(person: int) -> bool:
    return Closure.objects.filter(record=person, reopened_at=None).exists()
