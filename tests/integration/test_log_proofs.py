"""From an event in the database to a proof that holds without us: who gets one, and who does not."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import override_settings

from salus.access.actions import declare_professional, name_assistant
from salus.access.queries import patients_of, who_looked
from salus.audit import log
from salus.audit.heads import Copies
from salus.audit.models import EventKind
from salus.audit.sequencer import sequence
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.postgres import login
from salus.kernel.signing import Signer
from salus.portal.static.portal import check_proof
from tests.integration.test_page_rights import (  # noqa: F401  # a fixture
    World,
    events,
    visitor,
    world,
)
from tests.tampering import HARMLESS, Json, tampered

PROGRAM = Path(check_proof.__file__)
SECRET = "c2VjcmV0LW9mLWEtdGVzdC1vZi10aGUtZXZlbnQtbG8"  # 32 bytes, as a secret of the data folder
OTHER = "YW5vdGhlci1zZWNyZXQtb2YtdGhlLWV2ZW50LWxvZzE"


@dataclass(frozen=True, kw_only=True)
class Sequencer:
    data: Path
    copies: Copies

    def runs(self) -> None:
        with closing(log.connect(login(self.data, "sequencer"))) as connection:
            sequence(connection, Signer(SECRET, self.copies.keys_file), self.copies)


@pytest.fixture(scope="module")
def sequencer(database: Path) -> Iterator[Sequencer]:
    with tempfile.TemporaryDirectory() as folder, override_settings(HEADS=Path(folder)):
        yield Sequencer(data=database, copies=Copies(Path(folder)))


@pytest.fixture(autouse=True)
def _no_rate_limit_of_another_test() -> None:
    cache.clear()


def acts(world: World, kind: EventKind) -> list[int]:  # noqa: F811
    me = Actor(role=Role.PATIENT, account=1, person=world.patient)
    entries = who_looked(actor=me, person=world.patient, at=now())
    return [entry.event for entry in entries if entry.kind is kind]


def proof_of(event: int, name: str = "patient") -> Json:
    answer = visitor(name).get(f"/who-looked/{event}/proof.json")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == f'attachment; filename="salus-proof-{event}.json"'
    return dict(answer.json())


def check(*documents: Json, key: str | None = None) -> tuple[int, str]:
    """Exit code and output of the program, run by a Python that finds no package but its own."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.json" for number, _ in enumerate(documents)]
        for file, document in zip(files, documents, strict=True):
            file.write_text(json.dumps(document), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-I", "-S", PROGRAM, *files, *(["--key", key] if key else [])],
            capture_output=True,
            text=True,
            check=False,
        )
    assert not done.stderr
    return done.returncode, done.stdout


def public(address: str) -> Json:
    answer = visitor().get(address)
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("public, max-age=")
    return dict(answer.json())


