"""The eligibility service's doors, with authentication, quota, audit and counting on. Ratios within one run.

1. Answers per second of each door (REST, FHIR, SOAP; the same question by as many connections and callers), beside
   what the database itself does of the same query of one row and insert of one event, each in a transaction of its
   own (pgbench, prepared). Goal: REST at least 15 % of it. `GET status`, which asks nothing, shows the web's own share.
2. At half of REST's own rate: p99 beside p50. Goal: below 20 times.
3. Whether time tells who is not known from who is not affiliated: the area under the curve of a classifier by the
   time of an answer, in a random order of both. 0.5 tells nothing. The bodies are held equal.

    .venv/bin/python benchmarks/eligibility.py                        # a nation of its own at 1/100, gone afterwards
    .venv/bin/python benchmarks/eligibility.py --timed 100000         # the classifier over so many answers
"""

import argparse
import json
import random
import re
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles

import psycopg
from scipy.stats import mannwhitneyu

from benchmarks.fhir_site.load import token
from salus.country.lu import INSURER, MATRICULE_SYSTEM, matricule
from salus.kernel.cluster import program
from salus.kernel.postgres import login
from tools.measuring import installation, salus, serving

GOAL, TAIL = 0.15, 20
SCOPE = "system/CoverageEligibilityRequest.c"
PLAIN = """
begin;
select i.value, a.since, a.until from mpi_personidentifier i
    join eligibility_affiliation a on a.person_id = i.person_id where i.id = :id;
insert into audit_event (at, kind, agent, person_id, denied, repeated)
    values (now(), 'eligibility_check', 'pharmacy', :id, false, false);
commit;
"""
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
Client = tuple[str, str]  # id and secret


@dataclass(frozen=True, kw_only=True)
class Door:
    name: str
    path: str
    type: str
    body: Callable[[str], bytes]  # of a matricule
    method: str = "POST"


def _rest(number: str) -> bytes:
    return json.dumps({"identifier": {"value": number}}).encode()


def _fhir(number: str) -> bytes:
    insurer = {"system": INSURER.system, "value": INSURER.value}
    return json.dumps(
        {
            "resourceType": "CoverageEligibilityRequest",
            "status": "active",
            "purpose": ["validation"],
            "patient": {"identifier": {"system": MATRICULE_SYSTEM, "value": number}},
            "created": "2025-01-01",
            "insurer": {"identifier": insurer},
        }
    ).encode()


def _soap(number: str) -> bytes:
    return f"""<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>
        <CheckAffiliation xmlns="urn:salus:eligibility:1"><person>
            <system>{MATRICULE_SYSTEM}</system><value>{number}</value>
        </person></CheckAffiliation></e:Body></e:Envelope>""".encode()


DOORS = (
    Door(name="REST", path="/eligibility/v1/affiliation", type="application/json", body=_rest),
    Door(
        name="FHIR",
        path="/fhir/CoverageEligibilityRequest/$submit",
        type="application/fhir+json",
        body=_fhir,
    ),
    Door(name="SOAP", path="/eligibility/soap", type="application/soap+xml", body=_soap),
    Door(
        name="GET status",
        path="/eligibility/v1/status",
        type="application/json",
        body=lambda _: b"",
        method="GET",
    ),
)


def prepare(data: Path, callers: int) -> list[Client]:
    """A register that was heard, and pharmacies that may ask as much as they like."""
    with psycopg.connect(**asdict(login(data, "superuser"))) as rows:
        rows.execute(
            "insert into eligibility_delivery (kind, as_of, received_at, applied_at)"
            " values ('delta', now(), now(), now())"
        )
        found = rows.execute(
            "select id from directory_organization where type = 'pharmacy'"
            " and deregistered_at is null order by id limit %s",
            [callers],
        ).fetchall()
    made = []
    for (organization,) in found:
        options = ("--name", "benchmark", "--scope", SCOPE, "--purpose", "COVERAGE")
        printed = salus(
            "client", "create", *options, "--organization", str(organization), data=data
        )
        told = dict(line.split(maxsplit=1) for line in printed.splitlines())
        made.append((told["client_id"], told["client_secret"]))
        with psycopg.connect(**asdict(login(data, "superuser"))) as rows:
            rows.execute(
                """
                insert into eligibility_caller (organization_id, client_id, rights, per_minute, per_day, since)
                select %s, id, %s, 100000000, 100000000, now() from accounts_client where client_id = %s
                """,
                [organization, ["affiliation"], told["client_id"]],
            )
    return made


def numbers_of(data: Path, where: str, many: int) -> list[str]:
    with psycopg.connect(**asdict(login(data, "superuser"))) as rows:
        found = rows.execute(
            "select value from mpi_personidentifier i where system = %s"  # its parts are ours
            f" and {where} order by md5(value) limit %s",
            [MATRICULE_SYSTEM, many],
        ).fetchall()
    return [value for (value,) in found]


