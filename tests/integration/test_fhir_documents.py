"""Documents on FHIR: the same as on the pages for whoever asks, and found by what is searched for."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from salus.access.models import TrustedProfessional
from salus.access.queries import actor_of
from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM
from salus.fhir.criteria import Fact, Modifier, Prefix, Reference, Span, Token
from salus.fhir.resource import Call, Search
from salus.fhir.search import read_search
from salus.fhir.sources import is_met
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.rows import acting_as, rows_of
from salus.mpi.queries import person_summary
from salus.shared_record.fhir.parameters import PARAMETERS
from salus.shared_record.fhir.serving import DOCUMENT_REFERENCES
from salus.shared_record.models import Document
from tests.fhir_client import BASE, Fhir, app_of, scopes
from tests.fhir_nation import (
    account,
    events,
    person_of,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("nation")


@pytest.fixture
def patient(nation: object) -> int:
    return person_of("patient")


# What the simulation filed


def shown_on_pages(browser: Browser, path: str) -> list[str] | None:
    """Ids of the documents on all pages of a list, in their order; None: refused."""
    ids: list[str] = []
    for page in range(1, 100):
        response = browser.get(path, {"page": page})
        if response.status_code != 200:
            return None
        found = re.findall(r"/documents/(\d+)/\?", response.content.decode())
        if not found or found[-1] in ids:
            return ids
        ids += found
    raise AssertionError("a list without an end")


def listed(fhir: Fhir, person: int) -> list[str] | None:
    query = {"patient": f"Patient/{person}", "status": "current"}
    answer = fhir.get("DocumentReference", query | {"_count": "1"})
    if answer.status != 200:
        assert answer.status == 404, answer.body
        return None
    return fhir.everything("DocumentReference", query)


def persons_near(doctor: Actor) -> Iterator[int]:
    """Some who declared the doctor and some who did not, the demo people among them."""
    with acting_as(doctor):
        declared = TrustedProfessional.objects.filter(practitioner=doctor.practitioner, until=None)
        yield from declared.order_by("person").values_list("person", flat=True)[:4]
    yield from map(person_of, ("patient", "partner", "closer", "commuter"))
    yield 10**9


@pytest.mark.parametrize("part", ["patient", "partner", "closer", "physician", "pharmacist"])
def test_pages_and_fhir_list_the_same_documents_and_refuse_the_same(part: str) -> None:
    doctor = actor_of(account("physician").pk, at=now())
    assert doctor
    browser, fhir = signed_in(part), app_of(account(part), scope=scopes("user"))
    answers = {
        person: (shown_on_pages(browser, f"/people/{person}/"), listed(fhir, person))
        for person in dict.fromkeys(persons_near(doctor))
    }
    for on_pages, on_fhir in answers.values():
        assert on_pages == on_fhir
    if part in ("patient", "partner", "physician"):
        assert any(ids for ids, _ in answers.values())
    assert any(ids is None for ids, _ in answers.values())


def test_a_document_opens_on_fhir_for_whom_it_opens_on_the_page(patient: int) -> None:
    with rows_of([patient]):
        current = Document.objects.filter(person=patient, ended_at=None)
        stored = current.filter(documentcontent__isnull=False).values_list("pk", flat=True)[0]
    for part in ("patient", "partner", "physician", "closer", "pharmacist"):
        path = f"/people/{patient}/documents/{stored}/original"
        page = signed_in(part).get(path)
        fhir = app_of(account(part), scope=scopes("user"))
        binary = fhir.get(f"Binary/{stored}", Accept="*/*")
        assert binary.status == page.status_code
        if binary.status == 200:
            assert binary.content == page.content
            assert binary.headers["Content-Type"] == page.headers["Content-Type"]
            opening, *_ = events(patient, EventKind.DOCUMENT_OPENED)
            assert (opening.document_id, opening.denied) == (stored, False)


def test_an_app_launched_for_one_patient_reads_that_patient_alone(patient: int) -> None:
    """The partner is the patient's assistant, on pages and in apps of another kind."""
    app = app_of(account("partner"), scope=scopes("patient"))
    assert listed(app, patient) is None
    assert app.get("DocumentReference").status == 200  # the own one, without naming it
    denied, *_ = events(patient, EventKind.RECORD_VIEWED)
    assert denied.denied


# Searching


