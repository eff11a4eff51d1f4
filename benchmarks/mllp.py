"""The patient index over HL7 v2 beside the same over FHIR, and what a feed costs. Ratios within one run.

1. Demographics queries (IHE PDQ, ITI-21) over MLLP and searches of the same people over FHIR, in turn, from as many
   connections, of one `salus serve`. Goal: at least as many a second over MLLP.
2. The feed (ITI-8): new patients, changes, and messages that come again, over the rate of the queries.
3. Where the feed's time goes: processor time of one message by what it is spent on, the database's beside.

    .venv/bin/python benchmarks/mllp.py                     # a nation of its own at 1/100, gone afterwards
    .venv/bin/python benchmarks/mllp.py --scale 1/1000
    .venv/bin/python benchmarks/mllp.py --data var          # an installation; leaves the patients of the feed in it
"""

import argparse
import cProfile
import os
import pstats
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import django
import psycopg

from benchmarks.fhir_site.cases import laboratory
from benchmarks.fhir_site.load import Load, processor_time, spelled, token
from salus.kernel.postgres import attached, login
from tools.measuring import ROOT, SALUS, installation, salus

PEOPLE = "select family, given, birth_date, gender from mpi_person order by md5(id::text) limit %s"
FAMILIES = ("salus/hl7v2/", "salus/mpi/hl7v2/", "salus/mpi/matching/", "salus/mpi/", "salus/audit/")
_numbers = count(1)
_run = f"{time.time_ns():x}"


@dataclass(frozen=True, kw_only=True)
class Somebody:
    family: str
    given: str
    born: str  # YYYY-MM-DD
    sex: str

    @property
    def search(self) -> str:
        query = {"family": self.family, "birthdate": self.born}
        return f"/fhir/Patient?{urlencode(query)}"

    @property
    def question(self) -> bytes:
        asked = f"@PID.5.1.1^{self.family}*~@PID.7^{self.born.replace('-', '')}"
        return message("QBP^Q22^QBP_Q21", f"QPD|IHE PDQ Query|Q|{asked}\rRCP|I\r")

    def fed(self, number: int, *, family: str = "", event: str = "A04") -> bytes:
        pid = (
            f"PID|1||{_run}{number}^^^&1.2.3.999&ISO||{family or self.family}^{self.given}"
            f"||{self.born.replace('-', '')}|{self.sex}\r"
        )
        return message(f"ADT^{event}", pid, version="2.3.1")


