"""Entries of the index as the desk names them, and the event of an answer that shows some."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.mpi.identities import humans
from salus.mpi.models import Person


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One record that a sender keeps of somebody, as the desk names it."""

    person: int
    root: int  # the number under which its human being is known
    entries: int  # of that human being, this one included
    name: str
    row: Person
    identifiers: tuple[tuple[str, str], ...]  # (system, value)
    registered_at: datetime

    @property
    def others(self) -> int:
        return self.entries - 1

    @property
    def is_national(self) -> bool:
        return any(system == country().MATRICULE_SYSTEM for system, _value in self.identifiers)


def entries_in_view(persons: Collection[int]) -> dict[int, Entry]:
    """By person; for a caller in whose transaction their rows show."""
    known = humans(persons)
    people = Person.objects.filter(pk__in=persons)
    return {
        row.pk: Entry(
            person=row.pk,
            root=known[row.pk].root,
            entries=len(known[row.pk].all),
            name=row.full_name,
            row=row,
            identifiers=tuple((i.system, i.value) for i in row.identifiers.all()),
            registered_at=row.registered_at,
        )
        for row in people.prefetch_related("identifiers", "residences", "former_names")
    }


def shown(actor: Actor, persons: Collection[int], *, at: datetime, request_id: UUID | None) -> None:
    if persons:
        record(
            actor=actor,
            kind=EventKind.PAIR_SHOWN,
            at=at,
            persons=persons,
            request_id=request_id,
        )


def stewards_only(actor: Actor) -> None:
    if actor.role is not Role.STEWARD:
        raise NotFound("for stewards only")
