"""Shipping: what an installation has written goes to its backup folder, a minute behind at most.

The order is the promise. A document's bytes and an edition's files are on disk before the row that points to
them, and a row is in the log before the log's file is finished. So the packs and editions are copied after
that file was found, and before it is handed over: whoever restores to any instant that the log in the backup
folder reaches finds the bytes of every row.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salus.kernel import wal
from salus.kernel.backup_folder import BackupDamaged, BackupFolder, Remembered, copy_whole
from salus.kernel.errors import SalusError

_LIVE_PACK = "000000.pack"  # only ever appended to; the others are written once, as a whole
_TAIL = 4096  # bytes that are compared before more are appended


def ship(data: Path, folder: BackupFolder) -> None:
    """Bring the backup folder up to what the database has finished writing."""
    waiting = wal.files(data / "wal")
    copy_files(data, folder)
    for file in waiting:
        with _alone(data):
            if file.exists():  # else another process was faster
                _hand_over(file, folder.wal / file.name)


def copy_files(data: Path, folder: BackupFolder) -> None:
    """Copy what packs and editions have beyond their copies."""
    with _alone(data):
        folder.system()  # the disk is there
        _copy_packs(data / "documents", folder)
        _copy_reports(data / "reports", folder.reports)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    with (data / "backup.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hand_over(file: Path, target: Path) -> None:
    if not target.exists():
        copy_whole(file, target)
    elif not wal.is_same(file, target):
        raise BackupDamaged(
            f"{target} is there already and another one: does a second installation write there? "
            "Start anew with `salus backup --to` and a new folder"
        )
    file.unlink()


def _copy_packs(documents: Path, folder: BackupFolder) -> None:
    lengths = folder.lengths()
    before = dict(lengths)
    for pack in sorted(documents.glob("*.pack")):
        if pack.stat().st_size != lengths.get(pack.name, 0):
            lengths[pack.name] = _grow(
                pack, folder.documents / pack.name, lengths.get(pack.name, 0)
            )
    if lengths != before:
        folder.note_lengths(lengths)  # after the bytes: what lies behind a length is never trusted


def _grow(pack: Path, copy: Path, done: int) -> int:
    """Append to the copy what the pack has beyond `done` bytes; returns the new length."""
    with pack.open("rb") as source:
        # What the pack could still lose with the power must not be in the copy.
        os.fsync(source.fileno())
        size = os.fstat(source.fileno()).st_size
        if done and not _goes_on(source.fileno(), copy, done, size):
            if pack.name == _LIVE_PACK:
                raise BackupDamaged(
                    f"{pack} does not go on where {copy} ends: one of them is damaged, see "
                    "`salus doctor`"
                )
            done = 0  # a block of the simulation that was begun again; no row points to the first
        with copy.open("r+b" if copy.exists() else "wb") as target:
            target.truncate(done)
            source.seek(done)
            target.seek(done)
            while block := source.read(min(2**20, size - target.tell())):
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
    return size


def _goes_on(pack: int, copy: Path, done: int, size: int) -> bool:
    if size < done or not copy.exists():
        return False
    start = max(0, done - _TAIL)
    with copy.open("rb") as target:
        return os.pread(pack, done - start, start) == os.pread(target.fileno(), done - start, start)


def _copy_reports(reports: Path, copy: Path) -> None:
    for file in published(reports):
        target = copy / file.relative_to(reports)
        now = file.stat()
        if target.exists():
            then = target.stat()
            if (then.st_size, then.st_mtime_ns) == (now.st_size, now.st_mtime_ns):
                continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_whole(file, target)


def published(reports: Path) -> list[Path]:
    """The files of finished editions: one in the making has a dot before its name."""
    return sorted(
        path
        for path in reports.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(reports).parts)
    )


def run(data: Path) -> None:
    """Ship for as long as this process lives; a folder that cannot be reached is told once, and tried again."""
    told = ""
    while True:
        try:
            folder = Remembered.of(data).folder
            if folder and wal.files(data / "wal"):
                ship(data, folder)
            told = ""
        except (OSError, SalusError) as error:
            if (text := str(error)) != told:
                sys.stderr.write(f"salus: the log waits in {data / 'wal'}, not backed up: {text}\n")
                sys.stderr.flush()
                told = text
        time.sleep(1)


if __name__ == "__main__":
    run(Path(os.environ["SALUS_DATA"]))
