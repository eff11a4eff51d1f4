"""Reads a registry's records from CSV, line by line, and says which lines it cannot read."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from salus.kernel.charset import charset_of
from salus.kernel.errors import InvalidInput
from salus.mpi.matching.record import Traits

if TYPE_CHECKING:
    import _csv

# Column of the file: what it is of `Traits`.
_TRAITS = {
    "given_name": "given",
    "family_name": "family",
    "birth_date": "birth_text",
    "sex": "sex",
    "street": "street",
    "house_number": "house_number",
    "postal_code": "postal_code",
    "city": "city",
    "country": "country",
    "phone": "phone",
    "email": "email",
    "national_id": "national_id",
}
COLUMNS = ("record_id", *_TRAITS)
_CHUNK = 1 << 20
_DELIMITERS = ",;\t"


@dataclass(frozen=True, kw_only=True)
class Line:
    number: int  # of the file, from 1
    record_id: str
    traits: Traits


class RegistryCsv:
    """One file. ``notes`` are things that its owner should know; ``refused`` is told of each line left out."""

    def __init__(self, path: Path, *, refused: Callable[[str], None]) -> None:
        self.path = path
        self._refused = refused
        self.notes: list[str] = []
        self.length = 0  # lines, the first among them
        self._encoding = self._find_encoding()
        with self._open() as file:
            reader = self._reader(file)
            self._columns = self._find_columns(next(reader, []))

    def lines(self, advance: Callable[[float], object]) -> Iterator[Line]:
        """The records in order; ``advance`` is told how many lines have gone by."""
        with self._open() as file:
            reader = self._reader(file)
            next(reader, None)
            start = reader.line_num
            while True:
                number = start + 1
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    self._refuse(number, f"is not CSV ({error})")
                else:
                    if line := self._line(number, values):
                        yield line
                advance(reader.line_num - start)
                start = reader.line_num

    def _line(self, number: int, values: Sequence[str]) -> Line | None:
        if not any(value.strip() for value in values):
            return None
        width = len(self._columns)
        if len(values) < width or any(value.strip() for value in values[width:]):
            self._refuse(number, f"has {len(values)} values, but the first line names {width}")
            return None
        named = {
            column: value.strip()
            for column, value in zip(self._columns, values, strict=False)
            if column
        }
        record_id = named.pop("record_id")
        if not record_id:
            self._refuse(number, "has no record_id")
            return None
        known: dict[str, Any] = {_TRAITS[column]: value for column, value in named.items()}
        return Line(number=number, record_id=record_id, traits=Traits(**known))

    def _refuse(self, number: int, why: str) -> None:
        self._refused(f"{self.path}: line {number} {why}; it is left out")

    def _open(self) -> TextIO:
        return self.path.open(encoding=self._encoding, errors="replace", newline="")

    def _reader(self, file: TextIO) -> "_csv._reader":
        first = file.readline()
        file.seek(0)
        delimiter = max(_DELIMITERS, key=first.count)
        return csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter)

    def _find_encoding(self) -> str:
        """And how many lines the file has."""
        try:
            with self.path.open("rb") as file:
                encoding = charset_of(file)
                chunks = iter(partial(file.read, _CHUNK), b"")
                self.length = sum(chunk.count(b"\n") for chunk in chunks)
        except OSError as error:
            raise InvalidInput(f"cannot be read: {error.strerror}", at=str(self.path)) from None
        if encoding == "cp1252":
            self.notes.append(f"{self.path} is not UTF-8; read as Latin-1 (Windows-1252)")
        return encoding

    def _find_columns(self, header: Sequence[str]) -> tuple[str, ...]:
        """The known column of each place, "" for one that is not used."""
        # The mark of UTF-8 may stand before what is not UTF-8, where two files were put together.
        names = [name.removeprefix("ï»¿").strip().casefold() for name in header]
        if "record_id" not in names:
            raise InvalidInput(
                f"has no column record_id; the first line must name columns of {', '.join(COLUMNS)}",
                at=str(self.path),
            )
        if twice := sorted({name for name in names if name in COLUMNS and names.count(name) > 1}):
            raise InvalidInput(f"names a column twice: {', '.join(twice)}", at=str(self.path))
        if not set(names) & set(_TRAITS):
            raise InvalidInput(
                f"has nothing to compare; known columns are {', '.join(COLUMNS)}", at=str(self.path)
            )
        if others := sum(1 for name in names if name and name not in COLUMNS):
            word = "column is" if others == 1 else "columns are"
            self.notes.append(f"{self.path}: {others} other {word} not used")
        return tuple(name if name in COLUMNS else "" for name in names)
