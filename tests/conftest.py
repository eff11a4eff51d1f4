"""What tests stand on: real installations, each in a folder of its own under the temporary folder.

`database` and `nation` give a module an installation with which Django in this process is connected as app:
empty, or with the synthetic nation at 1/1000. `as_role` connects as another role for a while.
`installation` makes further ones for tests that run `salus` as a user does.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import django
import hypothesis
import psycopg
import pytest
from django.db import connection
from playwright.sync_api import Browser, sync_playwright

from salus.kernel.postgres import ROLES, attached, login

FOLDERS = ("documents", "heads")  # of the data folder, that belong to the rows of one database
NATION = ("--scale", "1/1000", "--until", "2025-02", "--seed", "1")


def pytest_configure(config: pytest.Config) -> None:
    """Configure Django on a folder that no test has touched yet; unit tests never will."""
    # A busy machine is no wrong result.
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
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
    asked_by = {"prove": "SALUS_PROVE", "java": "SALUS_VERAPDF"}
    left_out = [marker for marker, variable in asked_by.items() if variable not in os.environ]
    others = [item for item in items if any(map(item.get_closest_marker, left_out))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


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
    """This process's database server, with a copy of the empty database to start over from."""
    data = _data()
    with ExitStack() as stack:
        stack.enter_context(attached(data))
        subprocess.run([sys.executable, "-m", "config.migrate"], check=True)
        _copy_database("salus", "empty")
        yield data
        connection.close()


@pytest.fixture(scope="session")
def _nation_template(_cluster: Path) -> None:
    _start_from("empty")
    for folder in FOLDERS:
        _replace(_cluster / folder, None)
    done = salus("simulate", *NATION, data=_cluster)
    assert done.returncode == 0, done.stderr
    _copy_database("salus", "nation")
    for folder in FOLDERS:
        shutil.copytree(_cluster / folder, _cluster / f"{folder}-of-the-nation")


@pytest.fixture(scope="module")
def database(_cluster: Path) -> Path:
    """An empty installation; Django is connected to it as app. Returns its data folder."""
    _start_from("empty")
    for folder in FOLDERS:
        _replace(_cluster / folder, None)
    return _cluster


@pytest.fixture(scope="module")
def nation(_cluster: Path, _nation_template: None) -> Path:
    """An installation with the synthetic nation; Django is connected to it as app."""
    _start_from("nation")
    for folder in FOLDERS:
        _replace(_cluster / folder, _cluster / f"{folder}-of-the-nation")
    return _cluster


def _start_from(template: str) -> None:
    connection.close()
    _copy_database(template, "salus")
    _connect("app", _data())


def _copy_database(source: str, target: str) -> None:
    superuser = replace(login(_data(), "superuser"), dbname="postgres")
    with psycopg.connect(**asdict(superuser), autocommit=True) as server:
        server.execute(f"drop database if exists {target} with (force)")
        server.execute(f"create database {target} template {source} owner owner")
        server.execute(f"revoke all on database {target} from public")
        roles = ", ".join(role for role in ROLES if role != "owner")
        server.execute(f"grant connect on database {target} to {roles}")


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


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    data = new_folder()
    done = salus("simulate", *NATION, data=data)
    assert done.returncode == 0, done.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "config.cli", "serve", "--port", str(port)],
        env=os.environ | {"SALUS_DATA": str(data), "SALUS_DEMO": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert "Salus is at" in server.stdout.readline()
    yield Site(url=f"http://localhost:{port}", data=data)
    server.terminate()
    assert server.wait() == 0
    server.stdout.close()
    shutil.rmtree(data, ignore_errors=True)


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
