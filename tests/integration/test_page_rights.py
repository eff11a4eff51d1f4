"""Pages over a small world: who may open what, what is counted, what stays out of caches and addresses."""

import re
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client

from salus.access.actions import declare_professional, end_declaration, name_assistant
from salus.access.models import AccountPerson, AccountPractitioner
from salus.access.queries import circle_of_trust
from salus.accounts.models import Account
from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.directory.actions import register_practitioner
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi.actions import register_person
from salus.shared_record.actions import file_document, open_record
from salus.shared_record.models import Format
from salus.shared_record.permissions import is_closed
from salus.vaccination.actions import open_vaccination_record
from salus.vaccination.models import Immunization, TransferConsent
from tests.conftest import as_role

SYSTEM = Actor(role=Role.SYSTEM, system="test")
PASSWORD = "correct horse battery staple"
CDA = b"""<ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody><component><section>
<title>Motif</title><text><paragraph>Toux</paragraph></text>
</section></component></structuredBody></component></ClinicalDocument>"""


@dataclass(frozen=True, kw_only=True)
class World:
    patient: int
    helper: int
    doctor: int
    stranger: int
    document: int
    patient_matricule: str


@pytest.fixture(scope="module")
def world(database: Path) -> World:
    number = matricule(date(1980, 5, 17), 123)
    patient = _person("Schmitz", "Léa", date(1980, 5, 17), number)
    helper = _person("Schmitz", "Paul", date(1978, 1, 2), matricule(date(1978, 1, 2), 7))
    doctor, stranger = _doctor("Weber", "1"), _doctor("Muller", "2")
    _account("patient", AccountPerson(person_id=patient))
    _account("helper", AccountPerson(person_id=helper))
    _account("doctor", AccountPractitioner(practitioner_id=doctor))
    _account("stranger", AccountPractitioner(practitioner_id=stranger))
    open_record(actor=SYSTEM, person=patient, at=now())
    open_vaccination_record(actor=SYSTEM, person=patient, at=now())
    document, _ = file_document(
        actor=SYSTEM,
        person=patient,
        at=now(),
        created_on=date(2024, 12, 24),
        type=3,
        format=Format.CDA,
        language="fr",
        content=CDA,
        title="Lettre de sortie",
    )
    me = Actor(role=Role.PATIENT, account=1, person=patient)
    declare_professional(actor=me, person=patient, practitioner=doctor, at=now())
    name_assistant(actor=me, person=patient, assistant=helper, at=now())
    return World(
        patient=patient,
        helper=helper,
        doctor=doctor,
        stranger=stranger,
        document=document,
        patient_matricule=number,
    )


def _person(family: str, given: str, born: date, number: str) -> int:
    return register_person(
        actor=SYSTEM,
        at=now(),
        identifiers=[(MATRICULE_SYSTEM, number)],
        family=family,
        given=given,
        birth_date=born,
        gender="unknown",
    )[0]


def _doctor(family: str, value: str) -> int:
    return register_practitioner(
        actor=SYSTEM,
        at=now(),
        system="urn:test",
        value=value,
        family=family,
        given="Anne",
        profession="62247001",
        prefix="Dr",
    )[0]


def _account(name: str, bound: AccountPerson | AccountPractitioner) -> None:
    kind = "patient" if isinstance(bound, AccountPerson) else "professional"
    bound.account = Account.objects.create(
        kind=kind,
        email=f"{name}@example.org",
        password=make_password(PASSWORD),
        created_at=now(),
        activated_at=now(),
    )
    with rows_of([bound.person_id] if isinstance(bound, AccountPerson) else []):
        bound.save()


def account_of_agency() -> None:
    """Staff of the agency, once; they are bound to nobody."""
    Account.objects.get_or_create(
        email="agency@example.org",
        defaults={
            "kind": "agency",
            "password": make_password(PASSWORD),
            "created_at": now(),
            "activated_at": now(),
        },
    )


@pytest.fixture(autouse=True)
def _no_rate_limit_of_another_test() -> None:
    cache.clear()


def visitor(name: str | None = None) -> Client:
    client = Client(SERVER_NAME="localhost", headers={"accept-language": "en"})
    if name:
        sent = {"login": f"{name}@example.org", "password": PASSWORD}
        assert client.post("/sign-in/", sent).status_code == 302
    return client


def events(kind: EventKind, *, repeated: bool = False) -> int:
    with as_role("reporter"):  # who counts past the persons
        return Event.objects.filter(kind=kind, denied=False, repeated=repeated).count()


PRIVATE = [
    "/documents/",
    "/documents/1/",
    "/vaccinations/",
    "/who-looked/",
    "/who-looked/1/proof.json",
    "/circle/",
    "/assistants/",
    "/settings/",
    "/patients/",
    "/people/1/",
    "/people/1/documents/1/",
    "/people/1/vaccinations/new/",
    "/account/security/",
]
OF_PATIENTS = ["/documents/", "/vaccinations/", "/who-looked/", "/circle/", "/settings/"]


