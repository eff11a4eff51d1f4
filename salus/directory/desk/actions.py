"""What registrars decide: who may, and what is asked first. The writes are those of salus.directory.actions."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.utils.translation import gettext

from salus.directory.actions import apply, decline, propose, roll_back, source_named, tell_apart
from salus.directory.lines import Line
from salus.directory.models import ChangeLine, How, Kind, Outcome, Source
from salus.directory.permissions import registrars_only
from salus.directory.reading import read
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput

AUTHORITY = "authority"  # the source of what is said at the desk


def apply_set(*, actor: Actor, at: datetime, change_set: int, ends: int = 0) -> None:
    """Put a change set in force. ``ends``: how many entries it ends, as the registrar has read and written.

    Raises InvalidInput when a complete file would end another number, NotFound, Conflict.
    """
    registrars_only(actor)
    if ends != ended_by(change_set):
        raise InvalidInput(gettext("This is not the number of entries that would end."), at="ends")
    apply(actor=actor, at=at, change_set=change_set, really=ends > 0)


def ended_by(change_set: int) -> int:
    """How many entries end because a complete file does not name them."""
    lines = ChangeLine.objects.filter(change_set=change_set, outcome=Outcome.ENDED)
    return lines.filter(change_set__complete=True).count()


def decline_set(*, actor: Actor, at: datetime, change_set: int, reason: str) -> None:
    registrars_only(actor)
    decline(actor=actor, at=at, change_set=change_set, reason=reason)


def roll_back_set(*, actor: Actor, at: datetime, change_set: int, reason: str) -> None:
    registrars_only(actor)
    roll_back(actor=actor, at=at, change_set=change_set, reason=reason)


def propose_lines(*, actor: Actor, at: datetime, lines: Sequence[Line]) -> int:
    """What the authority says of an entry, to be looked at before it is in force; the change set's row id."""
    registrars_only(actor)
    source = source_named(AUTHORITY, title="The authority", at=at)
    return propose(actor=actor, at=at, source=source, how=How.AUTHORITY, lines=lines)


def keep_apart(*, actor: Actor, at: datetime, kind: Kind, one: int, other: int) -> None:
    """The two only look alike: nobody is asked about them again."""
    registrars_only(actor)
    tell_apart(actor=actor, at=at, kind=kind, one=one, other=other)


def propose_file(
    *,
    actor: Actor,
    at: datetime,
    source: Source,
    file: BinaryIO,
    file_name: str,
    kind: Kind | None,
    complete: bool,
) -> int:
    """A register's file, to be looked at before it is in force; the change set's row id.

    Raises InvalidInput when the file as a whole cannot be read.
    """
    registrars_only(actor)
    reading = read(file, system=source.system, kind=kind)
    return propose(
        actor=actor,
        at=at,
        source=source,
        how=How.FILE,
        lines=reading.lines,
        complete=complete,
        file_name=file_name,
        digest=reading.digest,
    )
