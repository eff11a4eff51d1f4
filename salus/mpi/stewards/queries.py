"""What the stewards' desk shows. Demographics of the index and nobody's record; each answer is one event."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.country import country
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.identities import humans
from salus.mpi.models import Link, Pair, Person
from salus.mpi.queries import Criteria, search
from salus.mpi.stewards.comparison import Compared, compared
from salus.mpi.stewards.explanation import Explanation, explained

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


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two entries side by side, and why a program thinks that they are one person."""

    one: Entry
    other: Entry
    fields: tuple[Compared, ...]
    explanation: Explanation | None

    @property
    def both(self) -> tuple[Entry, Entry]:
        return self.one, self.other


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
    _stewards_only(actor)
    counts = open_counts()
    pages = max(1, -(-counts[waiting] // AT_A_TIME))
    page = min(max(page, 1), pages)
    with finding_in(Scope.INDEX):  # as above
        start = (page - 1) * AT_A_TIME
        found = list(_open().filter(_WHICH[waiting]).order_by(*_BY[order])[start:][:AT_A_TIME])
    persons = {person for pair in found for person in (pair.one_id, pair.other_id)}
    with rows_of(persons):
        entries = _entries(persons)
        _shown(actor, persons, at=at, request_id=request_id)
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


def pair_shown(
    *, actor: Actor, pair: int, at: datetime, request_id: UUID | None = None
) -> tuple[Pair, Comparison]:
    """A pair with all that the index knows of both. Raises NotFound."""
    _stewards_only(actor)
    with finding_in(Scope.INDEX):  # the pair says who they are
        row = Pair.objects.filter(pk=pair).first()
    if row is None:
        raise NotFound("no such pair")
    return row, _compared(
        actor, row.one_id, row.other_id, row.weight, row.explanation, at, request_id
    )


def link_shown(
    *, actor: Actor, link: int, at: datetime, request_id: UUID | None = None
) -> tuple[Link, Comparison]:
    """A link, in force or ended, with all that the index knows of both. Raises NotFound."""
    _stewards_only(actor)
    with finding_in(Scope.INDEX):  # the link says who they are
        row = Link.objects.select_related("pair").filter(pk=link).first()
    if row is None:
        raise NotFound("no such link")
    return row, _compared(
        actor, row.person_id, row.target_id, row.weight, row.explanation, at, request_id
    )


def _compared(
    actor: Actor,
    one: int,
    other: int,
    weight: float | None,
    explanation: Mapping[str, object] | None,
    at: datetime,
    request_id: UUID | None,
) -> Comparison:
    with rows_of([one, other]):
        entries = _entries([one, other])
        _shown(actor, [one, other], at=at, request_id=request_id)
    return Comparison(
        one=entries[one],
        other=entries[other],
        fields=compared(entries[one].row, entries[other].row),
        explanation=explained(weight, explanation),
    )


@dataclass(frozen=True, kw_only=True)
class Human:
    """One person with all entries, the one under whose number they are known first."""

    entries: list[Entry]
    links: list[Link]  # in force, between them


def people(
    *, actor: Actor, criteria: Criteria, at: datetime, request_id: UUID | None = None
) -> list[Human]:
    """Those who fit, as professionals find them, each with all entries."""
    _stewards_only(actor)
    found = search(actor=actor, criteria=criteria, at=at, request_id=request_id)
    known = humans([one.id for one in found])
    all_of = {human.root: human.all for human in known.values()}
    persons = [person for human in all_of.values() for person in human]
    with rows_of(persons):
        entries = _entries(persons)
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
    _stewards_only(actor)
    with rows_of(persons):
        entries = _entries(persons)
        _shown(actor, entries.keys(), at=at, request_id=request_id)
    return [entries[person] for person in persons if person in entries]


class Deed(StrEnum):
    JOINED = "joined"
    PARTED = "parted"
    JUDGED = "judged"


@dataclass(frozen=True, kw_only=True)
class Done:
    """One line of the history: what was done, by whom, to which two entries."""

    deed: Deed
    how: str  # of a join: Link.MadeBy; of a judgement: Pair.Judgement
    at: datetime
    account: int | None  # of the steward who judged
    link: int | None
    pair: int | None
    reason: str
    one: Entry
    other: Entry


_DEEDS = """
    select 'joined', made_by, made_at, null::bigint, id, null::bigint, '', person_id, target_id
    from mpi_link
    union all
    select 'parted', made_by, ended_at, null, id, null, ended_reason, person_id, target_id
    from mpi_link where ended_at is not null
    union all
    select 'judged', judgement, judged_at, judged_by, null, id, '', one_id, other_id
    from mpi_pair where judged_at is not null
    order by 3 desc, 5 desc, 6 desc limit %s offset %s
"""


def history(
    *, actor: Actor, at: datetime, page: int, request_id: UUID | None = None
) -> tuple[list[Done], bool]:
    """A page of links made and ended and of judgements, newest first; and whether there is an older page."""
    _stewards_only(actor)
    with finding_in(Scope.INDEX), connection.cursor() as cursor:  # whoever they are
        cursor.execute(_DEEDS, [AT_A_TIME + 1, (max(page, 1) - 1) * AT_A_TIME])
        rows = cursor.fetchall()
    has_older, rows = len(rows) > AT_A_TIME, rows[:AT_A_TIME]
    persons = {person for row in rows for person in row[-2:]}
    with rows_of(persons):
        entries = _entries(persons)
        _shown(actor, persons, at=at, request_id=request_id)
    done = [
        Done(
            deed=Deed(deed),
            how=how,
            at=when,
            account=account,
            link=link,
            pair=pair,
            reason=reason,
            one=entries[one],
            other=entries[other],
        )
        for deed, how, when, account, link, pair, reason, one, other in rows
    ]
    return done, has_older


def _open() -> QuerySet[Pair]:
    return Pair.objects.filter(link=None).exclude(judgement=Pair.Judgement.DIFFERENT)


def _entries(persons: Collection[int]) -> dict[int, Entry]:
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


def _shown(
    actor: Actor, persons: Collection[int], *, at: datetime, request_id: UUID | None
) -> None:
    if persons:
        record(
            actor=actor,
            kind=EventKind.PAIR_SHOWN,
            at=at,
            persons=persons,
            request_id=request_id,
        )


def _stewards_only(actor: Actor) -> None:
    if actor.role is not Role.STEWARD:
        raise NotFound("for stewards only")
