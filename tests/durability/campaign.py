"""Rounds of kills: writers write, one process dies at a random moment, and all that was acknowledged is there."""

import random
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from os import getpid
from pathlib import Path

from salus.kernel.clock import now
from tests.durability.ledger import Ledger
from tests.durability.outside import Outside
from tests.durability.site import (
    SALUS,
    Site,
    Start,
    children,
    command_line,
    descendants,
    is_alive,
    wait_until,
)
from tests.durability.writers import Load

_LIFE = (0.1, 1.0)  # seconds of writing before a kill, and again after it


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of process, and what becomes of the site when one dies."""

    name: str
    find: Callable[[Site], list[int]]
    stops: bool = False  # the site stops, as an operator's service manager then starts it again
    says: str = ""  # what the parent says of it


def _below_parent(*words: str) -> Callable[[Site], list[int]]:
    """Children of `salus serve` by what their command line contains."""
    return lambda site: [
        pid
        for pid in children(site.process.pid)
        if all(word in command_line(pid) for word in words)
    ]


def _web_workers(site: Site) -> list[int]:
    return [worker for web in _below_parent("granian")(site) for worker in children(web)]


def _backends(site: Site) -> list[int]:
    return [p for p in descendants(site.process.pid) if "postgres: app " in command_line(p)]


def _imports(site: Site) -> list[int]:
    return [p for p in children(getpid()) if " import " in command_line(p)]


KINDS = (
    Kind(name="parent", find=lambda site: [site.process.pid], stops=True),
    Kind(name="web", find=_below_parent("granian"), stops=True, says="the web stopped"),
    Kind(name="web worker", find=_web_workers),
    Kind(
        name="database", find=_below_parent("/postgres "), stops=True, says="the database stopped"
    ),
    Kind(
        name="sequencer",
        find=_below_parent("config.sequencer"),
        stops=True,
        says="the sequencer stopped",
    ),
    Kind(
        name="shipping",
        find=_below_parent("salus.kernel.shipping"),
        stops=True,
        says="the shipping stopped",
    ),
    Kind(name="worker", find=_below_parent("config.worker"), stops=True, says="the worker stopped"),
    Kind(name="database backend", find=_backends),
    Kind(name="import", find=_imports),
)


@dataclass(kw_only=True)
class Score:
    """Of one kind."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    half: int = 0
    restarts: int = 0


