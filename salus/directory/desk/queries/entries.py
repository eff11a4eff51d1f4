"""An entry with all its fields, and all that was ever said of it: since when it is true, and since when it is known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.desk.queries.sets import whose
from salus.directory.fields import FIELDS, in_order
from salus.directory.freshness import Freshness, freshness
from salus.directory.history import histories
from salus.directory.models import (
    ChangeSet,
    Kind,
    Organization,
    Practitioner,
    PractitionerRole,
    Statement,
)
from salus.directory.naming import Named, names_of, referred, said_of
from salus.directory.permissions import registrars_only
from salus.directory.projecting import TABLES
from salus.directory.rules import History, state_on
from salus.directory.words import field_name, is_restricted, refers
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.search_key import search_key

FOUND_AT_MOST = 50
_RELATED_AT_MOST = 100
# The entries that name one of this kind: their kind, and the field.
_RELATED: Mapping[Kind, tuple[tuple[Kind, str], ...]] = {
    Kind.PRACTITIONER: ((Kind.LICENCE, "practitioner"), (Kind.ROLE, "practitioner")),
    Kind.ORGANIZATION: (
        (Kind.LOCATION, "organization"),
        (Kind.SERVICE, "organization"),
        (Kind.ENDPOINT, "organization"),
        (Kind.ORGANIZATION, "part_of"),
        (Kind.ROLE, "organization"),
    ),
    Kind.LOCATION: ((Kind.SERVICE, "location"), (Kind.ROLE, "location")),
}


@dataclass(frozen=True, kw_only=True)
class FieldShown:
    field: str
    name: str
    value: str
    link: Named | None  # the other entry that the value names
    restricted: bool
    said_at: datetime | None
    due: bool


@dataclass(frozen=True, kw_only=True)
class Said:
    """One field of a statement."""

    name: str
    value: str
    again: bool  # was said anew as it was known


@dataclass(frozen=True, kw_only=True)
class Told:
    """One statement, with its two times and where it came from."""

    said: Sequence[Said]
    since: date | None
    until: date | None
    known_at: datetime
    set: ChangeSet

    @property
    def taken_back(self) -> datetime | None:
        return self.set.rolled_back_at


@dataclass(frozen=True, kw_only=True)
class Related:
    kind: Kind
    entry: int
    name: str
    over: bool


@dataclass(frozen=True, kw_only=True)
class EntryShown:
    kind: Kind
    entry: int
    name: str
    row: Any
    status: str  # today
    fields: Sequence[FieldShown]  # on the day, as far as it was known
    told: Sequence[Told]  # the newest first
    related: Sequence[Related]
    reads_as: bool  # of another day, or as it was known before


@transaction.atomic
def entry_shown(
    *,
    actor: Actor,
    kind: str,
    entry: int,
    at: datetime,
    day: date | None = None,
    known: datetime | None = None,
    request_id: UUID | None = None,
) -> EntryShown:
    """An entry as it is today, or on another day as far as it was known at an instant; with its whole history.

    What is not public is shown with the rest, and that is an event. Raises NotFound.
    """
    registrars_only(actor)
    of = _kind(kind)
    row = TABLES[of].objects.filter(pk=entry).first()
    if row is None:
        raise NotFound("no such entry")
    today = at.date()
    history = histories(of, [entry])[entry]
    then = history if known is None else histories(of, [entry], known=known)[entry]
    state = state_on(then, day or today)
    statements = list(
        Statement.objects.filter(kind=of, entry=entry)
        .select_related("change_set__source")
        .order_by("-id")
    )
    named = {(of, entry), *referred(state, of)}
    for one in statements:
        named |= referred(one.said, of)
    related = _related(of, entry)
    names = names_of({*named, *((kind, number) for kind, number, _over in related)})
    if any(is_restricted(of, name) for name in FIELDS[of]):
        record(
            actor=actor,
            kind=EventKind.DIRECTORY_SHOWN,
            at=at,
            practitioner=whose(of, entry),
            request_id=request_id,
        )
    return EntryShown(
        kind=of,
        entry=entry,
        name=names[of, entry],
        row=row,
        status=str(state_on(history, today).get("status", "")),
        fields=[_field(of, one, names) for one in freshness(of, then, day=day or today, at=at)],
        told=[_told(of, one, names) for one in statements],
        related=[
            Related(kind=of, entry=number, name=names.get((of, number), ""), over=over)
            for of, number, over in related
        ],
        reads_as=day is not None or known is not None,
    )


def history_of(*, actor: Actor, kind: str, entry: int) -> tuple[Kind, History]:
    """What stands of what was said of an entry, for what is to be said next. Raises NotFound."""
    registrars_only(actor)
    of = _kind(kind)
    if not TABLES[of].objects.filter(pk=entry).exists():
        raise NotFound("no such entry")
    return of, histories(of, [entry])[entry]


def find_entries(*, actor: Actor, text: str) -> list[Related]:
    """Professionals and organisations by the beginning of names, or by their identifier; those that have left too."""
    registrars_only(actor)
    words = search_key(text).split()
    if not words:
        return []
    person, place = Q(), Q()
    for word in words:
        person &= Q(family_key__gte=word, family_key__lt=word + "~") | Q(
            given_key__gte=word, given_key__lt=word + "~"
        )
        place &= Q(name_key__contains=word)
    people = Practitioner.objects.filter(person | Q(value=text.strip()))
    places = Organization.objects.filter(place | Q(value=text.strip()))
    found = [
        *_found(Kind.PRACTITIONER, people.order_by("family_key", "given_key", "pk")),
        *_found(Kind.ORGANIZATION, places.order_by("name_key", "pk")),
    ]
    return found[:FOUND_AT_MOST]


def named(*, actor: Actor, kind: Kind, text: str, but: int) -> int:
    """The other entry of the kind with this identifier: value, or system|value.

    Raises InvalidInput when there is none, or several.
    """
    registrars_only(actor)
    system, parted, value = text.strip().rpartition("|")
    rows = TABLES[kind].objects.filter(value=value, **({"system": system} if parted else {}))
    found = list(rows.exclude(pk=but).values_list("pk", flat=True)[:2])
    if not found:
        raise InvalidInput(gettext("No other entry has this identifier."), at="other")
    if len(found) > 1:
        raise InvalidInput(gettext("Several have it: write it as system|value."), at="other")
    return int(found[0])


def successors(*, actor: Actor, role: int) -> list[tuple[int, str]]:
    """Roles as which this one may go on: of the same professional elsewhere, or of another at the same organisation."""
    registrars_only(actor)
    row = PractitionerRole.objects.filter(pk=role).first()
    if row is None:
        raise NotFound("no such role")
    fitting = Q(practitioner=row.practitioner_id) | Q(organization=row.organization_id)
    others = PractitionerRole.objects.filter(fitting, until=None).exclude(pk=role)
    rows = others.select_related("practitioner", "organization").order_by("-since", "pk")
    return [
        (one.pk, f"{one.practitioner.full_name} · {one.organization.name} ({one.value})")
        for one in rows[:_RELATED_AT_MOST]
    ]


def _kind(text: str) -> Kind:
    if text not in Kind.values:
        raise NotFound("no such kind of entry")
    return Kind(text)


def _found(kind: Kind, rows: Any) -> Iterable[Related]:
    for row in rows[:FOUND_AT_MOST]:
        name = row.full_name if isinstance(row, Practitioner) else row.name
        yield Related(kind=kind, entry=row.pk, name=name, over=row.deregistered_at is not None)


def _related(kind: Kind, entry: int) -> list[tuple[Kind, int, bool]]:
    found = []
    for of, field in _RELATED.get(kind, ()):
        rows = TABLES[of].objects.filter(**{field: entry}).order_by("deregistered_at", "-pk")
        for number, gone in rows.values_list("pk", "deregistered_at")[:_RELATED_AT_MOST]:
            found.append((of, number, gone is not None))
    return found


def _field(kind: Kind, one: Freshness, names: Mapping[Named, str]) -> FieldShown:
    other = refers(kind, one.field)
    linked = other and isinstance(one.value, int) and (other, one.value) in names
    return FieldShown(
        field=one.field,
        name=field_name(one.field),
        value=said_of(kind, one.field, one.value, names),
        link=(other, one.value) if other and linked else None,
        restricted=is_restricted(kind, one.field),
        said_at=one.said_at,
        due=one.due,
    )


def _told(kind: Kind, one: Statement, names: Mapping[Named, str]) -> Told:
    said = [
        Said(name=field_name(name), value=said_of(kind, name, one.said[name], names), again=False)
        for name in in_order(kind, one.said)
    ]
    again = in_order(kind, one.again)
    return Told(
        said=[*said, *(Said(name=field_name(name), value="", again=True) for name in again)],
        since=one.since,
        until=one.until,
        known_at=one.known_at,
        set=one.change_set,
    )
