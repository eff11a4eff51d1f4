"""What a merge or a separation would do, shown to a steward before it is done."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict
from salus.kernel.filings import Filed, filed_between
from salus.mpi.golden import humans_in_view, identity
from salus.mpi.merging.joining import root_that_stays, speaks_against
from salus.mpi.merging.links import in_force, may_come_back
from salus.mpi.merging.pairs import steward
from salus.mpi.merging.trees import below, held, members, tell
from salus.mpi.rules import Contradiction
from salus.mpi.survivorship import Golden, golden


@dataclass(frozen=True, kw_only=True)
class MergePreview:
    root: int  # under which both would be known
    before: tuple[Golden, Golden]  # of ``person``'s human being and of ``target``'s
    after: Golden
    contradictions: list[Contradiction]  # with any of them a reason has to be stated


def preview_merge(
    *,
    actor: Actor,
    at: datetime,
    person: int,
    target: int,
    request_id: UUID | None = None,
) -> MergePreview:
    """Raises NotFound, and Conflict when they are one already."""
    steward(actor)
    with held([person, target]) as found:
        both = found[person], found[target]
        if both[0].root == both[1].root:
            raise Conflict("they are one already")
        people = humans_in_view(both)
        one, other = (people[human.root] for human in both)
        root = root_that_stays(*both)
        preview = MergePreview(
            root=root,
            before=(one.golden, other.golden),
            after=golden(root, [identity(row) for row in (*one.rows, *other.rows)]),
            contradictions=speaks_against(*both),
        )
        tell(
            actor=actor,
            kind=EventKind.PAIR_SHOWN,
            at=at,
            root=root,
            persons=members(both),
            request_id=request_id,
        )
    return preview


@dataclass(frozen=True, kw_only=True)
class SeparationPreview:
    before: Golden
    stays: Golden
    goes: Golden  # with whom the link joins it again that comes back
    separated: tuple[int, ...]  # the identities that go
    comes_back: int | None  # the link that is in force again
    filed: list[Filed]  # since the link was made, for any of them, each with whom it stays


def preview_separation(
    *, actor: Actor, at: datetime, link: int, request_id: UUID | None = None
) -> SeparationPreview:
    """Raises NotFound, and Conflict when the link is not in force."""
    steward(actor)
    row = in_force(link)
    previous = row.previous
    with held([row.person_id, *([previous.target_id] if previous else [])]) as found:
        in_force(link)
        human = found[row.person_id]
        going = below(row.person_id, human)
        back = previous is not None and may_come_back(previous, going=going, former=found)
        known = {
            row.pk: identity(row)
            for one in humans_in_view(set(found.values())).values()
            for row in one.rows
        }

        def record(root: int, identities: Collection[int]) -> Golden:
            return golden(root, [known[one] for one in identities])

        goes_to = found[previous.target_id] if previous and back else None
        parted = goes_to is None or goes_to.root != human.root
        staying = [one for one in human.all if not (parted and one in going)]
        preview = SeparationPreview(
            before=record(human.root, human.all),
            stays=record(human.root, staying),
            goes=record(goes_to.root, {*goes_to.all, *going})
            if goes_to
            else record(row.person_id, going),
            separated=going,
            comes_back=previous.pk if previous and back else None,
            filed=filed_between(human.all, row.made_at, at),
        )
        tell(
            actor=actor,
            kind=EventKind.PAIR_SHOWN,
            at=at,
            root=human.root,
            persons=members(found.values()),
            request_id=request_id,
        )
    return preview
