"""Those who write while something dies: demo people at the site, a hospital's files by `salus import`, and software
that asks who is insured, of one kind of caller at each door."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, cycle
from pathlib import Path
from threading import Event, Lock, Thread
from urllib.parse import urlencode

import psycopg

from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM
from salus.kernel.clock import now
from salus.simulation.demo_people import EMAILS, PASSWORD
from tests.durability.client import BY_SOAP, FHIR, REST, Answer, Client, Software, Unanswered
from tests.durability.ledger import Act, Ledger, new_request_id
from tests.durability.site import SALUS
from tests.fhir_bundles import bundle, visit

_PAUSE = 0.02  # seconds between two acts of one writer, so that all get their turn on few cores
_RETRY = 0.5  # seconds before an act is done again
DOORS = {"pharmacy": REST, "laboratory": FHIR, "rescue": BY_SOAP}  # by kind of caller
_DOCUMENT = 200_000  # characters: a kill finds a document that is half written


class WrongAnswer(AssertionError):
    """The site answered what it must not answer to this act, whatever died."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """An act, and how it is done: True is acknowledged, Unanswered is not known, False is an error page."""

    act: Act
    do: Callable[[], bool]


class Writer(Thread):
    """Does one deed after the other; one that is not acknowledged is done again until it is."""

    def __init__(self, deeds: Iterator[Deed], ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self._deeds, self._ledger = deeds, ledger
        self._turn = Lock()
        self.goes, self.rests, self.ends = Event(), Event(), Event()
        self.wrong: Exception | None = None
        self.refused = 0  # error pages

    def run(self) -> None:
        try:
            for deed in self._deeds:
                self._ledger.asked(deed.act)
                while not self._is_acknowledged(deed):
                    self._pause(_RETRY)
                    if self.ends.is_set():
                        return
                self._ledger.acknowledged(deed.act)
                self._pause(_PAUSE)
                if self.ends.is_set():
                    return
        except Exception as error:
            self.wrong = error
        finally:
            self.rests.set()

    def _is_acknowledged(self, deed: Deed) -> bool:
        try:
            done = deed.do()
        except Unanswered:
            return False
        self.refused += not done
        return done

    def go(self) -> None:
        with self._turn:
            self.rests.clear()
            self.goes.set()

    def _pause(self, seconds: float) -> None:
        self.ends.wait(seconds)
        with self._turn:
            goes = self.goes.is_set()
            if not goes:
                self.rests.set()
        if not goes:
            self.goes.wait()


class Load:
    """All writers together: they go, and they rest when each has its answer or has lost it."""

    def __init__(self, url: str, data: Path, ledger: Ledger, outside: psycopg.Connection) -> None:
        def client(part: str) -> Client:
            return Client(url).signs_in(EMAILS[part], PASSWORD)

        self._folder = ledger.path.parent
        people = _People(outside)
        patient, mother = people.person["patient"], people.person["mother"]
        closer = (people.person["closer"], people.matricule(people.person["closer"]))
        self.person = people.person
        self.clients = {part: client(part) for part in ("patient", "mother", "commuter")}
        writers = (
            self._circle(self.clients["patient"], patient, people.strangers_to(patient)),
            self._circle(self.clients["mother"], mother, people.strangers_to(mother)),
            self._assistant(client("partner"), people.person["partner"], closer),
            self._closing(self.clients["commuter"], people.person["commuter"]),
            self._reading(client("patient"), patient, people.documents_of(patient)),
            self._vaccinating(client("physician"), patient),
            self._searching(client("physician"), people.matricule(patient)),
            self._importing(data),
            *(
                self._checking(
                    Software(url, data, people.organization(kind), door=door),
                    people.matricule(patient),
                )
                for kind, door in DOORS.items()
            ),
        )
        self.writers = [Writer(deeds, ledger) for deeds in writers]
        for writer in self.writers:
            writer.start()

    def go(self) -> None:
        for writer in self.writers:
            writer.go()

    def rest(self) -> None:
        for writer in self.writers:
            writer.goes.clear()
        for writer in self.writers:
            writer.rests.wait()
            if writer.wrong:
                raise writer.wrong

    def end(self) -> None:
        for writer in self.writers:
            writer.ends.set()
            writer.goes.set()
            writer.join()

    @property
    def refused(self) -> int:
        return sum(writer.refused for writer in self.writers)

    def _circle(self, client: Client, person: int, practitioners: list[int]) -> Iterator[Deed]:
        for practitioner in cycle(practitioners):
            fields = {"practitioner": str(practitioner)}
            subject = ("circle", str(person), str(practitioner))
            yield _form(client, subject, "begin", "/circle/declare/", fields, "/circle/")
            yield _form(client, subject, "end", "/circle/end/", fields, "/circle/")

    def _assistant(self, client: Client, person: int, other: tuple[int, str]) -> Iterator[Deed]:
        assistant, matricule = other
        named = {"matricule": matricule, "family": "Muller"}
        ended = {"assistant": str(assistant)}
        subject = ("assistant", str(person), str(assistant))
        while True:
            yield _form(client, subject, "begin", "/assistants/", named, "/assistants/")
            yield _form(client, subject, "end", "/assistants/end/", ended, "/assistants/")

    def _closing(self, client: Client, person: int) -> Iterator[Deed]:
        subject = ("closure", str(person))
        while True:
            yield _form(client, subject, "begin", "/record/close/", {}, "/settings/")
            yield _form(client, subject, "end", "/record/reopen/", {}, "/settings/")

    def _reading(self, client: Client, person: int, documents: list[int]) -> Iterator[Deed]:
        for document in cycle(documents):
            act = _act(EventKind.DOCUMENT_OPENED, ("reading", str(person)), "add")
            path = f"/documents/{document}/?{urlencode({'r': act.request_id})}"
            yield Deed(act=act, do=lambda path=path: _is_page(client.get(path)))  # type: ignore[misc]

    def _vaccinating(self, client: Client, person: int) -> Iterator[Deed]:
        for number in count():
            fields = {
                "act_type": "performed",
                "vaccine": "J07CA02",
                "occurred_on": now().date().isoformat(),
                "lot_number": f"K{number:06}",
            }
            path, then = f"/people/{person}/vaccinations/new/", f"/people/{person}/"
            subject = ("vaccination", str(person))
            deed = _form(client, subject, "add", path, fields, then)
            yield replace(deed, act=replace(deed.act, event=EventKind.VACCINATION_RECORDED))

    def _searching(self, client: Client, matricule: str) -> Iterator[Deed]:
        while True:
            act = _act(EventKind.INDEX_REQUEST, ("search",), "add")
            fields = {"matricule": matricule, "r": act.request_id}

            def search(fields: dict[str, str] = fields) -> bool:
                sent = client.post("/patients/", fields)
                return _is_redirect(sent, "/patients/") and _is_page(client.get("/patients/"))

            yield Deed(act=act, do=search)

    def _importing(self, data: Path) -> Iterator[Deed]:
        """A hospital sends one visit a file, of a patient new to us, and again until it is taken."""
        path = self._folder / "visit.json"
        for number in count():
            act = _act(EventKind.DOCUMENT_FILED, ("import", f"P-{number}"), "add")
            resources = visit()
            for name in ("patient", "visit", "dose"):
                resources[name]["identifier"] = [
                    {"system": f"urn:test:{name}s", "value": f"P-{number}"}
                ]
            resources["goal"]["description"]["text"] = "Walk. " * (_DOCUMENT // 6)

            def take(content: str = json.dumps(bundle(resources))) -> bool:
                path.write_text(content)
                return _import(data, path)

            yield Deed(act=act, do=take)

    def _checking(self, software: Software, matricule: str) -> Iterator[Deed]:
        """Whether the same person is insured, each question with a key of its own, after the one that was answered
        last has come once more: whatever died since, the answer is the very same."""
        told: dict[str, bytes] = {}

        def ask(key: str) -> bool:
            for asked in (*told, key):
                status, answer = software.is_told(matricule, asked)
                if status not in (200, 401, 500, 503):  # out of order it may not know the client
                    raise WrongAnswer(f"{status} {answer!r}")
                if status != 200:
                    return False
                if told.get(asked, answer) != answer:
                    raise WrongAnswer(f"{told[asked]!r} became {answer!r}")
            told.clear()
            told[key] = answer
            return True

        while True:
            act = _act(EventKind.ELIGIBILITY_CHECK, ("check",), "add")
            yield Deed(act=act, do=partial(ask, act.request_id))


class _People:
    """What the writers know of the nation before they begin."""

    def __init__(self, outside: psycopg.Connection) -> None:
        self._outside = outside
        accounts: dict[str, int] = dict(
            outside.execute(
                """select email, person_id from access_accountperson
                join accounts_account on id = account_id"""
            ).fetchall()
        )
        self.person = {part: accounts[email] for part, email in EMAILS.items() if email in accounts}

    def organization(self, kind: str) -> int:
        """The row id of one."""
        row = self._outside.execute(
            "select id from directory_organization where type = %s and deregistered_at is null"
            " order by id limit 1",
            [kind],
        ).fetchone()
        assert row
        return int(row[0])

    def matricule(self, person: int) -> str:
        row = self._outside.execute(
            "select value from mpi_personidentifier where person_id = %s and system = %s",
            [person, MATRICULE_SYSTEM],
        ).fetchone()
        assert row
        return str(row[0])

    def strangers_to(self, person: int) -> list[int]:
        """Professionals whom the person has never declared."""
        found = self._outside.execute(
            """select id from directory_practitioner where deregistered_at is null and out_since is null
            and id not in (select practitioner_id from access_trustedprofessional where person_id = %s)""",
            [person],
        ).fetchall()
        return [number for (number,) in found]

    def documents_of(self, person: int) -> list[int]:
        found = self._outside.execute(
            """select document_id from shared_record_documentcontent
            join shared_record_document on id = document_id
            where person_id = %s and ended_at is null""",
            [person],
        ).fetchall()
        return [number for (number,) in found]


def _act(event: EventKind, subject: tuple[str, ...], does: str) -> Act:
    return Act(event=event, does=does, subject=subject, request_id=new_request_id())


def _form(
    client: Client,
    subject: tuple[str, ...],
    does: str,
    path: str,
    fields: dict[str, str],
    then: str,
) -> Deed:
    """A form, as its page carries it: with a request id, answered by a redirect when it is done."""
    act = _act(EventKind.CONSENT_CHANGED, subject, does)
    sent = {**fields, "r": act.request_id}
    return Deed(act=act, do=lambda: _is_redirect(client.post(path, sent), then))


def _is_redirect(answer: Answer, to: str) -> bool:
    return _is_well(answer, answer.status == 302 and answer.location == to)


def _is_page(answer: Answer) -> bool:
    return _is_well(answer, answer.status == 200)


def _is_well(answer: Answer, done: bool) -> bool:
    """The site may be out of order and say so on a page; it must not take anyone for somebody else."""
    if done:
        return True
    if answer.status in (500, 503) and "<h1" in answer.text:
        return False
    raise WrongAnswer(f"{answer.status} {answer.location} {answer.text[:2000]}")


def _import(data: Path, path: Path) -> bool:
    done = subprocess.run(
        [*SALUS, "import", "--data", str(data), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode < 0:
        raise Unanswered
    if done.returncode and (done.stderr.count("\n") != 1 or "Traceback" in done.stderr):
        raise WrongAnswer(done.stderr)
    return done.returncode == 0
