"""Every public function of every queries.py, asked as the busiest people of the nation ask."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from salus.access.oauth.queries import (
    apps_of,
    authorization_in_force,
    maker_of,
    patients_for_app,
    request_of_receipt,
    request_on_desk,
    requests_waiting,
    software_connected,
)
from salus.access.queries import (
    actor_of,
    assistants_of,
    assisted_by,
    circle_of_trust,
    events_about,
    facts_about,
    names_in,
    patients_of,
    people_behind,
    persons_assisted,
    persons_behind,
    who_looked,
)
from salus.accounts.models import Account, Client
from salus.audit.heads import SignedHead
from salus.audit.queries import consistency_proof, inclusion_proof, newest_head, public_keys
from salus.country.lu import MATRICULE_SYSTEM, PROVIDER_SYSTEM
from salus.directory.queries import (
    at_work,
    current_roles,
    has_worked_at,
    known_values,
    organization_called,
    organization_named,
    practising,
    professional,
    registered_endpoints,
    registered_locations,
    registered_organizations,
    registered_practitioners,
    registered_services,
    roles_held,
)
from salus.eligibility.queries import (
    administered_by,
    administrators_of,
    askable_software,
    callers_of,
    counters_of,
    findings_of,
    heard,
    insured,
    insured_and,
    insured_called,
    open_findings,
    organizations_asking,
    prescriber,
    see_affiliations,
    use_of,
    use_on,
)
from salus.fhir.resource import Call
from salus.fhir.searchset import asked_of
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.rows import Beside
from salus.kernel.scopes import Scopes
from salus.mpi.fhir import find_person, patients
from salus.mpi.identities import rows_of_human
from salus.mpi.queries import (
    Criteria,
    PersonSummary,
    cross_references,
    owners_of,
    people_among,
    people_called,
    people_found,
    people_meant,
    person_by_matricule,
    person_identified,
    person_read,
    person_summary,
    search,
    systems_known,
)
from salus.shared_record.permissions import is_closed
from salus.shared_record.queries import (
    documents_of,
    filed_by,
    open_document,
    read_document,
    see_documents,
    whose_documents,
)
from salus.simulation.demo_people import EMAILS
from salus.vaccination.queries import (
    read_vaccination,
    recorded_by,
    see_vaccinations,
    vaccinations_of,
    whose_vaccinations,
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asks, and about whom: the busiest of the nation, as the demo people are."""

    patient: Actor
    doctor: Actor
    summary: PersonSummary
    document: int
    event: int

    @property
    def person(self) -> int:
        return self.summary.id


SOFTWARE = Actor(role=Role.SOFTWARE, client=1, organization=1, scopes=Scopes(granted=()))

