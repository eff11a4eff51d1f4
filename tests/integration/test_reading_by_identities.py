"""Two rows of the patient index that are linked are one patient on every page and on FHIR, and two again afterwards."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from django.test import Client as Browser

from config.subscribers import SUBSCRIPTIONS
from salus.access.actions import declare_professional, end_declaration, name_assistant
from salus.access.models import AccountPerson
from salus.access.queries import (
    actor_of,
    assisted_by,
    circle_of_trust,
    patients_of,
    who_looked,
)
from salus.accounts.models import Account, AccountKind
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.filings import filed_between
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.events import PersonsSeparated
from salus.mpi.models import Link
from salus.mpi.receipts import unconfirmed
from salus.shared_record.actions import (
    close_record,
    file_document,
    open_record,
    reopen_record,
)
from salus.shared_record.models import Document, Format
from salus.shared_record.permissions import is_closed
from salus.shared_record.queries import documents_of, open_document
from salus.vaccination.actions import record_immunization
from salus.vaccination.models import ActType
from salus.vaccination.queries import vaccinations_of
from tests.fhir_client import Fhir, app_of, scopes, software
from tests.fhir_nation import account, laboratory, reference, signed_in
from tests.links import SYSTEM, delivered, linked, parted, registered

pytestmark = pytest.mark.usefixtures("nation")


@dataclass(frozen=True, kw_only=True)
class Two:
    """A patient of the nation, whom a doctor may see; another row of the index, with a document of its own."""

    patient: Actor
    doctor: Actor
    other: int
    document: int

    @property
    def root(self) -> int:
        assert self.patient.person
        return self.patient.person


@pytest.fixture
def two(nation: Path) -> Iterator[Two]:
    """Two again afterwards."""
    patient, doctor = (
        actor_of(account("patient").pk, at=now()),
        actor_of(account("physician").pk, at=now()),
    )
    assert patient and doctor
    other = registered(given="Léa")
    open_record(actor=SYSTEM, person=other, at=now())
    yield Two(patient=patient, doctor=doctor, other=other, document=file(other))
    with rows_of([other]):
        links = list(Link.objects.filter(person=other, ended_at=None).values_list("pk", flat=True))
    for link in links:
        parted(link)
    delivered()


def file(person: int, replaces: int | None = None) -> int:
    return file_document(
        actor=SYSTEM,
        person=person,
        at=now(),
        created_on=date(2025, 2, 1),
        type=1,
        format=Format.PDF,
        language="fr",
        content=b"%PDF of the hospital",
        title="Of the hospital",
        replaces=replaces,
    )[0]


def vaccinate(person: int, *, opening: bool = True) -> int:
    return record_immunization(
        actor=SYSTEM,
        person=person,
        at=now(),
        act_type=ActType.HISTORICAL,
        vaccine_system="http://www.whocc.no/atc",
        vaccine_code="J07BB02",
        vaccine_display="Influenza",
        occurred_on=date(2025, 1, 7),
        opening=opening,
    )[0]


def with_account(person: int) -> Actor:
    new = Account.objects.create(
        kind=AccountKind.PATIENT,
        email=f"{person}@demo.salus.example",
        created_at=now(),
        activated_at=now(),
    )
    with rows_of([person]):
        AccountPerson.objects.create(account=new, person_id=person)
    return who(new.pk)


def who(number: int | None) -> Actor:
    actor = actor_of(number or 0, at=now())
    assert actor
    return actor


def sees(actor: Actor, person: int) -> set[int]:
    return {document.id for document in documents_of(actor=actor, person=person, at=now())}


def separated(link: int) -> None:
    parted(link)
    delivered()
    assert link not in {one.link for one in unconfirmed(before=now())}


def the_app() -> Fhir:
    return app_of(account("patient"), scope=f"{scopes('patient')} patient/AuditEvent.rs")


def test_a_doctor_whom_one_row_trusts_sees_the_documents_of_the_other_while_they_are_linked(
    two: Two,
) -> None:
    browser, page = signed_in("physician"), f"/people/{two.root}/documents/{two.document}/"
    assert browser.get(f"/people/{two.other}/").status_code == 404
    assert browser.get(page).status_code == 404
    link = linked(two.other, two.root)
    assert b"Of the hospital" in browser.get(page).content
    leads = browser.get(f"/people/{two.other}/")
    assert leads.status_code == 302
    assert leads["Location"].startswith(f"/people/{two.root}/?")
    assert two.document in sees(two.doctor, two.root)
    separated(link)
    assert browser.get(page).status_code == 404
    assert browser.get(f"/people/{two.other}/").status_code == 404
    assert two.document not in sees(two.doctor, two.root)


def test_an_earlier_number_leads_on_only_who_has_the_right(two: Two) -> None:
    linked(two.other, two.root)
    assert signed_in("partner").get(f"/people/{two.other}/").status_code == 302  # assists her
    assert signed_in("mother").get(f"/people/{two.other}/").status_code == 404


def test_who_signs_in_for_a_linked_row_is_the_one_patient(two: Two) -> None:
    before = with_account(two.other)
    link = linked(two.other, two.root)
    joined = who(before.account)
    assert (joined.person, joined.bound) == (two.root, two.other)
    assert sees(joined, two.root) == sees(two.patient, two.root)
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(Account.objects.get(pk=before.account or 0))
    assert b"Of the hospital" in browser.get("/documents/").content
    separated(link)
    assert who(before.account) == before
    assert sees(before, two.other) == {two.document}
    with pytest.raises(NotFound):
        documents_of(actor=before, person=two.root, at=now())


def test_a_professional_lists_each_human_being_once(two: Two) -> None:
    me = with_account(two.other)
    declare_professional(
        actor=me, person=two.other, practitioner=two.doctor.practitioner or 0, at=now()
    )
    apart = [one.person for one in patients_of(actor=two.doctor, at=now())]
    assert {two.root, two.other} <= set(apart)
    linked(two.other, two.root)
    together = [one.person for one in patients_of(actor=two.doctor, at=now())]
    assert sorted(together) == sorted(set(apart) - {two.other})
    assert [one.practitioner for one in circle_of_trust(two.root, at=now())].count(
        two.doctor.practitioner or 0
    ) == 1


def test_nobody_is_their_own_assistant(two: Two) -> None:
    me = with_account(two.other)
    name_assistant(actor=me, person=two.other, assistant=two.root, at=now())
    assert two.other in {one.person for one in assisted_by(actor=two.patient, at=now())}
    linked(two.other, two.root)
    assert two.root not in {
        one.person for one in assisted_by(actor=who(two.patient.account), at=now())
    }
    with pytest.raises(Conflict):
        name_assistant(
            actor=who(two.patient.account), person=two.root, assistant=two.other, at=now()
        )


def test_one_closed_record_closes_all(two: Two) -> None:
    me = with_account(two.other)
    close_record(actor=me, person=two.other, at=now())
    link = linked(two.other, two.root)
    assert is_closed(two.root)
    for actor in (two.doctor, two.patient):
        with pytest.raises(NotFound):
            documents_of(actor=actor, person=two.root, at=now())
    with pytest.raises(Conflict):
        file(two.root)
    reopen_record(actor=who(two.patient.account), person=two.root, at=now())
    assert two.document in sees(two.doctor, two.root)
    separated(link)
    assert is_closed(two.other), "another opened what its patient had closed"
    assert not is_closed(two.root)


def test_the_log_tells_each_of_the_two_who_looked(two: Two) -> None:
    link = linked(two.other, two.root)
    sees(two.doctor, two.root)
    open_document(actor=two.doctor, person=two.root, document=two.document, at=now())
    patient = who(two.patient.account)
    joint = who_looked(actor=patient, person=two.root, at=now())
    assert any(one.document == two.document for one in joint)
    assert any(one.kind is EventKind.PERSON_REGISTERED for one in joint)  # of the other row
    separated(link)
    me = with_account(two.other)
    mine = who_looked(actor=me, person=two.other, at=now())
    doctors = [one.kind for one in mine if one.agent == "professional" and not one.denied]
    assert doctors == [EventKind.DOCUMENT_OPENED, EventKind.RECORD_VIEWED]
    theirs = who_looked(actor=patient, person=two.root, at=now())
    assert not any(
        one.document == two.document and one.kind is EventKind.DOCUMENT_OPENED for one in theirs
    )


def test_on_fhir_both_numbers_lead_to_the_documents_of_both(two: Two) -> None:
    linked(two.other, two.root)
    patient = the_app()
    vaccinated = vaccinate(two.other)
    for person in (two.root, two.other):
        found = patient.get("DocumentReference", {"patient": f"Patient/{person}"})
        assert str(two.document) in found.ids
        subjects = {entry["resource"]["subject"]["reference"] for entry in found.body["entry"]}
        assert subjects == {f"Patient/{two.root}"}
        doses = patient.get("Immunization", {"patient": f"Patient/{person}"})
        assert str(vaccinated) in doses.ids
        assert patient.get("AuditEvent", {"patient": f"Patient/{person}"}).ids
    assert str(two.document) in patient.get("DocumentReference").ids  # of whoever signed in
    both = f"Patient/{two.root},Patient/{two.other}"
    assert str(two.document) in patient.get("DocumentReference", {"patient": both}).ids
    one = patient.get(f"DocumentReference/{two.document}")
    assert one.body["subject"] == {"reference": f"Patient/{two.root}"}
    dose = patient.get(f"Immunization/{vaccinated}")
    assert dose.body["patient"] == {"reference": f"Patient/{two.root}"}
    assert patient.get(f"Binary/{two.document}").status == 200
    others = sees(who(two.patient.account), two.root) - {two.document}
    ids = f"{two.document},{others.pop()}"
    assert len(patient.get("DocumentReference", {"_id": ids}).ids) == 2


def test_on_fhir_they_are_two_again_after_the_separation(two: Two) -> None:
    link = linked(two.other, two.root)
    patient = the_app()
    assert patient.get(f"Binary/{two.document}").status == 200
    separated(link)
    assert patient.get(f"Binary/{two.document}").status == 404
    assert patient.get("DocumentReference", {"patient": f"Patient/{two.other}"}).status == 404
    assert patient.get("AuditEvent", {"patient": f"Patient/{two.other}"}).ids == []


def test_what_a_laboratory_files_stays_on_the_row_that_it_names(two: Two) -> None:
    link = linked(two.other, two.root)
    lab = software(laboratory())
    filed = lab.post("DocumentReference", reference(two.other))
    assert filed.status == 201
    assert filed.body["subject"] == {"reference": f"Patient/{two.root}"}
    next_version = reference(
        two.root,
        b"%PDF-1.7 corrected",
        relatesTo=[
            {
                "code": "replaces",
                "target": {"reference": f"DocumentReference/{filed.body['id']}"},
            }
        ],
    )
    corrected = lab.post("DocumentReference", next_version)
    assert corrected.status == 201, corrected.body
    separated(link)
    with rows_of([two.root, two.other]):
        rows = Document.objects.filter(pk__in=[filed.body["id"], corrected.body["id"]])
        assert {row.person_id for row in rows} == {two.other}, "a version left its document"


def test_what_one_took_back_for_both_is_in_force_again_for_the_other(two: Two) -> None:
    me, doctor = with_account(two.other), two.doctor.practitioner or 0
    another = doctor + 1
    declare_professional(actor=two.patient, person=two.root, practitioner=another, at=now())
    link = linked(two.other, two.root)
    joined = who(me.account)
    end_declaration(actor=joined, person=two.root, practitioner=doctor, at=now())
    end_declaration(
        actor=who(two.patient.account),
        person=two.root,
        practitioner=another,
        at=now(),
    )
    assert not {doctor, another} & {one.practitioner for one in circle_of_trust(two.root, at=now())}
    declare_professional(actor=joined, person=two.root, practitioner=doctor, at=now())
    separated(link)
    assert {one.practitioner for one in circle_of_trust(two.other, at=now())} == {doctor}
    theirs = {one.practitioner for one in circle_of_trust(two.root, at=now())}
    assert doctor in theirs
    assert another not in theirs, "the patient took it back, and nobody else"


def test_a_separation_that_is_told_twice_changes_nothing_more(two: Two) -> None:
    me, doctor = with_account(two.other), two.doctor.practitioner or 0
    link = linked(two.other, two.root)
    end_declaration(actor=who(me.account), person=two.root, practitioner=doctor, at=now())
    done = asdict(parted(link))
    done.pop("restored")
    delivered()
    end_declaration(actor=two.patient, person=two.root, practitioner=doctor, at=now())
    again = PersonsSeparated(**done, at=ended(link))
    for subscription in SUBSCRIPTIONS:
        if subscription.event is PersonsSeparated:
            subscription.act(again)
    assert doctor not in {one.practitioner for one in circle_of_trust(two.root, at=now())}
    declare_professional(actor=two.patient, person=two.root, practitioner=doctor, at=now())


def ended(link: int) -> datetime:
    with finding_in(Scope.INDEX):
        at = Link.objects.get(pk=link).ended_at
    assert at
    return at


def test_documents_of_who_had_no_record_get_one(two: Two) -> None:
    other = registered(given="Nobody's")
    with pytest.raises(NotFound):
        file(other)
    began, link = now(), linked(other, two.root)
    document, dose = file(other), vaccinate(other, opening=False)
    assert [(one.kind, one.id) for one in filed_between([other], began, now())] == [
        ("documents", document),
        ("vaccinations", dose),
    ]
    separated(link)
    me = with_account(other)
    assert sees(me, other) == {document}
    card = vaccinations_of(actor=me, person=other, at=now())
    assert card
    assert [act.id for act in card.acts] == [dose]
