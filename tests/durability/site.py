"""A served site, run and seen as an operator does: by the command line, from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import psycopg

from salus.kernel import postgres

SALUS = [sys.executable, "-m", "config.cli"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait for a condition that must come; not for longer than the process lives."""
    while not condition():
        assert process.poll() is None, "ended while waited for"
        time.sleep(0.02)


class Site:
    """One `salus serve`."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.process = subprocess.Popen(
            [*SALUS, "serve", "--data", str(data), "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> "Site":
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        expected = f"Salus is at http://localhost:{self.port}/ (Ctrl-C stops it)\n"
        assert line == expected, self.end()
        return self

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def postmaster(self) -> int:
        return int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])

    @property
    def web(self) -> int:
        return self._child("granian")

    @property
    def sequencer(self) -> int:
        return self._child("config.sequencer")

    def _child(self, program: str) -> int:
        (child,) = (
            pid
            for pid in children(self.process.pid)
            if program.encode() in command_of(pid).split(b"\0")
        )
        return child

    def end(self) -> tuple[int, str]:
        """Exit code and stderr, once ended."""
        _, errors = self.process.communicate()
        return self.process.returncode, errors

    def stop(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(by)
        return self.end()


class Start(Protocol):
    """Starts a site that the fixture stops at the end of the test."""

    def __call__(self, data: Path, port: int | None = None) -> Site: ...


def children(pid: int) -> list[int]:
    """Of all its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def descendants(pid: int) -> list[int]:
    """All processes below one, as far as they live while they are looked for."""
    try:
        below = children(pid)
    except FileNotFoundError:
        return []
    return [*below, *(further for child in below for further in descendants(child))]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def waits_for_a_lock(pid: int) -> bool:
    """Whether the process stands in the queue of a file lock (proc_locks(5): "->" is who waits)."""
    lines = Path("/proc/locks").read_text().splitlines()
    return any(" -> " in line and f" {pid} " in line for line in lines)


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def commit(data: Path, number: int, weight: int = 0) -> None:
    """Commit a row of at least `weight` bytes that must be there from now on."""
    with psycopg.connect(**asdict(postgres.login(data, "owner"))) as connection:
        connection.execute("create table if not exists durable (number integer, ballast bytea)")
        connection.execute("insert into durable values (%s, %s)", [number, os.urandom(weight)])


def committed(data: Path) -> list[int]:
    with psycopg.connect(**asdict(postgres.login(data, "owner"))) as connection:
        return [n for (n,) in connection.execute("select number from durable order by number")]
