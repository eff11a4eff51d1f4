"""Patients on FHIR as their domain offers them, for tests below HTTP."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from salus.access.queries import actor_of, persons_assisted
from salus.accounts.models import Account
from salus.audit.models import Event, EventKind
from salus.country.lu import MATRICULE_SYSTEM
from salus.fhir.element import Element
from salus.fhir.resource import Body, Call, Page, Search
from salus.fhir.searchset import asked_of
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.kernel.scopes import read_scopes
from salus.mpi.fhir import patients
from salus.simulation.demo_people import EMAILS
from tests.conftest import as_role

PATIENTS = patients(persons_assisted)
HOSPITAL = Actor(
    role=Role.SOFTWARE,
    client=1,
    organization=1,
    organization_type="hospital",
    domains=frozenset({"urn:test:fhir", "urn:test:more", "urn:hospital"}),
    purpose=PurposeOfUse.TREATMENT,
    scopes=read_scopes(["system/Patient.cruds"]),
)

REGISTER = replace(HOSPITAL, client=2, organization=2, domains=frozenset({MATRICULE_SYSTEM}))


def call(actor: Actor, request_id: UUID | None = None) -> Call:
    base = "https://salus.example/fhir"
    return Call(actor=actor, at=now(), request_id=request_id or uuid4(), base=base)


def asked(query: str, actor: Actor = HOSPITAL) -> Search:
    query_pairs = parse_qsl(query, keep_blank_values=True)
    served = {"Patient": PATIENTS}
    return asked_of(query_pairs, PATIENTS, served, call(actor), strict=True).search


def search(wanted: Search, asking: Call) -> Page:
    return PATIENTS.search(asking, wanted)


def found(query: str, actor: Actor = HOSPITAL) -> list[Body]:
    page = search(asked(query, actor), call(actor))
    return [version.body for version in page.matches]


def ids(query: str, actor: Actor = HOSPITAL) -> set[int]:
    return {int(body["id"]) for body in found(query, actor)}


def somebody(part: str = "patient") -> Actor:
    actor = actor_of(Account.objects.get(email=EMAILS[part]).pk, at=now())
    assert actor
    return actor


def of_app(actor: Actor, scope: str) -> Actor:
    return replace(
        actor, client=1, scopes=read_scopes([scope]), purpose=PurposeOfUse.PATIENT_REQUEST
    )


def resource(**changed: Any) -> Body:
    """A person nobody knows yet, as software files it; in no other's house, or the two would be linked."""
    number = str(uuid4())
    house = int(number[:6], 16)
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:test:fhir", "value": number}],
        "name": [{"use": "official", "family": "Zwilling", "given": ["Anna", "Maria"]}],
        "gender": "female",
        "birthDate": "1980-02-29",
        "address": [{"use": "home", "line": [f"{house}, rue"], "city": "Here", "country": "LU"}],
        "generalPractitioner": [{"reference": "Practitioner/1"}],
        **changed,
    }


def created(body: Body, actor: Actor = HOSPITAL) -> Body:
    assert PATIENTS.create
    return PATIENTS.create(call(actor), Element(path="Patient", value=body)).body


def updated(body: Body, *, version: str | None = None, actor: Actor = HOSPITAL) -> Body:
    assert PATIENTS.update
    element = Element(path="Patient", value=body)
    return PATIENTS.update(call(actor), body["id"], element, version).body


def history(id: str) -> list[Body]:
    assert PATIENTS.history
    return [version.body for version in PATIENTS.history(call(HOSPITAL), id)]


def events(kind: EventKind) -> int:
    with as_role("reporter"):
        return Event.objects.filter(kind=kind, denied=False, repeated=False).count()


def about(person: int) -> Event:
    with rows_of([person]):
        return Event.objects.filter(person_id=person).latest("id")
