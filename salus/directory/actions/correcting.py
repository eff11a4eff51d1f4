"""What professionals say of their own entry: corrections, which wait for the authority, and that it is still right."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.actions.changing import change, decline, hold, propose, source_named
from salus.directory.fields import FIELDS
from salus.directory.freshness import is_over
from salus.directory.history import histories
from salus.directory.lines import Line, checked
from salus.directory.models import ChangeLine, ChangeSet, How, Kind, PractitionerRole, Source
from salus.directory.permissions import own_practitioner
from salus.directory.rules import History, state_on
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, InvalidInput, NotFound

Owned = tuple[Kind, int]


def owned_by(practitioner: int) -> list[Owned]:
    """The entries that a professional may speak of: the own one, and the own work at organisations."""
    roles = PractitionerRole.objects.filter(practitioner=practitioner, deregistered_at=None)
    ids = roles.order_by("since", "pk").values_list("pk", flat=True)
    return [(Kind.PRACTITIONER, practitioner), *((Kind.ROLE, role) for role in ids)]


def mark(value: Any) -> str:
    """Of a value that somebody was shown: what is confirmed is what was seen."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@transaction.atomic
def correct(*, actor: Actor, at: datetime, kind: Kind, entry: int, field: str, value: Any) -> int:
    """Propose another value of a field of one's own entry; None: it has none. Returns the change set's row id.

    It is in force once the authority agrees. Raises NotFound for what is not one's own or not to be corrected,
    InvalidInput, and Conflict while another correction of the same field waits.
    """
    hold()
    history = _own(actor, at, kind, entry)
    if field not in FIELDS[kind] or not FIELDS[kind][field].correctable:
        raise NotFound("no field that professionals correct")
    line = checked(Line(number=1, kind=kind, entry=entry, said={field: value}))
    if line.problem:
        raise InvalidInput(line.problem.partition(": ")[2])
    if state_on(history, at.date()).get(field) == line.said[field]:
        raise InvalidInput(gettext("The directory says so already."))
    if field in fields_waiting(kind, entry):
        raise Conflict("a correction of the field waits")
    change_set = propose(
        actor=actor, at=at, source=_professionals(at), how=How.CORRECTION, lines=[line]
    )
    record(actor=actor, kind=EventKind.DIRECTORY_CHANGED, at=at)
    return change_set


@transaction.atomic
def withdraw(*, actor: Actor, at: datetime, change_set: int) -> None:
    """Take one's own correction out of the queue. Raises NotFound, and Conflict when it was decided before."""
    own_practitioner(actor)
    mine = ChangeSet.objects.filter(account_id=actor.account, how=How.CORRECTION)
    if not mine.filter(pk=change_set).exists():
        raise NotFound("no such correction")
    decline(actor=actor, at=at, change_set=change_set, reason="")


@transaction.atomic
def confirm(*, actor: Actor, at: datetime, seen: Mapping[Owned, Mapping[str, str]]) -> None:
    """Say of fields that they are still right; ``seen``: the mark of the value of each, as it was shown.

    Changes nothing, whatever is sent. Raises NotFound for what is not one's own or not asked about, Conflict when
    one of them has changed since it was shown.
    """
    hold()
    lines = []
    for number, ((kind, entry), marks) in enumerate(seen.items(), start=1):
        state = state_on(_own(actor, at, kind, entry), at.date())
        if not all(name in FIELDS[kind] and FIELDS[kind][name].ages for name in marks):
            raise NotFound("no field that is asked about")
        if any(mark(state.get(name)) != sent for name, sent in marks.items()):
            raise Conflict("what was shown has changed since")
        said = {name: state.get(name) for name in marks}
        lines.append(Line(number=number, kind=kind, entry=entry, said=said))
    if lines:
        change(actor=actor, at=at, source=_professionals(at), how=How.CONFIRMATION, lines=lines)


def fields_waiting(kind: Kind, entry: int) -> dict[str, int]:
    """Which fields of the entry a correction that waits speaks of, and its change set's row id."""
    lines = ChangeLine.objects.filter(
        kind=kind,
        entry=entry,
        change_set__how=How.CORRECTION,
        change_set__applied_at=None,
        change_set__declined_at=None,
    )
    return {
        name: number for number, said in lines.values_list("change_set", "said") for name in said
    }


def _own(actor: Actor, at: datetime, kind: Kind, entry: int) -> History:
    if (kind, entry) not in owned_by(own_practitioner(actor)):
        raise NotFound("not one's own entry")
    history = histories(kind, [entry])[entry]
    if is_over(kind, history, at.date()):  # what speaks of it would bring it back
        raise NotFound("the entry is over")
    return history


def _professionals(at: datetime) -> Source:
    return source_named("professionals", title="Professionals of their own entries", at=at)
