"""A record of somebody that a sender keeps comes in: known or new, and whose it is.

New records are compared with the index: linked where that is sure, queued for stewards where it may be, else a new
human being (ADR 0025).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from salus.audit.actions import is_answered, record
from salus.audit.models import EventKind
from salus.country import country
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, InvalidInput
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.actions import Demographics, change_person, register_person
from salus.mpi.candidates import CLAIMED, Candidate, candidates
from salus.mpi.identities import Identities, humans, identities_of
from salus.mpi.keys import keys_of
from salus.mpi.learned import model_in_force
from salus.mpi.matching.prepared import prepare
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, Match, score
from salus.mpi.merging import link, queue_pair
from salus.mpi.models import Pair, Person
from salus.mpi.permissions import check_changes, is_own, is_public, may_change
from salus.mpi.queries import owners_of
from salus.mpi.traits import traits_of, traits_received

NO_OWN_NUMBER = "an identifier of a system that is registered as yours is needed"

# Bits by which one must fit better than the next, to be linked without a human being: a hundred times as likely.
_MARGIN = 6.64
_QUEUED_AT_MOST = 5  # pairs of one record


@dataclass(frozen=True, kw_only=True)
class Received:
    person: int  # the identity
    root: int  # the human being
    created: bool
    linked: Match | None = None  # by which the matcher linked it now
    reviewed: tuple[int, ...] = ()  # pairs queued for stewards now


def receive_person(
    *,
    actor: Actor,
    at: datetime,
    identifiers: Sequence[tuple[str, str]],
    demographics: Demographics,
    former_names: Collection[tuple[str, str]] = (),
    received: dict[str, Any],
    shown: Callable[[Person], dict[str, Any]],
    filed: bool = False,
    numbered: bool = False,
    request_id: UUID | None = None,
) -> Received:
    """Take in a record by identifiers ``(system, value)``: change the identity that one of the sender's own names, or
    register a new one.

    Kept are the sender's own, and public ones that nobody has; ``received`` keeps what it says besides, which only
    helps to find who is meant (ADR 0040). A national number is nobody's own: a new record that claims one which is
    known is registered without it, and linked or queued like others. A record with no other identifier is the one
    that has the number, when the rest fits. ``received`` is the Patient; ``shown`` renders the version that ends, to
    be kept; ``filed`` as of ``register_person``; ``numbered``: who has none of the sender's own numbers gets one of
    the index. What was answered before by this request id changes nothing. Raises InvalidInput when that is not
    asked for, Conflict when the identifiers are of two entries, of another's alone, or the rest does not fit a
    national number that stands alone.
    """
    traits = traits_received(
        demographics, identifiers=identifiers, former_names=former_names, received=received
    )
    with transaction.atomic():
        _one_at_a_time(traits, identifiers)
        known = _known(actor, identifiers, traits)
        if known is None:
            person, _created = register_person(
                actor=actor,
                at=at,
                identifiers=_first_numbers(actor, identifiers, numbered=numbered),
                former_names=former_names,
                received=received,
                filed=filed,
                request_id=request_id,
                **vars(demographics),
            )
            linked, reviewed = _match(actor, at, person, identifiers, request_id)
            root = identities_of(person).root
            return Received(
                person=person, root=root, created=True, linked=linked, reviewed=reviewed
            )
        if not may_change(actor, known):
            raise Conflict("somebody has this identifier: what another sender keeps stays as it is")
        kept = _kept(actor, identifiers)
        if _was_answered(actor, known, at, request_id) or _holds(known, kept, received):
            return Received(person=known, root=identities_of(known).root, created=False)
        return receive_change(
            actor=actor,
            at=at,
            person=known,
            version=None,
            identifiers=identifiers,
            demographics=demographics,
            former_names=former_names,
            received=received,
            shown=shown,
            request_id=request_id,
        )


def receive_change(
    *,
    actor: Actor,
    at: datetime,
    person: int,
    version: int | None,
    identifiers: Sequence[tuple[str, str]],
    demographics: Demographics,
    former_names: Collection[tuple[str, str]],
    received: dict[str, Any],
    shown: Callable[[Person], dict[str, Any]],
    request_id: UUID | None = None,
) -> Received:
    """Change this identity, and match it again. Parameters and errors as of ``change_person``; Forbidden for another
    sender's."""
    traits = traits_received(
        demographics, identifiers=identifiers, former_names=former_names, received=received
    )
    check_changes(actor, person)
    with transaction.atomic():
        _one_at_a_time(traits, identifiers)
        others = {one for one, owner in owners_of(identifiers).items() if owner != person}
        change_person(
            actor=actor,
            at=at,
            person=person,
            version=version,
            identifiers=[
                one
                for one in _kept(actor, identifiers)
                if not is_public(one[0]) or one not in others
            ],
            demographics=demographics,
            former_names=former_names,
            received=received,
            shown=shown,
            request_id=request_id,
        )
        linked, reviewed = _match(actor, at, person, identifiers, request_id)
        root = identities_of(person).root
    return Received(person=person, root=root, created=False, linked=linked, reviewed=reviewed)


def match_again(
    *, actor: Actor, at: datetime, person: int, also: Collection[int], links: bool
) -> tuple[Match | None, tuple[int, ...]]:
    """The same of an identity that was there before, and with ``also`` beside those that its keys lead to.

    Unless it ``links``, who is surely the same is queued too. Returns by what it was linked, and the pairs.
    """
    with transaction.atomic():
        _one_at_a_time(traits_of([person])[person], ())
        return _match(actor, at, person, (), None, also=also, links=links)


