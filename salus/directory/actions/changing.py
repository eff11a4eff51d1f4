"""Change sets: proposed, previewed by their lines, applied, declined, taken back as a whole.

One at a time: whoever applies or takes back holds the directory until the end of the transaction.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.announcing import forget_heard
from salus.directory.comparing import compare, ended
from salus.directory.lines import Compared, Line
from salus.directory.models import (
    ChangeLine,
    ChangeSet,
    How,
    Kind,
    Outcome,
    Source,
    Statement,
)
from salus.directory.projecting import JOINED, TABLES, project, turn_of_day
from salus.directory.rules import is_unlikely
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound

_LOCK = 7_041_113  # advisory: whoever changes the directory
_SOME = 1_000  # rows in one statement of SQL


def source_named(name: str, *, title: str = "", system: str = "", at: datetime) -> Source:
    """The source of this name; made when there is none."""
    source, _ = Source.objects.get_or_create(
        name=name, defaults={"title": title or name, "system": system, "created_at": at}
    )
    return source


def add_source(*, name: str, title: str, system: str, at: datetime) -> None:
    """Raises Conflict when there is one of this name or with these numbers, InvalidInput for a name that is no word."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,39}", name):
        raise InvalidInput(
            "a source's name should be a short word of small letters: college, hospital-7"
        )
    if Source.objects.filter(Q(name=name) | (Q(system=system) & ~Q(system=""))).exists():
        raise Conflict("there is a source of this name, or with these numbers")
    Source.objects.create(name=name, title=title, system=system, created_at=at)


def source_called(name: str) -> Source:
    found = Source.objects.filter(name=name).first()
    if found is None:
        raise NotFound(f"there is no source {name}: `salus directory add-source` names one")
    return found


def let_feed(*, source: str, client: int, is_authority: bool) -> None:
    """From now on this software, and no other, feeds the source. Raises NotFound; Conflict when it feeds another."""
    row = source_called(source)
    if Source.objects.filter(client_id=client).exclude(pk=row.pk).exists():
        raise Conflict("the software feeds another source")
    row.client_id, row.is_authority = client, is_authority
    row.save(update_fields=["client_id", "is_authority"])


def source_fed_by(actor: Actor) -> Source:
    """Raises Forbidden when the actor is no software that feeds one."""
    found = actor.client and Source.objects.filter(client_id=actor.client).first()
    if not found:
        raise Forbidden("this software feeds no source of the directory: the authority decides it")
    return found


@transaction.atomic
def propose(
    *,
    actor: Actor,
    at: datetime,
    source: Source,
    how: How,
    lines: Iterable[Line],
    complete: bool = False,
    file_name: str = "",
    digest: str = "",
) -> int:
    """Keep what a source says, with what it would change; nothing is in force yet. Returns the change set's row id.

    ``complete``: of the kinds that are said, entries with the source's system that no line names have ended.
    """
    said = list(lines)
    if complete:
        if not source.system:
            raise InvalidInput("the source has no numbers of its own: its file cannot be complete")
        said += ended(source, said, at=at)
    change_set = ChangeSet.objects.create(
        source=source,
        how=how,
        complete=complete,
        file_name=file_name,
        digest=digest,
        account_id=actor.account,
        client_id=actor.client,
        received_at=at,
    )
    results, _ = compare(said, at=at)
    ChangeLine.objects.bulk_create([_line(change_set, one) for one in results], batch_size=_SOME)
    return change_set.pk


