"""One backup of the database as PostgreSQL's own programs make it, and what they do not check for us.

`pg_basebackup` copies the server's files while it serves, with the log that makes them consistent, and lists
them with their SHA-256. (The wheel's `pg_verifybackup` does not start, so the list is checked here.)
"""

import gzip
import hashlib
import json
import os
import signal
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from pwd import struct_passwd
from typing import IO, Any

from salus.kernel import cluster
from salus.kernel.backup_folder import BackupDamaged
from salus.kernel.errors import SalusError
from salus.kernel.postgres import Login
from salus.kernel.process import start_child

FILES, LOG, LIST = "base.tar.gz", "pg_wal.tar.gz", "backup_manifest"


class ProgramFailed(SalusError):
    """One of PostgreSQL's programs did not do its work; the text is its own last line."""


def run_program(name: str, login: Login, arguments: Sequence[str | Path]) -> None:
    """Run a client program of PostgreSQL against the database that `login` names."""
    with tempfile.TemporaryFile() as output:
        child = start_child(
            cluster.program(name),
            [*arguments, f"--host={login.host}", f"--port={login.port}", "--no-password"],
            orphaned=signal.SIGTERM,
            environ={**os.environ, "PGUSER": login.user, "PGPASSWORD": login.password},
            output=output,
        )
        try:
            code = child.wait()
        finally:
            if child.poll() is None:  # we were interrupted
                child.terminate()
                child.wait()
        if code != 0:
            output.seek(0)
            *_, last = output.read().decode(errors="replace").splitlines() or [f"exit code {code}"]
            raise ProgramFailed(f"{name} failed: {last}")


def take(login: Login, folder: Path) -> None:
    """Copy the database into the folder; ends when the copy is consistent and on disk."""
    run_program(
        "pg_basebackup",
        login,
        [
            f"--pgdata={folder}",
            *("--format=tar", "--compress=gzip:1", "--wal-method=stream", "--checkpoint=fast"),
            "--manifest-checksums=SHA256",
        ],
    )


def ranges(folder: Path) -> tuple[int, str, str]:
    """Timeline, first and last position of the log that makes the backup consistent."""
    found = _list(folder)["WAL-Ranges"]
    return found[-1]["Timeline"], found[0]["Start-LSN"], found[-1]["End-LSN"]


def unpack(folder: Path, into: Path | None = None, user: struct_passwd | None = None) -> int:
    """Read a backup to its end and hold each file against the list; with `into`, write it there.

    Returns the bytes of the database. Raises BackupDamaged.
    """
    listed = {entry["Path"]: entry for entry in _list(folder)["Files"]}
    total = 0
    for name, blocks in _members(folder / FILES):
        if blocks is None:
            if into:
                cluster.own_folder(into / name, user)
            continue
        digest = hashlib.sha256()
        size = _write(blocks, digest, into / name if into else None, user)
        entry = listed.pop(name, None)
        if not entry or (size, digest.hexdigest()) != (entry["Size"], entry["Checksum"]):
            raise BackupDamaged(f"{folder / FILES} is damaged at {name}: {_INSTEAD}")
        total += size
    if listed:
        raise BackupDamaged(f"{folder / FILES} lacks {min(listed)}: {_INSTEAD}")
    for name, blocks in _members(folder / LOG):
        if blocks:
            _write(blocks, hashlib.sha256(), into / "pg_wal" / name if into else None, user)
    return total


_INSTEAD = "move this backup away and try again, then the one before it is used, with the log since"


def _list(folder: Path) -> dict[str, Any]:
    """The server's list of files; its last line holds the hash of the lines before."""
    path = folder / LIST
    try:
        text = path.read_bytes()
        found: dict[str, Any] = json.loads(text)
        before = text[: text.rindex(b'"Manifest-Checksum"')]
        intact = hashlib.sha256(before).hexdigest() == found["Manifest-Checksum"]
    except (OSError, ValueError, KeyError):
        intact = False
    if not intact:
        raise BackupDamaged(f"{path} is missing or damaged: {_INSTEAD}")
    return found


def _members(archive: Path) -> Iterator[tuple[str, Iterator[bytes] | None]]:
    """Name and content of what an archive holds; a folder has none. Raises BackupDamaged."""
    try:
        # gzip's own reader: the log is written in several pieces, of which tarfile's sees the first.
        with gzip.open(archive) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if (
                    path.is_absolute()
                    or ".." in path.parts
                    or not (member.isreg() or member.isdir())
                ):
                    raise BackupDamaged(f"{archive} holds what no backup of ours does: {path}")
                content = tar.extractfile(member)
                yield str(path), _blocks(content, archive) if content else None
            while plain.read(2**20):  # its checksum stands behind the end of the archive
                pass
    except _UNREADABLE as error:
        raise BackupDamaged(f"{archive} is missing or damaged: {_INSTEAD}") from error


_UNREADABLE = (tarfile.TarError, OSError, EOFError, zlib.error)


def _blocks(content: IO[bytes], archive: Path) -> Iterator[bytes]:
    try:
        while block := content.read(2**20):
            yield block
    except _UNREADABLE as error:
        raise BackupDamaged(f"{archive} is damaged: {_INSTEAD}") from error


def _write(
    blocks: Iterator[bytes], digest: "hashlib._Hash", path: Path | None, user: struct_passwd | None
) -> int:
    """Feed the digest, and the file at `path` if there is one; returns the bytes."""
    size = 0
    with ExitStack() as stack:
        target = stack.enter_context(path.open("xb")) if path else None
        if target and user:
            os.fchown(target.fileno(), user.pw_uid, user.pw_gid)
        for block in blocks:
            digest.update(block)
            size += len(block)
            if target:
                target.write(block)
    return size