def _match(
    actor: Actor,
    at: datetime,
    person: int,
    identifiers: Collection[tuple[str, str]],
    request_id: UUID | None,
    *,
    also: Collection[int] = (),
    links: bool = True,
) -> tuple[Match | None, tuple[int, ...]]:
    """Link this identity to the human being whose it surely is, or queue it with those whose it may be.

    ``identifiers`` are those that its sender says, whoever has them. Returns by what it was linked, and the pairs.
    """
    mine = identities_of(person)
    known = traits_of([person])[person]
    with finding_in(Scope.INDEX):  # who else it may be is the question
        found = candidates(known, identifiers, also=also, apart_from=mine.all)
    found = [one for one in found if one.person not in _judged_different(mine)]
    sure = [one for one in found if one.match.band is Band.LINK]
    if (
        not (links and sure)
        or len(mine.all) > 1  # two human beings would become one
        or any(CLAIMED in one.match.guards for one in found)
        or any(sure[0].match.weight - other.match.weight < _MARGIN for other in sure[1:])
    ):
        return None, _queued(at, person, found[:_QUEUED_AT_MOST])
    best, *others = sure
    link(
        actor=actor,
        at=at,
        person=person,
        target=best.identity,
        match=best.match,
        request_id=request_id,
    )
    # Of those who may be meant as well, only who surely is: relatives and namesakes would fill the queue.
    return best.match, _queued(at, person, others[:_QUEUED_AT_MOST])


def _judged_different(mine: Identities) -> set[int]:
    """The roots of those of whom stewards said that they are somebody else."""
    of_mine = Q(one__in=mine.all) | Q(other__in=mine.all)
    with finding_in(Scope.INDEX):
        pairs = Pair.objects.filter(of_mine, judgement=Pair.Judgement.DIFFERENT)
        both = {person for pair in pairs.values_list("one", "other") for person in pair}
    return {human.root for human in humans(both - set(mine.all)).values()}


def _queued(at: datetime, person: int, found: Iterable[Candidate]) -> tuple[int, ...]:
    pairs = (
        queue_pair(at=at, person=person, target=one.identity, match=one.match) for one in found
    )
    return tuple(pair for pair in pairs if pair)


def hold_the_index() -> None:
    """Before several records are received in one transaction: they would lock each other out with others' feeds."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('index'))")


def _one_at_a_time(traits: Traits, identifiers: Collection[tuple[str, str]]) -> None:
    """Until the transaction ends, nobody else receives a record by which this one is found, or the other way round.

    In one order, so that two never wait for each other.
    """
    asked = prepare(traits)
    things = {*keys_of(asked), asked.born, *map(" ".join, identifiers)}
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(hashtext('index'))")
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(thing, 0))"
            " from unnest(%s::text[]) as thing",
            [sorted(things - {""})],
        )


def _known(actor: Actor, identifiers: Sequence[tuple[str, str]], traits: Traits) -> int | None:
    """The identity that one of the sender's own identifiers names; that of a public one, where it stands alone.

    A number of the index names the one who got it when this sender registered somebody.
    """
    owners = owners_of(identifiers)
    own = {
        owner
        for (system, _value), owner in owners.items()
        if is_own(actor, system) or (not is_public(system) and may_change(actor, owner))
    }
    if len(own) > 1:
        raise Conflict("these identifiers are of different entries of the index")
    if own or not all(is_public(system) for system, _value in identifiers):
        return next(iter(own), None)
    for owner in owners.values():
        if score(traits, traits_of([owner])[owner], model_in_force()).band is not Band.LINK:
            raise Conflict("this identifier is in use, and what was sent besides does not fit it")
        return owner
    return None


def _kept(actor: Actor, identifiers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Not those that other houses give out: a sender mentions them, and does not say whose they are."""
    return [one for one in identifiers if is_public(one[0]) or is_own(actor, one[0])]


def _first_numbers(
    actor: Actor, identifiers: Sequence[tuple[str, str]], *, numbered: bool
) -> list[tuple[str, str]]:
    """By which somebody new is known."""
    taken = owners_of(identifiers)
    free = [one for one in _kept(actor, identifiers) if one not in taken]
    if actor.role is Role.SYSTEM or any(is_own(actor, system) for system, _value in free):
        return free
    if not numbered:
        raise InvalidInput(NO_OWN_NUMBER, at="Patient.identifier")
    return [*free, country().temporary_identifier()]


def _was_answered(actor: Actor, person: int, at: datetime, request_id: UUID | None) -> bool:
    """Whether this is a retry; the event says that it came again."""
    if request_id is None:
        return False
    for kind in (EventKind.PERSON_REGISTERED, EventKind.PERSON_CHANGED):
        if is_answered(actor=actor, kind=kind, person=person, request_id=request_id):
            with rows_of([person]):
                record(actor=actor, kind=kind, at=at, person=person, request_id=request_id)
            return True
    return False


def _holds(person: int, identifiers: Collection[tuple[str, str]], received: dict[str, Any]) -> bool:
    """Whether the index has it like that already: then it becomes no version."""
    with rows_of([person]):
        newest = Person.objects.only("received").get(pk=person)
    return bool(newest.received == received) and owners_of(identifiers).keys() >= set(identifiers)
