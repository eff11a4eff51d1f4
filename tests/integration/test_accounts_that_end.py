"""Who may no longer, or not yet: each gets a sensible page, and nothing of anybody else's."""

from collections.abc import Callable
from datetime import date
from itertools import count

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client

from salus.access.actions import declare_professional
from salus.access.models import AccountPerson, AccountPractitioner
from salus.access.queries import assistants_of
from salus.accounts.models import Account
from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.directory.actions import register_practitioner
from salus.directory.models import Practitioner
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi.actions import register_person
from salus.mpi.models import PersonIdentifier
from salus.shared_record.actions import open_record

pytestmark = pytest.mark.usefixtures("database")

SYSTEM = Actor(role=Role.SYSTEM, system="test")
PASSWORD = "correct horse battery staple"
_serial = count(1)


@pytest.fixture(autouse=True)
def _no_rate_limit_of_another_test() -> None:
    cache.clear()


def person() -> int:
    born = date(1980, 5, 17)
    return register_person(
        actor=SYSTEM,
        at=now(),
        identifiers=[(MATRICULE_SYSTEM, matricule(born, next(_serial)))],
        family="Schmitz",
        given="Léa",
        birth_date=born,
        gender="female",
    )[0]


def doctor() -> int:
    return register_practitioner(
        actor=SYSTEM,
        at=now(),
        system="urn:test",
        value=str(next(_serial)),
        family="Weber",
        given="Anne",
        profession="62247001",
    )[0]


def account(bound: AccountPerson | AccountPractitioner) -> Account:
    bound.account = Account.objects.create(
        kind="patient" if isinstance(bound, AccountPerson) else "professional",
        email=f"{next(_serial)}@example.org",
        password=make_password(PASSWORD),
        created_at=now(),
        activated_at=now(),
    )
    with rows_of([bound.person_id] if isinstance(bound, AccountPerson) else []):
        bound.save()
    return bound.account


def signed_in(account: Account) -> Client:
    client = Client(SERVER_NAME="localhost", headers={"accept-language": "en"})
    sent = {"login": account.email, "password": PASSWORD}
    assert client.post("/sign-in/", sent)["Location"] == "/"
    return client


def _retire(account: Account) -> None:
    Practitioner.objects.filter(accountpractitioner__account=account).update(deregistered_at=now())


def _delete(account: Account) -> None:
    account.deleted_at = now()
    account.save()


@pytest.mark.parametrize("end", [_retire, _delete])
def test_a_live_session_ends_with_the_account_or_the_profession(
    end: Callable[[Account], None],
) -> None:
    who = account(AccountPractitioner(practitioner_id=doctor()))
    client = signed_in(who)
    assert client.get("/patients/").status_code == 200
    end(who)
    assert client.get("/patients/")["Location"] == "/sign-in/?next=/patients/"
    assert "Weber" not in client.get("/").content.decode()
    again = client.post("/sign-in/", {"login": who.email, "password": PASSWORD})
    assert again["Location"] == "/sign-in/inactive/"
    assert client.get("/sign-in/inactive/").status_code == 200


def test_signing_out_ends_the_session() -> None:
    client = signed_in(account(AccountPerson(person_id=person())))
    assert client.post("/sign-out/")["Location"] == "/"
    assert client.get("/documents/")["Location"] == "/sign-in/?next=/documents/"


@pytest.mark.parametrize(
    "address", ["/", "/documents/", "/vaccinations/", "/who-looked/", "/settings/", "/circle/"]
)
def test_a_patient_without_a_record_has_pages_all_the_same(address: str) -> None:
    client = signed_in(account(AccountPerson(person_id=person())))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/documents/{}/", "/people/{}/", "/people/1/documents/{}/", "/directory/professionals/{}/"],
)
@pytest.mark.parametrize("number", [0, 2**63, 10**40])
def test_a_number_that_no_row_has_is_nothing_here(address: str, number: int) -> None:
    client = signed_in(account(AccountPerson(person_id=person())))
    assert client.get(address.format(number)).status_code == 404


def test_a_search_for_signs_alone_does_not_lock_the_search() -> None:
    client = signed_in(account(AccountPractitioner(practitioner_id=doctor())))
    client.post("/patients/", {"family": "--"})
    assert client.get("/patients/").status_code == 200


def test_an_assistant_is_named_by_number_and_name_together() -> None:
    patient, helper = person(), person()
    client = signed_in(account(AccountPerson(person_id=patient)))
    with rows_of([helper]):
        known = PersonIdentifier.objects.get(person=helper).value
    client.post("/assistants/", {"matricule": known, "family": "Weber"})
    assert assistants_of(patient) == []
    assert client.post("/assistants/", {"matricule": known, "family": "schmitz"}).status_code == 302
    assert [row.person for row in assistants_of(patient)] == [helper]
    with rows_of([helper]):
        told = Event.objects.filter(persons__contains=[helper])
        assert told.get().kind == EventKind.CONSENT_CHANGED


def test_patients_see_that_they_were_listed() -> None:
    patient, practitioner = person(), doctor()
    open_record(actor=SYSTEM, person=patient, at=now())
    declare_professional(
        actor=Actor(role=Role.PATIENT, account=1, person=patient),
        person=patient,
        practitioner=practitioner,
        at=now(),
    )
    client = signed_in(account(AccountPractitioner(practitioner_id=practitioner)))
    assert "Schmitz" in client.get("/").content.decode()
    with rows_of([patient]):
        listed = Event.objects.filter(kind=EventKind.PATIENTS_LISTED)
        assert listed.get().persons == [patient]
