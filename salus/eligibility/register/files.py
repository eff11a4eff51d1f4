"""Files and bodies of the register, line by line: CSV and NDJSON (docs/reference/affiliation-files.md)."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, BinaryIO

from salus.eligibility.register.messages import COLUMNS, End, Line, read_end, read_message
from salus.kernel.errors import InvalidInput

END = "#end"
_NEEDED = ("key", "value", "since")
_LONGEST = 10_000  # characters of a line


def read_lines(file: BinaryIO, *, system: str, full: bool) -> Iterator[Line | End]:
    """What stands in it, a refused line with its reason. Raises InvalidInput for what is no such file at all."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    rest = _short(text)
    first = next(rest, "")
    if first.lstrip().startswith("{"):
        return _of_json(first, rest, system=system, full=full)
    return _of_csv(first, rest, system=system, full=full)


def _short(text: io.TextIOWrapper) -> Iterator[str]:
    """Raises InvalidInput for a line that is too long: a piece of it might look like another one."""
    for number in count(1):
        line = text.readline(_LONGEST)
        if len(line) == _LONGEST:
            raise InvalidInput(f"has {_LONGEST} characters or more", at=f"line {number}")
        if not line:
            return
        yield line


def _of_csv(first: str, rest: Iterator[str], *, system: str, full: bool) -> Iterator[Line | End]:
    columns = next(csv.reader([first]), [])
    needed = _NEEDED if full else (*_NEEDED, "sequence")
    if missing := [name for name in needed if name not in columns]:
        raise InvalidInput(f"has no column {', '.join(missing)}", at="line 1")
    if unknown := sorted(set(columns) - set(COLUMNS)):
        raise InvalidInput(f"has columns that mean nothing: {', '.join(unknown)}", at="line 1")
    reader = csv.reader(rest)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise InvalidInput(f"is no CSV: {error}", at=f"line {reader.line_num + 1}") from None
        number = reader.line_num + 1
        if row is None:
            return
        if row and row[0] == END:
            said = dict(zip(("lines", "sequence", "asOf"), row[1:], strict=False))
            yield _end(said, number, full=full)
        elif len(row) == len(columns):
            yield _line(number, dict(zip(columns, row, strict=True)), row, system, full=full)
        else:
            problem = f"should have {len(columns)} cells"
            yield Line(
                number=number, key=row[0] if row else "", problem=problem, text=",".join(row)
            )


def _of_json(first: str, rest: Iterator[str], *, system: str, full: bool) -> Iterator[Line | End]:
    number, line = 1, first
    while line:
        if line.strip():
            yield _of_json_line(number, line, system, full=full)
        number, line = number + 1, next(rest, "")


def _of_json_line(number: int, line: str, system: str, *, full: bool) -> Line | End:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return Line(number=number, problem="should be a JSON object", text=line.strip())
    if "end" in said:
        end = said["end"]
        return _end(end if isinstance(end, dict) else {}, number, full=full)
    if unknown := sorted(said.keys() - set(COLUMNS)):
        problem = f"has members that mean nothing: {', '.join(unknown)[:200]}"
        key = said.get("key")
        key = key if isinstance(key, str) else ""
        return Line(number=number, key=key, problem=problem, text=line.strip())
    return _line(number, said, line.strip(), system, full=full)


def _line(
    number: int, said: Mapping[str, Any], told: str | list[str], system: str, *, full: bool
) -> Line:
    try:
        message = read_message(said, system=system, sequenced=not full)
    except InvalidInput as error:
        text = told if isinstance(told, str) else ",".join(told)
        key = said.get("key")
        key = key if isinstance(key, str) else ""
        return Line(number=number, key=key, problem=str(error), text=text)
    return Line(number=number, message=message)


def _end(said: Mapping[str, Any], number: int, *, full: bool) -> End:
    try:
        return read_end(said, full=full)
    except InvalidInput as error:
        raise InvalidInput(str(error), at=f"line {number}, the end") from None