Case = Callable[[Asked], object]
# Every public function of every queries.py, in each form in which it asks the database something else.
CASES: list[tuple[Callable[..., Any], Case]] = [
    (actor_of, lambda asked: actor_of(asked.patient.account or 0, at=now())),
    (actor_of, lambda asked: actor_of(asked.doctor.account or 0, at=now())),
    (facts_about, lambda asked: _facts(asked.doctor, asked.person)),
    (facts_about, lambda asked: _facts(asked.patient, asked.person)),
    (people_behind, lambda asked: people_behind([asked.patient.account or 0])),
    (persons_behind, lambda asked: persons_behind([asked.patient.account or 0])),
    (apps_of, lambda asked: apps_of(actor=asked.patient, at=now())),
    (apps_of, lambda asked: apps_of(actor=asked.doctor, at=now())),
    (
        authorization_in_force,
        lambda asked: authorization_in_force(
            account=asked.patient.account or 0, family=uuid4(), at=now()
        ),
    ),
    (patients_for_app, lambda asked: patients_for_app(actor=asked.patient, at=now())),
    (patients_for_app, lambda asked: patients_for_app(actor=asked.doctor, at=now())),
    (requests_waiting, lambda _asked: requests_waiting()),
    (request_on_desk, lambda _asked: _none(lambda: request_on_desk(1))),
    (request_of_receipt, lambda _asked: _none(lambda: request_of_receipt("no key"))),
    (software_connected, lambda _asked: software_connected()),
    (maker_of, lambda _asked: maker_of(Client(pk=1))),
    (organization_named, lambda _asked: organization_named("1")),
    (organization_called, lambda _asked: organization_called("no such house")),
    (circle_of_trust, lambda asked: circle_of_trust(asked.person, at=now())),
    (assistants_of, lambda asked: assistants_of(asked.person)),
    (assisted_by, lambda asked: assisted_by(actor=_partner(asked), at=now())),
    (patients_of, lambda asked: patients_of(actor=asked.doctor, at=now())),
    (persons_assisted, lambda asked: persons_assisted(_partner(asked))),
    (
        events_about,
        lambda asked: events_about(
            actor=asked.patient, person=asked.person, at=now(), event=asked.event
        ),
    ),
    (
        names_in,
        lambda asked: names_in(
            events_about(actor=asked.patient, person=asked.person, at=now(), limit=20)[1]
        ),
    ),
    (who_looked, lambda asked: who_looked(actor=asked.patient, person=asked.person, at=now())),
    (person_summary, lambda asked: person_summary(asked.person)),
    (
        person_by_matricule,
        lambda asked: person_by_matricule(
            asked.summary.matricule, family=asked.summary.family, at=now()
        ),
    ),
    (
        people_called,
        lambda asked: people_called(
            family=asked.summary.family,
            given=asked.summary.given,
            birth_date=asked.summary.birth_date,
        ),
    ),
    (
        person_identified,
        lambda asked: person_identified([(MATRICULE_SYSTEM, asked.summary.matricule)]),
    ),
    (owners_of, lambda asked: owners_of([(MATRICULE_SYSTEM, asked.summary.matricule)])),
    (systems_known, lambda _asked: systems_known(["urn:oid:2.999", MATRICULE_SYSTEM])),
    (cross_references, lambda asked: _cross_references(asked.summary.matricule)),
    (cross_references, lambda _asked: _cross_references("nobody's")),
    (person_read, lambda asked: _read(asked.doctor, asked.person)),
    (
        people_among,
        lambda asked: people_among(actor=asked.doctor, persons=[asked.person], assisted=()),
    ),
    (people_found, lambda asked: _found(asked, f"identifier={asked.summary.matricule}")),
    (people_meant, lambda asked: _meant(asked)),
    (search, lambda asked: _search(asked, matricule=asked.summary.matricule)),
    (search, lambda asked: _search(asked, family=asked.summary.family[:3])),
    (
        search,
        lambda asked: _search(asked, family=asked.summary.family, given=asked.summary.given[:1]),
    ),
    (search, lambda asked: _search(asked, birth_date=asked.summary.birth_date)),
    (
        search,
        lambda asked: _search(
            asked, family=asked.summary.family, birth_date=asked.summary.birth_date
        ),
    ),
    (documents_of, lambda asked: documents_of(actor=asked.doctor, person=asked.person, at=now())),
    (see_documents, lambda asked: _see(see_documents, asked.doctor, asked.person)),
    (see_documents, lambda asked: _see(see_documents, SOFTWARE, asked.person)),
    (
        open_document,
        lambda asked: open_document(
            actor=asked.patient, person=asked.person, document=asked.document, at=now()
        ),
    ),
    (
        vaccinations_of,
        lambda asked: vaccinations_of(actor=asked.patient, person=asked.person, at=now()),
    ),
    (see_vaccinations, lambda asked: _see(see_vaccinations, asked.doctor, asked.person)),
    (see_vaccinations, lambda asked: _see(see_vaccinations, SOFTWARE, asked.person)),
    (
        read_document,
        lambda asked: read_document(
            actor=asked.doctor, person=asked.person, document=asked.document, at=now()
        ),
    ),
    (whose_documents, lambda asked: whose_documents(documents=[asked.document])),
    (whose_documents, lambda _asked: whose_documents(master_identifiers=["urn:test:1"])),
    (
        filed_by,
        lambda asked: filed_by(
            actor=SOFTWARE, person=asked.person, document=asked.document, content=b""
        ),
    ),
    (read_vaccination, lambda asked: _read_vaccination(asked)),
    (whose_vaccinations, lambda asked: whose_vaccinations(vaccinations=[1])),
    (whose_vaccinations, lambda asked: whose_vaccinations(identifiers=["urn:test:1"])),
    (
        recorded_by,
        lambda asked: recorded_by(actor=SOFTWARE, person=asked.person, vaccination=1),
    ),
    (has_worked_at, lambda asked: has_worked_at(asked.doctor.practitioner or 0, 1)),
    (inclusion_proof, lambda asked: inclusion_proof(actor=asked.patient, event=asked.event)),
    (consistency_proof, lambda _asked: consistency_proof(first=_head().size)),
    (newest_head, lambda _asked: _head()),
    (public_keys, lambda _asked: public_keys()),
    (professional, lambda asked: professional(asked.doctor.practitioner or 0)),
    (organization_named, lambda _asked: organization_named("1")),
    (registered_practitioners, lambda _asked: list(registered_practitioners()[:5])),
    (practising, lambda _asked: list(practising(now().date())[:5])),
    (registered_locations, lambda _asked: list(registered_locations()[:5])),
    (registered_services, lambda _asked: list(registered_services()[:5])),
    (registered_endpoints, lambda _asked: list(registered_endpoints()[:5])),
    (at_work, lambda _asked: list(at_work(1, now().date()).filter(value="900000")[:2])),
    (roles_held, lambda _asked: list(roles_held(now().date())[:5])),
    (registered_organizations, lambda _asked: list(registered_organizations()[:5])),
    (registered_locations, lambda _asked: list(registered_locations()[:5])),
    (registered_services, lambda _asked: list(registered_services()[:5])),
    (registered_endpoints, lambda _asked: list(registered_endpoints()[:5])),
    (current_roles, lambda _asked: list(current_roles(now().date())[:5])),
    (heard, lambda _asked: heard()),
    (insured, lambda asked: _insured(asked.summary.matricule)),
    (insured_and, lambda _asked: _nobody_insured()),
    (insured_called, lambda asked: _insured_called(asked.summary)),
    (prescriber, lambda _asked: prescriber(PROVIDER_SYSTEM, "nobody's")),
    (see_affiliations, lambda asked: _affiliations(asked)),
    (counters_of, lambda asked: counters_of(asked.doctor, at=now())),
    (callers_of, lambda _asked: callers_of(1)),
    (administered_by, lambda asked: administered_by(asked.doctor)),
    (administrators_of, lambda _asked: administrators_of(1)),
    (findings_of, lambda _asked: findings_of([1], since=now().date())),
    (open_findings, lambda _asked: open_findings()),
    (use_on, lambda _asked: use_on(1, now().date())),
    (use_of, lambda _asked: use_of([1], until=now().date(), days=30)),
    (organizations_asking, lambda _asked: organizations_asking()),
    (askable_software, lambda _asked: askable_software(1)),
    (known_values, lambda _asked: known_values("municipality")),
    # Reads that lie elsewhere, and that every page or every import asks.
    (is_closed, lambda asked: is_closed(asked.person)),
    (find_person, lambda asked: find_person(MATRICULE_SYSTEM, asked.summary.matricule)),
]


