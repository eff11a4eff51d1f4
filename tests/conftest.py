"""What tests stand on: real installations, each in a folder of its own under the temporary folder.

`database` and `nation` give a module an installation with which Django in this process is connected as app:
empty, or with the synthetic nation at 1/1000. `as_role` connects as another role for a while.
`installation` makes further ones for tests that run `salus` as a user does.

What takes long to make is made once a run, whatever the number of its processes, and copied: `with_tables`,
`with_the_nation`. Who needs it first makes it, while others that need it wait.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import django
import hypothesis
import psycopg
import pytest
from django.db import connection
from playwright.sync_api import Browser, sync_playwright

from salus.kernel.postgres import ROLES, attached, login
from tests.authority import Authority

FOLDERS = ("documents", "heads")  # of the data folder, that belong to the rows of one database
NATION = ("--scale", "1/1000", "--until", "2025-02", "--seed", "1")
SLOWEST = ("durability", "functional", "integration")  # folders of tests
RUN = "SALUS_TEST_RUN"  # variable with the folder of the whole run, made and removed by its first process


def pytest_configure(config: pytest.Config) -> None:
    """Configure Django on a folder that no test has touched yet; unit tests never will."""
    # A busy machine is no wrong result.
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
    if RUN not in os.environ:
        os.environ[RUN] = run = str(new_folder())
        config.add_cleanup(lambda: shutil.rmtree(run, ignore_errors=True))
    data = new_folder()
    config.add_cleanup(lambda: shutil.rmtree(data, ignore_errors=True))
    os.environ |= {"SALUS_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings"}
    placeholders = {"DATABASE_URL": "postgres://nobody@localhost/none", "SALUS_SECRET_KEY": "test"}
    os.environ |= placeholders
    django.setup()
    for name in placeholders:
        del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests to `make prove`, and those that need Java to `make conformance`."""
    asked_by = {
        "prove": {"SALUS_PROVE"},
        "java": {"SALUS_VERAPDF", "SALUS_FHIR_VALIDATOR", "SALUS_HAPI_HL7V2"},
    }
    left_out = [marker for marker, names in asked_by.items() if names - os.environ.keys()]
    others = [item for item in items if any(map(item.get_closest_marker, left_out))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
    items.sort(key=lambda item: _place(item.path.parent.name))


def _place(folder: str) -> int:
    """What takes long comes first, so that at the end all processes have little left."""
    return SLOWEST.index(folder) if folder in SLOWEST else len(SLOWEST)


def new_folder() -> Path:
    """A folder that the database's own user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="salus-test-"))
    folder.chmod(0o755)
    return folder


def salus(*arguments: str | Path, data: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, on another folder than this process's."""
    return subprocess.run(
        [sys.executable, "-m", "config.cli", *arguments],
        env=os.environ | {"SALUS_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )


def with_tables() -> Path:
    """An installation with all tables and nothing in them, to be copied."""

    def make(data: Path) -> None:
        environ = os.environ | {"SALUS_DATA": str(data)}
        with attached(data):
            subprocess.run([sys.executable, "-m", "config.migrate"], env=environ, check=True)

    return _made_once("tables", make)


def with_the_nation() -> Path:
    """One with the synthetic nation at 1/1000 and its demo people, and a database `empty` with the tables alone."""

    def make(data: Path) -> None:
        copy(with_tables(), data)
        with attached(data):
            _copy_database(data, "salus", "empty")
            done = salus("simulate", *NATION, data=data)
            assert done.returncode == 0, done.stderr

    return _made_once("nation", make)


def copy(made: Path, to: Path) -> Path:
    """Of an installation that nobody serves, owners and times included. Returns the copy's folder."""
    subprocess.run(["cp", "--archive", "--no-target-directory", str(made), str(to)], check=True)
    return to


def _in_a_hurry(data: Path) -> None:
    """No waiting for the disk: these tests cut no power. Those of durability do not use such a folder."""
    settings = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n"
    (data / "postgresql.local.conf").write_text(settings)


def _made_once(name: str, make: Callable[[Path], None]) -> Path:
    data = Path(os.environ[RUN]) / name
    with data.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.exists():
            half = data.with_suffix(".new")
            shutil.rmtree(half, ignore_errors=True)
            make(half)
            half.rename(data)
    return data


@contextmanager
def as_role(role: str, data: Path | None = None) -> Iterator[None]:
    """Django in this process as another database role, or in another installation."""
    before = dict(connection.settings_dict)
    _connect(role, data or _data())
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def _connect(role: str, data: Path) -> None:
    connection.close()
    known = login(data, role)
    connection.settings_dict.update(
        HOST=known.host,
        PORT=known.port,
        USER=known.user,
        PASSWORD=known.password,
        NAME=known.dbname,
        OPTIONS={},
    )


def _data() -> Path:
    return Path(os.environ["SALUS_DATA"])


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Path]:
    """This process's database server, with the databases `empty` and `nation` to start over from."""
    data = _data()
    copy(with_the_nation(), data)
    _in_a_hurry(data)
    for folder in FOLDERS:
        (data / folder).rename(data / f"{folder}-of-the-nation")
    with attached(data):
        _copy_database(data, "salus", "nation")
        yield data
        connection.close()


@pytest.fixture(scope="module")
def database(_cluster: Path) -> Path:
    """An empty installation; Django is connected to it as app. Returns its data folder."""
    _start_from("empty")
    for folder in FOLDERS:
        _replace(_cluster / folder, None)
    return _cluster


@pytest.fixture(scope="module")
def nation(_cluster: Path) -> Path:
    """An installation with the synthetic nation; Django is connected to it as app."""
    _start_from("nation")
    for folder in FOLDERS:
        _replace(_cluster / folder, _cluster / f"{folder}-of-the-nation")
    return _cluster


def _start_from(template: str) -> None:
    connection.close()
    _copy_database(_data(), template, "salus")
    _connect("app", _data())


def _copy_database(data: Path, source: str, target: str) -> None:
    superuser = replace(login(data, "superuser"), dbname="postgres")
    with psycopg.connect(**asdict(superuser), autocommit=True) as server:
        server.execute(f"drop database if exists {target} with (force)")
        server.execute(f"create database {target} template {source} owner owner")
        server.execute(f"revoke all on database {target} from public")
        roles = ", ".join(role for role in ROLES if role != "owner")
        server.execute(f"grant connect on database {target} to {roles}")
        server.execute(f"grant temporary on database {target} to app")  # config/rights.sql


def _replace(folder: Path, source: Path | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if source:
        shutil.copytree(source, folder)
    else:
        folder.mkdir(mode=0o700)


@pytest.fixture
def installation() -> Iterator[Path]:
    """The folder of a further, still empty installation."""
    folder = new_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A running `salus serve` over the synthetic nation."""

    url: str
    data: Path
    mllp_port: int | None = (
        None  # of HL7 v2 by TLS; who is to speak has a certificate of the authority
    )
    authority: Authority | None = None


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """One for many tests: each leaves people, consents and means of sign-in as it found them."""
    with _served() as site:
        yield site


@pytest.fixture(scope="module")
def own_site() -> Iterator[Site]:
    """One that a module's tests may change for good."""
    with _served(mllp=True) as site:
        yield site


@contextmanager
def _served(*, mllp: bool = False) -> Iterator[Site]:
    data = copy(with_the_nation(), new_folder())
    _in_a_hurry(data)
    port, mllp_port = _free_port(), _free_port() if mllp else None
    options, environ, authority = [], {}, None
    if mllp:
        options = ["--mllp-port", str(mllp_port)]
        authority = Authority(new_folder())
        environ = authority.mllp_environ("localhost")
    server = subprocess.Popen(
        [sys.executable, "-m", "config.cli", "serve", "--port", str(port), *options],
        env=os.environ | {"SALUS_DATA": str(data), "SALUS_DEMO": "1"} | environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert "Salus is at" in server.stdout.readline()
    yield Site(url=f"http://localhost:{port}", data=data, mllp_port=mllp_port, authority=authority)
    server.terminate()
    assert server.wait() == 0
    server.stdout.close()
    shutil.rmtree(data, ignore_errors=True)
    if authority:
        shutil.rmtree(authority.folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(
    scope="module"
)  # Playwright's event loop must not outlive its tests: Django would object
def browser() -> Iterator[Browser]:
    """Debian's Chromium, allowed to talk to this machine only."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-sync",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield browser
        browser.close()
