"""Registers' files, line by line: what each says of one entry, or why it cannot be read.

CSV in the layout of docs/reference/register-files.md, a FHIR R4 Bundle, or its resources one a line (NDJSON).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import BinaryIO

from salus.directory.lines import Line
from salus.directory.models import Kind
from salus.directory.reading import resources, table
from salus.fhir.exact_json import MOST_BYTES
from salus.kernel.errors import InvalidInput

MOST_LINES = 250_000
_CHUNK = 1 << 16  # bytes; in the first ones it shows what a file is


@dataclass(frozen=True, kw_only=True)
class Reading:
    """``lines`` are read while they are asked for, as long as the file is open."""

    form: str  # for people: "CSV (windows-1252, parted by ;)"
    digest: str  # SHA-256 of the file, hex
    notes: tuple[str, ...] = ()  # what its owner should know
    lines: Iterator[Line]


def read(file: BinaryIO, *, system: str, kind: Kind | None = None) -> Reading:
    """A register's file, which can be read from its start again; ``system`` is that of the source's numbers.

    ``kind``: of all lines of a CSV file that has no column of that name. Raises InvalidInput when the file as a
    whole cannot be read.
    """
    if file.seek(0, 2) > MOST_BYTES:
        raise InvalidInput(f"larger than {MOST_BYTES >> 20} MiB: split it")
    file.seek(0)
    digest = sha256()
    for chunk in iter(partial(file.read, _CHUNK), b""):
        digest.update(chunk)
    file.seek(0)
    start = file.read(_CHUNK).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise InvalidInput("the file is empty")
    notes: tuple[str, ...] = ()
    if start.startswith(b"{"):
        form, lines = resources.read(file)
    else:
        form, notes, lines = table.read(file, system=system, kind=kind)
    return Reading(form=form, digest=digest.hexdigest(), notes=notes, lines=_at_most(lines))


def _at_most(lines: Iterator[Line]) -> Iterator[Line]:
    for count, line in enumerate(lines, 1):
        if count > MOST_LINES:
            raise InvalidInput(f"more than {MOST_LINES} lines: split it")
        yield line