def test_a_search_finds_what_its_criteria_say(patient: int) -> None:
    """The conditions over rows, against the plain meaning of each parameter over what is shown."""
    call = Call(
        actor=actor_of(account("patient").pk, at=now()), at=now(), request_id=uuid4(), base=BASE
    )
    everything = DOCUMENT_REFERENCES.search(call, Search(type="DocumentReference", count=10**6))
    assert len(everything.matches) > 20
    newest, *_, oldest = [version.body for version in everything.matches]
    (replaced,) = [v.body for v in everything.matches if v.body["status"] == "superseded"][:1]
    told_apart = 0
    for name, value in asked_of(newest, oldest, replaced):
        served = {"DocumentReference": DOCUMENT_REFERENCES}
        asked = read_search([(name, value)], DOCUMENT_REFERENCES, served, call, strict=True)
        page = DOCUMENT_REFERENCES.search(call, replace(asked.search, count=10**6))
        expected = {
            version.id
            for version in everything.matches
            if is_met(version.body, asked.search, PARAMETERS)
        }
        assert {version.id for version in page.matches} == expected, (name, value)
        told_apart += 0 < len(expected) < len(everything.matches)
    assert told_apart > 60


def asked_of(*bodies: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each parameter in each of its forms, by what these resources have of it and by what none has."""
    for name, parameter in PARAMETERS.items():
        facts = dict.fromkeys(fact for body in bodies for fact in parameter.facts(body))
        for fact in facts:
            for value in values_of(fact):
                yield name, value
                if Modifier.NOT in parameter.modifiers:
                    yield f"{name}:not", value
        if name not in ("patient", "subject"):
            yield f"{name}:missing", "true"
            yield f"{name}:missing", "false"


def values_of(fact: Fact) -> Iterator[str]:
    match fact:
        case Token(system=system, code=code):
            yield from (code, f"{system}|{code}", f"|{code}", f"urn:other|{code}", f"{code},none")
            if system:
                yield f"{system}|"
        case Reference(type=type, id=id):
            yield from (id, f"{type}/{id}", f"{BASE}/{type}/{id}")
        case Span(start=start):
            for prefix in Prefix:
                yield f"{prefix}{start.isoformat()}"
                yield f"{prefix}{start.date().isoformat()}"
                yield f"{prefix}{start.year}"


def test_a_search_is_paged_and_sorted_and_its_links_tell_nothing(patient: int) -> None:
    app = app_of(account("patient"), scope=scopes("user"))
    query = {"patient": patient, "_sort": "-date", "_count": "7"}
    first = app.get("DocumentReference", query)
    assert len(first.ids) == 7
    assert all(f"patient={patient}" not in link["url"] for link in first.body["link"])
    dates = [entry["resource"]["date"] for entry in first.body["entry"]]
    assert dates == sorted(dates, reverse=True)
    everything = app.everything("DocumentReference", query)
    assert len(set(everything)) == len(everything)
    counted = app.get("DocumentReference", {"patient": patient, "_summary": "count"})
    assert counted.body["total"] == len(everything)


def test_a_search_names_the_patient_by_an_identifier(patient: int) -> None:
    scope = scopes("user", "DocumentReference.rs Patient.rs")
    app = app_of(account("physician"), scope=scope)
    number = f"{MATRICULE_SYSTEM}|{person_summary(patient).matricule}"
    by_number = app.get("DocumentReference", {"patient.identifier": number, "_count": "200"})
    by_id = app.get("DocumentReference", {"patient": patient, "_count": "200"})
    assert by_number.ids == by_id.ids != []
    nobody = app.get("DocumentReference", {"patient.identifier": f"{MATRICULE_SYSTEM}|1"})
    stranger = app_of(account("pharmacist"), scope=scope).get(
        "DocumentReference", {"patient": patient}
    )
    assert nobody.status == stranger.status == 404
    assert nobody.body == stranger.body


@pytest.mark.parametrize(
    "query", [{}, {"status": "current"}, {"patient": "1,2"}, {"patient:missing": "false"}]
)
def test_nobody_searches_the_documents_of_all_patients(query: dict[str, str]) -> None:
    app = app_of(account("physician"), scope=scopes("user"))
    assert app.get("DocumentReference", query).status == 400


def test_one_list_of_documents_is_one_event(patient: int) -> None:
    app = app_of(account("physician"), scope=scopes("user"))
    before = len(events(patient, EventKind.RECORD_VIEWED))
    assert app.get("DocumentReference", {"patient": patient}).status == 200
    after = events(patient, EventKind.RECORD_VIEWED)
    assert len(after) == before + 1
    assert after[0].client_id and after[0].purpose == "TREAT"
