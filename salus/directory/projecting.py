"""What follows today from all that was said of an entry, written to the columns that are searched by.

Done after each change set, after each that is taken back, and on each day on which something said before begins or
ends to be true. It may be done at any time: it writes what differs.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.db.models import Model
from django.utils.timezone import get_default_timezone

from salus.directory.announcing import announce
from salus.directory.fields import FIELDS, ORDER
from salus.directory.finding.listing import list_again, spoken_of
from salus.directory.following import Moved, follow
from salus.directory.history import histories
from salus.directory.models import (
    Endpoint,
    HealthcareService,
    Kind,
    Licence,
    Location,
    Organization,
    Practitioner,
    PractitionerRole,
    Statement,
)
from salus.directory.rules import (
    History,
    Span,
    both,
    days_of_leaving,
    is_shown,
    spans,
    state_on,
    survived,
    time_out,
    together,
    value_about,
)
from salus.kernel.search_key import search_key

TABLES: Mapping[Kind, type[Any]] = {
    Kind.PRACTITIONER: Practitioner,
    Kind.LICENCE: Licence,
    Kind.ORGANIZATION: Organization,
    Kind.LOCATION: Location,
    Kind.ROLE: PractitionerRole,
    Kind.SERVICE: HealthcareService,
    Kind.ENDPOINT: Endpoint,
}
JOINED = (Kind.PRACTITIONER, Kind.ORGANIZATION)  # of which there are duplicates
_SOME = 2_000  # rows at a time
_AT_ONCE = 1_000  # rows in one statement of SQL
_LATE = timedelta(days=40)  # a worker that was away so long catches up

Columns = dict[str, Any]


def project(touched: Mapping[Kind, Collection[int]], *, at: datetime) -> None:
    """Bring the rows of these entries up to what is true on the day of ``at``; makes those that are new."""
    listed = spoken_of(touched)  # before and after: a role may go to another organisation
    licensed = Licence.objects.filter(pk__in=touched.get(Kind.LICENCE, ()))
    behind = set(licensed.values_list("practitioner", flat=True))
    moved: dict[Kind, list[Moved]] = {}
    for kind in ORDER:
        entries = touched.get(kind, ())
        roots = _roots(kind, entries)
        moved[kind] = _project(kind, entries, at)
        # They show what duplicates say, or did.
        moved[kind] += _project(kind, roots | _roots(kind, entries), at)
    behind |= set(licensed.values_list("practitioner", flat=True))
    # Whether somebody may practise depends on licences.
    moved[Kind.PRACTITIONER] += _project(Kind.PRACTITIONER, behind, at)
    follow(moved, at=at)
    announce(TABLES, at=at)
    list_again(listed | spoken_of(touched), today=at.date())


def turn_of_day(*, at: datetime) -> None:
    """Project what begins or ends to be true today, or did on one of the last days."""
    today = at.date()
    lately = [today - _LATE, today]
    turned: dict[Kind, set[int]] = {}
    for column in ("since", "until"):
        rows = Statement.objects.filter(**{f"{column}__range": lately})
        for kind, entry in rows.values_list("kind", "entry").distinct():
            turned.setdefault(Kind(kind), set()).add(entry)
    project(turned, at=at)


def _project(kind: Kind, entries: Collection[int], at: datetime) -> list[Moved]:
    ordered = sorted(entries)
    moved: list[Moved] = []
    for start in range(0, len(ordered), _SOME):
        moved += _project_some(kind, ordered[start : start + _SOME], at)
    return moved


def _roots(kind: Kind, entries: Collection[int]) -> set[int]:
    if kind not in JOINED or not entries:
        return set()
    found = TABLES[kind].objects.filter(pk__in=entries).exclude(same_as=None)
    return set(found.values_list("same_as", flat=True))


def _duplicates(kind: Kind, roots: Collection[int]) -> dict[int, list[History]]:
    """By root, what is said of its duplicates."""
    if kind not in JOINED:
        return {}
    found = TABLES[kind].objects.filter(same_as__in=roots).order_by("pk")
    root_of = dict(found.values_list("pk", "same_as"))
    of: dict[int, list[History]] = {}
    for duplicate, history in histories(kind, root_of).items():
        of.setdefault(root_of[duplicate], []).append(history)
    return of


def _project_some(kind: Kind, entries: Collection[int], at: datetime) -> list[Moved]:
    table = TABLES[kind]
    said = histories(kind, entries)
    rows = {row.pk: row for row in table.objects.filter(pk__in=entries)}
    others = _duplicates(kind, rows)
    practise = _may_practise(rows) if kind is Kind.PRACTITIONER else {}
    made, moved, names = [], list[Moved](), set[str]()
    for entry, history in said.items():
        row = rows.get(entry)
        if row is None:
            made.append(_made(table, kind, entry, history, at))
            continue
        also = others.get(entry, ())
        columns = columns_on(kind, history, at.date(), practise.get(entry), also)
        columns["deregistered_at"] = _deregistered(row, [history, *also], at)
        before = {name: getattr(row, name) for name in columns}
        before = {name: held for name, held in before.items() if held != columns[name]}
        if before:
            for name in before:
                setattr(row, name, columns[name])
            if row.changed_at != at:  # else it is the same version still
                row.version, row.changed_at = (row.version or 1) + 1, at
                row.changes = [*row.changes, at]
            moved.append(Moved(row=row, before=before))
            names |= before.keys()
    if moved:
        # As an upsert: an update of many rows by their conditions takes Django ten times as long.
        table.objects.bulk_create(
            [one.row for one in moved],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[*_fields(kind, names), "version", "changed_at", "changes"],
            batch_size=_AT_ONCE,
        )
    table.objects.bulk_create(made, batch_size=_AT_ONCE)
    return [*moved, *(Moved(row=row) for row in made)]


def _made(table: type[Model], kind: Kind, entry: int, history: History, at: datetime) -> Model:
    identifier = next(one.said for one in history if "identifier" in one.said)["identifier"]
    columns = columns_on(kind, history, at.date())
    row = table(
        pk=entry,
        registered_at=at,
        system=identifier["system"],
        value=identifier["value"],
        **columns,
    )
    row.deregistered_at = _deregistered(row, [history], at)  # type: ignore[attr-defined]
    return row


def _deregistered(row: Any, told: Sequence[History], at: datetime) -> datetime | None:
    """When it left the directory; it never was there when all that was said of it is taken back.

    ``told``: what is said of it, and of its duplicates. It stays while one of them does. The answer follows from what
    is said alone, so that it is the same whatever was taken back meanwhile.
    """
    if told[0] and any(is_shown(history, at.date()) for history in told):
        return None
    left_on = [day for history in told for day in days_of_leaving(history)]
    if not told[0] or not left_on:
        return row.registered_at  # type: ignore[no-any-return]
    known = [said.known_at for one in told for said in one if "status" in said.said]
    left: datetime = max(
        row.registered_at, *known, datetime.combine(max(left_on), time(), get_default_timezone())
    )
    return left


def columns_on(
    kind: Kind,
    history: History,
    today: date,
    practise: list[Span] | None = None,
    others: Iterable[History] = (),
) -> Columns:
    """What a row's columns hold on a day; a field without a column of its own is found in statements alone.

    ``others``: of its duplicates; one that has left its register lends nothing.
    """
    if not history:
        return {}
    lending = [state_on(other, today) for other in others if is_shown(other, today)]
    state = survived(state_on(history, today), lending)
    columns: Columns = {}
    for field, about in FIELDS[kind].items():
        if (column := _column(kind, field)) is None:
            continue
        value = value_about(history, field, today) if about.needed else state.get(field)
        columns[column] = _empty(kind, field) if value is None else value
    if "name_key" in _attributes(kind):
        columns["name_key"] = search_key(columns["name"])
    more = _MORE.get(kind)
    return columns | (more(history, columns, today, practise) if more else {})


@cache
def _attributes(kind: Kind) -> dict[str, Any]:
    return {field.attname: field for field in TABLES[kind]._meta.concrete_fields}


@cache
def _column(kind: Kind, field: str) -> str | None:
    """The name of the column that holds the field; None when the table has none."""
    attributes = _attributes(kind)
    return next((name for name in (field, f"{field}_id") if name in attributes), None)


def _fields(kind: Kind, columns: Collection[str]) -> list[str]:
    """The model's fields with these columns."""
    return [_attributes(kind)[column].name for column in sorted(columns)]


