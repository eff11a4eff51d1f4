"""The database's write-ahead log (WAL), file by file, on its way out of the installation.

A finished file goes, compressed, to DATA/wal; from there the backup folder takes it (salus.kernel.shipping).
Thus the database's user never reaches the backups, and a backup folder that is away harms no commit.
"""

import gzip
import re
import shlex
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SEGMENT = 16 * 2**20  # bytes of one file; initdb's default
MOST_LOST = 60  # seconds of commits that an unfinished file may hold
TOOLS = ("gzip", "cmp", "sync", "touch", "mv")  # that the commands below call

_PER_UNIT = 2**32 // SEGMENT  # files per middle part of a name
_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})\.gz")

# A file that is there already must be the same, else the archiving fails, and `salus doctor` says so.
# touch: the file's time tells up to when its commits are in it.
_KEEP = (
    'test -e {file} && {{ gzip -dc {file} | cmp -s - "%p"; exit; }}; '
    'gzip -1nc "%p" >{file}.new && touch -r "%p" {file}.new && sync {file}.new '
    "&& mv {file}.new {file} && sync {folder}"
)
_FETCH = 'test -e {file} && gzip -dc {file} >"%p"'


def wal_settings(spool: Path) -> dict[str, str]:
    """Settings of the server; without the folder nothing is kept, and making it needs no restart."""
    kept = spool.is_dir()
    return {
        "archive_mode": "on",
        "archive_command": _command(_KEEP, spool) if kept else "true",
        "archive_timeout": str(MOST_LOST if kept else 0),
    }


def restore_command(folder: Path) -> str:
    return _command(_FETCH, folder)


def _command(template: str, folder: Path) -> str:
    quoted = shlex.quote(str(folder)).replace("%", "%%")
    return template.format(folder=quoted, file=f'{quoted}/"%f.gz"')


@dataclass(frozen=True, kw_only=True, order=True)
class Segment:
    """One file of the log: `number` counts on from timeline to timeline."""

    number: int
    timeline: int

    @classmethod
    def at(cls, timeline: int, lsn: str) -> "Segment":
        """The file that holds a position, as PostgreSQL writes it: 16/B374D848."""
        high, low = (int(part, 16) for part in lsn.split("/"))
        return cls(timeline=timeline, number=((high << 32) + low) // SEGMENT)

    @classmethod
    def parse(cls, file_name: str) -> "Segment | None":
        """None: not a finished file of the log, but a history of timelines or the like."""
        if not (match := _NAME.fullmatch(file_name)):
            return None
        timeline, unit, rest = (int(part, 16) for part in match.groups())
        return cls(timeline=timeline, number=unit * _PER_UNIT + rest)

    def __str__(self) -> str:
        unit, rest = divmod(self.number, _PER_UNIT)
        return f"{self.timeline:08X}{unit:08X}{rest:08X}"


def files(folder: Path) -> list[Path]:
    """What the folder has of the log, in the order of writing; no half files."""
    return sorted(folder.glob("*.gz"))


def gap(first: Segment, kept: Iterable[Segment]) -> Segment | None:
    """The first file missing between `first` and the newest of the newest timeline."""
    kept = set(kept)
    if not kept:
        return None
    timeline = max(segment.timeline for segment in kept)
    newest = max(segment.number for segment in kept if segment.timeline == timeline)
    numbers = {segment.number for segment in kept}
    for number in range(first.number, newest):
        if number not in numbers:
            return Segment(timeline=first.timeline, number=number)
    return None


def is_whole(file: Path) -> bool:
    """Whether the file, read to its end, is a whole part of the log."""
    size = 0
    try:
        with gzip.open(file) as content:
            while block := content.read(2**20):
                size += len(block)
    except (OSError, EOFError, zlib.error):
        return False
    return size == SEGMENT or Segment.parse(file.name) is None


def is_same(one: Path, other: Path) -> bool:
    """Whether two files hold the same part of the log, however they were compressed."""
    with gzip.open(one) as first, gzip.open(other) as second:
        while block := first.read(2**20):
            if block != second.read(len(block)):
                return False
        return not second.read(1)
