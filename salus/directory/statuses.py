"""What the authority says of an entry's status, as lines of a change set: pure rules.

Of the statements about a day the last one counts. So each says no more time than it means: what was known ahead
beyond it, such as a retirement, stands.
"""

from collections.abc import Mapping
from datetime import date

from salus.directory.fields import FIELDS
from salus.directory.lines import Line
from salus.directory.models import Kind
from salus.directory.rules import History, spans
from salus.kernel.errors import InvalidInput

LEFT = ("retired", "deceased", "ended")  # the register, for good


def suspension(
    kind: Kind, entry: int, history: History, *, since: date, until: date | None, reason: str
) -> list[Line]:
    """Out from ``since`` until before ``until``; None: until something else that is known ahead, or for good."""
    leaves = [
        span.since
        for span in spans(history, "status")
        if span.value in LEFT and span.since and span.since > since
    ]
    said = {"status": "suspended", "status_reason": reason or None}
    return [_line(kind, entry, said, since=since, until=until or min(leaves, default=None))]


def end_of_suspension(kind: Kind, entry: int, history: History, *, since: date) -> list[Line]:
    """Active again from ``since`` on, for as long as the suspension would have lasted.

    Raises InvalidInput when no suspension is in force then.
    """
    found = [span for span in spans(history, "status") if span.value == "suspended"]
    for span in found:
        if span.covers(since):
            said = {"status": "active", "status_reason": None}
            return [_line(kind, entry, said, since=since, until=span.until)]
    raise InvalidInput("no suspension is in force on that day", at="since")


def leaving(kind: Kind, entry: int, *, status: str, since: date) -> list[Line]:
    """Retired, deceased, or ended without more, from ``since`` on."""
    return [_line(kind, entry, {"status": status}, since=since)]


def succession(role: int, *, successor: int, since: date | None) -> list[Line]:
    """The role goes on as another one; ``since``: the first day on which it itself is over."""
    lines = [_line(Kind.ROLE, role, {"successor": successor})]
    if since:
        lines.append(_line(Kind.ROLE, role, {"status": "ended"}, since=since, number=2))
    return lines


def _line(
    kind: Kind,
    entry: int,
    said: Mapping[str, object],
    *,
    since: date | None = None,
    until: date | None = None,
    number: int = 1,
) -> Line:
    known = {name: value for name, value in said.items() if name in FIELDS[kind]}
    return Line(number=number, kind=kind, entry=entry, said=known, since=since, until=until)
