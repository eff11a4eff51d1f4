"""What a command costs in time, memory and disk, watched from outside; what an installation weighs; one for a while."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import LiteralString

import psycopg

from salus.kernel.postgres import attached, login

ROOT = Path(__file__).resolve().parent.parent
SALUS = (sys.executable, "-m", "config.cli")
_EVERY = 1.0  # seconds between two looks
_DISK_EVERY = 10


@dataclass(kw_only=True)
class Cost:
    """Peaks in bytes. ``server`` is what its processes have beyond the shared buffers."""

    seconds: float = 0
    python: int = 0
    server: int = 0
    memory: int = 0  # of both at one moment
    disk: int = 0  # the whole folder
    wal: int = 0


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that has ended."""

    output: str
    code: int
    cost: Cost = field(default_factory=Cost)


def run(*arguments: str | Path, data: Path, told_every: float = 0) -> Done:
    """Run `salus` on a folder and watch it; says how it goes every so many seconds."""
    cost, begun = Cost(), time.monotonic()
    child = subprocess.Popen(
        [*SALUS, *arguments, "--data", data], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(child.pid, data, cost, over, told_every))
    watch.start()
    output, _ = child.communicate()
    over.set()
    watch.join()
    cost.seconds = time.monotonic() - begun
    return Done(output=output, code=child.returncode, cost=cost)


@contextmanager
def installation(chosen: Path | None, *, scale: str = "", until: str = "2024-12") -> Iterator[Path]:
    """The folder that was chosen; else one that is gone afterwards, with a nation of that scale if one is named."""
    if chosen:
        yield chosen.resolve()
        return
    data = Path(tempfile.mkdtemp(prefix="salus-bench-"))
    data.chmod(0o755)  # the database's own user must get in
    try:
        if scale:
            salus("simulate", "--scale", scale, "--until", until, data=data)
        yield data
    finally:
        shutil.rmtree(data)


def salus(*arguments: str, data: Path) -> str:
    """What the command printed. Raises CalledProcessError when it fails."""
    command = [*SALUS, *arguments, "--data", str(data)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def serving(data: Path, environment: Mapping[str, str] = os.environ) -> Iterator[tuple[int, int]]:
    """A running `salus serve`: its port, and the process that is the parent of all others."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [*SALUS, "serve", "--port", str(port), "--data", data],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert "Salus is at" in server.stdout.readline()
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


def as_role(script: str, role: str, data: Path, step: str, *options: str) -> str:
    """The script's step in a process of its own, with Django connected as the role; what it printed."""
    done = subprocess.run(
        [sys.executable, script, "--step", step, "--data", data, *options],
        cwd=ROOT,
        env=os.environ
        | {
            "SALUS_DATA": str(data),
            "SALUS_ROLE": role,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def _watch(pid: int, data: Path, cost: Cost, over: threading.Event, told_every: float) -> None:
    begun, looks = time.monotonic(), 0
    told = begun
    while not over.wait(_EVERY):
        python, server = _memory(pid)
        cost.python, cost.server = max(cost.python, python), max(cost.server, server)
        cost.memory = max(cost.memory, python + server)
        if looks % _DISK_EVERY == 0:
            cost.disk = max(cost.disk, disk(data))
            cost.wal = max(cost.wal, disk(data / "postgres" / "pg_wal"))
        looks += 1
        if told_every and time.monotonic() - told > told_every:
            told = time.monotonic()
            print(
                f"    {told - begun:5.0f} s, {(python + server) / 1e9:.1f} GB of memory, "
                f"at most {cost.disk / 1e9:.1f} GB on disk",
                flush=True,
            )


def _memory(pid: int) -> tuple[int, int]:
    """Of this process and its descendants: Python's proportional set, and the server's own pages."""
    python = server = 0
    for one in descendants(pid):
        with suppress(OSError):  # ended meanwhile
            program = Path(f"/proc/{one}/cmdline").read_bytes()
            _, *lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            size = {
                name: int(rest.split()[0]) * 1024 for name, rest in (x.split(":") for x in lines)
            }
            if b"postgres" in program.split(b"\0", 1)[0]:
                server += size["Pss_Anon"] + size["Pss_File"]
            else:
                python += size["Pss"]
    return python, server


def descendants(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from descendants(int(child))


def disk(folder: Path) -> int:
    """What the files below a folder take, in bytes; those that vanish meanwhile take nothing."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(path, name).lstat().st_blocks * 512
    return total


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table or an index, a partitioned one with its partitions; ``rows`` are its table's."""

    table: str
    name: str
    is_index: bool
    size: int  # bytes
    rows: int

    @property
    def per_row(self) -> float:
        return self.size / self.rows if self.rows else 0.0


def relations(data: Path) -> list[Relation]:
    """All of the schema, the largest table first, each followed by its indexes."""
    with attached(data), psycopg.connect(**asdict(login(data, "owner"))) as connection:
        rows = connection.execute(_RELATIONS).fetchall()
    found = [
        Relation(table=table, name=name, is_index=is_index, size=int(size), rows=int(count))
        for table, name, is_index, size, count in rows
    ]
    weight: dict[str, int] = {}
    for relation in found:
        weight[relation.table] = weight.get(relation.table, 0) + relation.size
    return sorted(found, key=lambda r: (-weight[r.table], r.table, r.is_index, -r.size))


_RELATIONS: LiteralString = """
    with relation as (
        select c.oid, c.relkind = 'i' as is_index, coalesce(i.indrelid, c.oid) as of_table,
            case when c.relkind = 'i' then pg_relation_size(c.oid) else pg_table_size(c.oid) end as size
        from pg_class c left join pg_index i on i.indexrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'i')
    )
    select coalesce(pg_partition_root(of_table), of_table)::regclass::text,
        coalesce(pg_partition_root(relation.oid), relation.oid)::regclass::text,
        is_index, sum(size), sum(greatest(reltuples, 0))
    from relation join pg_class on pg_class.oid = of_table
    group by 1, 2, 3
"""


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {memory:.0f} GiB, Linux {os.uname().release.split('-')[0]}, Python {sys.version.split()[0]}"


def commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no-commit"


def written(parts: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = parts
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