def message(type: str, body: str, *, version: str = "2.5") -> bytes:
    name = f"{_run}{next(_numbers)}"
    head = f"MSH|^~\\&|BENCH|HERE|SALUS||20261127||{type}|{name}|P|{version}||||||UNICODE UTF-8\r"
    return b"\x0b" + (head + body).encode() + b"\x1c\r"


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Senders that send as fast as they are answered."""

    port: int
    server: int
    connections: int

    def per_second(self, messages: Sequence[bytes]) -> tuple[float, float]:
        """Messages, and milliseconds of the site's processor time for one."""
        shares = [messages[n :: self.connections] for n in range(self.connections)]
        with ThreadPoolExecutor(self.connections) as pool:
            spent, begun = processor_time(self.server), time.perf_counter()
            for _ in pool.map(self._send, shares):
                pass
            seconds = time.perf_counter() - begun
        spent = processor_time(self.server) - spent
        return len(messages) / seconds, 1000 * spent / len(messages)

    def _send(self, messages: Sequence[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for one in messages:
                line.sendall(one)
                answer = b""
                while not answer.endswith(b"\x1c\r"):
                    answer += line.recv(65536)
                assert b"\rMSA|AA|" in answer, answer


def people(data: Path, most: int) -> list[Somebody]:
    sexes = {"female": "F", "male": "M"}
    with psycopg.connect(**asdict(login(data, "superuser"))) as connection:
        return [
            Somebody(family=family, given=given, born=f"{born}", sex=sexes.get(gender, "U"))
            for family, given, born, gender in connection.execute(PEOPLE, [most])
        ]


@contextmanager
def serving(data: Path, client: str, connections: int) -> Iterator[tuple[Load, Lines]]:
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(int(probe.getsockname()[1]))
    web, mllp = map(str, ports)
    server = subprocess.Popen(
        [*SALUS, "serve", "--port", web, "--mllp-port", mllp, "--data", data],
        cwd=ROOT,
        env=os.environ | {"SALUS_MLLP_CLIENT": client},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert "Salus is at" in server.stdout.readline()
        yield (
            Load(port=ports[0], server=server.pid, connections=connections),
            Lines(port=ports[1], server=server.pid, connections=connections),
        )
    finally:
        server.terminate()
        server.wait()


def compare_queries(
    load: Load, lines: Lines, client: tuple[str, str], asked: list[Somebody], rounds: int
) -> float:
    """Prints both; returns queries a second over MLLP."""
    runs: dict[str, list[tuple[float, float]]] = {"FHIR": [], "MLLP": []}
    for round_ in range(rounds + 1):
        bearer = token(load.port, *client)
        searches = [spelled(one.search, b"", port=load.port, token=bearer) for one in asked]
        rate = load.of(searches, status=200)
        sides = {
            "FHIR": (rate.per_second, rate.processor),
            "MLLP": lines.per_second([one.question for one in asked]),
        }
        if round_:  # what is cold is nobody's cost
            for name, side in sides.items():
                runs[name].append(side)
    found = {name: [median(part) for part in zip(*runs[name], strict=True)] for name in runs}
    for name, (rate_, cost) in found.items():
        print(f"demographics query over {name}  {rate_:8.0f}/s  {cost:6.2f} ms of processor time")
    ratio = found["MLLP"][0] / found["FHIR"][0]
    print(f"MLLP over FHIR: {ratio:.2f}{'' if ratio >= 1 else '  misses the goal'} (goal: 1)")
    return found["MLLP"][0]


def feed(lines: Lines, fed: list[Somebody], queries: float) -> None:
    new = [one.fed(number) for number, one in enumerate(fed)]
    changed = [
        one.fed(number, family=f"{one.family}-Neu", event="A08") for number, one in enumerate(fed)
    ]
    for name, messages in (("new patients", new), ("changes", changed), ("sent again", changed)):
        rate, cost = lines.per_second(messages)
        print(
            f"feed, {name:13} {rate:12.0f}/s  {cost:6.2f} ms of processor time,"
            f" {rate / queries:.2f} of the queries' rate"
        )


def print_where(data: Path, client: str, fed: list[Somebody]) -> None:
    """One message after the other in this process, watched by the profiler, which makes Python slower than it is."""
    os.environ |= {
        "SALUS_DATA": str(data.absolute()),
        "SALUS_MLLP_CLIENT": client,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    django.setup()
    from config.mllp import edge
    from config.mllp_options import MllpOptions
    from salus.hl7v2.framing import Frame

    answer = edge(MllpOptions.of(os.environ, port=None)).answer
    frames = [Frame(content=one.fed(1_000_000 + number)[1:-2]) for number, one in enumerate(fed)]
    answer(frames[0], None)
    profile = cProfile.Profile()
    begun = time.perf_counter()
    profile.enable()
    for frame in frames[1:]:
        answer(frame, None)
    profile.disable()
    seconds = time.perf_counter() - begun
    spent: Counter[str] = Counter()
    for (file, _line, name), (_calls, _all, own, _below, _by) in pstats.Stats(
        profile
    ).stats.items():  # type: ignore[attr-defined]
        spent[_whose(file, name)] += own
    print(
        f"\na new patient, one after the other: {1000 * seconds / (len(frames) - 1):.1f} ms, of it"
    )
    for whose, own in spent.most_common():
        print(f"    {whose:34}{100 * own / sum(spent.values()):5.1f} %")


def _whose(file: str, name: str) -> str:
    found = next((one for one in FAMILIES if one in file), None)
    if found:
        return found.rstrip("/")
    if "psycopg" in file or "select" in name or "poll" in name:
        return "waiting for the database, psycopg"
    return "Django" if "/django/" in file else "rest of Python"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="an installation that exists")
    parser.add_argument(
        "--scale", default="1/100", help="of the nation that is made without --data"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=400, help="of each side, in each round")
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    with installation(options.data, scale=options.scale) as data:
        with attached(data):
            organization = str(laboratory(data))
        printed = salus(
            *("client", "create", "--name", "benchmark", "--scope", "system/Patient.cruds"),
            *("--organization", organization, "--identifier-system", "urn:oid:1.2.3.999"),
            data=data,
        )
        made = dict(line.split(maxsplit=1) for line in printed.splitlines())
        client = made["client_id"], made["client_secret"]
        with serving(data, client[0], options.connections) as (load, lines):
            asked = people(data, 2 * options.requests)
            half = len(asked) // 2
            queries = compare_queries(load, lines, client, asked[:half], options.rounds)
            feed(lines, asked[half:], queries)
            print_where(data, client[0], asked[:half])


if __name__ == "__main__":
    main()
