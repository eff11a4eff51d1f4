"""A folder or disk that cannot serve is one plain line, and nothing in it is harmed."""

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.conftest import copy, with_tables
from tests.durability.site import Start, commit, committed

Mount = Callable[[str], Path]


def refused(start: Start, data: Path) -> str:
    code, errors = start(data).end()
    assert code == 1
    assert errors.count("\n") == 1
    return errors


def test_below_a_file(start: Start, folder: Path) -> None:
    data = folder / "data"
    data.write_text("")
    assert f"{data / 'x'} cannot be written" in refused(start, data / "x")
    assert f"{data} cannot be written" in refused(start, data)


def test_read_only_disk(start: Start, mount: Mount) -> None:
    disk = mount("ro")
    assert f"{disk / 'data'} cannot be written (Read-only file system" in refused(
        start, disk / "data"
    )


def test_out_of_reach_of_the_database_user(start: Start, folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root hands the database to another user")
    (folder / "private").mkdir(mode=0o700)
    errors = refused(start, folder / "private" / "data")
    assert "the database's user (salus) cannot reach" in errors
    assert (folder / "private").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content",
    [*(pytest.param(c, marks=pytest.mark.prove) for c in (None, "", "garbage\n")), "17\n"],
)
def test_damaged_version(start: Start, data: Path, content: str | None) -> None:
    version = data / "postgres" / "PG_VERSION"
    version.unlink() if content is None else version.write_text(content)
    assert "is damaged or not of PostgreSQL 18" in refused(start, data)


def test_damaged_control_file(start: Start, data: Path) -> None:
    os.truncate(data / "postgres" / "global" / "pg_control", 100)
    assert f"why is at the end of {data / 'log' / 'postgresql.log'}" in refused(start, data)


@pytest.mark.parametrize(
    ("secret", "opens"), [("superuser", "postgres"), ("content_kek", "documents")]
)
def test_lost_secret_is_not_made_anew(start: Start, data: Path, secret: str, opens: str) -> None:
    (data / "documents" / "000000.pack").touch()
    (data / "secrets" / secret).unlink()
    assert f"without it {data / opens} cannot be opened" in refused(start, data)
    assert not (data / "secrets" / secret).exists()


def test_secrets_of_another_installation(start: Start, data: Path) -> None:
    (data / "secrets" / "superuser").write_text("another")
    assert "refuses the secrets" in refused(start, data)


def test_no_space_at_first_start(start: Start, mount: Mount) -> None:
    disk = mount("size=64m")
    assert f"no space left on the disk of {disk / 'data'}" in refused(start, disk / "data")


@pytest.mark.prove
def test_disk_fills_while_serving(start: Start, mount: Mount) -> None:
    data = copy(with_tables(), mount("size=256m") / "data")
    site = start(data).ready()
    ballast = data.with_name("ballast")
    with ballast.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(data).free - 16 * 2**20)
    last = _fill(data)
    site.stop()
    assert f"no space left on the disk of {data}" in refused(start, data)
    ballast.unlink()
    start(data).ready()
    assert last > 0
    assert committed(data)[:last] == list(range(1, last + 1))


def _fill(data: Path) -> int:
    """Commit until the disk is full, as it must be at last; returns the last number committed."""
    for number in itertools.count(1):
        try:
            commit(data, number, weight=2**20)
        except psycopg.Error:
            return number - 1
    raise AssertionError
