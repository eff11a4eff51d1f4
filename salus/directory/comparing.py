"""The lines of a change set beside what is known: what each would do, and to which entry."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from salus.directory.fields import FIELDS, ORDER
from salus.directory.history import histories
from salus.directory.lines import Compared, Line, checked, compared
from salus.directory.models import Kind, Outcome, Source
from salus.directory.projecting import TABLES
from salus.directory.rules import Said
from salus.kernel.errors import InvalidInput

_SOME = 2_000  # identifiers in one question
Identifier = tuple[str, str]  # system, value
Allot = Callable[[Kind, int], Iterator[int]]


def compare(
    lines: Sequence[Line], *, at: datetime, allot: Allot | None = None
) -> tuple[list[Compared], list[int | None]]:
    """What each line does, in their order, and the row id of its entry; None of one that is refused.

    A line sees what those before it say of the same entry. ``allot`` gives row ids to new entries; without it they
    have numbers below zero, for a preview.
    """
    table = _Entries(lines, at=at, allot=allot)
    found: dict[int, tuple[Compared, int | None]] = {}
    for kind in ORDER:
        waiting = [n for n, line in enumerate(lines) if line.kind is kind]
        while waiting:
            later = []
            for n in waiting:
                result = table.compared(lines[n])
                if result is None:
                    later.append(n)  # names one of its own kind that comes after it
                else:
                    found[n] = result
            if len(later) == len(waiting):
                found |= {n: table.compared(lines[n], last=True) for n in later}  # type: ignore[misc]
                break
            waiting = later
    ordered = [found[n] for n in range(len(lines))]
    return [one for one, _ in ordered], [entry for _, entry in ordered]


def ended(source: Source, lines: Sequence[Line], *, at: datetime) -> list[Line]:
    """A line for each entry of the source that a complete file does not name: it has ended today.

    Only of the kinds that the file speaks of, and never of all: an empty file ends nothing. One that is named by a
    line that is refused goes on.
    """
    number = count(max((line.number for line in lines), default=0) + 1)
    found = []
    for kind in dict.fromkeys(line.kind for line in lines if not line.problem):
        named = {(line.system, line.value) for line in lines if line.kind is kind}
        known = TABLES[kind].objects.filter(system=source.system, deregistered_at=None)
        for system, value in known.order_by("pk").values_list("system", "value"):
            if (system, value) not in named:
                found.append(
                    Line(
                        number=next(number),
                        kind=kind,
                        system=system,
                        value=value,
                        said={"status": "ended"},
                        since=at.date(),
                    )
                )
    return found


class _Entries:
    """The entries that lines speak of, as they become line by line."""

    def __init__(self, lines: Sequence[Line], *, at: datetime, allot: Allot | None) -> None:
        self._at = at
        named: dict[Kind, set[Identifier]] = {}
        rows: dict[Kind, set[int]] = {}
        for line in lines:
            if line.entry is None:
                named.setdefault(line.kind, set()).add((line.system, line.value))
            else:
                rows.setdefault(line.kind, set()).add(line.entry)
            for kind, value in _references(line):
                if isinstance(value, str):
                    named.setdefault(kind, set()).add(_identifier(value))
                else:
                    rows.setdefault(kind, set()).add(value)
        self._known = {kind: _known(kind, of) for kind, of in named.items()}
        self._rows = {
            kind: set(TABLES[kind].objects.filter(pk__in=of).values_list("pk", flat=True))
            for kind, of in rows.items()
        }
        spoken: dict[Kind, set[int]] = {}
        for line in lines:
            if (entry := self._entry(line)) is not None:
                spoken.setdefault(line.kind, set()).add(entry)
        self._said: dict[tuple[Kind, int], list[Said]] = {
            (kind, entry): history
            for kind, of in spoken.items()
            for entry, history in histories(kind, of).items()
        }
        new = {
            kind: sum(identifier not in self._known[kind] for identifier in of)
            for kind, of in named.items()
        }
        self._ids = {
            kind: allot(kind, n) if allot else (-number for number in count(1))
            for kind, n in new.items()
        }

    def compared(self, line: Line, *, last: bool = False) -> tuple[Compared, int | None] | None:
        """None: it names another entry that may come with a later line, unless this is the ``last`` chance."""
        fine = checked(line)
        if not fine.problem:
            try:
                said = self._resolved(fine)
            except InvalidInput as error:
                if not last and error.at and FIELDS[line.kind][error.at].refers is line.kind:
                    return None
                fine = replace(fine, problem=str(error))
            else:
                fine = replace(fine, said=said)
        if not fine.problem and line.entry is not None and self._entry(line) is None:
            fine = replace(fine, problem="identifier: there is no such entry")
        entry = self._entry(line)
        history = self._said.get((line.kind, entry), []) if entry is not None else []
        result = replace(compared(fine, history, at=self._at), line=line)
        if result.outcome is Outcome.REFUSED:
            return result, None
        if entry is None:
            entry = self._known[line.kind][line.system, line.value] = next(self._ids[line.kind])
        self._said[line.kind, entry] = [
            *history,
            Said(said=result.said, since=result.since, until=line.until, known_at=self._at),
        ]
        return result, entry

    def _entry(self, line: Line) -> int | None:
        if line.entry is not None:
            return line.entry if line.entry in self._rows[line.kind] else None
        return self._known[line.kind].get((line.system, line.value))

    def _resolved(self, line: Line) -> dict[str, Any]:
        """With row ids where it names other entries; raises InvalidInput at the field."""
        said = dict(line.said)
        for name, value in line.said.items():
            kind = FIELDS[line.kind][name].refers
            if kind is None or value is None:
                continue
            if isinstance(value, str):
                said[name] = self._known[kind].get(_identifier(value))
            elif value not in self._rows[kind]:
                said[name] = None
            if said[name] is None:
                raise InvalidInput(f"names no {kind} that is known", at=name)
        return said


def _references(line: Line) -> Iterator[tuple[Kind, Any]]:
    for name, value in line.said.items():
        about = FIELDS[line.kind].get(name)
        if about and about.refers and isinstance(value, str | int):
            yield about.refers, value


def _identifier(text: str) -> Identifier:
    system, _, value = text.rpartition("|")
    return system, value


def _known(kind: Kind, identifiers: set[Identifier]) -> dict[Identifier, int]:
    by_system: dict[str, list[str]] = {}
    for system, value in identifiers:
        by_system.setdefault(system, []).append(value)
    found: dict[Identifier, int] = {}
    for system, values in by_system.items():
        for start in range(0, len(values), _SOME):
            rows = TABLES[kind].objects.filter(
                system=system, value__in=values[start : start + _SOME]
            )
            found |= {(system, value): pk for value, pk in rows.values_list("value", "pk")}
    return found
