"""How two trees become one, whoever says so."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Exists, OuterRef

from salus.audit.models import EventKind
from salus.country import country
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict
from salus.mpi.identities import Identities
from salus.mpi.merging.trees import add_link, held, known_different, members, tell
from salus.mpi.models import AdministrativeGender, Link, Person, PersonIdentifier
from salus.mpi.rules import Contradiction, Standing, Statements, contradictions, stays_root


class Explained(Protocol):
    """What the matcher found (salus.mpi.matching.score.Match)."""

    @property
    def weight(self) -> float: ...  # bits, with the prior

    @property
    def evidence(self) -> Any: ...  # a sequence of field, level, weight

    @property
    def guards(self) -> tuple[str, ...]: ...  # why no program may join them


def explained(match: Explained) -> dict[str, Any]:
    """Field by field, heaviest first: level and weight in bits, never a value; and the guards."""
    heaviest = sorted(match.evidence, key=lambda one: -abs(one.weight))
    return {"evidence": [asdict(one) for one in heaviest], "guards": list(match.guards)}


def join(
    *,
    actor: Actor,
    at: datetime,
    person: int,
    target: int,
    link: Link,
    request_id: UUID | None,
    against_judgement: bool = False,
) -> int:
    """Lead the root that gives way to the other side's identity, by the link."""
    with held([person, target]) as found:
        mine, theirs = found[person], found[target]
        if mine.root == theirs.root:
            raise Conflict("they are one already")
        if known_different(mine.all, theirs.all) and not against_judgement:
            raise Conflict("stewards judged that they are two")
        root = root_that_stays(mine, theirs)
        # The link leads to the one who was compared, so that whoever is parted from the rest goes with him.
        link.person_id, link.target_id = (
            (theirs.root, person) if root == mine.root else (mine.root, target)
        )
        link.made_at = at
        add_link(link, root=root, at=at)
        tell(
            actor=actor,
            kind=EventKind.PERSONS_LINKED,
            at=at,
            root=root,
            persons=members([mine, theirs]),
            request_id=request_id,
        )
    return link.pk


def root_that_stays(one: Identities, other: Identities) -> int:
    """Of two human beings whose rows are in view."""
    number = PersonIdentifier.objects.filter(
        person=OuterRef("pk"), system=country().MATRICULE_SYSTEM
    )
    rows = Person.objects.filter(pk__in=[one.root, other.root]).values_list(
        "pk", Exists(number), "registered_at"
    )
    return stays_root(
        *(
            Standing(id=pk, in_register=in_register, registered_at=registered_at)
            for pk, in_register, registered_at in rows
        )
    ).id


def speaks_against(one: Identities, other: Identities) -> list[Contradiction]:
    """That two human beings whose rows are in view are one."""
    found = contradictions(_said_by(one), _said_by(other))
    if known_different(one.all, other.all):
        found.append(Contradiction.JUDGED_DIFFERENT)
    return found


_SAYING_NOTHING = {None, AdministrativeGender.OTHER, AdministrativeGender.UNKNOWN}


def _said_by(human: Identities) -> Statements:
    rows = Person.objects.filter(pk__in=human.all)
    numbers = PersonIdentifier.objects.filter(
        person__in=human.all, system=country().MATRICULE_SYSTEM
    )
    return Statements(
        matricules=frozenset(numbers.values_list("value", flat=True)),
        multiple_births=_stated(row.multiple_birth for row in rows),
        birth_dates=_stated(row.birth_date for row in rows),
        genders=_stated(row.gender for row in rows),
        deceased=_stated(row.deceased_on for row in rows),
    )


def _stated(values: Iterable[Any]) -> frozenset[Any]:
    return frozenset(values) - _SAYING_NOTHING