def test_a_patient_gets_a_proof_that_holds_without_us(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    visitor("doctor").get(f"/people/{world.patient}/documents/{world.document}/")
    (opened, *_) = acts(world, EventKind.DOCUMENT_OPENED)
    sequencer.runs()
    document = proof_of(opened)
    key = document["keys"]["keys"][0]["kid"]
    code, said = check(document, public("/verify/head.json"), key=key)
    assert (code, "BAD" in said) == (0, False)
    assert f"id {opened}," in said and f"document_id {world.document}" in said
    assert f"practitioner_id {world.doctor}" in said and "kind document_opened" in said
    found = [name for name, changed in tampered(document) if check_holds(changed)]
    assert set(found) == HARMLESS


def check_holds(document: Json) -> bool:
    try:
        return all(held for held, _ in check_proof.check(document))
    except (ValueError, LookupError, TypeError, AttributeError, check_proof.Wrong):
        return False


def test_asking_for_a_proof_is_logged_and_a_reload_counts_once(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    sequencer.runs()
    event = acts(world, EventKind.DOCUMENT_FILED)[0]
    patient, before = visitor("patient"), events(EventKind.RECORD_VIEWED)
    for _ in range(2):
        address = f"/who-looked/{event}/proof.json?r=7f9c1f5e-0d0c-4f0e-9a52-3d1b0a4a8c11"
        assert patient.get(address).status_code == 200
    assert events(EventKind.RECORD_VIEWED) == before + 1


def test_an_event_of_this_moment_is_not_in_the_log_yet(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    sequencer.runs()
    patient = visitor("patient")
    patient.get("/documents/")
    event = acts(world, EventKind.RECORD_VIEWED)[0]
    answer = patient.get(f"/who-looked/{event}/proof.json")
    assert answer.status_code == 409
    assert "try again in a few seconds" in answer.content.decode()
    sequencer.runs()
    assert patient.get(f"/who-looked/{event}/proof.json").status_code == 200


def test_nobody_gets_a_proof_of_an_event_about_somebody_else(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    sequencer.runs()
    event = acts(world, EventKind.DOCUMENT_FILED)[0]
    others = [visitor(name) for name in ("helper", "doctor", "stranger")]
    answers = {other.get(f"/who-looked/{event}/proof.json").status_code for other in others}
    assert answers == {404}
    assert visitor("patient").get("/who-looked/987654321/proof.json").status_code == 404
    assert visitor().get(f"/who-looked/{event}/proof.json").status_code == 302


def test_a_row_that_names_other_people_stays_here(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    helper = Actor(role=Role.PATIENT, account=2, person=world.helper)
    declare_professional(actor=helper, person=world.helper, practitioner=world.doctor, at=now())
    patients_of(actor=Actor(role=Role.PROFESSIONAL, account=3, practitioner=world.doctor), at=now())
    sequencer.runs()
    document = proof_of(acts(world, EventKind.PATIENTS_LISTED)[0])
    assert document["row"] is None
    code, said = check(document)
    assert code == 0 and "names other people too" in said


def test_a_kept_head_is_joined_to_a_later_one(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    visitor("patient").get("/documents/")
    sequencer.runs()
    kept = public("/verify/head.json")
    name_assistant(
        actor=Actor(role=Role.PATIENT, account=1, person=world.patient),
        person=world.patient,
        assistant=world.helper,
        at=now(),
    )
    visitor("patient").get("/documents/")
    sequencer.runs()
    first, second = kept["head"]["size"], public("/verify/head.json")["head"]["size"]
    assert first < second
    joined = public(f"/verify/{first}-{second}.json")
    code, said = check(kept, joined)
    assert code == 0 and f"the log of {second} events begins with that of {first}" in said
    assert [name for name, changed in tampered(joined) if check_holds(changed)] == [
        "keys.keys lengthened"
    ]
    for absent in (f"{second}-{first}", f"0-{second}", f"{first}-{second + 1}"):
        assert visitor().get(f"/verify/{absent}.json").status_code == 404


def test_two_logs_of_one_size_are_found(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    """Each is signed by the agency's own key, as when it shows one log to one and another to the other."""
    sequencer.runs()
    shown = public("/verify/head.json")
    other = Signer(SECRET, sequencer.copies.keys_file).sign(
        {name: value for name, value in shown["head"].items() if name != "signature"}
        | {"root": "00" * 32}
    )
    assert check(shown | {"head": other})[0] == 0
    code, said = check(shown, shown | {"head": other})
    assert code == 1 and "another root" in said


def test_somebody_elses_key_is_found(world: World, sequencer: Sequencer) -> None:  # noqa: F811
    sequencer.runs()
    shown = public("/verify/head.json")
    key = shown["keys"]["keys"][0]["kid"]
    with tempfile.TemporaryDirectory() as folder:
        forger = Signer(OTHER, Path(folder) / "keys.json")
        statement = {name: shown["head"][name] for name in ("size", "root", "at")}
        forged = {"head": forger.sign(statement)} | {
            "keys": json.loads((Path(folder) / "keys.json").read_bytes())
        }
    assert check(shown, key=key)[0] == 0
    code, said = check(forged, key=key)
    assert code == 1 and "another key signed it" in said
    assert check(forged | {"keys": shown["keys"]})[0] == 1


def test_what_is_no_proof_is_called_none(world: World) -> None:  # noqa: F811
    for document in ({}, {"head": 1}, {"leaf": ""}):
        code, said = check(document)
        assert code == 1 and "is no proof" in said


def test_the_status_page_shows_the_newest_head(
    world: World,  # noqa: F811
    sequencer: Sequencer,
) -> None:
    sequencer.runs()
    head = public("/verify/head.json")["head"]
    for address in ("/status", "/verify/"):
        page = visitor().get(address).content.decode()
        assert head["root"][:8] in page
        assert f"{head['size']:,}" in page