def _meant(asked: Asked) -> object:
    return people_meant(actor=SOFTWARE, find=lambda: [asked.person], at=now(), request_id=uuid4())


def _cross_references(number: str) -> object:
    return cross_references(
        actor=SOFTWARE, identifier=(MATRICULE_SYSTEM, number), at=now(), request_id=uuid4()
    )


def _insured(number: str) -> object:
    with insured(MATRICULE_SYSTEM, number) as person:
        return person.periods


def _nobody_insured() -> object:
    with insured_and(MATRICULE_SYSTEM, "nobody's", beside=Beside()) as (person, _beside):
        return person.periods


def _insured_called(known: PersonSummary) -> object:
    with insured_called(known.family, known.given, known.birth_date) as (person, _several):
        return person.periods


def _affiliations(asked: Asked) -> object:
    return see_affiliations(
        actor=asked.patient, person=asked.patient.person or 0, at=now(), see=list
    )


def _none(ask: Callable[[], object]) -> None:
    """The nation has no software: what is asked is the same."""
    with suppress(NotFound):
        ask()


def _head() -> SignedHead:
    head = newest_head()
    assert head is not None
    return head


def _facts(actor: Actor, person: int) -> object:
    with rows_of_human(person) as human:
        return facts_about(actor=actor, human=human, at=now())


def _read_vaccination(asked: Asked) -> object:
    card = vaccinations_of(actor=asked.patient, person=asked.person, at=now())
    assert card
    return read_vaccination(
        actor=asked.patient, person=asked.person, vaccination=card.acts[0].id, at=now()
    )


def _see(query: Callable[..., Any], actor: Actor, person: int) -> object:
    return query(actor=actor, person=person, at=now(), see=list)


def _search(asked: Asked, **criteria: Any) -> list[PersonSummary]:
    found = search(actor=asked.doctor, criteria=Criteria(**criteria), at=now())
    assert asked.person in {person.id for person in found} or len(found) == 50
    return found


def _read(actor: Actor, person: int) -> object:
    return person_read(
        actor=actor, person=person, assisted=(), at=now(), request_id=uuid4(), history=True
    )


def _found(asked: Asked, query: str) -> object:
    """As a Patient search on FHIR asks."""
    resource = patients(persons_assisted)
    call = Call(actor=asked.doctor, at=now(), request_id=uuid4(), base="https://salus.example/fhir")
    understood = asked_of(parse_qsl(query), resource, {"Patient": resource}, call, strict=True)
    return resource.search(call, understood.search)


def _partner(asked: Asked) -> Actor:
    return actor_named("partner")


def actor_named(part: str) -> Actor:
    actor = actor_of(Account.objects.get(email=EMAILS[part]).pk, at=now())
    assert actor is not None
    return actor


def asked_by_demo_people() -> Asked:
    patient = actor_named("patient")
    assert patient.person
    (document, *_) = documents_of(actor=patient, person=patient.person, at=now())
    *_, oldest = who_looked(actor=patient, person=patient.person, at=now())
    return Asked(
        patient=patient,
        doctor=actor_named("physician"),
        summary=person_summary(patient.person),
        document=document.id,
        event=oldest.event,
    )
