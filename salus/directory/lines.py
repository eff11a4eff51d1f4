"""A line of a change set: what is said of one entry, checked, and beside what is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from salus.directory.fields import FIELDS
from salus.directory.models import Kind, Outcome
from salus.directory.rules import History, says_already, state_on
from salus.kernel.errors import InvalidInput

_LONGEST = 500  # characters of an identifier and its system, which stand in an index


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is said of one entry. Another entry is named as "system|value" of its kind, or by its row id."""

    number: int  # in the file, from 1
    kind: Kind
    system: str = ""  # with ``value``: the identifier
    value: str = ""
    entry: int | None = None  # row id instead, of one that is known
    said: Mapping[str, Any] = field(default_factory=dict)  # None: it has no value
    since: date | None = None
    until: date | None = None
    problem: str = ""  # that the reader found: it is refused


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What a line would do. ``said`` is what it changes, from ``since`` on, and is to be stated."""

    line: Line
    outcome: Outcome
    said: Mapping[str, Any] = field(default_factory=dict)
    since: date | None = None
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # was, will be
    again: tuple[str, ...] = ()  # what it says that is known
    problem: str = ""


def checked(line: Line) -> Line:
    """With its values as they are kept; or with the problem that refuses it."""
    if line.problem:
        return line
    fields, said = FIELDS[line.kind], {}
    for name, value in line.said.items():
        if name not in fields:
            return replace(line, problem=f"{name}: is no field of {line.kind}")
        try:
            said[name] = (
                value if fields[name].refers or value is None else fields[name].check(value)
            )
        except InvalidInput as error:
            return replace(line, problem=f"{name}: {error}")
        if value is None and fields[name].needed:
            return replace(line, problem=f"{name}: cannot be taken away")
    if line.since and line.until and line.until <= line.since:
        return replace(line, problem="until: should be after since")
    if line.entry is None and (problem := _of_identifier(line)):
        return replace(line, problem=f"identifier: {problem}")
    return replace(line, said=said)


def _of_identifier(line: Line) -> str:
    """What is wrong with it; another line names it as "system|value"."""
    if not line.value:
        return "is missing"
    if "|" in line.value:
        return "should hold no |"
    if not (line.system + line.value).isprintable() or len(line.system + line.value) > _LONGEST:
        return f"should be at most {_LONGEST} characters that can be printed"
    return ""


def compared(line: Line, history: History, *, at: datetime) -> Compared:
    """What the line, checked and with row ids as references, would do to an entry with this history.

    Without a date, what is said of one that is known holds from today on, and is compared with today alone: a change
    that is known ahead stands. One that is said again after it ended is active again.
    """
    if line.problem:
        return Compared(line=line, outcome=Outcome.REFUSED, problem=line.problem)
    today = at.date()
    if not any("identifier" in one.said for one in history):  # or what made it was taken back
        return _new(line, today)
    dated = line.since is not None or line.until is not None
    state = state_on(history, line.since or today)
    back = {"status": "active"} if state.get("status") == "ended" else {}
    different, again = {}, []
    for name, value in {**back, **line.said}.items():
        same = (
            says_already(history, name, value, since=line.since, until=line.until)
            if dated
            else state.get(name) == value
        )
        if same:
            again.append(name)
        else:
            different[name] = (state.get(name), value)
    if not different:
        return Compared(line=line, outcome=Outcome.SAME, again=tuple(again))
    ended = different.get("status", (None, ""))[1] == "ended"
    return Compared(
        line=line,
        outcome=Outcome.ENDED if ended else Outcome.CHANGED,
        said={name: value for name, (_, value) in different.items()},
        since=line.since if dated else today,
        differences=different,
        again=tuple(again),
    )


def _new(line: Line, today: date) -> Compared:
    for name, about in FIELDS[line.kind].items():
        if about.needed and line.said.get(name) is None:
            problem = f"{name}: is missing of a new entry"
            return Compared(line=line, outcome=Outcome.REFUSED, problem=problem)
    begins_today = line.kind is Kind.ROLE and (line.until is None or today < line.until)
    said = {"status": "active"} | {n: value for n, value in line.said.items() if value is not None}
    return Compared(
        line=line,
        outcome=Outcome.NEW,
        said=said | {"identifier": {"system": line.system, "value": line.value}},
        since=line.since or (today if begins_today else None),
        differences={name: (None, value) for name, value in said.items()},
    )
