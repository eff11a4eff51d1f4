"""Pairs that may be one human being, and what stewards say of them: two of them to join, one to refuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from salus.audit.models import EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.identities import Identities, humans
from salus.mpi.merging.joining import Explained, explained, join, speaks_against
from salus.mpi.merging.trees import held, known_different, members, tell
from salus.mpi.models import Link, Pair


def queue_pair(
    *, at: datetime, person: int, target: int, match: Explained | None = None
) -> int | None:
    """Have stewards judge whether these two identities are one human being; the event is the caller's.

    Returns the pair that is in the queue for the two human beings, this one or an earlier; None when they are one
    already, or stewards judged that they are two, which nothing raises again.
    """
    found = humans([person, target])
    mine, theirs = found[person], found[target]
    if mine.root == theirs.root or known_different(mine.all, theirs.all):
        return None
    with finding_in(Scope.INDEX):  # of rows that the caller may not have in view
        queued = _between(mine, theirs).values_list("pk", flat=True).first()
    if queued:
        return queued
    one, other = sorted((person, target))
    with rows_of([one, other]):
        pair, _created = Pair.objects.get_or_create(
            one_id=one,
            other_id=other,
            defaults={
                "found_at": at,
                "weight": match.weight if match else None,
                "explanation": explained(match) if match else None,
            },
        )
    return pair.pk


def propose_merge(
    *, actor: Actor, at: datetime, person: int, target: int, request_id: UUID | None = None
) -> int:
    """A steward takes these two for one human being; returns the pair, which another one confirms.

    Also of two who were judged different: who finds that this was wrong says so here. Raises Conflict when they are
    one already, or another steward said so before.
    """
    account = steward(actor)
    with held([person, target]) as found:
        mine, theirs = found[person], found[target]
        if mine.root == theirs.root:
            raise Conflict("they are one already")
        one, other = sorted((person, target))
        pair = (
            Pair.objects.filter(one=one, other=other).first()
            or _between(mine, theirs).first()
            or Pair(one_id=one, other_id=other, found_at=at)
        )
        _judge(pair, Pair.Judgement.SAME, account=account, at=at)
        _tell_judged(actor, (mine, theirs), at=at, request_id=request_id)
    return pair.pk


def judge_pair(
    *,
    actor: Actor,
    at: datetime,
    pair: int,
    judgement: Pair.Judgement,
    request_id: UUID | None = None,
) -> None:
    """What one steward says of a pair in the queue.

    Same: another one has to confirm. Different: it leaves the queue for ever. Unsure: it stays, and the next one sees
    who was. Raises NotFound, Conflict when it is not in the queue.
    """
    account = steward(actor)
    with _in_queue(pair) as open_pair:
        _judge(open_pair.row, judgement, account=account, at=at)
        _tell_judged(actor, open_pair.both, at=at, request_id=request_id)


def decline_merge(*, actor: Actor, at: datetime, pair: int, request_id: UUID | None = None) -> None:
    """A steward does not confirm what was proposed, or takes back an own proposal: the pair stays, as unsure."""
    account = steward(actor)
    with _in_queue(pair) as open_pair:
        _check_proposed(open_pair.row)
        open_pair.row.judgement = None
        _judge(open_pair.row, Pair.Judgement.UNSURE, account=account, at=at)
        _tell_judged(actor, open_pair.both, at=at, request_id=request_id)


def confirm_merge(
    *, actor: Actor, at: datetime, pair: int, reason: str = "", request_id: UUID | None = None
) -> int:
    """The second steward joins what the first proposed; returns the link.

    Raises NotFound, Conflict when nobody or the same steward proposed it, and InvalidInput when something speaks
    against it (salus.mpi.rules.Contradiction) and no ``reason`` is stated.
    """
    account = steward(actor)
    with _in_queue(pair) as open_pair:
        row = open_pair.row
        _check_proposed(row)
        if row.judged_by == account:
            raise Conflict("another steward has to confirm")
        if speaks_against(*open_pair.both) and not reason.strip():
            raise InvalidInput("something speaks against it: state a reason")
        link = Link(made_by=Link.MadeBy.STEWARDS, reason=reason.strip())
        link.weight, link.explanation = row.weight, row.explanation
        row.link_id = join(
            actor=actor,
            at=at,
            person=row.one_id,
            target=row.other_id,
            link=link,
            request_id=request_id,
            against_judgement=True,
        )
        row.confirmed_by = account
        row.save(update_fields=["link", "confirmed_by"])
    return row.link_id


@dataclass(frozen=True, kw_only=True)
class _Open:
    row: Pair
    both: tuple[Identities, Identities]


@contextmanager
def _in_queue(pair: int) -> Iterator[_Open]:
    """The pair, while the human beings that it is about stay as they are."""
    with finding_in(Scope.INDEX):  # whose it is is the question
        row = Pair.objects.filter(pk=pair).first()
    if row is None:
        raise NotFound("no such pair")
    with held([row.one_id, row.other_id]) as found:
        row = Pair.objects.get(pk=pair)  # nobody was faster
        both = found[row.one_id], found[row.other_id]
        if row.link_id or row.judgement == Pair.Judgement.DIFFERENT or both[0].root == both[1].root:
            raise Conflict("the pair is not in the queue any more")
        yield _Open(row=row, both=both)


def _between(one: Identities, other: Identities) -> QuerySet[Pair]:
    """The open pairs of two human beings, the oldest first."""
    across = Q(one__in=one.all, other__in=other.all) | Q(one__in=other.all, other__in=one.all)
    is_open = Q(link=None) & (Q(judgement=None) | ~Q(judgement=Pair.Judgement.DIFFERENT))
    return Pair.objects.filter(across & is_open).order_by("found_at", "pk")


def _judge(pair: Pair, judgement: Pair.Judgement, *, account: int, at: datetime) -> None:
    if pair.judgement == judgement == Pair.Judgement.SAME and pair.judged_by != account:
        raise Conflict("another steward said so: confirm it")
    pair.judgement, pair.judged_by, pair.judged_at = judgement, account, at
    pair.save()


def _check_proposed(pair: Pair) -> None:
    if pair.judgement != Pair.Judgement.SAME:
        raise Conflict("nobody proposed it")


def steward(actor: Actor) -> int:
    """The account of one; raises NotFound."""
    if actor.role is not Role.STEWARD or actor.account is None:
        raise NotFound("pairs are judged by stewards")
    return actor.account


def _tell_judged(
    actor: Actor,
    both: tuple[Identities, Identities],
    *,
    at: datetime,
    request_id: UUID | None,
) -> None:
    tell(
        actor=actor,
        kind=EventKind.PAIR_JUDGED,
        at=at,
        root=both[0].root,
        persons=members(both),
        request_id=request_id,
    )
