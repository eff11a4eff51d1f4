"""How old what the directory says is: pure rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from salus.directory.fields import FIELDS
from salus.directory.models import Kind
from salus.directory.rules import History, confirmed_at, state_on

YEAR = timedelta(days=365)  # after which a field that ages is asked about again


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """A field of an entry on a day, and when somebody last said that it is so."""

    field: str
    value: Any  # None: it has none
    said_at: datetime | None  # None: nobody ever spoke of it
    due: bool  # to be confirmed or corrected


def freshness(
    kind: Kind, history: History, *, at: datetime, day: date | None = None
) -> list[Freshness]:
    """Of every field, in their order; its value on the ``day`` (default: that of ``at``)."""
    state = state_on(history, day or at.date())
    return [_of(kind, name, state.get(name), history, at) for name in FIELDS[kind]]


def _of(kind: Kind, name: str, value: Any, history: History, at: datetime) -> Freshness:
    said_at = confirmed_at(history, name)
    # Of what was never said there is nothing to confirm.
    due = FIELDS[kind][name].ages and said_at is not None and at - said_at >= YEAR
    return Freshness(field=name, value=value, said_at=said_at, due=due)


def is_over(kind: Kind, history: History, day: date) -> bool:
    """Whether the entry is in force no more on the day: nobody is asked about it."""
    return state_on(history, day).get("status", "ended") not in ("active", "suspended")


def number_due(fields: Iterable[Freshness]) -> int:
    return sum(one.due for one in fields)