class Line:
    """One caller's connection, with a token that it renews."""

    def __init__(self, port: int, client: Client) -> None:
        self._port, self._client, self._until = port, client, 0.0
        self._line = socket.create_connection(("127.0.0.1", port))
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, door: Door, number: str) -> tuple[float, bytes]:
        """Seconds until the whole answer was there, and its body."""
        if time.monotonic() > self._until:
            self._token, self._until = token(self._port, *self._client), time.monotonic() + 200
        body = door.body(number)
        head = (
            f"{door.method} {door.path} HTTP/1.1\r\nHost: localhost:{self._port}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: {door.type}\r\n"
            f"Accept: {door.type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        begun = time.perf_counter()
        self._line.sendall(head.encode() + body)
        answer, separator, rest = b"", b"", b""
        while not separator:
            answer, separator, rest = (answer + self._line.recv(65536)).partition(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        assert answer.split(maxsplit=2)[1] == b"200", answer + rest
        assert length, answer
        while len(rest) < int(length[1]):
            rest += self._line.recv(65536)
        return time.perf_counter() - begun, rest


def plain_rate(data: Path, connections: int, people: int, seconds: int) -> float:
    """Transactions a second of the database alone."""
    access = login(data, "superuser")
    script = data / "plain.sql"
    script.write_text(f"\\set id random(1, {people})\n{PLAIN}")
    done = subprocess.run(
        [
            *(program("pgbench"), "-n", "-M", "prepared", "-f", script),
            *("-c", str(connections), "-j", "2", "-T", str(seconds)),
            *("-h", access.host, "-p", str(access.port), "-U", access.user, access.dbname),
        ],
        env={"PGPASSWORD": access.password},
        check=True,
        capture_output=True,
        text=True,
    )
    told = re.search(r"tps = ([\d.]+)", done.stdout)
    assert told, done.stdout
    return float(told[1])


def settled(data: Path) -> None:
    """Wait until every event is a leaf of the log: pgbench leaves more in a second than anybody asks."""
    every = "select (select max(size) from audit_head) >= (select count(*) from audit_event)"
    with psycopg.connect(**asdict(login(data, "superuser")), autocommit=True) as rows:
        while not rows.execute(every).fetchall()[0][0]:
            time.sleep(0.5)


def rate_of(lines: Sequence[Line], door: Door, numbers: Sequence[str], seconds: float) -> float:
    """Answers a second, as fast as they come."""
    end = time.monotonic() + seconds

    def ask(line: Line) -> int:
        answered = 0
        while time.monotonic() < end:
            line.ask(door, random.choice(numbers))
            answered += 1
        return answered

    begun = time.monotonic()
    with ThreadPoolExecutor(len(lines)) as pool:
        answered = sum(pool.map(ask, lines))
    return answered / (time.monotonic() - begun)


def paced(
    lines: Sequence[Line], numbers: Sequence[str], rate: float, seconds: float
) -> list[float]:
    """Seconds of each answer of REST, asked so many times a second whatever comes back."""

    def ask(line: Line) -> list[float]:
        due, every, took = time.monotonic(), len(lines) / rate, []
        due += random.random() * every
        for _ in range(int(seconds / every)):
            time.sleep(max(0.0, due - time.monotonic()))
            line.ask(DOORS[0], random.choice(numbers))
            took.append(time.monotonic() - due)
            due += every
        return took

    with ThreadPoolExecutor(len(lines)) as pool:
        return [one for took in pool.map(ask, lines) for one in took]


def told_apart(
    lines: Sequence[Line], uninsured: Sequence[str], nobody: Sequence[str], many: int
) -> float:
    """The area under the curve of who tells them apart by time. Raises when bodies tell them apart."""
    times: tuple[list[float], list[float]] = ([], [])
    bodies: tuple[set[str], set[str]] = (set(), set())

    def ask(line: Line) -> None:
        for _ in range(many // len(lines)):
            side = random.random() < 0.5
            took, body = line.ask(DOORS[0], random.choice(nobody if side else uninsured))
            times[side].append(took)
            bodies[side].add(re.sub(rb'"answered_at": ?"[^"]+"', b"", body).decode())

    with ThreadPoolExecutor(len(lines)) as pool:
        list(pool.map(ask, lines))
    assert bodies[0] == bodies[1], bodies
    statistic, _ = mannwhitneyu(times[1], times[0])
    return float(statistic) / (len(times[0]) * len(times[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", default="1/100", help="of the nation that is made")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="of each door in each round")
    parser.add_argument("--timed", type=int, default=5_000, help="answers for the classifier")
    options = parser.parse_args()
    with installation(None, scale=options.scale) as data, serving(data) as (port, _):
        clients = prepare(data, options.connections)
        numbers = numbers_of(data, "true", 2_000)
        lines = [Line(port, client) for client in clients]
        rates: dict[str, list[float]] = {}
        for round_ in range(options.rounds + 1):
            measured = {
                "the database alone": plain_rate(data, options.connections, 5_000, options.seconds)
            }
            for door in DOORS:
                settled(data)
                measured[door.name] = rate_of(lines, door, numbers, options.seconds)
            for name, rate in measured.items():
                if round_:  # what is cold is nobody's cost
                    rates.setdefault(name, []).append(rate)
        middle = {name: median(known) for name, known in rates.items()}
        limit = middle["the database alone"]
        for name, rate in middle.items():
            print(f"{name:20}{rate:9.0f}/s{rate / limit:8.3f} of the database's rate", flush=True)
        print(f"goal for REST: {GOAL} {'met' if middle['REST'] >= GOAL * limit else 'MISSED'}")
        cuts = quantiles(paced(lines, numbers, middle["REST"] / 2, 30), n=100)
        tail = cuts[98] / cuts[49]
        print(f"at half load p50 {1000 * cuts[49]:.1f} ms, p99 {tail:.1f} times that (goal {TAIL})")
        uninsured = numbers_of(
            data,
            "not exists (select from eligibility_affiliation a"
            " where a.person_id = i.person_id and until is null)",
            200,
        )
        nobody = [matricule(date(1901, 1, 1), serial) for serial in range(700, 900)]
        area = told_apart(lines, uninsured, nobody, options.timed)
        print(
            f"who is not known, told by time over {options.timed} answers: AUC {area:.3f} (0.5: not at all)"
        )


if __name__ == "__main__":
    main()
