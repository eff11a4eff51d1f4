"""The authority says that two entries tell of the same, takes it back, or says that they do not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from salus.directory.actions.changing import change, roll_back, source_named
from salus.directory.duplicates import rows_of
from salus.directory.history import as_of
from salus.directory.lines import Line
from salus.directory.models import ChangeSet, How, Kind, Statement
from salus.directory.projecting import JOINED, TABLES
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, InvalidInput, NotFound

AUTHORITY = "authority"  # the source of what it says itself


@transaction.atomic
def join(*, actor: Actor, at: datetime, kind: Kind, duplicate: int, root: int) -> None:
    """From now on ``duplicate`` is shown as ``root``, which stays itself.

    Raises Conflict when one of them is joined already in a way that would make a chain, InvalidInput when both are
    one, NotFound when one is not there.
    """
    if kind not in JOINED or duplicate == root:
        raise InvalidInput("two entries of professionals, or of organisations, are needed")
    table = TABLES[kind]
    known = dict(table.objects.filter(pk__in=[duplicate, root]).values_list("pk", "same_as"))
    if len(known) != 2:
        raise NotFound("there is no such entry")
    if known[root] is not None:
        raise Conflict("that entry is shown as another one itself: join with that one")
    if known[duplicate] is not None or len(rows_of(kind, duplicate)) > 1:
        raise Conflict("the entry is joined with another one: part them first")
    _say(actor, at, kind, duplicate, {"same_as": root})


@transaction.atomic
def part(*, actor: Actor, at: datetime, kind: Kind, duplicate: int) -> None:
    """Take back that the entry is a duplicate: it is as if the two had never been joined. Raises Conflict."""
    row = TABLES[kind].objects.filter(pk=duplicate).first()
    if row is None:
        raise NotFound("there is no such entry")
    if getattr(row, "same_as_id", None) is None:
        raise Conflict("the entry is joined with no other")
    said = Statement.objects.filter(
        kind=kind, entry=duplicate, said__has_key="same_as", change_set__rolled_back_at=None
    ).latest("pk")
    together: ChangeSet = said.change_set
    if together.lines.count() == 1:
        roll_back(actor=actor, at=at, change_set=together.pk, reason="parted")
    else:  # it came with much that is right
        _say(actor, at, kind, duplicate, {"same_as": None})


@transaction.atomic
def tell_apart(*, actor: Actor, at: datetime, kind: Kind, one: int, other: int) -> None:
    """These two only look alike: they are not proposed as duplicates any more."""
    known = as_of(kind, one, day=at.date()).get("apart_from", [])
    _say(actor, at, kind, one, {"apart_from": sorted({*known, other})})


def _say(actor: Actor, at: datetime, kind: Kind, entry: int, said: Mapping[str, Any]) -> None:
    source = source_named(AUTHORITY, title="The authority", at=at)
    line = Line(number=1, kind=kind, entry=entry, said=said)
    change(actor=actor, at=at, source=source, how=How.AUTHORITY, lines=[line])
