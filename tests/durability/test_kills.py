"""Whatever is killed, nothing is left running, nothing committed is lost, the next start works."""

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest

from salus.kernel import cluster, postgres
from salus.kernel.postgres import attached
from tests.conftest import copy, new_folder, with_tables
from tests.durability.client import Client
from tests.durability.site import (
    SALUS,
    Site,
    Start,
    children,
    command_line,
    commit,
    committed,
    is_alive,
    wait_until,
    waits_for_a_lock,
)


def one_line(errors: str) -> str:
    (line,) = [line for line in errors.splitlines() if line.startswith("salus: ")]
    assert "Traceback" not in errors
    return line


@pytest.mark.parametrize(
    "by", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.prove)]
)
def test_stopped_in_order(start: Start, data: Path, by: signal.Signals) -> None:
    """Nothing is left running, and no event outside the log."""
    site = start(data).ready()
    with psycopg.connect(**asdict(postgres.login(data, "app"))) as connection:
        connection.execute(
            "insert into audit_event (at, kind, agent) values (now(), 'sign_in', 'patient')"
        )
    family = [site.postmaster, site.sequencer, site.web, *children(site.web)]
    assert site.stop(by)[0] == 0
    assert not any(map(is_alive, family))
    *_, last = (data / "log" / "postgresql.log").read_text().splitlines()
    assert last.endswith("database system is shut down")
    (file,) = (data / "heads").glob("*.jsonl")
    assert json.loads(file.read_text())["size"] == 1
    verified = subprocess.run(
        [*SALUS, "audit", "verify", "--data", str(data)], capture_output=True, text=True
    )
    assert verified.returncode == 0
    assert verified.stdout.startswith("1 events are in the log, each unchanged and in its place")


# One of each kind of process is killed in every run, under load: test_kills_under_load. By itself,
# as here, in a proof.


@pytest.mark.prove
def test_parent_killed(start: Start, data: Path) -> None:
    site = start(data).ready()
    commit(data, 1)
    site.kill(site.process.pid)
    site.end()
    again = start(data).ready()  # at once: waits for the remains of the first
    assert committed(data) == [1]
    assert again.stop()[0] == 0


@pytest.mark.prove
def test_parent_killed_takes_its_children(start: Start, data: Path) -> None:
    site = start(data).ready()
    witness = start(data.with_name("witness")).ready()
    family = [site.postmaster, site.web, *children(site.web)]
    site.kill(site.process.pid)
    wait_until(lambda: not any(map(is_alive, family)), witness.process)


@pytest.mark.prove
def test_database_killed(start: Start, data: Path) -> None:
    site = start(data).ready()
    commit(data, 1)
    site.kill(site.postmaster)
    code, errors = site.end()
    assert code == 1
    assert "the database stopped" in one_line(errors)
    start(data).ready()
    assert committed(data) == [1]


@pytest.mark.prove
def test_parent_and_database_killed(start: Start, data: Path) -> None:
    site = start(data).ready()
    commit(data, 1)
    site.kill(site.postmaster)
    site.kill(site.process.pid)
    site.end()
    start(data).ready()
    assert committed(data) == [1]


@pytest.mark.prove
def test_web_killed(start: Start, data: Path) -> None:
    site = start(data).ready()
    workers = children(site.web)
    site.kill(site.web)
    code, errors = site.end()
    assert code == 1
    assert "the web stopped" in one_line(errors)
    assert not any(map(is_alive, workers))
    with socket.create_server(("127.0.0.1", site.port)):
        pass  # nobody holds the port


@pytest.mark.prove
def test_sequencer_killed(start: Start, data: Path) -> None:
    site = start(data).ready()
    site.kill(site.sequencer)
    code, errors = site.end()
    assert code == 1
    assert "the sequencer stopped" in one_line(errors)
    assert start(data).ready().stop()[0] == 0


@pytest.mark.prove
def test_parent_and_web_killed(start: Start, data: Path) -> None:
    site = start(data).ready()
    site.kill(site.web)
    site.kill(site.process.pid)
    site.end()
    assert start(data, site.port).ready().answers()


@pytest.mark.prove
def test_web_worker_killed(start: Start, data: Path) -> None:
    site = start(data).ready()
    before = set(children(site.web))
    for worker in before:
        site.kill(worker)
    wait_until(lambda: len(set(children(site.web)) - before) == len(before), site.process)
    wait_until(site.answers, site.process)
    assert site.stop()[0] == 0


def test_start_waits_for_a_command(start: Start, data: Path) -> None:
    with attached(data):
        site = start(data)
        wait_until(lambda: waits_for_a_lock(site.process.pid), site.process)
    assert site.ready().stop()[0] == 0


@pytest.mark.prove
def test_killed_at_first_start(start: Start, folder: Path) -> None:
    data = folder / "data"
    first = start(data)
    wait_until((data / "postgres.new").exists, first.process)
    first.kill(first.process.pid)
    first.end()
    start(data).ready()
    commit(data, 1)


@pytest.mark.prove
def test_pid_reused_by_another_program(start: Start, data: Path) -> None:
    site = start(data).ready()
    commit(data, 1)
    locks = [data / "postgres" / "postmaster.pid", data / "run" / ".s.PGSQL.5432.lock"]
    stale = [lock.read_text().split("\n", 1)[1] for lock in locks]
    site.kill(site.postmaster)
    site.end()
    owner = (data / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "infinity"], user=owner) as other:
        for lock, rest in zip(locks, stale, strict=True):
            lock.write_text(f"{other.pid}\n{rest}")
        start(data).ready()
        other.kill()
    assert committed(data) == [1]


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    """A site that goes on whatever is done to it here, and stops in order at the end."""
    folder = new_folder()
    site = Site(copy(with_tables(), folder / "data")).ready()
    yield site
    assert site.stop()[0] == 0
    shutil.rmtree(folder)


def test_database_backend_killed(served: Site) -> None:
    """All connections break; whoever asks after the recovery does not notice."""
    site = served
    client = Client(site.url)
    assert [client.get("/directory/?text=a").status for _ in range(20)] == [200] * 20
    family = set(children(site.postmaster))
    site.kill(next(pid for pid in family if "postgres: app" in command_line(pid)))
    wait_until(lambda: not any(map(is_alive, family)), site.process)
    wait_until(lambda: cluster.answers(site.data), site.process)
    assert [client.get("/directory/?text=a").status for _ in range(20)] == [200] * 20


def test_two_on_one_folder(served: Site, start: Start) -> None:
    code, errors = start(served.data).end()
    assert code == 1
    assert errors.count("\n") == 1
    assert f"{served.data} is in use by another salus (process {served.process.pid})" in errors
    assert served.answers()


def test_port_in_use(served: Site, start: Start) -> None:
    other = served.data.with_name("other")
    code, errors = start(other, served.port).end()
    assert code == 1
    assert errors.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{served.port}" in errors
    assert not other.exists()