@transaction.atomic
def apply(*, actor: Actor, at: datetime, change_set: int, really: bool = False) -> Counter[Outcome]:
    """Put in force what was proposed, beside what is known by now; how many lines did what.

    Raises Conflict when it was decided before, and, unless it is ``really`` meant, when it is a complete file that
    seems to be cut short or damaged; NotFound when there is none.
    """
    row = _held(change_set)
    if row.applied_at or row.declined_at:
        raise Conflict("the change set was decided before")
    lines = list(row.lines.order_by("number", "pk"))
    results, entries = compare([_said(line) for line in lines], at=at, allot=_ids)
    if row.complete and not really:
        _check_completeness(row, results)
    Statement.objects.bulk_create(_statements(row, results, entries, at), batch_size=_SOME)
    project(_touched(results, entries), at=at)
    _refuse_chains()
    _tell(lines, results, entries)
    row.applied_at = at
    row.save(update_fields=["applied_at"])
    record(actor=actor, kind=EventKind.DIRECTORY_CHANGED, at=at)
    return Counter(one.outcome for one in results)


@transaction.atomic
def change(
    *, actor: Actor, at: datetime, source: Source, how: How, lines: Iterable[Line]
) -> list[int]:
    """Propose and apply at once; returns the row ids of the lines' entries, in their order.

    Raises InvalidInput for the first line that is refused, and then nothing has changed.
    """
    change_set = propose(actor=actor, at=at, source=source, how=how, lines=lines)
    kept = ChangeLine.objects.filter(change_set=change_set).order_by("pk")
    refused = kept.filter(outcome=Outcome.REFUSED).first()
    if refused:
        raise InvalidInput(refused.problem)
    apply(actor=actor, at=at, change_set=change_set)
    return [entry for entry in kept.values_list("entry", flat=True) if entry is not None]


@transaction.atomic
def feed(*, actor: Actor, at: datetime, source: Source, lines: Iterable[Line]) -> list[int]:
    """As `change`, of one resource in a request; what a request brings beside is said in the same change set."""
    hold()
    known = ChangeSet.objects.filter(
        source=source, how=How.FEED, client_id=actor.client, received_at=at, applied_at=at
    ).first()
    if known is None:
        return change(actor=actor, at=at, source=source, how=How.FEED, lines=lines)
    said = list(lines)
    results, entries = compare(said, at=at, allot=_ids)
    if problems := [one.problem for one in results if one.outcome is Outcome.REFUSED]:
        raise InvalidInput(problems[0])
    number = known.lines.count()
    kept = [_line(known, one) for one in results]
    for place, line in enumerate(kept, start=1):
        line.number = number + place
    _tell(ChangeLine.objects.bulk_create(kept), results, entries)
    Statement.objects.bulk_create(_statements(known, results, entries, at))
    project(_touched(results, entries), at=at)
    _refuse_chains()
    return [entry for entry in entries if entry is not None]


@transaction.atomic
def decline(*, actor: Actor, at: datetime, change_set: int, reason: str) -> None:
    row = _held(change_set)
    if row.applied_at or row.declined_at:
        raise Conflict("the change set was decided before")
    row.declined_at, row.reason = at, reason
    row.save(update_fields=["declined_at", "reason"])
    record(actor=actor, kind=EventKind.DIRECTORY_CHANGED, at=at)


@transaction.atomic
def roll_back(*, actor: Actor, at: datetime, change_set: int, reason: str) -> None:
    """Take back all that the change set said; what was said since, and before, counts."""
    row = _held(change_set)
    if not row.applied_at or row.rolled_back_at:
        raise Conflict("the change set is not in force")
    row.rolled_back_at, row.reason = at, reason
    row.save(update_fields=["rolled_back_at", "reason"])
    touched: dict[Kind, set[int]] = {}
    for kind, entry in row.statements.values_list("kind", "entry"):
        touched.setdefault(Kind(kind), set()).add(entry)
    project(touched, at=at)
    _refuse_chains()
    record(actor=actor, kind=EventKind.DIRECTORY_CHANGED, at=at)


@transaction.atomic
def turn_day(*, at: datetime) -> None:
    """Show what begins or ends to be true today: it was said before, and that left its event."""
    hold()
    turn_of_day(at=at)


@transaction.atomic
def forget_heard_announcements(*, at: datetime) -> None:
    """What all who subscribed have heard; it is held, so that nobody begins to follow meanwhile."""
    hold()
    forget_heard(at=at)


