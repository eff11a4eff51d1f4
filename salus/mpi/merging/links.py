"""Links by the matcher and by senders, and how each link is ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus.audit.models import EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.rows import Scope, finding_in
from salus.mpi.identities import Identities
from salus.mpi.merging.joining import Explained, explained, join
from salus.mpi.merging.pairs import queue_pair
from salus.mpi.merging.trees import (
    add_link,
    below,
    end_link,
    held,
    known_different,
    members,
    tell,
)
from salus.mpi.models import Link
from salus.mpi.permissions import check_changes


def link(
    *,
    actor: Actor,
    at: datetime,
    person: int,
    target: int,
    match: Explained,
    request_id: UUID | None = None,
) -> int:
    """The matcher takes these two identities for one human being; returns the link's row id.

    Which of the two roots stays one, salus.mpi.rules says: the link may lead from ``target``'s. Raises Conflict when
    they are one already, or stewards judged them different.
    """
    return join(
        actor=actor,
        at=at,
        person=person,
        target=target,
        link=Link(made_by=Link.MadeBy.MATCHER, weight=match.weight, explanation=explained(match)),
        request_id=request_id,
    )


def replaced_by(
    *,
    actor: Actor,
    at: datetime,
    person: int,
    target: int,
    request_id: UUID | None = None,
) -> int | None:
    """A sender says that its record ``person`` is the same as its record ``target``, which it goes on using.

    HL7 v2 ADT^A40, IHE PMIR. A sender decides about its own records and never joins two golden records: when the
    replaced one stands under another human being than the survivor, it goes over to the survivor's, alone with what
    it had replaced itself, and the two are queued for stewards. When others' records stand below it, nothing but that
    is done. Returns the link, None when there is none. Once more is the same. Raises Forbidden when one of the records
    is another sender's, Conflict when stewards judged that they are two.
    """
    for record in (person, target):
        check_changes(actor, record)
    with held([person, target]) as found:
        mine, theirs = found[person], found[target]
        own = Link.objects.filter(person=person, ended_at=None).first()
        if mine.root == theirs.root:
            return own.pk if own and own.target_id == target else None
        if known_different(mine.all, theirs.all):
            raise Conflict("stewards judged that they are two")
        going = below(person, mine)
        others = Link.objects.filter(person__in=going[1:], ended_at=None).exclude(
            made_by=Link.MadeBy.SENDER
        )
        if others.exists():
            queue_pair(at=at, person=mine.root, target=theirs.root)
            return None
        if own:
            end_link(own, reason="replaced", separated=going, root=mine.root, at=at)
        new = Link(person_id=person, target_id=target, made_by=Link.MadeBy.SENDER, made_at=at)
        new.previous = own
        add_link(new, root=theirs.root, at=at)
        if own:
            queue_pair(at=at, person=mine.root, target=theirs.root)
        tell(
            actor=actor,
            kind=EventKind.PERSONS_LINKED,
            at=at,
            root=theirs.root,
            persons=members([mine, theirs]),
            request_id=request_id,
        )
    return new.pk


@dataclass(frozen=True, kw_only=True)
class Separation:
    link: int
    person: int
    separated: tuple[int, ...]  # the person, and who goes along
    root: int  # of those who stay
    since: datetime  # when they were linked
    restored: int | None  # the link that is in force again


def separate(
    *,
    actor: Actor,
    at: datetime,
    link: int,
    reason: str,
    request_id: UUID | None = None,
) -> Separation:
    """End a link; the one that it took the place of comes back, all others stay as they are.

    One steward is enough. A sender may take back what a sender said. What a steward parts is remembered as
    different. Raises NotFound, Conflict when the link is not in force.
    """
    row = in_force(link)
    if actor.role is not Role.STEWARD and not (
        actor.role in (Role.SOFTWARE, Role.SYSTEM) and row.made_by == Link.MadeBy.SENDER
    ):
        raise NotFound("links are ended by stewards")
    previous = row.previous
    former = [previous.target_id] if previous else []
    with held([row.person_id, *former]) as found:
        row = in_force(link)  # nobody was faster
        mine = found[row.person_id]
        going = below(row.person_id, mine)
        end_link(
            row,
            reason=reason,
            separated=going,
            root=mine.root,
            at=at,
            steward=actor.account if actor.role is Role.STEWARD else None,
        )
        back = previous is not None and may_come_back(previous, going=going, former=found)
        if previous and back:
            previous.ended_at, previous.ended_reason = None, ""
            add_link(previous, root=found[previous.target_id].root, at=at)
        tell(
            actor=actor,
            kind=EventKind.PERSONS_SEPARATED,
            at=at,
            root=mine.root,
            persons=members(found.values()),
            request_id=request_id,
        )
    return Separation(
        link=link,
        person=row.person_id,
        separated=going,
        root=mine.root,
        since=row.made_at,
        restored=previous.pk if previous and back else None,
    )


def may_come_back(link: Link, *, going: tuple[int, ...], former: Mapping[int, Identities]) -> bool:
    """Not when its target stands below by now, or stewards judged meanwhile that they are two."""
    return link.target_id not in going and not known_different(
        going, set(former[link.target_id].all) - set(going)
    )


def in_force(link: int) -> Link:
    with finding_in(Scope.INDEX):  # whose it is is the question
        row = Link.objects.select_related("previous").filter(pk=link).first()
    if row is None:
        raise NotFound("no such link")
    if row.ended_at:
        raise Conflict("the link is ended already")
    return row
