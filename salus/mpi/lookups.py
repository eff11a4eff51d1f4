"""Who of the index is asked about: what the edges find out before they ask salus.mpi.queries."""

from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Forbidden
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.models import Link, Person


def check_asks(actor: Actor) -> None:
    """Raises Forbidden to patients, who look nobody up, and to apps that were opened for one patient."""
    if actor.role is Role.PATIENT:
        raise Forbidden("patients do not ask the index about anybody")
    if actor.patient is not None:
        raise Forbidden("an app that was opened for one patient asks about nobody else")


def is_in_index(person: int) -> bool:
    with finding_in(Scope.INDEX):  # whoever it is
        return Person.objects.filter(pk=person).exists()


def is_replaced(person: int) -> bool:
    """Whether its sender said that this record is replaced by another of its own."""
    own = Link.objects.filter(person=person, ended_at=None, made_by=Link.MadeBy.SENDER)
    with rows_of([person]):
        return own.exists()
