"""Vaccinations on FHIR: the same as on the pages for whoever asks; performed by a vaccinator, or known to software."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from salus.access.actions import declare_professional
from salus.access.models import TrustedProfessional
from salus.access.queries import actor_of
from salus.audit.models import EventKind
from salus.country.lu import PROVIDER_SYSTEM
from salus.directory.models import Organization, Practitioner, PractitionerRole
from salus.fhir.resource import Call, Search
from salus.fhir.search import read_search
from salus.fhir.sources import is_met
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.rows import rows_of
from salus.terminology import PHYSICIANS, PROFESSIONS
from salus.vaccination.fhir.parameters import PARAMETERS
from salus.vaccination.fhir.serving import IMMUNIZATIONS
from salus.vaccination.models import Immunization, VaccinationRecord
from salus.vaccination.queries import vaccinations_of
from tests.fhir_client import BASE, Fhir, app_of, scopes, software
from tests.fhir_nation import account, events, person_of

pytestmark = pytest.mark.usefixtures("nation")

ATC = "http://www.whocc.no/atc"
_numbers = count(1)


@pytest.fixture
def patient(nation: object) -> int:
    return person_of("patient")


def practice(number: int = 0) -> int:
    return (
        Organization.objects.filter(type="practice")
        .order_by("pk")
        .values_list("pk", flat=True)[number]
    )


def dose(person: int, **changed: Any) -> dict[str, Any]:
    """One that another system knows."""
    immunization = {
        "resourceType": "Immunization",
        "identifier": [{"system": "urn:test:doses", "value": f"dose-{next(_numbers)}"}],
        "status": "completed",
        "vaccineCode": {"coding": [{"system": ATC, "code": "J07BB02"}]},
        "patient": {"reference": f"Patient/{person}"},
        "occurrenceDateTime": "2023-10-02",
        "primarySource": False,
    }
    return {name: value for name, value in (immunization | changed).items() if value is not None}


def on_the_page(part: str, person: int) -> list[str] | None:
    """What the page of this person shows to this account."""
    actor = actor_of(account(part).pk, at=now())
    assert actor
    try:
        card = vaccinations_of(actor=actor, person=person, at=now())
    except NotFound:
        return None
    return [str(act.id) for act in card.acts] if card else []


def on_fhir(part: str, person: int) -> list[str] | None:
    fhir = app_of(account(part), scope=scopes("user"))
    answer = fhir.get("Immunization", {"patient": person, "status": "completed", "_count": "200"})
    return answer.ids if answer.status == 200 else None


@pytest.mark.parametrize("part", ["patient", "partner", "closer", "physician", "pharmacist"])
def test_pages_and_fhir_show_the_same_vaccinations_and_refuse_the_same(part: str) -> None:
    persons = [*map(person_of, ("patient", "partner", "closer", "commuter")), 10**9]
    shown = {person: on_fhir(part, person) for person in persons}
    assert shown == {person: on_the_page(part, person) for person in persons}
    assert None in shown.values()


def test_a_search_finds_what_its_criteria_say(patient: int) -> None:
    call = Call(
        actor=actor_of(account("patient").pk, at=now()), at=now(), request_id=uuid4(), base=BASE
    )
    with rows_of([patient]):
        wrong = Immunization.objects.filter(record=patient).order_by("pk")[:1]
        Immunization.objects.filter(pk__in=wrong).update(entered_in_error_at=now())
    whole = IMMUNIZATIONS.search(call, Search(type="Immunization", count=10**6)).matches
    told_apart = 0
    for name, value in asked_of(version.body for version in whole):
        served = {"Immunization": IMMUNIZATIONS}
        asked = read_search([(name, value)], IMMUNIZATIONS, served, call, strict=True).search
        page = IMMUNIZATIONS.search(call, replace(asked, count=10**6))
        expected = {one.id for one in whole if is_met(one.body, asked, PARAMETERS)}
        assert {version.id for version in page.matches} == expected, (name, value)
        told_apart += 0 < len(expected) < len(whole)
    assert told_apart > 20


def asked_of(bodies: Iterator[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for body in bodies:
        (coding,) = body["vaccineCode"]["coding"]
        day = body["occurrenceDateTime"]
        yield from (
            ("_id", body["id"]),
            ("status", body["status"]),
            ("status:not", body["status"]),
            ("vaccine-code", coding["code"]),
            ("vaccine-code", f"{coding['system']}|{coding['code']}"),
            ("vaccine-code:not", coding["code"]),
            ("date", f"gt{day}"),
            ("date", f"le{day[:4]}"),
            ("date", day[:7]),
            ("_lastUpdated", f"ge{body['meta']['lastUpdated']}"),
        )
        for performer in body.get("performer", ()):
            yield "performer", performer["actor"]["reference"]
    yield "performer:missing", "true"
    yield "identifier:missing", "true"


def test_an_error_is_a_second_version(patient: int) -> None:
    with rows_of([patient]):
        wrong = Immunization.objects.filter(record=patient).order_by("-pk")[0]
        Immunization.objects.filter(pk=wrong.pk).update(entered_in_error_at=now())
    app = app_of(account("patient"), scope=scopes("user"))
    read = app.get(f"Immunization/{wrong.pk}").body
    assert (read["status"], read["meta"]["versionId"]) == ("entered-in-error", "2")
    assert app.get(f"Immunization/{wrong.pk}/_history/1").body["status"] == "completed"


def test_software_records_what_others_performed_and_reads_it_back(patient: int) -> None:
    own, other = software(practice()), software(practice(1))
    sent = dose(patient, lotNumber="A1", protocolApplied=[{"doseNumberPositiveInt": 2}])
    recorded = own.post("Immunization", sent)
    assert recorded.status == 201, recorded.body
    number = recorded.body["id"]
    assert own.get(f"Immunization/{number}").body == recorded.body
    assert recorded.body["vaccineCode"]["text"] == "Influenza"
    assert recorded.body["reportOrigin"]["coding"][0]["code"] == "record"
    assert number in own.get("Immunization", {"patient": patient}).ids
    assert number not in other.get("Immunization", {"patient": patient, "_count": "200"}).ids
    assert other.get(f"Immunization/{number}").status == 404
    assert own.post("Immunization", sent).body["id"] == number
    assert other.post("Immunization", sent).status == 409
    elsewhere = sent | {"patient": {"reference": f"Patient/{person_of('commuter')}"}}
    assert own.post("Immunization", elsewhere).status == 409
    assert number in (on_the_page("patient", patient) or [])


def test_software_by_itself_performs_nothing(patient: int) -> None:
    answer = software(practice()).post(
        "Immunization", dose(patient, primarySource=True, lotNumber="A1")
    )
    assert answer.status == 404
    refusal, *_ = events(patient, EventKind.VACCINATION_RECORDED)
    assert (refusal.denied, refusal.organization_id) == (True, practice())


def undeclared(patient: int, professions: frozenset[str]) -> PractitionerRole:
    with rows_of([patient]):
        declared = list(TrustedProfessional.objects.values_list("practitioner", flat=True))
    roles = PractitionerRole.objects.filter(
        until=None,
        practitioner__deregistered_at=None,
        practitioner__profession__in=professions,
    )
    return roles.exclude(practitioner__in=declared).select_related("practitioner")[0]


def named(role: PractitionerRole) -> Fhir:
    number = f"{PROVIDER_SYSTEM}|{role.practitioner.value}"
    return software(role.organization_id, professional=number)


def declare(patient: int, role: PractitionerRole) -> None:
    own = actor_of(account("patient").pk, at=now())
    assert own
    declare_professional(actor=own, person=patient, practitioner=role.practitioner_id, at=now())


def test_a_vaccinator_whom_software_names_performs_while_declared(patient: int) -> None:
    role = undeclared(patient, PHYSICIANS)
    given = dose(patient, primarySource=True, lotNumber="B2", occurrenceDateTime=None)
    given["occurrenceDateTime"] = now().date().isoformat()
    assert named(role).post("Immunization", given).status == 404
    declare(patient, role)
    recorded = named(role).post("Immunization", given)
    assert recorded.status == 201, recorded.body
    assert recorded.body["primarySource"] is True
    performer = recorded.body["performer"][0]["actor"]["reference"]
    assert performer == f"Practitioner/{role.practitioner_id}"
    another = Practitioner.objects.exclude(pk=role.practitioner_id)[0]
    by_another = {"performer": [{"actor": {"reference": f"Practitioner/{another.pk}"}}]}
    refused = named(role).post("Immunization", given | by_another)
    assert refused.status == 403


def test_who_is_no_vaccinator_records_nothing(patient: int) -> None:
    other = undeclared(patient, frozenset(PROFESSIONS) - PHYSICIANS)
    declare(patient, other)
    assert named(other).get("Immunization", {"patient": patient}).status == 200
    assert named(other).post("Immunization", dose(patient)).status == 404


def test_a_record_is_opened_with_its_first_act() -> None:
    with rows_of(range(1, 400)):
        known = set(VaccinationRecord.objects.values_list("pk", flat=True))
    person = next(number for number in range(1, 400) if number not in known)
    answer = software(practice()).post("Immunization", dose(person))
    assert answer.status == 201, answer.body
    assert [event.denied for event in events(person, EventKind.RECORD_OPENED)][:1] == [False]


def test_a_signed_in_vaccinator_leaves_no_trace_of_the_app_maker(patient: int) -> None:
    """Whoever made the app is not who recorded the act, and does not read it."""
    app = app_of(account("physician"), scope=scopes("user"), maker=practice(2))
    recorded = app.post("Immunization", dose(patient))
    assert recorded.status == 201, recorded.body
    maker = software(practice(2))
    assert maker.get(f"Immunization/{recorded.body['id']}").status == 404


WRONG = {
    "status": {"status": "not-done"},
    "no code": {"vaccineCode": {"text": "Grippe"}},
    "no day": {"occurrenceDateTime": "2023-10"},
    "no date": {"occurrenceDateTime": None, "occurrenceString": "last autumn"},
    "before birth": {"occurrenceDateTime": date(1850, 1, 1).isoformat()},
    "a day to come": {"occurrenceDateTime": (now() + timedelta(days=2)).date().isoformat()},
    "subpotent": {"isSubpotent": True},
    "a performer nobody knows": {"performer": [{"actor": {"reference": "Practitioner/999999999"}}]},
    "performed without a lot": {"primarySource": True},
    "a patient elsewhere": {"patient": {"reference": "https://elsewhere.example/Patient/1"}},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_kept_as_it_is_meant_is_refused(
    patient: int, changed: dict[str, Any]
) -> None:
    answer = software(practice()).post("Immunization", dose(patient, **changed))
    assert answer.status == 422, answer.body
