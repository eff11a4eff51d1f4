"""An apply of a change set that is killed has applied all of its lines, or none."""

import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest

from salus.kernel.postgres import attached, login
from tests.conftest import copy, salus, with_tables
from tests.durability.site import SALUS, wait_until

LINES = 1_000
SYSTEM = "https://college.example/members"
HELD = "select count(*) from pg_locks where locktype = 'advisory' and objid = 7041113"
FOUND = """
    select (select count(*) from directory_statement), (select count(*) from directory_practitioner),
        (select count(*) from directory_changeline where entry is not null),
        (select count(applied_at) from directory_changeset)
"""
NONE, ALL = (0, 0, 0, 0), (LINES, LINES, LINES, 1)


@pytest.mark.prove
def test_a_killed_apply_has_applied_all_or_nothing(installation: Path, tmp_path: Path) -> None:
    data = copy(with_tables(), installation)
    file = tmp_path / "doctors.csv"
    people = (f"Practitioner,{n},Weber,Lea,62247001" for n in range(LINES))
    file.write_text("\n".join(["kind,identifier,family,given,profession", *people]))
    with attached(data), psycopg.connect(**asdict(login(data, "superuser"))) as server:
        server.autocommit = True

        def one(question: str) -> tuple[int, ...]:
            (row,) = server.execute(question).fetchall()
            return tuple(row)

        added = salus(
            "directory", "add-source", "college", "--title", "x", "--system", SYSTEM, data=data
        )
        assert added.returncode == 0, added.stderr
        done = salus("directory", "propose", file, "--source", "college", data=data)
        assert done.returncode == 0, done.stderr
        kills = 0
        while one(FOUND) == NONE:
            apply = subprocess.Popen(
                [*SALUS, "directory", "apply", "1", "--data", str(data)],
                stdout=subprocess.DEVNULL,
                text=True,
            )
            wait_until(lambda: one(HELD) != (0,) or one(FOUND) == ALL, apply)
            time.sleep(0.1 * 2**kills)
            apply.send_signal(signal.SIGKILL)
            apply.wait()
            while one(HELD) != (0,):  # until the server has noticed
                time.sleep(0.02)
            kills += 1
            assert one(FOUND) in (NONE, ALL)
        assert kills > 2
        assert one(FOUND) == ALL
