"""Which records of the index are a sender's own: those with a number that its organisation gave out (ADR 0040)."""

from salus.audit.actions import is_by
from salus.audit.models import EventKind
from salus.country import country
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Forbidden, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.models import Person, PersonIdentifier

# Systems of identifiers that a house names by a word of its own (HL7 v2, HD.1), and nobody else can.
OF_A_HOUSE = "urn:salus:organization:"
_TEMPORARY = "PNT"  # type of a number that the index itself gives out (HL7 v2 table 0203)


def is_public(system: str) -> bool:
    """Whether everybody knows people by it: a register's, an insurer's. Anybody may mention such a number."""
    known = country().identifier_system(system)
    return known is not None and known.type != _TEMPORARY


def is_own(actor: Actor, system: str) -> bool:
    """Whether the actor's organisation gives out these numbers. A system actor imports what others gave out."""
    if actor.role is Role.SYSTEM:
        return not is_public(system)
    if actor.speaks_for is None:
        return False  # whoever signed in has the rights of a person, and no organisation's
    return system in actor.domains or system.startswith(f"{OF_A_HOUSE}{actor.speaks_for}:")


def may_change(actor: Actor, person: int) -> bool:
    """Whether it has one of the actor's own numbers, or the index's, which it got when the actor registered it.

    Raises NotFound.
    """
    if actor.role is Role.SYSTEM:
        return True
    with rows_of([person]):
        row = Person.objects.only("registered_at").filter(pk=person).first()
        if row is None:
            raise NotFound("no such person")
        numbers = PersonIdentifier.objects.filter(person=person)
        systems = set(numbers.values_list("system", flat=True))
        if any(is_own(actor, system) for system in systems):
            return True
        is_numbered_here = any(map(_is_temporary, systems))
        registered = EventKind.PERSON_REGISTERED
        return is_numbered_here and is_by(
            actor=actor, kind=registered, person=person, at=row.registered_at
        )


def check_changes(actor: Actor, person: int) -> None:
    """Raises NotFound, Forbidden."""
    if not may_change(actor, person):
        raise Forbidden(
            "this record is another's: it has no identifier of a system that is registered as yours"
        )


def _is_temporary(system: str) -> bool:
    known = country().identifier_system(system)
    return known is not None and known.type == _TEMPORARY
