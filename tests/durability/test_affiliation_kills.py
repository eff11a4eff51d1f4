"""A file of the social-security register that is killed has been taken in wholly, or not at all."""

import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest

from salus.country.lu import MATRICULE_SYSTEM
from salus.kernel.postgres import attached, login
from tests.conftest import copy, salus, with_the_nation
from tests.durability.site import SALUS

LINES = 20_000
FOUND = """
    select (select count(*) from eligibility_affiliation where key like 'K-%'),
        (select count(*) from eligibility_notice where key like 'K-%')
"""
AT_WORK = "select count(*) from pg_stat_activity where usename = 'app' and state <> 'idle'"
NONE, ALL = (0, 0), (LINES, LINES)


@pytest.mark.prove
def test_a_killed_feed_has_taken_in_all_or_nothing(installation: Path, tmp_path: Path) -> None:
    data = copy(with_the_nation(), installation)
    with attached(data), psycopg.connect(**asdict(login(data, "superuser"))) as server:
        server.autocommit = True

        def found() -> tuple[int, ...]:
            (row,) = server.execute(FOUND).fetchall()
            return tuple(row)

        people = [
            value
            for (value,) in server.execute(
                "select value from mpi_personidentifier where system = %s limit 500",
                [MATRICULE_SYSTEM],
            )
        ]
        periods = (
            f"K-{n},{people[n % len(people)]},2024-01-01,,false,{n + 1}" for n in range(LINES)
        )
        file = tmp_path / "delta.csv"
        file.write_text(
            "\n".join(
                [
                    "key,value,since,until,withdrawn,sequence",
                    *periods,
                    f"#end,{LINES},,2026-11-28T02:00:00+01:00",
                    "",
                ]
            )
        )
        begun = time.monotonic()
        assert salus("eligibility", "feed", file, "--preview", data=data).returncode == 0
        whole, kills = time.monotonic() - begun, 0
        while found() == NONE and kills < 10:
            feed = subprocess.Popen(
                [*SALUS, "eligibility", "feed", str(file), "--data", str(data)],
                stdout=subprocess.DEVNULL,
            )
            time.sleep(whole * (0.3 + 0.1 * kills))
            feed.send_signal(signal.SIGKILL)
            feed.wait()
            while server.execute(AT_WORK).fetchone() != (0,):  # until the server has noticed
                time.sleep(0.02)
            kills += 1
            assert found() in (NONE, ALL)
        assert kills > 1
        done = salus("eligibility", "feed", file, data=data)
        assert done.returncode == 0, done.stderr
        assert found()[0] == LINES  # its lines are noted again, if it had been taken in
