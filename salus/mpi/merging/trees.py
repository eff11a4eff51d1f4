"""Trees of links, held still while they are changed.

Whoever changes a tree holds its root: a link is made under the locks of both roots, ended under the lock of its own.
So two at once make no ring, and none is made on a tree that was joined or parted meanwhile.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.kernel.events import publish, subscribers_of
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.events import PersonsLinked, PersonsSeparated
from salus.mpi.identities import Identities, humans
from salus.mpi.models import Link, Pair, Person
from salus.mpi.receipts import expect_receipts


@contextmanager
def held(persons: Collection[int]) -> Iterator[Mapping[int, Identities]]:
    """Each of these persons -> the human being, who stays so until the transaction ends; all their rows.

    Raises NotFound when one is not in the index.
    """
    while True:
        found = humans(persons)
        with suppress(_Moved), rows_of(members(found.values())):
            _hold({human.root for human in found.values()} | set(persons))
            if humans(persons) != found:
                raise _Moved  # its savepoint lets the locks go, so nobody waits for who waits for them
            yield found
            return


class _Moved(Exception):
    """Another was faster."""


def _hold(persons: Collection[int]) -> None:
    # Not against those who file something for the person, which asks that the row is there and no more.
    rows = Person.objects.select_for_update(no_key=True).filter(pk__in=persons).order_by("pk")
    if len(rows.values_list("pk", flat=True)) < len(persons):
        raise NotFound("no such person")


def members(found: Iterable[Identities]) -> list[int]:
    return sorted({identity for human in found for identity in human.all})


def below(person: int, human: Identities) -> tuple[int, ...]:
    """The person, and who stands below, of a human being whose rows are in view."""
    links = Link.objects.filter(target__in=human.all, ended_at=None)
    children: dict[int, list[int]] = {}
    for child, target in links.values_list("person", "target"):
        children.setdefault(target, []).append(child)
    found = [person]
    for one in found:
        found += sorted(children.get(one, ()))
    return tuple(found)


def known_different(one: Collection[int], other: Collection[int]) -> bool:
    """Whether stewards said so of any two of them: of one human being's records it is said of all."""
    judged = Q(one__in=one, other__in=other) | Q(one__in=other, other__in=one)
    with finding_in(Scope.INDEX):  # for callers who do not hold them yet, too
        return Pair.objects.filter(judged, judgement=Pair.Judgement.DIFFERENT).exists()


def add_link(link: Link, *, root: int, at: datetime) -> None:
    """Keep it, and tell who wants to know."""
    link.save()
    publish(PersonsLinked(link=link.pk, person=link.person_id, root=root, at=at))
    expect_receipts(link=link.pk, ended=False, receivers=subscribers_of(PersonsLinked), since=at)


def end_link(
    link: Link,
    *,
    reason: str,
    separated: tuple[int, ...],
    root: int,
    at: datetime,
    steward: int | None = None,
) -> None:
    """What a ``steward`` (account) parts is remembered as different; else its pair is open again."""
    link.ended_at, link.ended_reason = at, reason
    link.save(update_fields=["ended_at", "ended_reason"])
    said: dict[str, Any] = {"judgement": None, "judged_by": None, "judged_at": None}
    if steward:
        said = {"judgement": Pair.Judgement.DIFFERENT, "judged_by": steward, "judged_at": at}
    said |= {"link": None, "confirmed_by": None}
    Pair.objects.filter(link=link).update(**said)
    if steward:
        one, other = sorted((link.person_id, link.target_id))
        Pair.objects.update_or_create(
            one_id=one, other_id=other, defaults=said, create_defaults=said | {"found_at": at}
        )
    publish(
        PersonsSeparated(
            link=link.pk,
            person=link.person_id,
            separated=separated,
            root=root,
            since=link.made_at,
            at=at,
        )
    )
    expect_receipts(link=link.pk, ended=True, receivers=subscribers_of(PersonsSeparated), since=at)


def tell(
    *,
    actor: Actor,
    kind: EventKind,
    at: datetime,
    root: int,
    persons: Collection[int],
    request_id: UUID | None,
) -> None:
    """One event for all whose rows it touches."""
    others = set(persons) - {root}
    record(actor=actor, kind=kind, at=at, person=root, persons=others, request_id=request_id)
