"""`salus backup`: the nightly command, which at its first run sets everything up."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from salus.kernel import base_backup, cluster, keys, postgres, wal
from salus.kernel.backup_folder import (
    DUMP,
    BackupDamaged,
    BackupFolder,
    Manifest,
    Remembered,
    remember,
    stamp,
    sync,
)
from salus.kernel.data_folder import disk_errors
from salus.kernel.errors import AlreadyRunning, Conflict, InvalidInput, SalusError
from salus.kernel.shipping import copy_files, published, ship

KEPT = 7  # backups

_Connection = psycopg.Connection[tuple[Any, ...]]


class BackupUnderWay(AlreadyRunning):
    """Another `salus backup` writes into the folder."""


class ArchivingFailed(SalusError):
    """The server cannot hand its log over."""


def backup(data: Path, *, to: Path | None, keep: int, is_dump: bool) -> int:
    """Back the installation up, and say what is kept, where, and up to which instant."""
    data = data.resolve()
    if not postgres.is_embedded():
        raise Conflict(
            "the database of this installation is a server of yours (DATABASE_URL): back it up with its "
            "own tools, see docs/how-to/back-up-an-external-server.md"
        )
    if not (data / "postgres").is_dir():
        raise Conflict(f"{data} holds no installation yet: nothing to back up")
    folder = BackupFolder(root=to.resolve()) if to else Remembered.of(data).folder
    if folder is None:
        raise InvalidInput("say once where backups go, best a disk of another machine: --to DIR")
    if missing := [tool for tool in wal.TOOLS if not shutil.which(tool)]:
        raise Conflict(f"install {', '.join(missing)}: the server hands its log over with it")
    with ExitStack() as stack:
        # A dump is of one instant: what is written after it would not reach the new version.
        stack.enter_context(postgres.serving(data) if is_dump else postgres.attached(data))
        login = postgres.login(data, "superuser")
        superuser = stack.enter_context(psycopg.connect(**asdict(login), autocommit=True))
        stack.enter_context(disk_errors(folder.root))
        folder.claim(_value(superuser, "select system_identifier::text from pg_control_system()"))
        stack.enter_context(_alone(folder))
        if is_dump:
            _dump(data, folder, login, superuser)
        else:
            _set_up(data, folder, superuser)
            _base(data, folder, login, superuser, keep=keep)
    return 0


@contextmanager
def _alone(folder: BackupFolder) -> Iterator[None]:
    with (folder.root / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupUnderWay(f"a backup into {folder.root} is under way: wait for it") from None
        yield


def _set_up(data: Path, folder: BackupFolder, superuser: _Connection) -> None:
    """From now on the server hands its log over. Needs no restart."""
    if Remembered.of(data).folder != folder:
        remember(data, to=str(folder.root), last=None)
    spool = data / "wal"
    if not spool.is_dir():
        cluster.own_folder(spool, cluster.server_user(data))
        cluster.configure(data)
        superuser.execute("select pg_reload_conf()")


def _base(
    data: Path, folder: BackupFolder, login: postgres.Login, superuser: _Connection, *, keep: int
) -> None:
    started = time.monotonic()
    with _making(folder) as (name, made):
        head = tree_head(superuser)
        began = _now()
        base_backup.take(login, made)
        consistent = _now()
        size = base_backup.unpack(made)
        # The packs after the database: every row of the copy finds its bytes.
        newest = _ship_all(data, folder, superuser)
        timeline, begins_at, ends_at = base_backup.ranges(made)
        manifest = replace(
            _manifest(data, folder, made),
            name=name,
            kind="base",
            began=began,
            consistent=consistent,
            timeline=timeline,
            begins_at=begins_at,
            ends_at=ends_at,
            tree_head=head,
        )
        manifest.write(made)
    remember(data, last=newest.isoformat())
    kept = _forget_old(folder, keep)
    print(f"database   {size_of(size)}, read back and whole")
    _tell(folder, manifest, time.monotonic() - started)
    print(
        f"{len(kept)} backups are kept. You can go back to any second from {local(kept[0].consistent_at)} to "
        f"{local(newest)},\nand, while `salus serve` runs, to a minute before whatever happens:\n"
        f"  salus restore {folder.root} --data NEW --content-key COPY"
    )
    _remind(data, manifest)


def _dump(data: Path, folder: BackupFolder, login: postgres.Login, superuser: _Connection) -> None:
    """Rows as SQL and COPY, which a later version of PostgreSQL reads too."""
    started = time.monotonic()
    with _making(folder) as (name, made):
        began = _now()
        base_backup.run_program(
            "pg_dump",
            login,
            ["--format=directory", "--jobs=2", f"--file={made / DUMP}", f"--dbname={login.dbname}"],
        )
        copy_files(data, folder)
        manifest = replace(
            _manifest(data, folder, made),
            name=name,
            began=began,
            consistent=_now(),
            tree_head=tree_head(superuser),
        )
        manifest.write(made)
    print(f"database   {size_of(sum(file.size for file in manifest.files.values()))} as a dump")
    _tell(folder, manifest, time.monotonic() - started)
    print(
        "Restore it with the new version; until then nothing may be written here:\n"
        f"  salus restore {folder.root} --data NEW --content-key COPY"
    )
    _remind(data, manifest)


@contextmanager
def _making(folder: BackupFolder) -> Iterator[tuple[str, Path]]:
    """Name and folder of a backup in the making; it counts from its renaming on."""
    for half in folder.base.glob(".*.new"):  # of one that was interrupted
        shutil.rmtree(half)
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    made = folder.base / f".{name}.new"
    made.mkdir(mode=0o700)
    try:
        yield name, made
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    for path in (*made.rglob("*"), made):
        sync(path)
    made.rename(folder.base / name)
    sync(folder.base)


def _ship_all(data: Path, folder: BackupFolder, superuser: _Connection) -> datetime:
    """Have the log up to now in the backup folder; returns up to when it tells of everything."""
    failures = "select failed_count from pg_stat_archiver"
    before = _value(superuser, failures)
    timeline = int(_value(superuser, "select pg_walfile_name(pg_current_wal_lsn())")[:8], 16)
    end = _value(superuser, "select (pg_switch_wal() - 1)::text")
    last = folder.wal / f"{wal.Segment.at(timeline, end)}.gz"
    while True:
        ship(data, folder)
        if last.exists():
            return datetime.fromtimestamp(last.stat().st_mtime, UTC)
        if _value(superuser, failures) > before:
            raise ArchivingFailed(
                f"the server cannot write its log to {data / 'wal'}; why is at the end of "
                f"{data / 'log' / 'postgresql.log'}"
            )
        time.sleep(0.1)


def _manifest(data: Path, folder: BackupFolder, made: Path) -> Manifest:
    """What all kinds have; each pack is read on both sides and compared."""
    packs = {}
    for name, length in folder.lengths().items():
        pack, copy = data / "documents" / name, folder.documents / name
        packs[name] = stamp(copy, length)
        if not pack.exists() or stamp(pack, length) != packs[name]:
            raise BackupDamaged(
                f"{pack} and {copy} differ: when `salus doctor` finds documents that do not open, copy the "
                "second over the first, else start a new folder with --to"
            )
    return Manifest(
        name="",
        kind=DUMP,
        system=folder.system(),
        postgresql=cluster.VERSION,
        began="",
        consistent="",
        timeline=0,
        begins_at="0/0",
        ends_at="0/0",
        files={str(f.relative_to(made)): stamp(f) for f in made.rglob("*") if f.is_file()},
        packs=packs,
        reports={str(f.relative_to(folder.reports)): stamp(f) for f in published(folder.reports)},
        keys=keys.fingerprints(keys.keys_of(data)),
        tree_head=None,
    )


def tree_head(connection: _Connection) -> dict[str, Any] | None:
    """The newest signed head of the event log; None when it has none yet."""
    key = connection.execute(
        "select attname::text from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0]"
        " where indrelid = to_regclass('audit_head') and indisprimary"
    ).fetchone()
    if key is None:
        return None
    newest = sql.SQL("select to_jsonb(audit_head) from audit_head order by {} desc limit 1")
    head = connection.execute(newest.format(sql.Identifier(key[0]))).fetchone()
    return head[0] if head else None


def _forget_old(folder: BackupFolder, keep: int) -> list[Manifest]:
    """Remove all but the newest backups, and the log that only the others needed."""
    manifests = [manifest for manifest in folder.manifests() if manifest.kind == "base"]
    for manifest in manifests[:-keep]:
        shutil.rmtree(folder.base / manifest.name)
    kept = manifests[-keep:]
    oldest = min(manifest.first.number for manifest in kept)
    for file in wal.files(folder.wal):
        segment = wal.Segment.parse(file.name)
        if segment and segment.number < oldest:
            file.unlink()
    return kept


def _tell(folder: BackupFolder, manifest: Manifest, seconds: float) -> None:
    documents = sum(pack.size for pack in manifest.packs.values())
    print(f"documents  {size_of(documents)} in {len(manifest.packs)} packs, compared byte by byte")
    print(f"editions   {len(manifest.reports)} files of the activity report")
    print("keys       none, on purpose: they have their own way, `salus key export`")
    print(f"Backed up to {folder.base / manifest.name} in {seconds:.0f} s.")


def _remind(data: Path, manifest: Manifest) -> None:
    if Remembered.of(data).keys != manifest.keys:
        print(
            "The keys have no copy yet, without which no document of this backup can be read: "
            "`salus key export --to FILE`, and keep that file elsewhere."
        )


def size_of(bytes_: float) -> str:
    return f"{bytes_ / 2**30:.1f} GiB" if bytes_ >= 2**30 else f"{bytes_ / 2**20:.1f} MiB"


def local(at: datetime) -> str:
    """As people of the installation's country write it, to the second."""
    return at.astimezone(ZoneInfo(cluster.TIME_ZONE)).strftime("%Y-%m-%d %H:%M:%S")


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _value(connection: _Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None
