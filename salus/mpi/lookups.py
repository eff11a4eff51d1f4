"""Whom software looks up: by what it knows of somebody, or by one identifier. Each answer is one index request."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Forbidden
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.candidates import Candidate, candidates
from salus.mpi.identities import identities_of
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band
from salus.mpi.models import Link, Person, PersonIdentifier
from salus.mpi.queries import person_identified


@dataclass(frozen=True, kw_only=True)
class CrossReferences:
    root: int
    identifiers: tuple[tuple[str, str], ...]  # (system, value) of all identities


def people_matched(
    *,
    actor: Actor,
    traits: Traits,
    identifiers: Collection[tuple[str, str]],
    only_certain: bool,
    most: int,
    at: datetime,
    request_id: UUID,
) -> list[Candidate]:
    """Who may be meant, the likeliest first. Of several of whom each is certain, none is, and ``only_certain`` finds
    nobody. Raises Forbidden to patients.
    """
    _check_asks(actor)
    with finding_in(Scope.INDEX):  # who is meant is the question
        found = candidates(traits, identifiers)
    found = [one for one in found if _may_hear_of(actor, identities_of(one.person).all)]
    if only_certain:
        certain = [one for one in found if one.match.band is Band.LINK]
        found = certain if len(certain) == 1 else []
    del found[most:]
    _record(actor, [one.person for one in found], at=at, request_id=request_id)
    return found


def cross_references(
    *,
    actor: Actor,
    identifier: tuple[str, str],
    person: int | None = None,
    at: datetime,
    request_id: UUID,
) -> CrossReferences | None:
    """By what else somebody is known who has this ``identifier``, or is this ``person``; None: nobody is.

    Raises Forbidden to patients.
    """
    _check_asks(actor)
    number = person_identified([identifier]) if person is None else person
    human = identities_of(number) if number else None
    known: tuple[tuple[str, str], ...] = ()
    if human and _may_hear_of(actor, human.all):
        with rows_of(human.all):
            if not Person.objects.filter(pk=human.root).exists():
                human = None
            rows = PersonIdentifier.objects.filter(person__in=human.all if human else ())
            known = tuple(rows.order_by("id").values_list("system", "value"))
    else:
        human = None
    _record(actor, [human.root] if human else [], at=at, request_id=request_id)
    return CrossReferences(root=human.root, identifiers=known) if human else None


def is_domain(system: str) -> bool:
    """Whether anybody is known by an identifier of this assigning authority."""
    if country().identifier_system(system):
        return True
    with finding_in(Scope.INDEX):  # of whomever
        return PersonIdentifier.objects.filter(system=system).exists()


def is_in_index(person: int) -> bool:
    with finding_in(Scope.INDEX):  # whoever it is
        return Person.objects.filter(pk=person).exists()


def is_replaced(person: int) -> bool:
    """Whether its sender said that this record is replaced by another of its own."""
    own = Link.objects.filter(person=person, ended_at=None, made_by=Link.MadeBy.SENDER)
    with rows_of([person]):
        return own.exists()


def _check_asks(actor: Actor) -> None:
    if actor.role is Role.PATIENT:
        raise Forbidden("patients do not ask the index about anybody")


def _may_hear_of(actor: Actor, identities: Collection[int]) -> bool:
    """An app that was opened for one patient hears of that one alone."""
    return actor.patient is None or actor.patient in identities


def _record(actor: Actor, persons: Sequence[int], *, at: datetime, request_id: UUID) -> None:
    with rows_of(persons):
        record(
            actor=actor,
            kind=EventKind.INDEX_REQUEST,
            at=at,
            person=persons[0] if len(persons) == 1 else None,
            persons=persons if len(persons) > 1 else None,
            request_id=request_id,
        )
