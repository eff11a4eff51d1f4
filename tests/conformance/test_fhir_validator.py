"""Every kind of FHIR resource that leaves Salus, judged by HL7's validator: in its answers and in its documents.

SALUS_CONFORMANCE_LOG takes the table of what was judged and found.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from salus.access.models import TrustedProfessional
from salus.accounts.models import Client
from salus.accounts.subscriptions import Asked
from salus.directory.fhir import extensions
from salus.directory.fhir.subscribing import TOPICS
from salus.directory.models import Organization, Practitioner
from salus.eligibility.callers import register_caller
from salus.eligibility.fhir import vocabulary
from salus.eligibility.fhir.coverage import rendered
from salus.eligibility.models import Affiliation, Delivery, Right
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.mpi.fhir import explanation
from salus.mpi.fhir.telling import message
from salus.mpi.models import Person, PersonIdentifier
from salus.shared_record.models import Document, DocumentContent, Format
from salus.shared_record.store import LIVE_PACK, ContentStore, StoredContent
from salus.vaccination.models import Immunization
from tests.conformance.directory_feed import notifications
from tests.conformance.evidence import Verdict, page
from tests.conformance.fhir_server import JSON, XML, Answer, FhirServer, entries, published
from tests.conformance.fhir_validator import Issue, validate
from tests.conftest import Site, as_role, salus
from tests.fhir_bundles import bundle, encoded, visit
from tests.fhir_eligibility import looked_up, request, signed

pytestmark = [pytest.mark.conformance, pytest.mark.java]

SCOPE = "system/*.cruds"
NUMBERS = "urn:test:conformance"  # in which the hospital numbers its patients
PEOPLE = 10  # with documents and vaccinations, of whom it asks
# Shown to nobody but the patient, who asks by an app of theirs: no software has such a token.
ONLY_FOR_PATIENTS = {"AuditEvent"}
CHECKS = "system/CoverageEligibilityRequest.c system/Coverage.rs"
_CHECK = "CoverageEligibilityRequest"
OF_A_KIND = 3  # documents of each type, language and origin


@pytest.fixture(scope="module")
def told(database: Path) -> list[Answer]:
    return list(notifications())


@pytest.fixture(scope="module")
def answers(
    site: Site, told: list[Answer], tmp_path_factory: pytest.TempPathFactory
) -> list[Answer]:
    """Of a site with reports, and with a patient that came in a Bundle."""
    received = tmp_path_factory.mktemp("received") / "visit.json"
    received.write_bytes(encoded(bundle(visit())))
    for command in (("report", "2024-12"), ("report", "2025-01"), ("import", received)):
        done = salus(*command, data=site.data)
        assert done.returncode == 0, done.stderr
    with as_role("superuser", site.data):
        filed = set(Document.objects.filter(ended_at=None).values_list("person", flat=True))
        doses = set(Immunization.objects.values_list("record", flat=True))
        hospital = Organization.objects.filter(type="hospital", deregistered_at=None)[0]
        trust = TrustedProfessional.objects.filter(
            until=None, person__in=doses, practitioner__roles__until=None
        ).select_related("practitioner")[0]
        practice = trust.practitioner.roles.filter(until=None)[0].organization_id
    people = [str(person) for person in (trust.person_id, *sorted(filed & doses)[:PEOPLE])]
    tokens = [
        _token(site, hospital.pk, "--identifier-system", NUMBERS),
        _token(site, practice, national_provider_identifier=trust.practitioner.value),
    ]
    servers = [FhirServer(base=f"{site.url}/fhir", headers=token) for token in tokens]
    _subscribe(servers[0])
    return [
        *published(servers, people),
        *_index_operations(servers[0], people[0]),
        *_eligibility(site, trust.person_id, trust.practitioner),
        *_documents(site.data),
        *told,
    ]


def _subscribe(server: FhirServer) -> None:
    made = server.ask(
        "Subscription",
        interaction="create",
        method="POST",
        body={
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "Our wards.",
            "criteria": f"Patient?identifier={NUMBERS}|",
            "channel": {"type": "rest-hook", "endpoint": "https://ward.example/feed"},
        },
    )
    assert made.status == 201, made.body


def _index_operations(server: FhirServer, person: str) -> Iterator[Answer]:
    """What the patient index is asked beyond its types, and what it sends to who subscribed."""
    patient = server.ask(f"Patient/{person}", interaction="read", about="Patient").resource
    number = patient["identifier"][0]
    yield server.ask(
        "Patient/$match", interaction="$match", about="Patient", method="POST", body=patient
    )
    source = urlencode({"sourceIdentifier": f"{number['system']}|{number['value']}"})
    for query in (source, "sourceIdentifier=urn:oid:2.999|1"):
        yield server.ask(f"Patient/$ihe-pix?{query}", interaction="$ihe-pix", about="Patient")
    asked = Asked(
        criteria="Patient",
        reason="",
        channel="message",
        endpoint="https://ward.example/feed",
        payload=JSON,
        headers=(),
        contact=(),
        base=server.base,
    )
    own = {name: value for name, value in patient.items() if name not in ("id", "meta")}
    known = [{"system": NUMBERS, "value": "1"}, *patient["identifier"]]
    for status in (201, 200):  # linked by the matcher, then told anew (ITI-104)
        fed = server.ask(
            f"Patient?{urlencode({'identifier': f'{NUMBERS}|1'})}",
            interaction="update",
            about="Patient",
            method="PUT",
            body={**own, "identifier": known},
            Prefer="return=representation",
        )
        assert fed.status == status, fed.body
        yield fed
    for patient_id in (fed.resource["id"], person):
        read = server.ask(f"Patient/{patient_id}", interaction="read", about="Patient")
        assert read.resource["link"], read.body
        yield read
    feed = message(asked, [fed.resource], new=False, at=now())
    answered = server.ask(
        "$process-message", interaction="$process-message", method="POST", body=feed
    )
    assert answered.status == 200, answered.body
    yield answered
    yield _made("message to a subscriber", "Bundle", json.dumps(feed).encode())


def _eligibility(site: Site, person: int, practitioner: Practitioner) -> Iterator[Answer]:
    """What a caller is answered, and a period as its patient sees it."""
    with as_role("superuser", site.data):
        pharmacy = Organization.objects.filter(type="pharmacy", deregistered_at=None)[0].pk
        token = _token(site, pharmacy, "--purpose", "COVERAGE", scope=CHECKS)
        client = Client.objects.latest("pk").pk
        register_caller(
            actor=Actor(role=Role.SYSTEM, system="test"),
            at=now(),
            organization=pharmacy,
            client=client,
            rights=[*Right],
            per_minute=100,
            per_day=100,
        )
        known = PersonIdentifier.objects.filter(person=person)[0]
        whose = Person.objects.get(pk=person)
        Affiliation.objects.create(person_id=person, key="conformance", since=date(2000, 1, 1))
        Delivery.objects.create(kind="delta", as_of=now(), received_at=now(), applied_at=now())
    server = FhirServer(base=f"{site.url}/fhir", headers=token)
    number = (known.system, known.value)
    prescriber = {"system": practitioner.system, "value": practitioner.value}
    insured, nobody = request(number), request((known.system, "nobody"))
    beyond = request(number, purpose=["benefits"])
    called = looked_up(whose.family, whose.given, whose.birth_date.isoformat())
    lines = [signed(insured), called, beyond]
    entries = [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": one} for one in lines]
    collection = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    questions = [insured, signed(insured), nobody, called, collection, beyond]
    for body in questions:
        yield _made("question of a caller", body["resourceType"], json.dumps(body).encode())
        yield _submitted(server, body)
    for identifier in ({"system": "urn:x", "value": "1"}, prescriber):
        asked = {"name": "prescriber", "valueIdentifier": identifier}
        yield server.ask(
            "$may-prescribe",
            interaction="$may-prescribe",
            method="POST",
            body={"resourceType": "Parameters", "parameter": [asked]},
        )
    query = urlencode({"beneficiary:identifier": "|".join(number)}).encode()
    form = Request(f"{server.base}/Coverage/_search", data=query, headers=token)
    own = Affiliation(pk=1, since=date(2000, 1, 1), until=date(2020, 2, 29))
    own.patient = person
    with urlopen(form) as answer:
        yield _made("search-type", "Coverage", answer.read())
    shown = json.dumps(rendered(own, date(2025, 1, 1)).body).encode()
    yield _made("as patients see it", "Coverage", shown)
    for silent in (3, 31):  # days: the last known answer, then none
        with as_role("superuser", site.data):
            Delivery.objects.update(as_of=now() - timedelta(days=silent))
        yield _submitted(server, insured)


def _submitted(server: FhirServer, body: Any) -> Answer:
    return server.ask(
        f"{_CHECK}/$submit", interaction="$submit", about=_CHECK, method="POST", body=body
    )


def _made(interaction: str, about: str, body: bytes) -> Answer:
    """What is no answer of the server's to a request with JSON, or was asked in another way."""
    return Answer(
        interaction=interaction,
        about=about,
        method="",
        path="",
        status=200,
        media_type=JSON,
        body=body,
    )


