"""Change sets: which wait, and what each does line by line."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from salus.accounts.models import Account
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.fields import in_order
from salus.directory.models import ChangeLine, ChangeSet, How, Kind, Licence, Outcome
from salus.directory.naming import Named, names_of, referred, said_of
from salus.directory.permissions import registrars_only
from salus.directory.projecting import TABLES
from salus.directory.words import field_name, is_restricted, problem_said
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound

_Row = TypeVar("_Row", ChangeSet, ChangeLine)

AT_A_TIME = 20  # change sets, or lines, on one page


class Waiting(StrEnum):
    """Of the change sets, which ones."""

    CORRECTIONS = "corrections"
    REGISTERS = "registers"
    AUTHORITY = "authority"
    DECIDED = "decided"


_OPEN = Q(applied_at=None, declined_at=None)
_WHICH = {
    Waiting.CORRECTIONS: _OPEN & Q(how=How.CORRECTION),
    Waiting.REGISTERS: _OPEN & Q(how__in=(How.FILE, How.FEED)),
    Waiting.AUTHORITY: _OPEN & Q(how=How.AUTHORITY),
    # What is in force at once, a feed or a confirmation, was decided by nobody.
    Waiting.DECIDED: ~_OPEN & Q(how__in=(How.FILE, How.CORRECTION, How.AUTHORITY)),
}


@dataclass(frozen=True, kw_only=True)
class Waits:
    """One line of the queue."""

    set: ChangeSet
    counts: Mapping[str, int]  # lines by outcome
    about: str  # the entry, when there is one alone


@dataclass(frozen=True, kw_only=True)
class Queue:
    sets: Sequence[Waits]
    counts: Mapping[Waiting, int]  # of those that wait
    waiting: Waiting
    page: int
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    name: str
    was: str
    will: str
    hidden: bool  # restricted, and not shown among many


@dataclass(frozen=True, kw_only=True)
class LineShown:
    id: int
    number: int  # in the file; one of its lines may speak of several entries
    kind: Kind
    entry: int | None  # row id, once there is one
    name: str
    identifier: str
    outcome: str
    since: date | None
    until: date | None
    differences: Sequence[Difference]
    problem: str


@dataclass(frozen=True, kw_only=True)
class SetShown:
    set: ChangeSet
    counts: Mapping[str, int]  # lines by outcome
    lines: Sequence[LineShown]
    outcome: str  # of the lines shown; '' of all
    page: int
    has_more: bool
    brought_by: str
    before: int | None  # another change set of the same file
    overtaken: int  # change sets that came into force, or went, since this one was previewed
    goes: int  # entries that nothing else speaks of: with the change set they would be gone
    touched: int  # entries of which it speaks

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def waits(self) -> bool:
        return not self.set.applied_at and not self.set.declined_at

    @property
    def in_force(self) -> bool:
        return bool(self.set.applied_at) and not self.set.rolled_back_at


def open_counts() -> dict[Waiting, int]:
    """How many change sets wait; nobody is shown."""
    waiting = {
        which.value: Count("pk", filter=_WHICH[which]) for which in Waiting if which != "decided"
    }
    found = ChangeSet.objects.filter(_OPEN).aggregate(**waiting)
    return {Waiting(which): number for which, number in found.items()}


def queue(*, actor: Actor, waiting: Waiting, page: int) -> Queue:
    """A page of change sets: the oldest first of those that wait, the newest first of those that were decided."""
    registrars_only(actor)
    order = ("-received_at", "-pk") if waiting is Waiting.DECIDED else ("received_at", "pk")
    found, page, has_more = _page(
        ChangeSet.objects.filter(_WHICH[waiting]).select_related("source").order_by(*order), page
    )
    counts = _outcomes({one.pk for one in found})
    about = _about([one.pk for one in found if sum(counts[one.pk].values()) == 1])
    sets = [Waits(set=one, counts=counts[one.pk], about=about.get(one.pk, "")) for one in found]
    return Queue(sets=sets, counts=open_counts(), waiting=waiting, page=page, has_more=has_more)


@transaction.atomic
def set_shown(
    *,
    actor: Actor,
    change_set: int,
    at: datetime,
    outcome: str = "",
    line: int | None = None,
    page: int = 1,
    request_id: UUID | None = None,
) -> SetShown:
    """A change set with a page of its lines: those of an ``outcome``, or one ``line`` alone, by its row id.

    What is not public is shown of a line that stands alone, and that is an event. Raises NotFound.
    """
    registrars_only(actor)
    row = ChangeSet.objects.filter(pk=change_set).select_related("source").first()
    if row is None:
        raise NotFound("no such change set")
    lines = ChangeLine.objects.filter(change_set=row).order_by("number", "pk")
    if outcome in Outcome.values:
        lines = lines.filter(outcome=outcome)
    if line is not None:
        lines = lines.filter(pk=line)
    found, page, has_more = _page(lines, page)
    alone = len(found) == 1
    _find_entries(found)
    if alone:
        _event(actor, found[0], at, request_id)
    touched, goes = _effects(row) if row.applied_at and not row.rolled_back_at else (0, 0)
    return SetShown(
        set=row,
        counts=_outcomes({row.pk})[row.pk],
        lines=_shown(found, openly=alone),
        outcome=outcome if outcome in Outcome.values else "",
        page=page,
        has_more=has_more,
        brought_by=_email(row.account_id),
        before=_same_file(row),
        overtaken=0 if row.applied_at or row.declined_at else _since(row.received_at),
        goes=goes,
        touched=touched,
    )


def _page(rows: QuerySet[_Row], page: int) -> tuple[list[_Row], int, bool]:
    page = max(page, 1)
    found = list(rows[(page - 1) * AT_A_TIME :][: AT_A_TIME + 1])
    return found[:AT_A_TIME], page, len(found) > AT_A_TIME


def _outcomes(change_sets: Collection[int]) -> dict[int, Counter[str]]:
    counts: dict[int, Counter[str]] = {number: Counter() for number in change_sets}
    rows = ChangeLine.objects.filter(change_set__in=change_sets)
    for number, outcome, lines in rows.values_list("change_set", "outcome").annotate(Count("pk")):
        counts[number][outcome] = lines
    return counts


def _about(change_sets: Collection[int]) -> dict[int, str]:
    lines = ChangeLine.objects.filter(change_set__in=change_sets, entry__isnull=False)
    of = {line.change_set_id: (Kind(line.kind), line.entry) for line in lines if line.entry}
    names = names_of(set(of.values()))
    return {number: names.get(entry, "") for number, entry in of.items()}


def _find_entries(lines: Sequence[ChangeLine]) -> None:
    """Of which entries lines that wait speak: until they are in force, the identifier says so."""
    for line in lines:
        if line.entry is None and line.value:
            rows = TABLES[Kind(line.kind)].objects.filter(system=line.system, value=line.value)
            line.entry = rows.values_list("pk", flat=True).first()


def _shown(lines: Sequence[ChangeLine], *, openly: bool) -> list[LineShown]:
    named: set[Named] = set()
    for line in lines:
        kind = Kind(line.kind)
        if line.entry is not None:
            named.add((kind, line.entry))
        for side in (0, 1):
            named |= referred({name: both[side] for name, both in line.differences.items()}, kind)
    names = names_of(named)
    return [_line(line, names, openly=openly) for line in lines]


def _line(line: ChangeLine, names: Mapping[Named, str], *, openly: bool) -> LineShown:
    kind = Kind(line.kind)
    name = names.get((kind, line.entry), "") if line.entry is not None else ""
    return LineShown(
        id=line.pk,
        number=line.number,
        kind=kind,
        entry=line.entry,
        name=name or _said_name(line),
        identifier=line.value,
        outcome=line.outcome,
        since=line.since,
        until=line.until,
        differences=[
            _difference(kind, field, line.differences[field], names, hidden=not openly)
            for field in in_order(kind, line.differences)
        ],
        problem=problem_said(line.problem),
    )


def _difference(
    kind: Kind, field: str, both: Sequence[Any], names: Mapping[Named, str], *, hidden: bool
) -> Difference:
    if hidden and is_restricted(kind, field):
        return Difference(name=field_name(field), was="", will="", hidden=True)
    was, will = (said_of(kind, field, value, names) for value in both)
    return Difference(name=field_name(field), was=was, will=will, hidden=False)


def _said_name(line: ChangeLine) -> str:
    """Of one that is not there yet."""
    words = [line.said.get(name) for name in ("prefix", "given", "family", "name")]
    return " ".join(word for word in words if isinstance(word, str))


def _event(actor: Actor, line: ChangeLine, at: datetime, request_id: UUID | None) -> None:
    kind = Kind(line.kind)
    if any(is_restricted(kind, name) for name in line.differences):
        record(
            actor=actor,
            kind=EventKind.DIRECTORY_SHOWN,
            at=at,
            practitioner=whose(kind, line.entry),
            request_id=request_id,
        )


def whose(kind: Kind, entry: int | None) -> int | None:
    """The professional whom what is not public of the entry is about."""
    if kind is Kind.LICENCE and entry is not None:
        known = Licence.objects.filter(pk=entry).values_list("practitioner", flat=True)
        return known.first()
    return entry if kind is Kind.PRACTITIONER else None


def _effects(row: ChangeSet) -> tuple[int, int]:
    """Of how many entries the change set speaks, and how many of them nothing else speaks of."""
    with connection.cursor() as cursor:
        cursor.execute(_ALONE, {"change_set": row.pk})
        touched, goes = cursor.fetchone()
    return touched, goes


_ALONE = """
    select count(*), count(*) filter (where not exists (
        select from directory_statement other
        join directory_changeset its on its.id = other.change_set_id
        where (other.kind, other.entry) = (mine.kind, mine.entry)
            and other.change_set_id <> %(change_set)s and its.rolled_back_at is null))
    from (select distinct kind, entry from directory_statement
          where change_set_id = %(change_set)s) mine
"""


def _same_file(row: ChangeSet) -> int | None:
    same = ChangeSet.objects.filter(how=How.FILE, digest=row.digest, pk__lt=row.pk)
    return same.order_by("-pk").values_list("pk", flat=True).first() if row.digest else None


def _since(received_at: datetime) -> int:
    later = Q(applied_at__gt=received_at) | Q(rolled_back_at__gt=received_at)
    return ChangeSet.objects.filter(later).exclude(how=How.CONFIRMATION).count()


def _email(account: int | None) -> str:
    """Staff know each other by their e-mail address."""
    if account is None:
        return ""
    return Account.objects.filter(pk=account).values_list("email", flat=True).first() or ""
