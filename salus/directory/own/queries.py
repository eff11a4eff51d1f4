"""What the directory says of the professional who is signed in, all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salus.directory.actions.correcting import Owned, fields_waiting, mark, owned_by
from salus.directory.fields import FIELDS
from salus.directory.freshness import Freshness, freshness, is_over, number_due
from salus.directory.history import histories
from salus.directory.models import ChangeLine, ChangeSet, How, Kind, Licence
from salus.directory.naming import Named, names_of, referred, said_of
from salus.directory.permissions import own_practitioner
from salus.directory.rules import History, state_on
from salus.directory.words import field_name, is_restricted, value_said
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound

_SAID_AT_MOST = 10  # corrections, the newest


@dataclass(frozen=True, kw_only=True)
class OwnField:
    field: str
    name: str
    value: str
    said_at: datetime | None
    due: bool
    asked: bool  # may be confirmed
    correctable: bool
    mark: str  # of the value, for its confirmation
    waiting: int | None  # the change set of a correction


@dataclass(frozen=True, kw_only=True)
class OwnEntry:
    kind: Kind
    entry: int
    name: str
    public: Sequence[OwnField]
    restricted: Sequence[OwnField]

    @property
    def asked(self) -> list[OwnField]:
        return [one for one in (*self.public, *self.restricted) if one.asked]


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One of the professional's own, with what was decided."""

    set: ChangeSet
    field: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Own:
    practitioner: int
    entries: Sequence[OwnEntry]
    due: int  # fields to be confirmed or corrected
    corrections: Sequence[Correction]


def own(*, actor: Actor, at: datetime) -> Own:
    """The own entry, its licences, and the work at organisations that is not over. Raises NotFound."""
    practitioner = own_practitioner(actor)
    histories_of = _histories(practitioner, at, licences=True)
    states = {owned: state_on(history, at.date()) for owned, history in histories_of.items()}
    named: set[Named] = set(histories_of)
    for (kind, _row), state in states.items():
        named |= referred(state, kind)
    names = names_of(named)
    entries = [
        _entry(owned, freshness(owned[0], history, at=at), names)
        for owned, history in histories_of.items()
    ]
    return Own(
        practitioner=practitioner,
        entries=entries,
        due=sum(one.due for entry in entries for one in (*entry.public, *entry.restricted)),
        corrections=_corrections(actor),
    )


def own_field(*, actor: Actor, at: datetime, kind: str, entry: int, field: str) -> tuple[Kind, Any]:
    """The value of a field that the professional may correct; its kind with it. Raises NotFound."""
    of = Kind(kind) if kind in Kind.values else None
    history = _histories(own_practitioner(actor), at).get((of, entry)) if of else None
    if of is None or history is None or field not in FIELDS[of]:
        raise NotFound("no such field of one's own entry")
    if not FIELDS[of][field].correctable:
        raise NotFound("no field that professionals correct")
    return of, state_on(history, at.date()).get(field)


def fields_due(*, actor: Actor, at: datetime) -> int:
    """How many fields of the own entry nobody has spoken of for a year, without those of which a correction waits."""
    due = 0
    for (kind, row), history in _histories(own_practitioner(actor), at).items():
        waiting = fields_waiting(kind, row)
        fields = freshness(kind, history, at=at)
        due += number_due(one for one in fields if one.field not in waiting)
    return due


def _histories(practitioner: int, at: datetime, *, licences: bool = False) -> dict[Owned, History]:
    """Of what is in force, in the order in which it is shown."""
    owned = owned_by(practitioner)
    if licences:
        ids = Licence.objects.filter(practitioner=practitioner, deregistered_at=None)
        owned += [(Kind.LICENCE, pk) for pk in ids.order_by("pk").values_list("pk", flat=True)]
    found: dict[Owned, History] = {}
    for kind in (Kind.PRACTITIONER, Kind.LICENCE, Kind.ROLE):
        of_kind = [entry for of, entry in owned if of is kind]
        for entry, history in histories(kind, of_kind).items():
            if not is_over(kind, history, at.date()):
                found[kind, entry] = history
    return found


def _entry(owned: Owned, fields: Sequence[Freshness], names: Mapping[Named, str]) -> OwnEntry:
    kind, entry = owned
    waiting = fields_waiting(kind, entry)
    shown = [
        (is_restricted(kind, one.field), _field(kind, one, waiting, names))
        for one in fields
        if one.value is not None or (FIELDS[kind][one.field].correctable and kind != Kind.LICENCE)
    ]
    return OwnEntry(
        kind=kind,
        entry=entry,
        name=names.get(owned, ""),
        public=[one for restricted, one in shown if not restricted],
        restricted=[one for restricted, one in shown if restricted],
    )


def _field(
    kind: Kind, one: Freshness, waiting: Mapping[str, int], names: Mapping[Named, str]
) -> OwnField:
    about = FIELDS[kind][one.field]
    return OwnField(
        field=one.field,
        name=field_name(one.field),
        value=said_of(kind, one.field, one.value, names),
        said_at=one.said_at,
        due=one.due and one.field not in waiting,
        asked=about.ages and one.said_at is not None and one.field not in waiting,
        correctable=about.correctable,
        mark=mark(one.value),
        waiting=waiting.get(one.field),
    )


def _corrections(actor: Actor) -> list[Correction]:
    sets = ChangeSet.objects.filter(account_id=actor.account, how=How.CORRECTION)
    newest = {one.pk: one for one in sets.order_by("-received_at", "-pk")[:_SAID_AT_MOST]}
    lines = ChangeLine.objects.filter(change_set__in=newest).order_by("-change_set", "number")
    return [
        Correction(
            set=newest[line.change_set_id],
            field=field_name(name),
            value=value_said(Kind(line.kind), name, value),
        )
        for line in lines
        for name, value in line.said.items()
    ]