def _token(
    site: Site, organization: int, *how: str, scope: str = SCOPE, **said: str
) -> dict[str, str]:
    """Of software that may do anything that software may, in its organisation's name or a professional's."""
    command = ("client", "create", "--name", "conformance", "--scope", scope)
    made = salus(*command, "--organization", f"{organization}", *how, data=site.data)
    client = dict(line.split() for line in made.stdout.splitlines())
    form = {"grant_type": "client_credentials", "scope": scope, **client, **said}
    with urlopen(f"{site.url}/oauth/token", data=urlencode(form).encode()) as answer:
        return {"Authorization": f"Bearer {json.load(answer)['access_token']}"}


def _documents(data: Path) -> Iterator[Answer]:
    """Some FHIR documents of the content store: of the simulation, and made by the import."""
    store, seen = ContentStore(data), Counter[tuple[Any, ...]]()
    with as_role("superuser", data):
        filed = DocumentContent.objects.filter(document__format=Format.FHIR)
        for row in filed.select_related("document").order_by("pk"):
            origin = "import" if row.pack == LIVE_PACK else "simulation"
            kind = (origin, row.document.type, row.document.language)
            seen[kind] += 1
            if seen[kind] > OF_A_KIND:
                continue
            stored = StoredContent(
                pack=row.pack,
                position=row.position,
                size=row.size,
                sha256=bytes(row.sha256),
                wrapped_key=bytes(row.wrapped_key),
            )
            body = store.open(document=row.pk, person=row.document.person_id, stored=stored)
            yield _made(f"document of the {origin}", "Bundle", body)


