"""Entries found by a steward, to be compared or parted by hand."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus.kernel.actor import Actor
from salus.kernel.rows import rows_of
from salus.mpi.identities import humans
from salus.mpi.models import Link
from salus.mpi.queries import Criteria, search
from salus.mpi.stewards.queries.entries import Entry, entries_in_view, shown, stewards_only


@dataclass(frozen=True, kw_only=True)
class Human:
    """One person with all entries, the one under whose number they are known first."""

    entries: list[Entry]
    links: list[Link]  # in force, between them


def people(
    *, actor: Actor, criteria: Criteria, at: datetime, request_id: UUID | None = None
) -> list[Human]:
    """Those who fit, as professionals find them, each with all entries."""
    stewards_only(actor)
    found = search(actor=actor, criteria=criteria, at=at, request_id=request_id)
    known = humans([one.id for one in found])
    all_of = {human.root: human.all for human in known.values()}
    persons = [person for human in all_of.values() for person in human]
    with rows_of(persons):
        entries = entries_in_view(persons)
        links = list(Link.objects.filter(person__in=persons, ended_at=None).order_by("id"))
    return [
        Human(
            entries=[entries[person] for person in human],
            links=[link for link in links if link.person_id in human],
        )
        for human in all_of.values()
    ]


def chosen(
    *, actor: Actor, persons: Collection[int], at: datetime, request_id: UUID | None = None
) -> list[Entry]:
    """The entries that a steward put aside to compare, in that order."""
    stewards_only(actor)
    with rows_of(persons):
        entries = entries_in_view(persons)
        shown(actor, entries.keys(), at=at, request_id=request_id)
    return [entries[person] for person in persons if person in entries]