@dataclass(kw_only=True)
class Campaign:
    """One installation, its writers, and who kills. The same seed kills in the same order after the same times."""

    start: Start
    data: Path
    ledger: Ledger
    seed: int
    scores: dict[str, Score] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.site = self.start(self.data).ready()
        self.outside = Outside(self.data, self.ledger)
        with self.outside.connected() as connection:
            self.load = Load(self.site.url, self.data, self.ledger, connection)

    def __enter__(self) -> "Campaign":
        return self

    def __exit__(self, *_: object) -> None:
        self.load.end()

    def fight(self, kinds: list[Kind]) -> None:
        """Kill one process of each of the kinds, in random order."""
        for kind in self._random.sample(kinds, len(kinds)):
            self._round(kind)

    def write(self, seconds: float) -> None:
        """Let all write for a while, and come to rest."""
        self.load.go()
        time.sleep(seconds)
        self.load.rest()

    def report(self) -> str:
        """The table of a kill log, in Markdown."""
        lines = [
            f"# Kills under load, {now():%Y-%m-%d %H:%M} UTC\n",
            f"Seed {self.seed}. Eleven writers, each in a session of its own; every act has a request id and"
            " is done again until it is acknowledged. `tests/durability/campaign.py` says what is killed"
            " and how, `tests/durability/outside.py` what is compared after each kill.\n",
            "| killed | kills | acknowledged writes | lost | doubled | half | restarts |",
            "|---|--:|--:|--:|--:|--:|--:|",
            *(
                f"| {name} | {' | '.join(str(value) for value in asdict(score).values())} |"
                for name, score in sorted(self.scores.items())
            ),
            f"\n{self.load.refused} requests were answered by a page that says that the service is out"
            " of order; they were done again like those that had no answer.\n",
            *self.faults,
        ]
        return "\n".join(lines)

    def _round(self, kind: Kind) -> None:
        score = self.scores.setdefault(kind.name, Score())
        before = len(self.ledger.read()[1])
        self.load.go()
        time.sleep(self._random.uniform(*_LIFE))
        family = [self.site.process.pid, *descendants(self.site.process.pid)]
        victim = self._victim(kind)
        self.site.kill(victim)
        score.kills += 1
        if kind.stops:
            self._stopped(kind)
            self.start_again()
            score.restarts += 1
            left = [f"{pid} {command_line(pid)}" for pid in family if is_alive(pid)]
            self.faults += [f"after the {kind.name} was killed: {rest} was left" for rest in left]
        else:
            wait_until(lambda: not is_alive(victim), self.site.process)
            wait_until(self.site.answers, self.site.process)
        time.sleep(self._random.uniform(*_LIFE))
        self.load.rest()
        self.compare(f"after the {kind.name} was killed", score, before)

    def compare(self, when: str, score: Score, before: int = 0) -> None:
        """Hold the ledger against the rows, the pages and the log; writers are at rest."""
        verdict = self.outside.look()
        score.acknowledged += verdict.acknowledged - before
        score.lost += len(verdict.lost)
        score.doubled += len(verdict.doubled)
        score.half += len(verdict.half)
        self.faults += [f"lost {when}: {act}" for act in verdict.lost]
        self.faults += [f"doubled {when}: {act}" for act in verdict.doubled]
        self.faults += [f"half {when}: {what}" for what in verdict.half]
        assert not self.faults, "\n".join(self.faults)
        self._check_pages()
        verify_log(self.data)

    def _check_pages(self) -> None:
        """People see on their pages what stands in the database, in the sessions that they had before."""
        with self.outside.connected() as connection:
            for part in ("patient", "mother"):
                declared = connection.execute(
                    """select practitioner_id::text from access_trustedprofessional
                    where until is null and person_id = %s""",
                    [self.load.person[part]],
                )
                page = self.load.clients[part].get("/circle/").text
                shown = re.findall(r'name="practitioner" value="(\d+)"', page)
                assert sorted(shown) == sorted(number for (number,) in declared)
            closed = connection.execute(
                "select 1 from shared_record_closure where reopened_at is null and record_id = %s",
                [self.load.person["commuter"]],
            ).fetchone()
            page = self.load.clients["commuter"].get("/settings/").text
            assert ("/record/reopen/" in page) == bool(closed)
            lots = connection.execute(
                "select lot_number from vaccination_immunization where record_id = %s",
                [self.load.person["patient"]],
            )
            page = self.load.clients["patient"].get("/vaccinations/").text
            assert all(lot in page for (lot,) in lots)

    def _victim(self, kind: Kind) -> int:
        """One of them; an import that has just ended is followed by another."""
        found: list[int] = []

        def is_found() -> bool:
            found.extend(kind.find(self.site))
            return bool(found)

        wait_until(is_found, self.site.process)
        return self._random.choice(sorted(found))

    def _stopped(self, kind: Kind) -> None:
        code, errors = self.site.end()
        if kind.says:
            (line,) = [line for line in errors.splitlines() if line.startswith("salus: ")]
            assert code == 1 and kind.says in line, errors
        assert "Traceback" not in errors, errors

    def start_again(self) -> None:
        """Start again at once on the same port, as a service manager does, while writers go on trying."""
        self.site = self.start(self.data, self.site.port).ready()


@cache
def _verifies() -> bool:
    helped = subprocess.run([*SALUS, "--help"], capture_output=True, text=True, check=True)
    return "audit " in helped.stdout


def verify_log(data: Path) -> None:
    """The event log holds together: nothing in it was changed, left out or put in."""
    if _verifies():
        command = [*SALUS, "audit", "verify", "--data", str(data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
