"""People to join and to part, and who does it."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import connection

from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.events import QUEUE, deliver
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi import merging
from salus.mpi.actions import register_person
from salus.mpi.identities import identities_of
from salus.mpi.models import Link, Pair

SYSTEM = Actor(role=Role.SYSTEM, system="test")
ANNA = Actor(role=Role.STEWARD, account=1)
BEN = Actor(role=Role.STEWARD, account=2)


@dataclass(frozen=True)
class Evidence:
    field: str = "name"
    level: str = "equal"
    weight: float = 8.0


@dataclass(frozen=True)
class Match:
    """As the matcher finds one."""

    weight: float = 20.0
    evidence: tuple[Evidence, ...] = field(default=(Evidence(),))
    guards: tuple[str, ...] = ()


def registered(*, serial: int | None = None, **said: Any) -> int:
    """A new identity; with a ``serial`` it is the national register's, else a hospital's."""
    born = said.get("birth_date", date(1980, 1, 1))
    number = (
        ("urn:test", str(uuid4()))
        if serial is None
        else (MATRICULE_SYSTEM, matricule(born, serial))
    )
    known: dict[str, Any] = {
        "family": "Weber",
        "given": "Anna",
        "birth_date": born,
        "gender": "female",
    }
    person, _ = register_person(actor=SYSTEM, at=now(), identifiers=[number], **(known | said))
    return person


def linked(person: int, target: int) -> int:
    return merging.link(actor=SYSTEM, at=now(), person=person, target=target, match=Match())


def replaced(person: int, target: int) -> int | None:
    return merging.replaced_by(actor=SYSTEM, at=now(), person=person, target=target)


def parted(link: int, *, by: Actor = ANNA) -> merging.Separation:
    return merging.separate(actor=by, at=now(), link=link, reason="two people")


def proposed(person: int, target: int, *, by: Actor = ANNA) -> int:
    return merging.propose_merge(actor=by, at=now(), person=person, target=target)


def confirmed(pair: int, *, by: Actor = BEN, reason: str = "") -> int:
    return merging.confirm_merge(actor=by, at=now(), pair=pair, reason=reason)


def merged(person: int, target: int) -> int:
    return confirmed(proposed(person, target), reason="seen together")


def root(person: int) -> int:
    return identities_of(person).root


def one(person: int) -> Collection[int]:
    """All identities of the human being."""
    return set(identities_of(person).all)


def row(link: int | None) -> Link:
    assert link is not None
    with finding_in(Scope.INDEX):
        return Link.objects.get(pk=link)


def pair_of(person: int, other: int) -> Pair | None:
    with finding_in(Scope.INDEX):
        first, second = sorted((person, other))
        return Pair.objects.filter(one=first, other=second).first()


def judged(pair: int, judgement: Pair.Judgement, *, by: Actor = ANNA) -> None:
    merging.judge_pair(actor=by, at=now(), pair=pair, judgement=judgement)


def queued(person: int, target: int) -> int | None:
    return merging.queue_pair(at=now(), person=person, target=target, match=Match())


def events(kind: EventKind, person: int) -> list[set[int]]:
    """Of each event of the kind about this person: whom it names."""
    with rows_of([person]):
        found = Event.objects.filter(kind=kind).order_by("id")
        return [{event.person_id or 0, *(event.persons or ())} for event in found]


def delivered() -> int:
    """Have all subscribers do their part, as the worker does; returns how many did."""
    waiting = "select id, args from procrastinate_jobs where queue_name = %s and status = 'todo' order by id"
    with connection.cursor() as cursor:
        cursor.execute(waiting, [QUEUE])
        jobs = [(job, json.loads(args) if isinstance(args, str) else args) for job, args in cursor]
    for job, args in jobs:
        with connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_jobs where id = %s", [job])
        deliver(**args)
    return len(jobs)
