"""`salus restore`: an installation out of its backups, at the newest instant or at one that is named.

The order spares a bad hour: first what can fail without having copied anything (the key, the choice of a
backup, the log without a gap), then the copying, then the checks of what was promised. Until the last one has
passed nothing can serve the folder.
"""

import os
import pwd
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from pwd import struct_passwd
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from config.backup import local, size_of
from config.restore_checks import FIND_IT, check_contents, check_rest
from salus.kernel import base_backup, cluster, keys, postgres, wal
from salus.kernel.backup_folder import (
    DUMP,
    BackupDamaged,
    BackupFolder,
    Manifest,
    Stamp,
    stamp,
)
from salus.kernel.data_folder import (
    DataFolderDamaged,
    being_restored,
    make_missing_secrets,
    secret,
    write_whole,
)
from salus.kernel.errors import Conflict, InvalidInput
from salus.kernel.shipping import published


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore arrived at."""

    manifest: Manifest
    newest_commit: datetime | None
    known_until: datetime  # everything that was committed before is in the log that was kept


def parse_instant(text: str) -> datetime:
    """An instant with offset, or in the installation's time zone without. Raises InvalidInput."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no instant; write it as 2026-11-27 12:00:00") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(cluster.TIME_ZONE))


def restore(
    source: Path,
    data: Path,
    *,
    until: datetime | None,
    key_copy: Path,
    phrase: str,
    check_all: bool,
) -> int:
    """Restore into the new folder `data`, and say to which instant, how long it took, what is lost."""
    started = time.monotonic()
    data, folder = data.resolve(), BackupFolder(root=source.resolve())
    if not postgres.is_embedded():
        raise Conflict("DATABASE_URL is set: `salus restore` makes an embedded database; unset it")
    folder.system()
    manifest = _choose(folder, until)
    keys_ = keys.unseal(key_copy, phrase)
    keys.check(keys_, manifest.keys, source=key_copy)
    print(
        f"Keys fit (content key {manifest.keys[keys.CONTENT_KEY]}); backup {manifest.name}.",
        flush=True,
    )
    missing = None if manifest.kind == DUMP else _gap(folder, manifest)
    if missing and until is None:
        raise BackupDamaged(
            f"the log in {folder.wal} has a gap, {missing} is missing: find that file, or restore to an "
            f'instant before it, --until "{local(_before(folder, manifest, missing))}" at the latest'
        )
    with being_restored(data):
        _copy_files(folder, manifest, data)
        for name, key in keys_.items():
            write_whole(data / "secrets" / name, key.encode(), mode=0o600)
        make_missing_secrets(data)
        print("Documents and editions are copied, and are what was backed up.", flush=True)
        if manifest.kind == DUMP:
            restored = _load_dump(folder, manifest, data)
        else:
            restored = _recover(folder, manifest, data, until, missing)
        with postgres.running(data):
            opened = check_contents(data, check_all=check_all)
            check_rest(data, manifest)
        os.sync()
    _tell(data, folder.root, restored, until, opened, time.monotonic() - started)
    return 0


def _choose(folder: BackupFolder, until: datetime | None) -> Manifest:
    """The newest backup that lies before the instant."""
    names = folder.names()
    if not names:
        raise BackupDamaged(f"{folder.root} holds no finished backup yet")
    for name in reversed(names):
        manifest = Manifest.read(folder.base / name)
        if until is None or (manifest.kind == "base" and manifest.consistent_at <= until):
            return manifest
    raise InvalidInput(
        f"the oldest backup in {folder.root} is of {local(manifest.consistent_at)}: nothing before it can be "
        "restored; choose a later --until"
    )


def _gap(folder: BackupFolder, manifest: Manifest) -> wal.Segment | None:
    found = (wal.Segment.parse(file.name) for file in wal.files(folder.wal))
    return wal.gap(manifest.last, [segment for segment in found if segment])


