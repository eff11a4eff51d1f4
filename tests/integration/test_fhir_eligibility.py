"""Is this person insured, may this professional prescribe: asked on FHIR, over HTTP."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from salus.country.lu import MATRICULE_SYSTEM, ORGANIZATION_SYSTEM, PROVIDER_SYSTEM
from salus.directory.models import Organization
from salus.eligibility.fhir.vocabulary import REASON_WORDS, STATUS_WORDS
from salus.eligibility.models import Delivery, KeptAnswer, Right
from salus.eligibility.rules import Reason, Status
from salus.fhir.validation import faults
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from tests.eligibility import affiliate, register_heard
from tests.fhir_client import Fhir, software
from tests.fhir_eligibility import (
    SCOPE,
    caller,
    counting,
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
    value = Organization.objects.get(pk=own.organization or 0).value
    for provider in (
        {"reference": f"Organization/{own.organization}"},
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
