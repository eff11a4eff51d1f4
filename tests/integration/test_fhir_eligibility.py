"""Is this person insured, may this professional prescribe: asked on FHIR, over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from salus.access.models import AccountPerson
from salus.accounts.models import Account, AccountKind
from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, ORGANIZATION_SYSTEM, PROVIDER_SYSTEM
from salus.directory.models import Organization
from salus.eligibility.fhir.vocabulary import REASON_WORDS, STATUS_WORDS
from salus.eligibility.models import Affiliation, Delivery, KeptAnswer, Right
from salus.eligibility.rules import Reason, Status
from salus.fhir.validation import faults
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from tests import eligibility
from tests.conftest import as_role
from tests.eligibility import affiliate, register_heard
from tests.fhir_client import Fhir, app_of, software
from tests.fhir_eligibility import (
    SCOPE,
    caller,
    identifier,
    may_prescribe,
    number_of,
    request,
    said,
    submit,
    where,
)
from tests.links import registered
from tests.software import organization, professional

pytestmark = pytest.mark.usefixtures("database")
NOBODY = (MATRICULE_SYSTEM, "0000000000000")
LONG_AGO = date(2000, 1, 1)


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    register_heard(now())


@pytest.fixture(scope="module")
def pharmacy(database: Path) -> Fhir:
    return caller()[0]


@pytest.fixture
def insured() -> tuple[str, str]:
    person = registered()
    affiliate(person, LONG_AGO)
    return number_of(person)


@contextmanager
def counting(number: int, type: str = "pharmacy") -> Iterator[None]:
    before = eligibility.counted_of(type)
    yield
    assert eligibility.counted_of(type) == before + number


def collection(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def test_a_request_is_answered_with_no_more_of_the_person_than_was_sent(
    pharmacy: Fhir, insured: tuple[str, str]
) -> None:
    with counting(1):
        answer = submit(pharmacy, request(insured))
    assert answer.status == 200 and not faults(answer.body)
    told = answer.body
    assert told["outcome"] == "complete"
    assert told["insurance"][0]["inforce"] is True
    assert told["servicedDate"] == now().date().isoformat()
    assert told["patient"] == {"type": "Patient", "identifier": identifier(insured)}
    assert said(told)["status"] == "affiliated" and said(told)["reason"] == "covered"
    assert set(told) == {
        *("resourceType", "extension", "status", "purpose", "patient", "servicedDate", "created"),
        *("request", "outcome", "disposition", "insurance", "insurer"),
    }


def test_who_is_not_known_reads_like_who_is_not_insured(pharmacy: Fhir) -> None:
    numbers = [NOBODY, number_of(registered())]
    with counting(2):
        first, second = (submit(pharmacy, request(number)).body for number in numbers)
    for told, number in zip((first, second), numbers, strict=True):
        assert told.pop("patient")["identifier"] == identifier(number)
        assert told["insurance"][0]["inforce"] is False
        for passing in ("created", "request"):
            told.pop(passing)
    assert first == second


def test_a_number_in_another_spelling_is_the_same_number(pharmacy: Fhir) -> None:
    person = registered(serial=844)
    affiliate(person, LONG_AGO)
    system, value = number_of(person)
    spaced = (system, f"{value[:4]} {value[4:]}")
    assert submit(pharmacy, request(spaced)).body["insurance"][0]["inforce"] is True


def test_a_retry_by_its_identifier_or_the_messages_id_counts_once(pharmacy: Fhir) -> None:
    person = registered()
    number, own = number_of(person), [{"system": "urn:test:till", "value": str(uuid4())}]
    message = str(uuid4())
    with counting(2):
        first = submit(pharmacy, request(number, identifier=own)).body
        unnamed = submit(pharmacy, request(number), X_Request_Id=message).body
        affiliate(person, LONG_AGO)
        assert submit(pharmacy, request(number, identifier=own)).body == first
        assert submit(pharmacy, request(number), X_Request_Id=message).body == unnamed
    assert first["request"]["identifier"] == own[0]
    assert first["insurance"][0]["inforce"] is unnamed["insurance"][0]["inforce"] is False
    other = submit(pharmacy, request(NOBODY, identifier=own))
    assert (other.status, other.body["issue"][0]["code"]) == (409, "conflict")


def test_of_a_request_that_nobody_can_repeat_nothing_is_kept(pharmacy: Fhir) -> None:
    before = KeptAnswer.objects.count()
    submit(pharmacy, request(NOBODY))
    assert KeptAnswer.objects.count() == before


def test_another_day_needs_the_right_and_lies_not_ahead(insured: tuple[str, str]) -> None:
    today = now().date()
    historic, _ = caller()
    plain, _ = caller(rights=[Right.AFFILIATION])
    with counting(2):
        assert said(submit(historic, request(insured, date(1999, 12, 31))).body)["status"] == (
            "not-affiliated"
        )
        assert submit(plain, request(insured, today)).status == 200
        assert submit(plain, request(insured, date(2020, 2, 29))).status == 403
        place = ["CoverageEligibilityRequest.servicedDate"]
        assert where(submit(historic, request(insured, today + timedelta(1)))) == (422, place)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"status": "cancelled"}, "status"),
        ({"purpose": ["validation", "benefits"]}, "purpose"),
        ({"servicedDate": "2024-12"}, "servicedDate"),
        ({"servicedPeriod": {"start": "2024-12-01", "end": "2024-12-31"}}, "servicedPeriod"),
        ({"patient": {"reference": "Patient/1"}}, "patient.reference"),
        ({"patient": {"identifier": {"value": "1"}}}, "patient.identifier.system"),
        ({"insurer": {"identifier": {"system": "urn:x", "value": "1"}}}, "insurer.identifier"),
        ({"provider": {"reference": "Organization/1000000000"}}, "provider"),
        ({"provider": {"display": "We"}}, "provider"),
        ({"insurance": [{"coverage": {"display": "mine"}}]}, "insurance"),
        ({"item": [{"category": {"text": "glasses"}}]}, "item"),
        ({"facility": {"display": "here"}}, "facility"),
    ],
)
def test_what_is_not_answered_is_refused_with_its_place(
    pharmacy: Fhir, changed: dict[str, Any], place: str
) -> None:
    with counting(0):
        answer = submit(pharmacy, request(NOBODY, **changed))
    assert where(answer) == (422, [f"CoverageEligibilityRequest.{place}"])


def test_a_provider_is_the_callers_own_organisation(insured: tuple[str, str]) -> None:
    pharmacy, own = caller()
    value = Organization.objects.get(pk=own).value
    for provider in (
        {"reference": f"Organization/{own}"},
        {"identifier": {"system": ORGANIZATION_SYSTEM, "value": value}},
    ):
        assert submit(pharmacy, request(insured, provider=provider)).status == 200


def test_a_collection_has_an_outcome_for_each_line(
    pharmacy: Fhir, insured: tuple[str, str]
) -> None:
    own = {"system": "urn:test:till", "value": str(uuid4())}
    tomorrow = now().date() + timedelta(days=1)
    lines = collection(
        request(insured, identifier=[own]),
        request(insured, tomorrow),
        request(NOBODY),
        request(insured, purpose=["benefits"]),
        {"resourceType": "Basic", "code": {"text": "no request"}},
        request(insured, identifier=[own]),
    )
    with counting(2):
        answer = submit(pharmacy, lines, X_Request_Id=str(uuid4()))
    assert answer.status == 200 and not faults(answer.body)
    entries = answer.body["entry"]
    assert [entry["response"]["status"][:3] for entry in entries] == [
        *("200", "422", "200", "422", "400", "400")
    ]
    assert [entry["resource"]["insurance"][0]["inforce"] for entry in entries[::2][:2]] == [
        True,
        False,
    ]
    places = [
        entry["response"]["outcome"]["issue"][0]["expression"]
        for entry in entries
        if "resource" not in entry
    ]
    assert places == [
        ["Bundle.entry[1].resource.servicedDate"],
        ["Bundle.entry[3].resource.purpose"],
        ["Bundle.entry[4].resource"],
        ["Bundle.entry[5]"],
    ]
    unnamed = entries[2]["resource"]["request"]["identifier"]["value"]
    assert unnamed == lines["entry"][2]["fullUrl"]
    with counting(0):  # the same request by itself is a retry
        again = submit(pharmacy, request(insured, identifier=[own]))
    assert again.body == entries[0]["resource"]


def test_a_collection_needs_its_right_and_is_a_collection() -> None:
    plain, _ = caller(rights=[Right.AFFILIATION])
    assert submit(plain, collection(request(NOBODY))).status == 403
    batch = collection(request(NOBODY)) | {"type": "searchset"}
    assert where(submit(plain, batch)) == (400, ["Bundle.type"])


def test_a_silent_register_is_said_and_then_it_is_an_error(
    pharmacy: Fhir, insured: tuple[str, str]
) -> None:
    Delivery.objects.update(as_of=now() - timedelta(days=3))
    late = submit(pharmacy, request(insured)).body
    assert said(late)["lastKnown"] is True and late["insurance"][0]["inforce"] is True
    Delivery.objects.update(as_of=now() - timedelta(days=31))
    silent = submit(pharmacy, request(insured))
    assert silent.status == 200 and not faults(silent.body)
    assert silent.body["outcome"] == "error" and "insurance" not in silent.body
    (code,) = silent.body["error"][0]["code"]["coding"]
    assert code["code"] == "register-silent"


def test_beyond_the_quota_it_says_when_to_come_again() -> None:
    pharmacy, _ = caller(per_minute=1)
    answers = [submit(pharmacy, request(NOBODY)) for _ in range(3)]
    refused = next(answer for answer in answers if answer.status != 200)
    assert (refused.status, refused.body["issue"][0]["code"]) == (429, "throttled")
    assert 0 < int(refused.headers["Retry-After"]) <= 60


# Coverage


def test_a_caller_finds_cover_and_nothing_else_of_it(
    pharmacy: Fhir, insured: tuple[str, str]
) -> None:
    with counting(2):
        found = pharmacy.form("Coverage/_search", **{"beneficiary:identifier": "|".join(insured)})
        none = pharmacy.form("Coverage/_search", **{"patient:identifier": "|".join(NOBODY)})
    assert not faults(found.body) and found.body["total"] == 1
    (entry,) = found.body["entry"]
    assert set(entry["resource"]) == {
        *("resourceType", "id", "extension", "status", "type", "beneficiary", "payor")
    }
    assert pharmacy.get(f"Coverage/{entry['resource']['id']}").status == 404
    assert entry["resource"]["beneficiary"]["identifier"] == identifier(insured)
    assert said(entry["resource"])["status"] == "affiliated"
    assert none.body["total"] == 0 and "entry" not in none.body
    assert insured[1] not in str(found.body["link"])


def test_numbers_do_not_stand_in_an_address(pharmacy: Fhir, insured: tuple[str, str]) -> None:
    for name in ("beneficiary:identifier", "patient.identifier"):
        with counting(0):
            answer = pharmacy.get("Coverage", {name: "|".join(insured)})
        assert where(answer) == (400, ["http.beneficiary"])


@pytest.mark.parametrize(
    "query",
    [
        {"_count": "1"},
        {"beneficiary": "Patient/1"},
        {"beneficiary:identifier": "1"},
        {"beneficiary:identifier": "urn:x|1,urn:x|2"},
        {"beneficiary:identifier": "urn:x|1", "status": "active"},
        {"_id": "1"},
    ],
)
def test_a_caller_asks_for_one_person_alone(pharmacy: Fhir, query: dict[str, str]) -> None:
    with counting(0):
        assert pharmacy.form("Coverage/_search", **query).status == 400


def test_a_caller_reads_no_period(pharmacy: Fhir) -> None:
    assert pharmacy.get("Coverage/1").status == 404


def test_none_found_would_be_a_lie_of_a_silent_register(
    pharmacy: Fhir, insured: tuple[str, str]
) -> None:
    Delivery.objects.update(as_of=now() - timedelta(days=31))
    answer = pharmacy.form("Coverage/_search", **{"beneficiary:identifier": "|".join(insured)})
    assert (answer.status, answer.body["issue"][0]["code"]) == (503, "transient")


# Patients


@pytest.fixture
def patient() -> tuple[int, Account]:
    """With two periods that overlap, one of them over, and one that never was."""
    person, yesterday = registered(), now().date() - timedelta(days=1)
    affiliate(person, LONG_AGO, yesterday)
    affiliate(person, date(2020, 2, 29))
    affiliate(person, date(2010, 1, 1))
    with rows_of([person]):
        Affiliation.objects.filter(person=person, since=date(2010, 1, 1)).update(withdrawn=True)
    account = Account.objects.create(
        kind=AccountKind.PATIENT,
        email=f"{person}@demo.salus.example",
        created_at=now(),
        activated_at=now(),
    )
    with rows_of([person]):
        AccountPerson.objects.create(account=account, person_id=person)
    return person, account


def test_patients_see_their_own_periods_and_nobody_elses(patient: tuple[int, Account]) -> None:
    person, account = patient
    stranger = registered()
    affiliate(stranger, LONG_AGO)
    with rows_of([stranger]):
        theirs = Affiliation.objects.get(person=stranger).pk
    app = app_of(account, scope="patient/Coverage.rs")
    found = app.get("Coverage")
    assert found.status == 200 and not faults(found.body)
    told = [entry["resource"] for entry in found.body["entry"]]
    yesterday = now().date() - timedelta(days=1)
    assert [(one["status"], one["period"]) for one in told] == [
        ("active", {"start": "2020-02-29"}),
        # The last day, not the first without.
        ("cancelled", {"start": "2000-01-01", "end": (yesterday - timedelta(1)).isoformat()}),
    ]
    assert {one["beneficiary"]["reference"] for one in told} == {f"Patient/{person}"}
    assert app.get(f"Coverage/{told[0]['id']}").body == told[0]
    assert app.get(f"Coverage/{theirs}").status == app.get("Coverage/1000000000").status == 404
    assert app.get("Coverage", {"beneficiary": f"Patient/{stranger}"}).status == 404
    by_number = {"beneficiary:identifier": "|".join(number_of(stranger))}
    assert app.form("Coverage/_search", **by_number).status == 404
    assert app.form("Coverage/_search", _id=str(theirs)).ids == []


def test_periods_are_found_by_what_they_say(patient: tuple[int, Account]) -> None:
    person, account = patient
    app = app_of(account, scope="patient/Coverage.rs")
    over, runs = (app.get("Coverage", {"status": one}).ids for one in ("cancelled", "active"))
    assert (len(over), len(runs)) == (1, 1)
    assert app.get("Coverage", {"status:not": "active"}).ids == over
    assert app.get("Coverage", {"_id": over[0]}).ids == over
    assert app.form("Coverage/_search", beneficiary=f"Patient/{person}").ids == runs + over
    by_number = {"patient:identifier": "|".join(number_of(person))}
    assert app.form("Coverage/_search", **by_number).ids == runs + over
    assert app.everything("Coverage", {"_count": 1}) == runs + over


def test_an_own_look_stands_in_the_log_and_is_no_check(patient: tuple[int, Account]) -> None:
    person, account = patient
    app = app_of(account, scope="patient/Coverage.rs")
    with as_role("reporter"):
        checks = Event.objects.filter(kind=EventKind.ELIGIBILITY_CHECK).count()
    app.get("Coverage")
    with rows_of([person]):
        event = Event.objects.filter(person_id=person).latest("id")
    assert (event.kind, event.denied) == (EventKind.RECORD_VIEWED, False)
    with as_role("reporter"):
        assert Event.objects.filter(kind=EventKind.ELIGIBILITY_CHECK).count() == checks


def test_a_patient_asks_about_nobody(patient: tuple[int, Account]) -> None:
    app = app_of(patient[1], scope="patient/*.cruds user/*.cruds")
    assert submit(app, request(NOBODY)).status == 403
    assert may_prescribe(app, (PROVIDER_SYSTEM, "nobody")).status == 403


# The right to prescribe


def test_a_physician_may_prescribe_and_nobody_may_not(pharmacy: Fhir) -> None:
    value = str(uuid4())
    professional(value, organization(value))
    message = str(uuid4())
    with counting(2):
        known = may_prescribe(
            pharmacy, (PROVIDER_SYSTEM, value), product="N02AA01", X_Request_Id=message
        )
        again = may_prescribe(
            pharmacy, (PROVIDER_SYSTEM, value), product="N02AA01", X_Request_Id=message
        )
        nobody = may_prescribe(pharmacy, (PROVIDER_SYSTEM, "nobody"))
    assert known.status == 200 and not faults(known.body)
    assert again.body == known.body
    assert (said(known.body)["status"], said(known.body)["reason"]) == ("may-prescribe", "licensed")
    assert said(nobody.body)["reason"] == "not-registered"


def test_what_is_wrong_with_the_question_is_said(pharmacy: Fhir) -> None:
    nobody = (PROVIDER_SYSTEM, "nobody")
    ahead = may_prescribe(pharmacy, nobody, day=now().date() + timedelta(days=1))
    assert where(ahead) == (422, ["Parameters.parameter.where(name='day')"])
    misspelt = may_prescribe(pharmacy, nobody, product="N02AA1")
    assert where(misspelt) == (422, ["Parameters.parameter.where(name='product')"])
    other = {"name": "product", "valueCoding": {"system": "urn:x", "code": "N02"}}
    who = {"name": "prescriber", "valueIdentifier": identifier(nobody)}
    sent = {"resourceType": "Parameters", "parameter": [who, other]}
    assert where(pharmacy.post("$may-prescribe", sent)) == (
        422,
        ["Parameters.parameter[1].value.system"],
    )


# Who may


def test_without_scope_purpose_or_registration_nothing_is_answered(
    insured: tuple[str, str],
) -> None:
    unscoped, _ = caller(scope="system/Coverage.rs")
    treating, _ = caller(purpose=PurposeOfUse.TREATMENT)
    place = organization(str(uuid4()), "pharmacy")
    stranger = software(place, scope=SCOPE, purpose=PurposeOfUse.COVERAGE)
    with counting(0):
        for fhir in (unscoped, treating, stranger):
            assert submit(fhir, request(insured)).status == 403
            by_number = {"beneficiary:identifier": "|".join(insured)}
            assert fhir.form("Coverage/_search", **by_number).status == 403
            assert may_prescribe(fhir, (PROVIDER_SYSTEM, "nobody")).status == 403


def test_every_status_and_reason_has_words() -> None:
    assert (set(STATUS_WORDS), set(REASON_WORDS)) == (set(Status), set(Reason))


def test_a_callers_software_sees_nothing_else_of_anybody(insured: tuple[str, str]) -> None:
    greedy, _ = caller(scope="system/*.cruds")
    assert submit(greedy, request(insured)).status == 200
    for kind in ("Patient", "DocumentReference", "Immunization", "AuditEvent"):
        assert greedy.form(f"{kind}/_search", identifier="|".join(insured)).status == 403
