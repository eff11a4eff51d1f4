"""One message of the register: what it says of one period, the whole of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from salus.country.identifiers import spelled
from salus.kernel.errors import InvalidInput

COLUMNS = ("key", "system", "value", "since", "until", "withdrawn", "sequence")
_LONGEST = 200  # characters of a key, a system, a value: they stand in indexes
_LARGEST = 2**63 - 1
_FLAGS = {"true": True, "false": False, "1": True, "0": False, "": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """The person with this identifier is covered from ``since`` until before ``until``; ``withdrawn``: was not."""

    key: str  # the register's own number of the period
    system: str
    value: str
    since: date
    until: date | None
    withdrawn: bool
    sequence: int | None  # None: that of the full file in which it stands


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """``number``: from 1, with the header. Without a message: ``problem`` says why it is refused."""

    number: int
    message: Message | None = None
    key: str = ""  # of a refused one, as far as it can be read: its period is not withdrawn for being misspelt
    problem: str = ""
    text: str = ""  # of a refused one, as it came


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """The last line: the file is whole."""

    lines: int  # before it, without the header
    sequence: int | None  # of a full file: what was said up to then is in it
    as_of: datetime | None  # until when the register has told all that it knew


def read_message(said: Mapping[str, Any], *, system: str, sequenced: bool) -> Message:
    """``system``: of identifiers that name none. ``sequenced``: it needs a number of its own. Raises InvalidInput."""
    withdrawn = said.get("withdrawn")
    if not isinstance(withdrawn, bool):
        withdrawn = _FLAGS.get(str(withdrawn if withdrawn is not None else "").lower())
    if withdrawn is None:
        raise InvalidInput("should be true or false", at="withdrawn")
    since, until = _day(said, "since"), _day(said, "until")
    if since is None:
        raise InvalidInput("is missing", at="since")
    if until is not None and until <= since:
        raise InvalidInput("should be after since", at="until")
    system = _text(said, "system") if said.get("system") else system
    return Message(
        key=_text(said, "key"),
        system=system,
        value=spelled(system, _text(said, "value")),  # as the index keeps it, to be found there
        since=since,
        until=until,
        withdrawn=withdrawn,
        sequence=_number(said, "sequence") if sequenced else None,
    )


def read_end(said: Mapping[str, Any], *, full: bool) -> End:
    """Raises InvalidInput."""
    as_of = said.get("asOf")
    try:
        told = datetime.fromisoformat(as_of) if as_of else None
    except (TypeError, ValueError):
        told = None
    if told is None or told.tzinfo is None:
        raise InvalidInput("should be an instant with its offset", at="asOf")
    return End(
        lines=_number(said, "lines", least=0),
        sequence=_number(said, "sequence") if full else None,
        as_of=told,
    )


def _text(said: Mapping[str, Any], name: str) -> str:
    text = said.get(name)
    if not isinstance(text, str) or not text or text != text.strip():
        raise InvalidInput("should be a text, without spaces around it", at=name)
    if len(text) > _LONGEST or not text.isprintable():
        raise InvalidInput(f"should be at most {_LONGEST} characters that can be printed", at=name)
    return text


def _day(said: Mapping[str, Any], name: str) -> date | None:
    text = said.get(name)
    if text is None or text == "":
        return None
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != text:  # other forms of ISO 8601 are read too
        raise InvalidInput("should be a date, year-month-day", at=name)
    return day


def _number(said: Mapping[str, Any], name: str, *, least: int = 1) -> int:
    text = said.get(name)
    number = -1
    if isinstance(text, int) and not isinstance(text, bool):
        number = text
    elif isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 20:
        number = int(text)
    if not least <= number <= _LARGEST:
        raise InvalidInput(f"should be a whole number from {least} on", at=name)
    return number
