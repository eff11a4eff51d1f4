"""Who may, given the rights that patients gave: `may_x` asks, `check_x` refuses."""

from salus.access.decision import Purpose, decide
from salus.access.queries import facts_about
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound


def may(*, actor: Actor, person: int, purpose: Purpose, organization: int | None = None) -> bool:
    """``organization``: in whose name that is, or shall be, what the actor wants to read or file."""
    facts = facts_about(actor=actor, person=person, organization=organization)
    return decide(purpose, facts).permit


def check_control(*, actor: Actor, person: int) -> None:
    """Refuse whoever is neither the patient nor the assistant."""
    if not may(actor=actor, person=person, purpose=Purpose.CONTROL):
        raise NotFound("no such record")
