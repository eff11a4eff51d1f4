"""The data folder: all that one installation keeps, in one place.

DATA/postgres        cluster of the embedded database (its user's, 0700)
DATA/secrets         one file per secret (0600, folder 0700)
DATA/documents       pack files of the shared record, encrypted
DATA/reports         published editions of the activity report
DATA/directory       nightly files of the provider directory, made anew each night
DATA/heads           signed heads of the event log, unless SALUS_HEADS names another folder
DATA/log             what the database says of itself; no patient data
DATA/run             Unix socket of the database
DATA/wal             the database's log on its way into the backup folder, once there is one
DATA/backup.json     where backups go, and when the last was made (salus.kernel.backup_folder)
DATA/salus.lock      held by the program that owns the folder
"""

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salus.kernel.errors import AlreadyRunning, Conflict, SalusError

FOLDERS = {
    "secrets": 0o700,
    "documents": 0o700,
    "reports": 0o755,
    "directory": 0o755,
    "log": 0o700,
}
SECRETS = (
    *("superuser", "owner", "app", "loader", "reporter", "sequencer"),
    *("django_secret_key", "content_kek", "report_signing_key", "log_signing_key"),
    "token_signing_key",
)

# A secret that opens something is never made anew once that exists: it could not open it.
_OPENS = {"superuser": "postgres", "content_kek": "documents"}

_NOTHING = {"salus.lock", "lost+found"}  # what an empty folder may hold
UNFINISHED = "restore-unfinished"  # stands in a folder until all of it has been restored


class DataFolderInUse(AlreadyRunning):
    """Another program owns the folder."""


class DataFolderNotWritable(SalusError):
    """This user, or the database's user, may not write there."""


class DataFolderDamaged(SalusError):
    """Something that the folder must hold is missing or unreadable."""


class DiskFull(SalusError):
    """The disk of the folder has no space left."""


class DiskFails(SalusError):
    """The disk of the folder does not read or write what it should."""


@contextmanager
def disk_errors(data: Path) -> Iterator[None]:
    """Say what the operating system refuses as one of the errors above."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(data) from error
        if error.errno == errno.EIO:
            raise DiskFails(
                f"the disk of {data} fails ({error.strerror}): what the kernel says of it is in its log; "
                "mend or replace it, then start again or restore from a backup"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise DataFolderNotWritable(
                f"{data} cannot be written ({error.strerror}: {error.filename}): make it this "
                "user's own folder, or choose another one with --data"
            ) from error
        raise


def disk_full(data: Path) -> DiskFull:
    return DiskFull(
        f"no space left on the disk of {data}: free some, or choose another folder with --data"
    )


@contextmanager
def owned(data: Path, *, lasting: bool = False) -> Iterator[None]:
    """Own the folder, made complete first. Raises DataFolderInUse if another program does.

    Who owns it `lasting`, until somebody stops it, first waits for a command that owns it for a moment:
    else commands that follow each other, as imports do, could keep the site from starting again.
    """
    with _locked(data, lasting=lasting):
        if (data / UNFINISHED).exists():
            raise DataFolderDamaged(
                f"{data} is half restored: run its `salus restore` again, which starts over"
            )
        with disk_errors(data):
            _complete(data)
        yield


@contextmanager
def being_restored(data: Path) -> Iterator[None]:
    """Own an empty folder that nothing can serve until the block has ended well."""
    mark = data / UNFINISHED
    with disk_errors(data):
        if data.exists() and not mark.exists() and {p.name for p in data.iterdir()} - _NOTHING:
            raise Conflict(f"{data} is not empty: restore into a new folder with --data")
    with _locked(data), disk_errors(data):
        write_whole(mark, b"")
        for path in data.iterdir():  # of a restore that was interrupted
            if path.name not in _NOTHING | {mark.name}:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, mode in FOLDERS.items():
            (data / name).mkdir(mode=mode)
        yield
        mark.unlink()


def make_missing_secrets(data: Path) -> None:
    """The secrets that are made by chance: passwords and the like."""
    for name in SECRETS:
        path = data / "secrets" / name
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(32).encode(), mode=0o600)


@contextmanager
def _locked(data: Path, *, lasting: bool = False) -> Iterator[None]:
    """Hold the folder's lock. It is the kernel's: it ends with the process, however that ends."""
    with disk_errors(data):
        if not data.is_dir():
            data.mkdir(parents=True)
            data.chmod(0o755)  # whatever the umask: the database's user must pass through
        lock = (data / "salus.lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            process, _, lasts = lock.read().partition(" ")
            if lasts or not lasting:
                raise DataFolderInUse(
                    f"{data} is in use by another salus (process {process}): stop that "
                    "one, or choose another folder with --data"
                ) from None
            fcntl.flock(lock, fcntl.LOCK_EX)
        with disk_errors(data):
            lock.truncate(0)
            lock.write(f"{os.getpid()} lasting" if lasting else f"{os.getpid()}")
            lock.flush()
        yield


def _complete(data: Path) -> None:
    for name, mode in FOLDERS.items():
        (data / name).mkdir(mode=mode, exist_ok=True)
    for name, opened in _OPENS.items():
        path, opens = data / "secrets" / name, data / opened
        if not path.exists() and opens.is_dir() and any(opens.iterdir()):
            raise DataFolderDamaged(
                f"{path} is missing, without it {opens} cannot be opened: restore it from a backup"
            )
    make_missing_secrets(data)


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that is on disk when this returns; a kill leaves it as it was, or not there at all."""
    made = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder on disk: a power cut forgets a new file or a rename otherwise."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def secret(data: Path, name: str) -> str:
    """The secret `name`, 32 random bytes in unpadded base64url."""
    path = data / "secrets" / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        raise DataFolderDamaged(
            f"{path} is missing: `salus serve` makes a new folder, a backup restores an old one"
        ) from None
    except PermissionError:
        raise DataFolderNotWritable(
            f"{path} cannot be read by this user: run as the folder's owner, or choose another "
            "folder with --data"
        ) from None
