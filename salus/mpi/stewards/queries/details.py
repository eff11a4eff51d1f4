"""One pair, one link: side by side, and what joining or parting would do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.kernel.filings import Filed, filed_between, may_be_given
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.identities import humans
from salus.mpi.merging import MergePreview, SeparationPreview, preview_merge, preview_separation
from salus.mpi.models import Link, Pair, Receipt
from salus.mpi.rules import Contradiction
from salus.mpi.stewards.comparison import Compared, compared
from salus.mpi.stewards.explanation import Explanation, explained
from salus.mpi.stewards.golden import Believed, joined
from salus.mpi.stewards.queries.entries import Entry, entries_in_view, shown, stewards_only
from salus.mpi.stewards.words import FILED, Text, said


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


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What joining would do."""

    root: int  # the number under which both would be known
    fields: tuple[Believed, ...]
    against: list[Contradiction]
    filed: list[tuple[Text, list[int]]]  # kind, how many for either side


def pair_shown(
    *, actor: Actor, pair: int, at: datetime, request_id: UUID | None = None
) -> tuple[Pair, Comparison, Merge | None]:
    """A pair with all that the index knows of both, and what joining would do while it may be. Raises NotFound."""
    stewards_only(actor)
    with finding_in(Scope.INDEX):  # the pair says who they are
        row = Pair.objects.filter(pk=pair).first()
    if row is None:
        raise NotFound("no such pair")
    comparison, merge = comparison_of(
        actor=actor, persons=(row.one_id, row.other_id), at=at, request_id=request_id
    )
    explanation = explained(row.weight, row.explanation)
    return row, replace(comparison, explanation=explanation), merge


def comparison_of(
    *, actor: Actor, persons: tuple[int, int], at: datetime, request_id: UUID | None = None
) -> tuple[Comparison, Merge | None]:
    """Two entries side by side, and what joining them would do; None when they are one already. Raises NotFound."""
    stewards_only(actor)
    one, other = persons
    with transaction.atomic():
        merge = None
        if len({human.root for human in humans(persons).values()}) == 2:
            merge = _merge(
                preview_merge(actor=actor, at=at, person=one, target=other, request_id=request_id),
                at,
            )
            return _compared(one, other), merge
        return _compared(one, other, seen=(actor, at, request_id)), None


def _merge(preview: MergePreview, at: datetime) -> Merge:
    sides = [golden.identities for golden in preview.before]
    with rows_of([person for side in sides for person in side]):
        filed = [filed_between(side, _EVER, at) for side in sides]
    return Merge(
        root=preview.root,
        fields=joined(preview.after, preview.before),
        against=preview.contradictions,
        filed=_counted(filed),
    )


_EVER = datetime(1900, 1, 1, tzinfo=UTC)


def _counted(sides: Sequence[Sequence[Filed]]) -> list[tuple[Text, list[int]]]:
    """By kind, how many each side has."""
    kinds = dict.fromkeys(one.kind for side in sides for one in side)
    return [
        (said(FILED, kind), [sum(one.kind == kind for one in side) for side in sides])
        for kind in kinds
    ]


@dataclass(frozen=True, kw_only=True)
class Parting:
    """What ending a link would do."""

    stays: tuple[Believed, ...]
    goes: tuple[Believed, ...]
    roots: tuple[int, int]  # under which each side would be known
    entries: tuple[int, ...]  # which go
    comes_back: int | None  # the link that would be in force again
    filed: list[tuple[Text, list[int]]]  # since the link was made: kind, how many stay and go

    @property
    def sides(self) -> list[tuple[str, tuple[Believed, ...], int]]:
        return [("stays", self.stays, self.roots[0]), ("goes", self.goes, self.roots[1])]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What was filed while two who are parted were one: a kind and a time, and with whom it is."""

    filed: Filed
    kind: Text
    holder: Entry
    other: Entry
    may_be_given: bool


@dataclass(frozen=True, kw_only=True)
class LinkShown:
    link: Link
    pair: Pair | None  # which stewards judged
    comparison: Comparison
    receipts: list[Receipt]
    parting: Parting | None  # while it is in force
    filed: list[Shared]  # once it has ended, unless the two are one again


def link_shown(
    *, actor: Actor, link: int, at: datetime, request_id: UUID | None = None
) -> LinkShown:
    """A link, in force or ended, with all that the index knows of both. Raises NotFound."""
    stewards_only(actor)
    with transaction.atomic():
        with finding_in(Scope.INDEX):  # the link says who they are
            row = Link.objects.filter(pk=link).first()
        if row is None:
            raise NotFound("no such link")
        both, parting = (row.person_id, row.target_id), None
        if row.ended_at is None:
            parting = _parting(
                preview_separation(actor=actor, at=at, link=link, request_id=request_id)
            )
        comparison = _compared(*both, seen=None if parting else (actor, at, request_id))
        with rows_of(both):
            receipts = list(row.receipts.order_by("ended", "receiver"))
            pair = Pair.objects.filter(link=link).first()
        filed = _shared(row, comparison)
    return LinkShown(
        link=row,
        pair=pair,
        comparison=replace(comparison, explanation=explained(row.weight, row.explanation)),
        receipts=receipts,
        parting=parting,
        filed=filed,
    )


def _shared(link: Link, comparison: Comparison) -> list[Shared]:
    known = humans([link.person_id, link.target_id])
    one, other = known[link.person_id], known[link.target_id]
    if link.ended_at is None or one.root == other.root:
        return []
    both = comparison.both
    return [
        Shared(
            filed=filed,
            kind=said(FILED, filed.kind),
            holder=holder,
            other=next(entry for entry in both if entry != holder),
            may_be_given=may_be_given(filed.kind),
        )
        for filed in filed_between([*one.all, *other.all], link.made_at, link.ended_at)
        for holder in [both[filed.person not in one.all]]
    ]


def _parting(preview: SeparationPreview) -> Parting:
    going = [one for one in preview.filed if one.person in preview.separated]
    staying = [one for one in preview.filed if one.person not in preview.separated]
    return Parting(
        stays=joined(preview.stays, (preview.before,)),
        goes=joined(preview.goes, (preview.before,)),
        roots=(preview.stays.root, preview.goes.root),
        entries=preview.separated,
        comes_back=preview.comes_back,
        filed=_counted([staying, going]),
    )


Seen = tuple[Actor, datetime, UUID | None]


def _compared(one: int, other: int, seen: Seen | None = None) -> Comparison:
    """``seen``: by whom and when, unless the answer's event names both already. Raises NotFound."""
    with rows_of([one, other]):
        entries = entries_in_view([one, other])
        if len(entries) < 2:
            raise NotFound("no such entry")
        if seen:
            actor, at, request_id = seen
            shown(actor, [one, other], at=at, request_id=request_id)
    return Comparison(
        one=entries[one],
        other=entries[other],
        fields=compared(entries[one].row, entries[other].row),
        explanation=None,
    )