def hold() -> None:
    """Nobody else changes the directory until the end of the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])


def _held(change_set: int) -> ChangeSet:
    hold()
    row = ChangeSet.objects.filter(pk=change_set).first()
    if row is None:
        raise NotFound("there is no such change set")
    return row


def _check_completeness(change_set: ChangeSet, results: Sequence[Compared]) -> None:
    ends = Counter(one.line.kind for one in results if one.outcome is Outcome.ENDED)
    for kind, count in ends.items():
        known = TABLES[kind].objects.filter(system=change_set.source.system, deregistered_at=None)
        if is_unlikely(count, known.count()):
            raise Conflict(
                f"it would end {count} of {known.count()} entries of type {kind} that the source has:"
                " look at it, and apply it with --really if that is right"
            )
    nameless = sum(one.outcome is Outcome.REFUSED and not one.line.value for one in results)
    if ends and nameless:
        raise Conflict(
            f"{nameless} of its lines cannot be read, and whom they name would end with the others:"
            " look at it, and apply it with --really if that is right"
        )


def _refuse_chains() -> None:
    """A duplicate of a duplicate, or a ring, would be shown nowhere: Raises Conflict, whichever way it would come."""
    if any(TABLES[kind].objects.exclude(same_as__same_as=None).exists() for kind in JOINED):
        raise Conflict("entries that are shown as one would make a chain: part them first")


def _ids(kind: Kind, number: int) -> Iterator[int]:
    """That many unused row ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)",
            [TABLES[kind]._meta.db_table, number],
        )
        yield from [row[0] for row in cursor.fetchall()]


def _line(change_set: ChangeSet, result: Compared) -> ChangeLine:
    line = result.line
    return ChangeLine(
        change_set=change_set,
        number=line.number,
        kind=line.kind,
        system=line.system,
        value=line.value,
        said=dict(line.said),
        since=line.since,
        until=line.until,
        outcome=result.outcome,
        differences=result.differences,
        problem=result.problem,
        entry=line.entry,
    )


def _said(line: ChangeLine) -> Line:
    return Line(
        number=line.number,
        kind=Kind(line.kind),
        system=line.system,
        value=line.value,
        entry=line.entry,
        said=line.said,
        since=line.since,
        until=line.until,
        problem=line.problem if line.outcome == Outcome.REFUSED else "",
    )


def _statements(
    change_set: ChangeSet, results: Sequence[Compared], entries: Sequence[int | None], at: datetime
) -> list[Statement]:
    return [
        Statement(
            kind=one.line.kind,
            entry=entry,
            said=dict(one.said),
            again=list(one.again),
            since=one.since,
            until=one.line.until,
            known_at=at,
            change_set=change_set,
        )
        for one, entry in zip(results, entries, strict=True)
        if entry is not None
    ]


def _touched(results: Sequence[Compared], entries: Sequence[int | None]) -> dict[Kind, set[int]]:
    touched: dict[Kind, set[int]] = {}
    for one, entry in zip(results, entries, strict=True):
        if entry is not None and one.said:
            touched.setdefault(one.line.kind, set()).add(entry)
    return touched


def _tell(
    lines: Sequence[ChangeLine], results: Sequence[Compared], entries: Sequence[int | None]
) -> None:
    """What became of each line, beside what was expected of it."""
    told = []
    for line, result, entry in zip(lines, results, entries, strict=True):
        differences = {name: list(values) for name, values in result.differences.items()}
        became = (result.outcome, result.problem, differences, entry)
        if (line.outcome, line.problem, line.differences, line.entry) != became:
            line.outcome, line.problem, line.differences, line.entry = became
            told.append(line)
    ChangeLine.objects.bulk_create(  # as an upsert, for its speed
        told,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["outcome", "problem", "differences", "entry"],
        batch_size=_SOME,
    )