@pytest.fixture(scope="module")
def definitions(answers: list[Answer]) -> list[bytes]:
    """What the site itself publishes of the kind: a validator that resolves our URLs gets these."""
    published = [one for one in _found(answers) if "url" in one]
    ours = (explanation.definition(), *extensions.definitions(), *vocabulary.definitions())
    return [json.dumps(one).encode() for one in (*published, *ours)]


def _found(answers: list[Answer]) -> list[Any]:
    searches = [a for a in answers if a.interaction == "search-type" and a.media_type == JSON]
    return [one for answer in searches for one in entries(answer)]


@pytest.fixture(scope="module")
def verdicts(answers: list[Answer], definitions: list[bytes]) -> list[Verdict]:
    named = {f"{number:04}": answer for number, answer in enumerate(answers)}
    found = validate({name: answer.body for name, answer in named.items()}, definitions)
    verdicts = [Verdict(answer=named[name], issues=found[name]) for name in named]
    if log := os.environ.get("SALUS_CONFORMANCE_LOG"):
        Path(log).write_text(page(verdicts))
    return verdicts


def test_there_is_no_error(verdicts: list[Verdict]) -> None:
    errors = {
        (verdict.answer.interaction, verdict.answer.about, issue.path, issue.text)
        for verdict in verdicts
        for issue in verdict.issues
        if issue.is_error
    }
    assert not errors


def test_there_was_something_of_every_type_to_judge(answers: list[Answer]) -> None:
    (rest,) = answers[0].resource["rest"]
    served = {resource["type"] for resource in rest["resource"] if "interaction" in resource}
    judged = {one["resourceType"] for one in _found(answers)} | {
        answer.type for answer in answers if answer.interaction == "read"
    }
    assert served - judged == ONLY_FOR_PATIENTS
    origins = {answer.interaction for answer in answers}
    assert origins >= {"document of the simulation", "document of the import"}
    told = {(a.about, a.media_type) for a in answers if a.interaction == "told to a subscriber"}
    assert told == {(kind, media) for kind in TOPICS for media in (JSON, XML)}


def test_refusals_are_outcomes_and_nothing_that_is_found_is_refused(answers: list[Answer]) -> None:
    refusals = [answer for answer in answers if answer.status >= 400]
    assert {answer.type for answer in refusals} == {"OperationOutcome"}
    assert {answer.status for answer in refusals} >= {400, 404, 406}
    reads = [a for a in answers if a.interaction in ("read", "vread", "history-instance")]
    assert {answer.status for answer in reads} == {200}


# The validator has its definitions, and ours


def errors_in(body: Any, definitions: list[bytes]) -> dict[str, Issue]:
    found = validate({"broken": json.dumps(body).encode()}, definitions)
    return {issue.path: issue for issue in found["broken"] if issue.is_error}


def test_a_resource_that_is_wrong_is_found_out() -> None:
    errors = errors_in(
        {
            "resourceType": "Patient",
            "gender": "woman",
            "birthDate": "1980-02-30",
            "communication": [{"preferred": True}],
            "link": [{"other": {"reference": "Patient/1"}, "type": "seealso", "since": "2020"}],
        },
        [],
    )
    assert errors.keys() == {
        "Patient.gender",
        "Patient.birthDate",
        "Patient.communication[0]",
        "Patient.link[0]",
    }
    assert "communication.language: minimum required = 1" in errors["Patient.communication[0]"].text


def test_a_report_that_does_not_fit_its_measure_is_found_out(
    answers: list[Answer], definitions: list[bytes]
) -> None:
    report = next(
        answer.resource
        for answer in answers
        if (answer.interaction, answer.about, answer.media_type) == ("read", "MeasureReport", JSON)
    )
    assert not errors_in(report, definitions)
    report["group"][0]["code"]["coding"][0]["code"] = "nothing_is_counted_so"
    assert errors_in(report, definitions)
