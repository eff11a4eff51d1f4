"""Coverage on FHIR: to callers whether there is cover, to patients their own periods."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from salus.access.models import AccountPerson
from salus.accounts.models import Account, AccountKind
from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, PROVIDER_SYSTEM
from salus.eligibility.models import Affiliation, Delivery
from salus.fhir.validation import faults
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from tests.conftest import as_role
from tests.eligibility import affiliate, register_heard
from tests.fhir_client import Fhir, app_of
from tests.fhir_eligibility import (
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


# Callers


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