def _before(folder: BackupFolder, manifest: Manifest, missing: wal.Segment) -> datetime:
    """The newest instant that can be restored although a part of the log is missing."""
    times = [
        datetime.fromtimestamp(file.stat().st_mtime, UTC)
        for file in wal.files(folder.wal)
        if (segment := wal.Segment.parse(file.name)) and segment.number < missing.number
    ]
    return max([manifest.consistent_at, *times])


_NOTHING = Stamp(size=0, sha256=sha256().hexdigest())


def _copy_files(folder: BackupFolder, manifest: Manifest, data: Path) -> None:
    """Packs and editions: all that is there, since rows younger than the backup point to the newest."""
    lengths = folder.lengths()
    for name in sorted(lengths.keys() | manifest.packs.keys()):
        pack, copy = folder.documents / name, data / "documents" / name
        if not pack.exists():
            raise BackupDamaged(f"the pack {pack} is missing: {FIND_IT}")
        shutil.copyfile(pack, copy)
        promised = manifest.packs.get(name, _NOTHING)
        length = max(promised.size, lengths.get(name, 0))
        if copy.stat().st_size < length or stamp(copy, promised.size) != promised:
            raise BackupDamaged(f"the pack {pack} is damaged: {FIND_IT}")
        os.truncate(copy, length)
    for name, promised in manifest.reports.items():
        file = folder.reports / name
        if name != "keys.json" and (not file.exists() or stamp(file) != promised):
            raise BackupDamaged(f"{file} is missing or damaged: {FIND_IT}")
    for file in published(folder.reports):
        target = data / "reports" / file.relative_to(folder.reports)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)


def _recover(
    folder: BackupFolder,
    manifest: Manifest,
    data: Path,
    until: datetime | None,
    missing: wal.Segment | None,
) -> Restored:
    """The server's files, and on top of them the log, transaction by transaction, up to the instant."""
    user = cluster.server_user(data)
    cluster.own_folder(data / "postgres", user)
    size = base_backup.unpack(folder.base / manifest.name, data / "postgres", user)
    print(f"The database is unpacked ({size_of(size)}), and is what was backed up.", flush=True)
    log = data / "recovery"
    cluster.own_folder(log, user)
    known_until = max(manifest.began_at, _copy_log(folder, manifest, log, missing))
    if until and until > max(known_until, manifest.consistent_at):
        why = f"has a gap after {local(known_until)} ({missing} is missing)"
        raise InvalidInput(
            f"the log in {folder.wal} "
            + (why if missing else f"ends at {local(known_until)}")
            + ": choose an earlier --until"
            + ("" if missing else ", or leave it out to restore all that there is")
        )
    _write_for_server(data / "postgres" / "recovery.signal", "", user)
    # Until the roles have their new passwords, the one who owns the folder enters by being that user.
    name = pwd.getpwuid(os.geteuid()).pw_name
    _write_for_server(log / "hba.conf", "local all superuser peer map=restore\n", user)
    _write_for_server(log / "ident.conf", f'restore "{name}" superuser\n', user)
    settings = {
        "restore_command": wal.restore_command(log),
        "recovery_target_action": "promote",
        "hba_file": str(log / "hba.conf"),
        "ident_file": str(log / "ident.conf"),
    }
    try:
        if until is None:
            newest = _replay(data, settings)
        else:
            newest = _replay(data, settings | {"recovery_target_time": until.isoformat(sep=" ")})
    except DataFolderDamaged:
        if _NOT_REACHED not in (data / "log" / "postgresql.log").read_text(errors="replace"):
            raise
        # Nothing was committed between the instant and the end of the log: its end is that state.
        newest = _replay(data, settings)
    shutil.rmtree(log)
    return Restored(manifest=manifest, newest_commit=newest, known_until=known_until)


_NOT_REACHED = "recovery ended before configured recovery target was reached"


