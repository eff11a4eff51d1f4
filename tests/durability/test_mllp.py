"""`salus serve` speaks HL7 v2: who is let in by which certificate, and that no message is lost or taken twice when
processes are killed and the sender sends again."""

import os
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg
import pytest

from salus.country.lu import ORGANIZATION_SYSTEM
from salus.kernel.postgres import login
from tests.authority import Authority, Identity
from tests.conftest import copy, new_folder, salus, with_tables
from tests.durability.site import SALUS, command_line, descendants, free_port
from tests.mllp import SCOPE, Line, adt, header, pdq, pid, tls_with, told

KIS = "&1.2.3.4&ISO"
SYSTEM = "urn:oid:1.2.3.4"
PROVES = os.environ.get("SALUS_PROVE") == "1"
KILLS = 60 if PROVES else 2


class Served:
    """A site with nobody in it yet."""

    def __init__(self, data: Path, authority: Authority, mllp_port: int) -> None:
        self.data, self.mllp_port = data, mllp_port
        self.process = subprocess.Popen(
            [*SALUS, "serve", "--port", str(free_port()), "--mllp-port", str(mllp_port)],
            env=os.environ | {"SALUS_DATA": str(data)} | authority.mllp_environ("localhost"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        said = [self.process.stdout.readline() for _ in range(2)]
        assert said[1] == f"HL7 v2 is at mllp://localhost:{mllp_port} (by TLS)\n", self.end()

    def processes(self, word: str) -> list[int]:
        return [one for one in descendants(self.process.pid) if word in command_line(one)]

    def end(self) -> tuple[int, str]:
        _, errors = self.process.communicate()
        return self.process.returncode, errors

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        return self.end()


@dataclass(kw_only=True)
class Installation:
    data: Path
    authority: Authority
    own: Identity  # self-signed, and trusted by itself
    site: Served = field(init=False)
    mllp_port: int = field(default_factory=free_port)

    def start(self) -> None:
        self.site = Served(self.data, self.authority, self.mllp_port)

    def client(self, *how: str, scope: str = SCOPE) -> None:
        made = salus(
            *("client", "create", "--name", "KIS", "--scope", scope, "--organization", "800001"),
            *("--identifier-system", SYSTEM),
            *how,
            data=self.data,
        )
        assert made.returncode == 0, made.stderr

    def line(self, identity: Identity) -> Line:
        return Line(port=self.mllp_port, tls=tls_with(self.authority, identity))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(**asdict(login(self.data, "superuser"))) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    data, authority = copy(with_tables(), new_folder()), Authority(new_folder())
    own = authority.identity("own.example", is_self_signed=True)
    with authority.file.open("ab") as trusted:
        trusted.write(own.certificate.read_bytes())
    made = Installation(data=data, authority=authority, own=own)
    made.start()
    with psycopg.connect(**asdict(login(data, "superuser"))) as connection:
        connection.execute(
            "insert into directory_organization (system, value, name, name_key, type, country, postal_code,"
            " municipality, line, telephone, registered_at)"
            " values (%s, '800001', 'Hospital', 'hospital', 'hospital', '', '', '', '', '', now())",
            [ORGANIZATION_SYSTEM],
        )
    yield made
    if made.site.process.poll() is None:
        made.site.stop()


def test_a_certificate_is_of_one_client(installation: Installation) -> None:
    by_name = installation.authority.identity("kis.example")
    shared, strange = (
        installation.authority.identity(f"{name}.example") for name in ("shared", "strange")
    )
    installation.client("--tls-subject", "san_dns:kis.example")
    installation.client("--certificate", str(installation.own.certificate))
    for _ in range(2):
        installation.client("--tls-subject", "san_dns:shared.example")
    for identity, acknowledged in (
        (by_name, ("AA", "")),
        (installation.own, ("AA", "")),
        (shared, ("AR", "207")),
        (strange, ("AR", "207")),
    ):
        with installation.line(identity) as line:
            assert told(line.ask(pdq("@PID.5.1^Nobody"))) == acknowledged
    found = installation.rows(
        "select agent, client_id is not null, purpose from audit_event"
        " where kind = 'index_request' and not denied"
    )
    assert found == [("hospital", True, "TREAT")] * 2


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        done = salus("serve", "--port", str(free_port()), "--mllp-port", taken, data=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "--mllp-port" in done.stderr


# Kills


class Sender(threading.Thread):
    """A hospital's system: sends one message after the other, and each again until it is acknowledged."""

    def __init__(self, installation: Installation, identity: Identity, name: str) -> None:
        super().__init__(daemon=True)
        self._installation, self._identity, self._name = installation, identity, name
        self.stops = threading.Event()
        self.acknowledged: list[int] = []  # numbers of messages
        self.again = 0
        self.wrong: Exception | None = None

    def run(self) -> None:
        try:
            number = 0
            while not self.stops.is_set():
                number += 1
                if self._sent(self._message(number)):
                    self.acknowledged.append(number)
        except Exception as error:
            self.wrong = error

    def _message(self, number: int) -> str:
        """Each patient comes, and then changes name: the second must never be undone by the first."""
        patient, step = divmod(number - 1, 2)
        family = ("Before", "After")[step]
        return adt(
            ("A04", "A08")[step], pid(f"{self._name}{patient}^^^{KIS}", name=f"{family}^Kim")
        )

    def _sent(self, message: str) -> bool:
        while not self.stops.wait(0.01):
            with suppress(OSError, AssertionError):
                with self._installation.line(self._identity) as line:
                    acknowledged, code = told(line.ask(message))
                if acknowledged == "AA":
                    return True
                # Nothing is wrong with what is sent: only what died can be the reason.
                if (acknowledged, code) != ("AR", "207"):
                    raise RuntimeError(f"{acknowledged} {code}")
            self.again += 1
        return False


def test_no_message_is_lost_or_taken_twice_over_kills(installation: Installation) -> None:
    sender = installation.authority.identity("sender.example")
    installation.client("--tls-subject", "san_dns:sender.example")
    senders = [Sender(installation, sender, name) for name in ("a", "b")]
    chosen = random.Random(int(os.environ.get("SALUS_KILL_SEED", "1")))
    for one in senders:
        one.start()
    for kill in range(KILLS):
        threading.Event().wait(chosen.uniform(0.2, 1.0))
        word = ("config.mllp", "postgres: app ", "/postgres ")[kill % 3 if PROVES else kill % 2]
        victims = installation.site.processes(word)
        if not victims:
            continue  # no connection to the database is open at this moment
        with suppress(ProcessLookupError):
            os.kill(chosen.choice(victims), signal.SIGKILL)
        if word != "postgres: app ":
            code, errors = installation.site.end()
            assert code == 1
            assert f"the {'mllp' if word == 'config.mllp' else 'database'} stopped" in errors
            installation.start()
    threading.Event().wait(1)
    for one in senders:
        one.stops.set()
    for one in senders:
        one.join()
        assert one.wrong is None
        assert one.acknowledged
    rows = installation.rows(
        "select i.value, p.family, coalesce(p.version, 1),"
        " (select count(*) from audit_event e where e.person_id = p.id and kind = 'person_registered'),"
        " (select count(*) from audit_event e where e.person_id = p.id and kind = 'person_changed')"
        " from mpi_person p join mpi_personidentifier i on i.person_id = p.id"
        " where i.system = 'urn:oid:1.2.3.4'"
    )
    state = {value: tuple(rest) for value, *rest in rows}
    for one in senders:
        for number in one.acknowledged:
            patient, step = divmod(number - 1, 2)
            now = state[f"{one._name}{patient}"]
            changed = number + 1 in one.acknowledged or step == 1
            if changed:
                assert now == ("After", 2, 1, 1)
            else:  # the last, whose change may be done though it was never acknowledged
                assert now in (("Before", 1, 1, 0), ("After", 2, 1, 1))


@pytest.mark.prove
def test_a_hundred_megabytes_do_not_fill_the_memory(installation: Installation) -> None:
    sender = installation.authority.identity("large.example")
    installation.client("--tls-subject", "san_dns:large.example")
    (child,) = installation.site.processes("config.mllp")
    before = _memory(child)
    with installation.line(sender) as line:
        line.send(b"\x0b" + header("ADT^A01", id="LARGE").encode() + b"ZZZ|")
        for _ in range(1600):
            line.send(b"x" * 2**16)
        line.send(b"\x1c\r")
        answer = line.answer()
        assert (*told(answer), str(answer["MSA.2"])) == ("AR", "207", "LARGE")
        assert told(line.ask(pdq("@PID.5.1^Nobody"))) == ("AA", "")
    assert _memory(child) - before < 20 * 2**20


def _memory(process: int) -> int:
    """The most bytes that it ever had."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
