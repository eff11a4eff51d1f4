"""The restore drill: an installation is backed up while it is written to, destroyed, and restored to a second.

What was acknowledged, and what every row and document was at that second, is noted outside of it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from salus.kernel import postgres
from tests.durability.site import SALUS, Site

PHRASE = "a phrase of a drill, not a secret"


def salus(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SALUS, *arguments], capture_output=True, text=True, check=False)


def done(*arguments: str | Path) -> str:
    """What a command printed that must succeed."""
    command = salus(*arguments)
    assert command.returncode == 0, command.stderr
    return command.stdout


@dataclass(frozen=True, kw_only=True)
class Write:
    """One acknowledged write."""

    number: int
    at: datetime


class Writer:
    """Somebody who writes into an installation, with what was acknowledged."""

    def __init__(self, data: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.durability.writer"],
            env=os.environ | {"SALUS_DATA": str(data)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def writing(self, first: int) -> Iterator[list[Write]]:
        """At least one write, and on until the block ends; only then the list is complete."""
        writes: list[Write] = []
        self._tell(f"{first}\n")
        writes.append(_write(self._hear()))
        yield writes
        self._tell("\n")
        while (line := self._hear()) != "paused\n":
            writes.append(_write(line))

    def end(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def _write(line: str) -> Write:
    number, at = line.split()
    return Write(number=int(number), at=datetime.fromisoformat(at))


def written(data: Path) -> set[int]:
    """The numbers of the writes whose patient, document and content are there."""
    with as_superuser(data) as connection:
        return {
            int(value.removeprefix("P-"))
            for (value,) in connection.execute(
                "select distinct value from mpi_personidentifier i"
                " join shared_record_document d on d.person_id = i.person_id"
                " join shared_record_documentcontent on document_id = d.id where value like 'P-%'"
            )
        }


def row_hashes(data: Path) -> dict[str, str]:
    """Of each table the number of rows, and two hashes over all of them; but of the worker's, who may be at work."""
    with as_superuser(data) as connection:
        tables = connection.execute(
            "select oid::regclass::text from pg_class where relkind = 'r'"
            " and relnamespace = 'public'::regnamespace and relname not like 'procrastinate%' order by 1"
        ).fetchall()
        # Sum and exclusive or do not ask for an order, so a table of any size is read once.
        query = (
            "select count(*), coalesce(sum(hashtextextended(t::text, 1)::numeric), 0),"
            " coalesce(bit_xor(hashtextextended(t::text, 2)), 0) from {} t"
        )
        found = {}
        for (table,) in tables:
            row = connection.execute(sql.SQL(query).format(sql.SQL(table))).fetchone()
            found[table] = " ".join(map(str, row or ()))
        return found


@contextmanager
def as_superuser(data: Path) -> Iterator[psycopg.Connection]:
    with psycopg.connect(**asdict(postgres.login(data, "superuser"))) as connection:
        yield connection


def next_second() -> datetime:
    """The next whole second, once it has passed: writes before and after lie apart."""
    second = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    while datetime.now(UTC) <= second + timedelta(milliseconds=10):
        time.sleep(0.01)
    return second


def log_is_signed(data: Path) -> None:
    """Nobody writes, and the sequencer has taken in what was written: it changes no row any more."""
    with as_superuser(data) as connection:
        (events,) = connection.execute("select count(*) from audit_event").fetchone() or (0,)
        connection.commit()
        newest = "select coalesce(max(size), 0) from audit_head"
        while (connection.execute(newest).fetchone() or (0,))[0] < events:
            connection.commit()
            time.sleep(0.05)


def log_is_kept(data: Path, backups: Path) -> None:
    """As after the minute that the server waits at most: its log up to now is in the backup folder."""
    with as_superuser(data) as connection:
        row = connection.execute("select pg_walfile_name(pg_switch_wal() - 1)").fetchone()
    assert row is not None
    while not (backups / "wal" / f"{row[0]}.gz").exists():
        time.sleep(0.1)


@dataclass(frozen=True, kw_only=True)
class Drill:
    """What was noted before the destruction, and how many seconds the backup took."""

    backups: Path
    keys: Path
    phrase: Path
    second: datetime
    before: list[Write]
    after: list[Write]
    unkept: list[Write]  # acknowledged in the last moments, when the log was not handed over yet
    rows: dict[str, str]
    backup_took: float

    def restore(self, data: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
        return salus(
            *("restore", self.backups, "--data", data, "--content-key", self.keys),
            *("--passphrase-file", self.phrase, *more),
        )

    @property
    def until(self) -> tuple[str, str]:
        return "--until", self.second.isoformat()


def back_up_and_die(site: Site, folder: Path, *, pause: float = 0) -> Drill:
    """Back up a served installation amid writes, note a second, go on writing, and lose the machine.

    `pause`: seconds of writing before the second, after it, and once more until the end.
    """
    data, backups = site.data, folder / "backups"
    phrase, keys = folder / "phrase", folder / "keys.age"
    phrase.write_text(PHRASE + "\n")
    done("key", "export", "--data", data, "--to", keys, "--passphrase-file", phrase)
    writer = Writer(data)
    with writer.writing(1) as before:
        started = time.monotonic()
        done("backup", "--data", data, "--to", backups)
        backup_took = time.monotonic() - started
    log_is_kept(data, backups)
    with writer.writing(100_001) as more:
        time.sleep(pause)
    log_is_signed(data)
    second = next_second()
    rows = row_hashes(data)
    with writer.writing(200_001) as after:
        time.sleep(pause)
    log_is_kept(data, backups)
    unkept: list[Write] = []
    if pause:
        with writer.writing(300_001) as unkept:
            time.sleep(pause)
    site.kill(site.postmaster)
    site.kill(site.process.pid)
    site.end()
    writer.end()
    return Drill(
        backups=backups,
        keys=keys,
        phrase=phrase,
        second=second,
        before=[*before, *more],
        after=after,
        unkept=unkept,
        rows=rows,
        backup_took=backup_took,
    )
