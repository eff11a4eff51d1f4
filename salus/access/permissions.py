"""Who may, given the rights that patients gave: `may_x` asks, `check_x` refuses."""

from datetime import datetime

from salus.access.decision import Purpose, decide
from salus.access.models import Assistant
from salus.access.queries import facts_about
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.mpi.identities import Identities


def may(
    *,
    actor: Actor,
    human: Identities,
    at: datetime,
    purpose: Purpose,
    organization: int | None = None,
) -> bool:
    """``organization``: in whose name that is, or shall be, what the actor wants to read or file."""
    facts = facts_about(actor=actor, human=human, at=at, organization=organization)
    return decide(purpose, facts).permit


def own_row(*, actor: Actor, human: Identities, person: int) -> int:
    """The row on which stands what the actor decides about the human being who is named by ``person``.

    Of patients it is the one that their account is bound to, of assistants the one that named them: so that of two
    who were taken for one human being each keeps what they decided themselves.
    """
    if actor.bound in human.all:
        return actor.bound or person
    named = Assistant.objects.filter(
        person__in=human.all, assistant__in=actor.identities, until=None
    )
    return named.order_by("since", "pk").values_list("person", flat=True).first() or person


def check_control(*, actor: Actor, human: Identities, at: datetime) -> None:
    """Refuse whoever is neither the patient nor the assistant."""
    if not may(actor=actor, human=human, at=at, purpose=Purpose.CONTROL):
        raise NotFound("no such record")
