"""Which pairs wait for stewards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from salus.kernel.actor import Actor
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.models import Pair
from salus.mpi.stewards.queries.entries import Entry, entries_in_view, shown, stewards_only

AT_A_TIME = 20  # pairs or deeds on one page


class Waiting(StrEnum):
    """Of the open pairs, which ones."""

    ALL = "all"
    NEW = "new"  # nobody has judged them
    CONFIRM = "confirm"  # one steward said the same: another's turn
    UNSURE = "unsure"


class Order(StrEnum):
    OLDEST = "oldest"
    HEAVIEST = "heaviest"  # the likeliest first


_WHICH = {
    Waiting.ALL: Q(),
    Waiting.NEW: Q(judgement=None),
    Waiting.CONFIRM: Q(judgement=Pair.Judgement.SAME),
    Waiting.UNSURE: Q(judgement=Pair.Judgement.UNSURE),
}
_BY = {Order.OLDEST: ("found_at", "id"), Order.HEAVIEST: ("-weight", "id")}


@dataclass(frozen=True, kw_only=True)
class Waits:
    """One line of the queue."""

    pair: Pair
    one: Entry
    other: Entry


@dataclass(frozen=True, kw_only=True)
class Queue:
    pairs: list[Waits]
    counts: Mapping[Waiting, int]
    waiting: Waiting
    order: Order
    page: int
    pages: int

    @property
    def total(self) -> int:
        return self.counts[self.waiting]


def open_counts() -> dict[Waiting, int]:
    """How many pairs wait; nobody is shown."""
    with finding_in(Scope.INDEX):  # whoever they are
        return {which: _open().filter(_WHICH[which]).count() for which in Waiting}


def queue(
    *,
    actor: Actor,
    at: datetime,
    waiting: Waiting,
    order: Order,
    page: int,
    request_id: UUID | None = None,
) -> Queue:
    """A page of the open pairs, with the names of both."""
    stewards_only(actor)
    counts = open_counts()
    pages = max(1, -(-counts[waiting] // AT_A_TIME))
    page = min(max(page, 1), pages)
    with finding_in(Scope.INDEX):  # as above
        start = (page - 1) * AT_A_TIME
        found = list(_open().filter(_WHICH[waiting]).order_by(*_BY[order])[start:][:AT_A_TIME])
    persons = {person for pair in found for person in (pair.one_id, pair.other_id)}
    with rows_of(persons):
        entries = entries_in_view(persons)
        shown(actor, persons, at=at, request_id=request_id)
    return Queue(
        pairs=[
            Waits(pair=pair, one=entries[pair.one_id], other=entries[pair.other_id])
            for pair in found
        ],
        counts=counts,
        waiting=waiting,
        order=order,
        page=page,
        pages=pages,
    )


def next_open_pair(actor: Actor, after: int) -> int | None:
    """What this steward may judge next; None when nothing is left."""
    with finding_in(Scope.INDEX):  # as above
        mine = Q(judgement__isnull=False, judged_by=actor.account)
        left = _open().exclude(mine).exclude(pk=after).order_by(*_BY[Order.OLDEST])
        return left.values_list("pk", flat=True).first()


def _open() -> QuerySet[Pair]:
    return Pair.objects.filter(link=None).exclude(judgement=Pair.Judgement.DIFFERENT)