@pytest.mark.parametrize("address", PRIVATE)
def test_the_public_is_sent_to_the_sign_in(world: World, address: str) -> None:
    response = visitor().get(address)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={address}")


@pytest.mark.parametrize(
    "address", ["/", "/sign-in/", "/directory/", "/status", "/verify/", "/design", "/about/"]
)
def test_the_public_may_read_the_public_pages(world: World, address: str) -> None:
    assert visitor().get(address).status_code == 200


@pytest.mark.parametrize("address", [*OF_PATIENTS, "/", "/assistants/", "/account/security/"])
def test_a_patient_has_pages_that_no_cache_keeps(world: World, address: str) -> None:
    response = visitor("patient").get(address)
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")


def test_roles_do_not_see_each_others_pages(world: World) -> None:
    doctor, patient = visitor("doctor"), visitor("patient")
    assert {doctor.get(address).status_code for address in OF_PATIENTS} == {404}
    assert patient.get("/patients/").status_code == 404


def test_absent_and_forbidden_look_alike(world: World) -> None:
    stranger = visitor("stranger")
    forbidden = stranger.get(f"/people/{world.patient}/")
    absent = stranger.get("/people/987654321/")
    assert forbidden.status_code == absent.status_code == 404
    assert _text(forbidden.content) == _text(absent.content)
    assert b"Schmitz" not in forbidden.content
    with rows_of([world.patient]):
        denied = Event.objects.filter(person_id=world.patient, denied=True)
        assert denied.filter(practitioner_id=world.stranger).exists()


def _text(page: bytes) -> str:
    """The page without what differs from request to request by itself."""
    return re.sub(r'(name="(csrfmiddlewaretoken|next)" value=")[^"]*', r"\1", page.decode())


def test_a_professional_of_the_circle_opens_a_document_and_a_reload_counts_once(
    world: World,
) -> None:
    doctor = visitor("doctor")
    record = doctor.get(f"/people/{world.patient}/")
    link = re.search(
        rf"/people/{world.patient}/documents/{world.document}/\?r=[\w-]+", record.content.decode()
    )
    assert link
    opened, repeated = (
        events(EventKind.DOCUMENT_OPENED),
        events(EventKind.DOCUMENT_OPENED, repeated=True),
    )
    for _ in range(2):
        page = doctor.get(link[0])
        assert "Toux" in page.content.decode()
    assert events(EventKind.DOCUMENT_OPENED) == opened + 1
    assert events(EventKind.DOCUMENT_OPENED, repeated=True) == repeated + 1
    log = visitor("patient").get("/who-looked/").content.decode()
    assert "Dr Anne Weber" in log


def test_the_original_comes_as_it_was_filed(world: World) -> None:
    response = visitor("patient").get(f"/documents/{world.document}/original")
    assert response.content == CDA
    assert response["Content-Type"] == "application/hl7-cda+xml"
    assert response["Content-Disposition"].startswith("attachment")


def test_an_assistant_reads_the_record(world: World) -> None:
    helper = visitor("helper")
    assert f"/people/{world.patient}/" in helper.get("/").content.decode()
    assert "Lettre de sortie" in helper.get(f"/people/{world.patient}/").content.decode()


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"family": "schmi"}, True),
        ({"family": "Schmitz", "given": "lea"}, True),
        ({"birth_date": "1980-05-17"}, True),
        ({"matricule": matricule(date(1980, 5, 17), 123)}, True),
        ({"family": "Schmitz", "birth_date": "1950-01-01"}, False),
    ],
)
def test_a_professional_searches_and_a_reload_counts_once(
    world: World, sent: dict[str, str], found: bool
) -> None:
    doctor, before = visitor("doctor"), events(EventKind.INDEX_REQUEST)
    answer = doctor.post("/patients/", sent | {"r": str(uuid.uuid4())})
    assert answer["Location"] == "/patients/"  # no name, no number
    for _ in range(2):
        page = doctor.get("/patients/").content.decode()
        assert ("Schmitz, Léa" in page) is found
    assert events(EventKind.INDEX_REQUEST) == before + 1


@pytest.mark.parametrize(
    "sent", [{}, {"matricule": "123"}, {"given": "Léa"}, {"birth_date": "yesterday"}]
)
def test_a_search_that_cannot_work_says_why_and_is_not_counted(
    world: World, sent: dict[str, str]
) -> None:
    before = events(EventKind.INDEX_REQUEST)
    page = visitor("doctor").post("/patients/", sent)
    assert page.status_code == 200
    assert "callout--error" in page.content.decode() or "field--error" in page.content.decode()
    assert events(EventKind.INDEX_REQUEST) == before


