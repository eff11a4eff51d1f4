"""What people decided about a record that was theirs together, when it turns out that they are two (ADR 0029).

What each of them gave stands on their own rows and goes with these (`own_row`). What one of them took back was taken
back for both: that alone is put right here. It is in force again, from the separation on; nothing is rewritten.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q

from salus.access.models import Assistant
from salus.access.queries import persons_behind
from salus.audit.actions import record
from salus.audit.models import Event, EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.events import PersonsSeparated
from salus.mpi.identities import Identities, humans, identities_of
from salus.mpi.models import Link

INDEX = Actor(role=Role.SYSTEM, system="patient index")


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """A table of what patients decide, each for a time."""

    model: type[Model]
    person: str  # columns
    began: str
    ended: str
    about: str = ""  # of the other party; '' when there is none
    about_person: bool = False  # who is a person, too


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two, whose rows are in view, as it stands now."""

    rows: tuple[int, ...]  # those that were parted from the other's, or that stayed
    human: Identities


@contextmanager
def sides(event: PersonsSeparated) -> Iterator[Sequence[Side]]:
    """Both, with all their rows in view; none when they are one again."""
    gone, stayed = identities_of(event.person), identities_of(event.root)
    if gone.root == stayed.root:
        yield ()
        return
    with rows_of([*gone.all, *stayed.all]):
        yield Side(rows=event.separated, human=gone), Side(rows=stayed.all, human=stayed)


@dataclass(frozen=True, kw_only=True)
class Parted:
    """Two who were linked from ``since`` until ``until``, with all their rows in view."""

    both: tuple[Identities, Identities]
    since: datetime
    until: datetime

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(identity for human in self.both for identity in human.all)

    def sides_of(self, person: int) -> tuple[Identities, Identities]:
        """Whose row this is, and the other."""
        one, other = self.both
        return (one, other) if person in one.all else (other, one)


@contextmanager
def parted_by(*, actor: Actor, link: int) -> Iterator[Parted]:
    """For a steward who gives to the one what was filed for the other. Raises NotFound, Conflict."""
    if actor.role is not Role.STEWARD:
        raise NotFound("what was filed is given to another by stewards")
    with finding_in(Scope.INDEX):  # whose link it is is the question
        row = Link.objects.filter(pk=link).first()
    if row is None:
        raise NotFound("no such link")
    if row.ended_at is None:
        raise Conflict("the link is in force")
    both = identities_of(row.person_id), identities_of(row.target_id)
    if both[0].root == both[1].root:
        raise Conflict("the two are one again")
    with rows_of([*both[0].all, *both[1].all]):
        yield Parted(both=both, since=row.made_at, until=row.ended_at)


def put_right(event: PersonsSeparated, side: Side, decisions: Sequence[Decisions]) -> None:
    """Give back what another took from the side between the link and its end, unless it was decided anew since."""
    for table in decisions:
        for restored in list(_taken_back(event, side, table)):
            named = [getattr(restored, table.about)] if table.about_person else []
            with rows_of([*side.human.all, *named]):
                restored.save(force_insert=True)
                record(
                    actor=INDEX,
                    kind=EventKind.CONSENT_CHANGED,
                    at=event.at,
                    person=side.human.root,
                    persons=[*side.human.others, *named],
                )


def _taken_back(event: PersonsSeparated, side: Side, table: Decisions) -> Iterator[Model]:
    """What is to be in force again, from the event on."""
    rows = table.model._default_manager.filter(**{f"{table.person}__in": side.rows})
    lasts = {"gte": event.since, "lt": event.at}
    ended = rows.filter(**{f"{table.ended}__{bound}": at for bound, at in lasts.items()})
    for row in ended.order_by("pk"):
        until: datetime = getattr(row, table.ended)
        same: dict[str, Any] = {table.person: getattr(row, table.person)}
        if table.about:
            same[table.about] = getattr(row, table.about)
        later = table.model._default_manager.filter(**same, **{f"{table.began}__gte": until})
        if not later.exists() and not _decided_themselves(side, until):
            yield table.model(**same, **{table.began: event.at})


def _decided_themselves(side: Side, at: datetime) -> bool:
    """Whether it was the patient, an assistant of theirs, or nobody with an account, who decided at that instant."""
    persons = list(side.human.all)
    about = Q(person_id__in=persons) | Q(persons__overlap=persons)
    events = Event.objects.filter(about, at=at, kind=EventKind.CONSENT_CHANGED)
    accounts = set(events.values_list("account_id", flat=True))
    return None in accounts or any(_speaks_for(side, account, at) for account in accounts)


def _speaks_for(side: Side, account: int | None, at: datetime) -> bool:
    persons = persons_behind([account] if account else []).values()
    own: Collection[int] = [one for human in humans(persons).values() for one in human.all]
    named = Assistant.objects.filter(
        Q(until=None) | Q(until__gt=at), person__in=side.rows, assistant__in=own, since__lte=at
    )
    return bool(set(persons) & set(side.rows)) or named.exists()
