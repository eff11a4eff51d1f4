"""Pure rules of the directory: what its statements say on a day, as far as they were known at an instant.

A history is all standing statements about one entry, in the order in which they became known. Of those that speak of
a field on a day the last one counts; so what is true on a day is a replay, and taking a change set back is leaving
its statements out (ADR 0032).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Said:
    """These fields have these values, true from ``since`` until before ``until``; None: always, or for good."""

    said: Mapping[str, Any]  # None: it has no value
    again: Collection[str] = ()  # fields that were said anew as they were known
    since: date | None = None
    until: date | None = None
    known_at: datetime

    def covers(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


@dataclass(frozen=True, kw_only=True)
class Span:
    """A field has one value from ``since`` until before ``until``."""

    since: date | None
    until: date | None
    value: Any

    def covers(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


History = Sequence[Said]


def state_on(history: History, day: date) -> dict[str, Any]:
    """Every field that has a value on the day."""
    state: dict[str, Any] = {}
    for statement in history:
        if statement.covers(day):
            state.update(statement.said)
    return {field: value for field, value in state.items() if value is not None}


def spans(history: History, field: str) -> list[Span]:
    """The field's values in the order of time, without the times in which it has none; neighbours differ."""
    speaking = [one for one in history if field in one.said]
    edges: list[date | None] = [
        None,
        *sorted({day for one in speaking for day in (one.since, one.until) if day}),
    ]
    found: list[Span] = []
    for since, until in zip(edges, [*edges[1:], None], strict=True):
        value = _last([one.said[field] for one in speaking if _holds(one, since)])
        if value is None:
            continue
        if found and found[-1].until == since and found[-1].value == value and since:
            since = found.pop().since
        found.append(Span(since=since, until=until, value=value))
    return found


def _holds(statement: Said, since: date | None) -> bool:
    """Between this edge and the next one, no statement begins or ends."""
    return statement.since is None if since is None else statement.covers(since)


def _last(values: Sequence[Any]) -> Any:
    return values[-1] if values else None


def value_about(history: History, field: str, day: date) -> Any:
    """The field's value on the day; when it has none then, its last one before, or else the first one after."""
    found = spans(history, field)
    before = [span for span in found if span.since is None or span.since <= day]
    nearest = before[-1:] or found[:1]
    return nearest[0].value if nearest else None


def says_already(
    history: History, field: str, value: Any, *, since: date | None, until: date | None
) -> bool:
    """Whether the field has this value, or none if that is None, in all of the time."""
    known = spans(history, field)
    if value is None:
        return not any(_meet(span, since, until) for span in known)
    return any(
        span.value == value
        and (span.since is None or (since is not None and span.since <= since))
        and (span.until is None or (until is not None and until <= span.until))
        for span in known
    )


def _meet(span: Span, since: date | None, until: date | None) -> bool:
    return (since is None or span.until is None or since < span.until) and (
        until is None or span.since is None or span.since < until
    )


def survived(own: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What is shown of an entry that others are duplicates of: its own fields, then what each of them alone has.

    A status is nobody else's: who is suspended in one register may work by another.
    """
    found = dict(own)
    for other in others:
        found |= {
            field: value
            for field, value in other.items()
            if field not in found and field not in _OF_ONE_ROW
        }
    return found


_OF_ONE_ROW = frozenset({"identifier", "status", "status_reason", "same_as", "apart_from"})


def is_unlikely(ended: int, known: int) -> bool:
    """Whether a complete file ends so many of a source's entries that it may rather be cut short."""
    return ended > _SOME_ENDED and ended > _SHARE_ENDED * known


_SOME_ENDED = 5
_SHARE_ENDED = 0.1


_GONE = frozenset({"ended", "retired", "deceased"})


def _times_shown(history: History) -> list[Span]:
    """When the entry is in the directory: in use, or suspended."""
    return [span for span in spans(history, "status") if span.value not in _GONE]


def is_shown(history: History, day: date) -> bool:
    """Whether the entry is in the directory on the day: it is in use, or suspended, then or later."""
    return any(span.until is None or span.until > day for span in _times_shown(history))


def days_of_leaving(history: History) -> list[date]:
    """On which the entry ceased to be in the directory, or will."""
    return [span.until for span in _times_shown(history) if span.until is not None]


def confirmed_at(history: History, field: str) -> datetime | None:
    """When somebody last said what the field's value is, be it anew."""
    said = [one.known_at for one in history if field in one.said or field in one.again]
    return max(said, default=None)


def time_out(
    statuses: Sequence[Span], day: date, *, allowed: Collection[Any] = ("active",)
) -> tuple[date | None, date | None] | None:
    """The first time, begun or to come, that has no allowed status: days, the second excluded; None: there is none.

    A first None: ever since; a second one: for good.
    """
    free = [span for span in statuses if span.value in allowed]
    edge: date | None = None  # where the time before the next free span begins
    for span in free:
        if span.since is not None and (edge is None or edge < span.since) and day < span.since:
            return edge, span.since
        edge = span.until
        if edge is None:
            return None
    return edge, None


def both(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """The times that are in both, with the first one's value."""
    others = list(other)
    return [
        Span(since=_later(a.since, b.since), until=_earlier(a.until, b.until), value=a.value)
        for a in one
        for b in others
        if _meet(a, b.since, b.until)
    ]


def together(spans_of_all: Iterable[Span]) -> list[Span]:
    """Times that are in any, joined where they touch, all with the value True."""
    joined: list[Span] = []
    for span in sorted(spans_of_all, key=lambda one: one.since or date.min):
        last = joined[-1] if joined else None
        if last and (last.until is None or (span.since or date.min) <= last.until):
            until = None if None in (last.until, span.until) else max(last.until, span.until)  # type: ignore[type-var]
            joined[-1] = Span(since=last.since, until=until, value=True)
        else:
            joined.append(Span(since=span.since, until=span.until, value=True))
    return joined


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day), default=None)


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day), default=None)