def test_a_patient_adds_and_removes_a_professional(world: World) -> None:
    patient = visitor("patient")
    assert "Muller" in patient.post("/circle/", {"name": "mull"}).content.decode()
    for _ in range(2):
        patient.post("/circle/declare/", {"practitioner": world.stranger})
    circle = circle_of_trust(world.patient, at=now())
    assert [row.practitioner for row in circle].count(world.stranger) == 1
    assert visitor("stranger").get(f"/people/{world.patient}/").status_code == 200
    patient.post("/circle/end/", {"practitioner": world.stranger})
    circle = circle_of_trust(world.patient, at=now())
    assert world.stranger not in [row.practitioner for row in circle]
    assert visitor("stranger").get(f"/people/{world.patient}/").status_code == 404


def test_a_closed_record_is_closed_for_all(world: World) -> None:
    patient, doctor = visitor("patient"), visitor("doctor")
    patient.post("/record/close/")
    assert is_closed(world.patient)
    assert doctor.get(f"/people/{world.patient}/").status_code == 404
    assert "Lettre" not in patient.get("/documents/").content.decode()
    patient.post("/record/reopen/")
    assert "Lettre" in patient.get("/documents/").content.decode()
    assert doctor.get(f"/people/{world.patient}/").status_code == 200


def test_consent_to_transfer_is_given_and_withdrawn(world: World) -> None:
    patient = visitor("patient")
    for choice, in_force in (("give", True), ("withdraw", False)):
        patient.post("/vaccinations/consent/", {"consent": choice})
        with rows_of([world.patient]):
            given = TransferConsent.objects.filter(record=world.patient, withdrawn_at=None)
            assert given.exists() is in_force


def test_a_physician_records_a_vaccination_once(world: World) -> None:
    doctor = visitor("doctor")
    address = f"/people/{world.patient}/vaccinations/new/"
    form = {
        "act_type": "performed",
        "vaccine": "J07BB02",
        "occurred_on": now().date().isoformat(),
        "r": str(uuid.uuid4()),
    }
    assert "lot number" in doctor.post(address, form).content.decode()
    for _ in range(2):
        assert doctor.post(address, form | {"lot_number": "A1"}).status_code == 302
    with rows_of([world.patient]):
        acts = Immunization.objects.filter(record=world.patient).values_list(
            "vaccine_display", "lot_number", "practitioner"
        )
        assert list(acts) == [("Influenza", "A1", world.doctor)]
    assert "A1" in visitor("patient").get("/vaccinations/").content.decode()
    assert visitor("stranger").get(address).status_code == 404


def test_a_form_of_another_site_is_refused(world: World) -> None:
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert client.post("/sign-in/", {"login": "patient@example.org"}).status_code == 403


@pytest.mark.parametrize(
    "there", ["https://elsewhere.example/", "//elsewhere.example", "javascript:1"]
)
def test_a_choice_of_language_never_leads_to_another_site(world: World, there: str) -> None:
    response = visitor().post("/preferences/", {"language": "fr", "next": there})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_language_and_appearance_stay_and_keep_the_page(world: World) -> None:
    client = visitor()
    chosen = client.post("/preferences/", {"language": "fr", "next": "/directory/?text=w"})
    assert chosen["Location"] == "/directory/?text=w"
    client.post("/preferences/", {"theme": "dark", "next": "/"})
    page = client.get("/").content.decode()
    assert '<html lang="fr" data-theme="dark">' in page


def test_a_wrong_password_says_no_more_than_that(world: World) -> None:
    known = visitor().post("/sign-in/", {"login": "patient@example.org", "password": "x"})
    unknown = visitor().post("/sign-in/", {"login": "nobody@example.org", "password": "x"})
    assert known.status_code == unknown.status_code == 200
    assert _text(known.content).replace("patient@", "") == _text(unknown.content).replace(
        "nobody@", ""
    )


def test_an_account_bound_to_nobody_does_not_get_in(world: World) -> None:
    Account.objects.create(
        kind="patient",
        email="unbound@example.org",
        password=make_password(PASSWORD),
        created_at=now(),
        activated_at=now(),
    )
    client = Client(SERVER_NAME="localhost")
    sent = {"login": "unbound@example.org", "password": PASSWORD}
    assert client.post("/sign-in/", sent)["Location"] == "/sign-in/inactive/"
    assert client.get("/documents/").status_code == 302


def test_signing_in_leaves_an_event(world: World) -> None:
    before = events(EventKind.SIGN_IN)
    visitor("patient")
    assert events(EventKind.SIGN_IN) == before + 1


def test_a_removed_professional_loses_the_page_at_once(world: World) -> None:
    doctor = visitor("doctor")
    assert doctor.get(f"/people/{world.patient}/").status_code == 200
    me = Actor(role=Role.PATIENT, account=1, person=world.patient)
    end_declaration(actor=me, person=world.patient, practitioner=world.doctor, at=now())
    assert doctor.get(f"/people/{world.patient}/").status_code == 404
    declare_professional(actor=me, person=world.patient, practitioner=world.doctor, at=now())
