"""A backup folder: what lies in it, and what an installation remembers of it.

TO/salus-backup.json     whose backups these are
TO/base/NAME             one backup of the database; its manifest.json is written last
TO/wal                   every finished file of the database's log since the oldest backup
TO/documents             the packs, only ever appended to; lengths.json says how far they are safely written
TO/reports               the published editions

Packs and editions are kept once for all backups: neither is ever changed, so the newest copy has what
any row of any time points to. No key and no password lies in a backup folder.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from salus.kernel.data_folder import write_whole
from salus.kernel.errors import SalusError
from salus.kernel.wal import Segment

MANIFEST = "manifest.json"
DUMP = "dump"  # folder of a dump in its backup, and a backup's kind
_MARK = "salus-backup.json"


class BackupUnreachable(SalusError):
    """The backup folder is not there, or cannot be written."""


class BackupDamaged(SalusError):
    """A part of a backup is missing, or is not what was backed up."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Size in bytes and SHA-256, in hexadecimal digits, of a file or of its beginning."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One backup. Times are ISO 8601 with offset; positions of the log as PostgreSQL writes them."""

    name: str
    kind: str  # "base": the server's files, which the log carries on; "dump": rows for any version
    system: str  # the database's own number
    postgresql: str
    began: str
    consistent: str  # from then on the log can be followed to any instant
    timeline: int
    begins_at: str
    ends_at: str
    files: dict[str, Stamp]
    packs: dict[str, Stamp]
    reports: dict[str, Stamp]
    keys: dict[str, str]  # fingerprints (salus.kernel.keys)
    tree_head: dict[str, Any] | None  # newest signed head of the event log

    @property
    def first(self) -> Segment:
        return Segment.at(self.timeline, self.begins_at)

    @property
    def last(self) -> Segment:
        """The file in which the backup ends: the log must go on from there."""
        return Segment.at(self.timeline, self.ends_at)

    @property
    def began_at(self) -> datetime:
        return datetime.fromisoformat(self.began)

    @property
    def consistent_at(self) -> datetime:
        """The first whole second to which the backup and the log can be brought."""
        at = datetime.fromisoformat(self.consistent)
        return at.replace(microsecond=0) + timedelta(seconds=at.microsecond > 0)

    def write(self, folder: Path) -> None:
        write_whole(folder / MANIFEST, json.dumps(asdict(self), indent=1).encode(), mode=0o600)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        try:
            found = json.loads((folder / MANIFEST).read_bytes())
            for part in ("files", "packs", "reports"):
                found[part] = {name: Stamp(**stamp) for name, stamp in found[part].items()}
            return cls(**found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupDamaged(
                f"the backup {folder} has no readable {MANIFEST}: move it away and try again, then "
                "the one before it is used"
            ) from error


@dataclass(frozen=True, kw_only=True)
class BackupFolder:
    """The folder of one installation's backups."""

    root: Path

    @property
    def base(self) -> Path:
        return self.root / "base"

    @property
    def wal(self) -> Path:
        return self.root / "wal"

    @property
    def documents(self) -> Path:
        return self.root / "documents"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    def claim(self, system: str) -> None:
        """Make the folder this installation's, or see that it is."""
        if not (self.root / _MARK).exists():
            parts = (self.base, self.wal, self.documents, self.reports)
            if self.root.exists() and set(self.root.iterdir()) - set(parts):
                raise BackupUnreachable(
                    f"{self.root} holds something else than backups: choose a new folder with --to"
                )
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in parts:
                part.mkdir(mode=0o700, exist_ok=True)
            write_whole(self.root / _MARK, json.dumps({"system": system}).encode())
        if self.system() != system:
            raise BackupUnreachable(
                f"{self.root} holds the backups of another installation: choose a new folder with "
                "--to"
            )

    def system(self) -> str:
        """Whose backups these are. Raises BackupUnreachable: a disk that is not mounted is empty."""
        try:
            return str(json.loads((self.root / _MARK).read_bytes())["system"])
        except (OSError, ValueError, KeyError) as error:
            raise BackupUnreachable(
                f"{self.root} is no backup folder ({_MARK} is not there): is its disk mounted?"
            ) from error

    def names(self) -> list[str]:
        """The finished backups, oldest first."""
        if not self.base.is_dir():
            return []
        return sorted(path.name for path in self.base.iterdir() if path.name[0] != ".")

    def manifests(self) -> list[Manifest]:
        return [Manifest.read(self.base / name) for name in self.names()]

    def lengths(self) -> dict[str, int]:
        """How many bytes of each pack are safely here."""
        path = self.documents / "lengths.json"
        try:
            return dict(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise BackupDamaged(f"{path} cannot be read: restore it from another copy") from error

    def note_lengths(self, lengths: Mapping[str, int]) -> None:
        write_whole(self.documents / "lengths.json", json.dumps(lengths, indent=0).encode())


def stamp(path: Path, size: int | None = None) -> Stamp:
    """The stamp of a file, or of its first `size` bytes (fewer when there are fewer)."""
    digest, done = sha256(), 0
    with path.open("rb") as file:
        while block := file.read(2**20 if size is None else min(2**20, size - done)):
            digest.update(block)
            done += len(block)
    return Stamp(size=done, sha256=digest.hexdigest())


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file with its time; on disk when this returns, whole or not at all."""
    made = target.with_name(f".{target.name}.new")
    shutil.copy2(source, made)
    sync(made)
    made.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk: a rename alone may be lost with the power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """DATA/backup.json: what this installation knows of its backups."""

    to: str | None = None  # where they go
    last: str | None = None  # when the newest was finished
    keys: dict[str, str] = field(default_factory=dict)  # fingerprints of the keys last exported

    @classmethod
    def of(cls, data: Path) -> "Remembered":
        try:
            return cls(**json.loads((data / "backup.json").read_bytes()))
        except FileNotFoundError:
            return cls()

    @property
    def folder(self) -> BackupFolder | None:
        return BackupFolder(root=Path(self.to)) if self.to else None


def remember(data: Path, **changes: Any) -> None:
    known = replace(Remembered.of(data), **changes)
    write_whole(data / "backup.json", json.dumps(asdict(known), indent=1).encode())