def _empty(kind: Kind, field: str) -> Any:
    column = _attributes(kind)[_column(kind, field) or ""]
    return None if column.null else column.get_default()


def _of_practitioner(
    history: History, columns: Columns, today: date, practise: list[Span] | None
) -> Columns:
    free = [span for span in spans(history, "status") if span.value == "active"]
    if practise is not None:
        free = both(free, practise)
    out = time_out(free, today, allowed=("active",))
    return {
        "family_key": search_key(columns["family"]),
        "given_key": search_key(columns["given"]),
        "status": value_about(history, "status", today) or "ended",
        "out_since": None if out is None else out[0] or date.min,
        "out_until": None if out is None else out[1],
    }


def _of_role(
    history: History, columns: Columns, today: date, _practise: list[Span] | None
) -> Columns:
    """The time that is now, or else the last one, or the one to come."""
    times = [span for span in spans(history, "status") if span.value == "active"]
    now = [span for span in times if span.since is None or span.since <= today][-1:] or times[:1]
    since, until = (now[0].since, now[0].until) if now else (None, date.min)
    over = until is not None and until <= today
    return {
        "since": since or date.min,
        "until": until if over else None,
        "ends_on": None if over else until,
    }


def _of_licence(
    history: History, columns: Columns, today: date, practise: list[Span] | None
) -> Columns:
    role = _of_role(history, columns, today, practise)
    return {
        "status": value_about(history, "status", today) or "ended",
        "since": None if role["since"] == date.min else role["since"],
        "until": role["until"],
    }


_MORE: Mapping[Kind, Callable[[History, Columns, date, list[Span] | None], Columns]] = {
    Kind.PRACTITIONER: _of_practitioner,
    Kind.LICENCE: _of_licence,
    Kind.ROLE: _of_role,
}


def _may_practise(practitioners: Collection[int]) -> dict[int, list[Span]]:
    """By practitioner with a licence: when one of them was, is or will be in force."""
    licences = dict(
        Licence.objects.filter(practitioner__in=practitioners).values_list("pk", "practitioner")
    )
    times: dict[int, list[Span]] = {}
    for licence, history in histories(Kind.LICENCE, licences).items():
        in_force = [span for span in spans(history, "status") if span.value == "active"]
        if history:
            times.setdefault(licences[licence], []).extend(in_force)
    return {
        practitioner: [Span(since=one.since, until=one.until, value="active") for one in found]
        for practitioner, found in ((who, together(each)) for who, each in times.items())
    }