def _copy_log(
    folder: BackupFolder, manifest: Manifest, log: Path, missing: wal.Segment | None
) -> datetime:
    """Copy the log since the backup, up to a gap; returns up to when it tells of everything."""
    newest = 0.0
    for file in wal.files(folder.wal):
        segment = wal.Segment.parse(file.name)
        if segment and segment.number < manifest.first.number:
            continue
        if segment and missing and segment.number > missing.number:
            continue
        if not wal.is_whole(file):
            raise BackupDamaged(
                f"{file} is damaged: bring it from another copy of the backup folder, or move it away and "
                "restore to an instant before it with --until"
            )
        copy = Path(shutil.copy2(file, log))
        os.chown(copy, log.stat().st_uid, log.stat().st_gid)
        if segment:
            newest = max(newest, file.stat().st_mtime)
    return datetime.fromtimestamp(newest, UTC)


def _write_for_server(path: Path, text: str, user: struct_passwd | None) -> None:
    path.write_text(text)
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def _replay(data: Path, settings: Mapping[str, str]) -> datetime | None:
    """Run the server until it has followed the log to its target; returns when its last transaction was."""
    login = replace(postgres.login(data, "superuser"), password="")
    told = time.monotonic()
    at: datetime | None = None
    with cluster.running(data, "", settings) as server:
        while server.poll() is None:
            try:
                # Autocommit: a transaction that began during the recovery stays read-only.
                with psycopg.connect(**asdict(login), autocommit=True) as connection:
                    at, is_underway = connection.execute(_PROGRESS).fetchone() or (None, True)
                    if not is_underway:
                        _set_password(connection, secret(data, "superuser"))
                        return at if isinstance(at, datetime) else None
            except psycopg.OperationalError:
                pass  # not yet, or not any more
            if at and time.monotonic() - told > _TELL_EVERY:
                print(f"The log is followed to {local(at)} ...", flush=True)
                told = time.monotonic()
            time.sleep(0.1)
    raise cluster.refused(data)


_PROGRESS = "select pg_last_xact_replay_timestamp(), pg_is_in_recovery()"
_TELL_EVERY = 10  # seconds


def _set_password(connection: psycopg.Connection[tuple[Any, ...]], password: str) -> None:
    verifier = connection.pgconn.encrypt_password(
        password.encode(), b"superuser", b"scram-sha-256"
    ).decode()
    connection.execute(sql.SQL("alter role superuser password {}").format(sql.Literal(verifier)))


def _load_dump(folder: BackupFolder, manifest: Manifest, data: Path) -> Restored:
    """A new database of this version, filled with the rows of a dump."""
    backup = folder.base / manifest.name
    for name, promised in manifest.files.items():
        file = backup / name
        if not file.exists() or stamp(file) != promised:
            raise BackupDamaged(f"{file} is missing or damaged: {FIND_IT}")
    with postgres.running(data):
        login = postgres.login(data, "superuser")
        base_backup.run_program(
            "pg_restore",
            login,
            [f"--dbname={login.dbname}", "--jobs=2", "--exit-on-error", backup / DUMP],
        )
    return Restored(manifest=manifest, newest_commit=None, known_until=manifest.consistent_at)


def _tell(
    data: Path,
    source: Path,
    restored: Restored,
    until: datetime | None,
    opened: tuple[int, int],
    seconds: float,
) -> None:
    end = min(until or restored.known_until, restored.known_until)
    print(f"Restored to {local(end)} in {seconds:.0f} s: {data}")
    if restored.newest_commit:
        print(f"  last transaction  {local(restored.newest_commit)}")
    print(
        f"  documents         every row's bytes are there; {opened[0]} of {opened[1]} opened and compared"
    )
    if until:
        print(
            f"  left out          what came after; the log tells of everything until "
            f"{local(restored.known_until)}"
        )
    elif restored.manifest.kind == DUMP:
        print("  lost              nothing, if nothing was written after the dump")
    else:
        print(
            f"  lost              what was committed after {local(end)}: while `salus serve` ran, "
            f"at most {wal.MOST_LOST} s of it"
        )
    print("Everybody signs in anew. Next, in this order:")
    print(f"  salus serve --data {data}")
    print(f"  salus backup --data {data} --to {source}")
