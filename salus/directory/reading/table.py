"""A register's CSV file: the first line names columns, each other one tells of one entry.

An empty cell says nothing; a hyphen says that there is no value any more.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING, Any, BinaryIO

from salus.directory.fields import DAYS, FIELDS
from salus.directory.lines import Line
from salus.directory.models import Kind
from salus.kernel.charset import charset_of
from salus.kernel.errors import InvalidInput

if TYPE_CHECKING:
    import _csv

_NOT_OF_REGISTERS = {"same_as", "apart_from"}  # the authority alone says so
_OWN = ("kind", "system", "identifier", "since", "until")
COLUMNS = (*_OWN, *dict.fromkeys(name for of in FIELDS.values() for name in of))
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_NONE = "-"
_NO_CHARACTER = "\ufffd"
_NAMES = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}

Lines = Iterator[Line]


def read(file: BinaryIO, *, system: str, kind: Kind | None) -> tuple[str, tuple[str, ...], Lines]:
    """What the file is, what its owner should know, and its lines. Raises InvalidInput for a wrong first line."""
    charset = charset_of(file)
    text = StringIO(file.read().decode(charset, "replace"), newline="")
    delimiter = _delimiter(text)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise InvalidInput(f"the first line is not CSV ({error})") from None
    columns, notes = _columns(header, kind)
    form = f"CSV ({_NAMES[charset]}, parted by {_DELIMITERS[delimiter]})"
    if charset == "cp1252":
        notes = (*notes, "the file is not UTF-8: read as Windows-1252")
    return form, notes, _Table(reader, columns, system=system, kind=kind).lines()


def _delimiter(text: StringIO) -> str:
    first = text.readline()
    text.seek(0)
    return max(_DELIMITERS, key=first.count)


def _columns(header: Sequence[str], kind: Kind | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The known column of each place, "" for one that is not used; and a note about these."""
    names = [name.strip().casefold() for name in header]
    known = [name if name in COLUMNS and name not in _NOT_OF_REGISTERS else "" for name in names]
    if "identifier" not in known:
        raise InvalidInput(
            "the first line names no column identifier: it should name columns, and is neither a FHIR Bundle nor NDJSON"
        )
    if twice := sorted({name for name in known if name and known.count(name) > 1}):
        raise InvalidInput(f"the first line names a column twice: {', '.join(twice)}")
    if kind is None and "kind" not in known:
        raise InvalidInput(
            f"the file does not say what it tells of: a column kind with {', '.join(Kind)}, or the option of that name"
        )
    others = [name for name, used in zip(names, known, strict=True) if name and not used]
    note = f"columns that are not known and not used: {', '.join(others)[:200]}"
    return tuple(known), (note,) if others else ()


class _Table:
    def __init__(
        self, reader: "_csv._reader", columns: tuple[str, ...], *, system: str, kind: Kind | None
    ) -> None:
        self._reader, self._columns, self._system = reader, columns, system
        self._kind = kind

    def lines(self) -> Lines:
        while True:
            number = self._reader.line_num + 1
            try:
                values = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._refused(number, f"is not CSV ({error})")
            else:
                if any(value.strip() for value in values):
                    yield self._line(number, values)

    def _refused(self, number: int, problem: str) -> Line:
        return Line(number=number, kind=self._kind or Kind.PRACTITIONER, problem=problem)

    def _line(self, number: int, values: Sequence[str]) -> Line:
        width = len(self._columns)
        if len(values) < width or any(value.strip() for value in values[width:]):
            return self._refused(
                number, f"has {len(values)} values, but the first line names {width}"
            )
        cells = {
            column: value.strip()
            for column, value in zip(self._columns, values, strict=False)
            if column and value.strip()
        }
        named = cells.pop("kind", None)
        if named is not None and named not in Kind:
            return self._refused(number, f"kind: should be one of {', '.join(Kind)}")
        kind = Kind(named) if named else self._kind
        if kind is None:
            return self._refused(number, "kind: is missing")
        system, value = cells.pop("system", self._system), cells.pop("identifier", "")
        line = Line(number=number, kind=kind, system=system, value=value)
        wrong = next((name for name, cell in cells.items() if _is_broken(cell)), None)
        if wrong or _is_broken(system) or _is_broken(value):
            return self._refused(number, f"{wrong or 'identifier'}: holds what is no character")
        problem, said, times = "", dict[str, Any](), dict[str, date | None]()
        for name, cell in cells.items():
            try:
                if name in ("since", "until"):
                    times[name] = _day(cell)
                else:
                    said[name] = self._value(kind, name, cell)
            except InvalidInput as error:
                problem = problem or f"{name}: {error}"
        return Line(
            number=line.number,
            kind=kind,
            system=system,
            value=value,
            said=said,
            since=times.get("since"),
            until=times.get("until"),
            problem=problem,
        )

    def _value(self, kind: Kind, name: str, cell: str) -> Any:
        if cell == _NONE:
            return None
        field = FIELDS[kind].get(name)
        if field and field.refers:
            return cell if "|" in cell else f"{self._system}|{cell}"
        return _READ.get(name, str)(cell)


def _is_broken(cell: str) -> bool:
    """A byte of no character of the file's set, or one that no database keeps."""
    return _NO_CHARACTER in cell or "\0" in cell


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise InvalidInput("should be a date, year-month-day") from None


def _list(cell: str) -> list[str]:
    return [one for one in re.split(r"[\s,]+", cell) if one]


def _flag(cell: str) -> bool:
    word = cell.casefold()
    if word not in _FLAGS:
        raise InvalidInput("should be yes or no")
    return _FLAGS[word]


def _number(cell: str) -> float:
    if not re.fullmatch(r"-?\d{1,3}([.,]\d{1,12})?", cell, re.ASCII):
        raise InvalidInput("should be a number such as 49.6117")
    return float(cell.replace(",", "."))


def _hours(cell: str) -> list[dict[str, Any]]:
    """As OpenStreetMap writes opening_hours: "Mo-Fr 08:00-12:00,14:00-18:00; Sa 09:00-12:00", or 24/7."""
    if cell == "24/7":
        return [{"daysOfWeek": list(DAYS), "allDay": True}]
    found = []
    for rule in filter(None, (part.strip() for part in cell.split(";"))):
        days, _, times = rule.partition(" ")
        for time in times.split(","):
            match = re.fullmatch(r"\s*(\d\d:\d\d)\s*-\s*(\d\d:\d\d)\s*", time, re.ASCII)
            if not match:
                raise InvalidInput("should be opening times such as Mo-Fr 08:00-12:00,14:00-18:00")
            opens, closes = match.groups()
            found.append(
                {
                    "daysOfWeek": _days(days),
                    "availableStartTime": opens,
                    "availableEndTime": closes,
                }
            )
    return found


def _days(text: str) -> list[str]:
    found: list[str] = []
    for part in text.split(","):
        first, _, last = part.casefold().partition("-")
        try:
            start, end = _SHORT.index(first), _SHORT.index(last or first)
        except ValueError:
            raise InvalidInput(
                "should be opening times of days Mo, Tu, We, Th, Fr, Sa, Su"
            ) from None
        if end < start:
            raise InvalidInput("should be opening times of days in the order of the week")
        found += DAYS[start : end + 1]
    return found


_SHORT = [day[:2] for day in DAYS]
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_READ: Mapping[str, Callable[[str], Any]] = {
    "languages": _list,
    "limits": _list,
    "new_patients": _flag,
    "accessible": _flag,
    "appointment": _flag,
    "latitude": _number,
    "longitude": _number,
    "hours": _hours,
}
