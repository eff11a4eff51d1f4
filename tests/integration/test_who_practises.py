"""A right ends on the day on which its professional may not practise, and comes back: no worker need have run.

The rows stay as the change set left them that told of it ahead; only the day of who asks moves.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.utils.translation import override

from salus.access.actions import declare_professional, end_declaration
from salus.access.models import AccountPerson, AccountPractitioner
from salus.access.queries import actor_of, circle_of_trust, facts_about, patients_of
from salus.accounts.models import Account, AccountKind
from salus.directory.actions import change, register_practitioner, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind, Practitioner, PractitionerRole
from salus.directory.queries import at_work, current_roles, practising
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.rows import rows_of
from salus.mpi.actions import register_person
from salus.mpi.identities import rows_of_human
from salus.shared_record.actions import open_record
from salus.shared_record.queries import documents_of
from salus.vaccination.actions import may_vaccinate
from tests.software import ask, organization, registered

SYSTEM = Actor(role=Role.SYSTEM, system="test")
BEFORE = now() - timedelta(days=30)  # when everything was said
BEGINS, ENDS = (now() + timedelta(days=days) for days in (10, 20))
_numbers = count(1)


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def say(
    kind: Kind,
    said: dict[str, Any],
    *,
    entry: int | None = None,
    since: date | None = None,
    until: date | None = None,
) -> int:
    line = Line(
        number=1,
        kind=kind,
        entry=entry,
        system="urn:test",
        value=str(next(_numbers)),
        said=said,
        since=since,
        until=until,
    )
    source = source_named("test", at=BEFORE)
    (found,) = change(actor=SYSTEM, at=BEFORE, source=source, how=How.AUTHORITY, lines=[line])
    return found


def _account(kind: AccountKind) -> Account:
    return Account.objects.create(
        kind=kind, email=f"{next(_numbers)}@a.example", created_at=BEFORE, activated_at=BEFORE
    )


@pytest.fixture
def patient() -> Actor:
    person, _ = register_person(
        actor=SYSTEM,
        at=BEFORE,
        identifiers=[("urn:test", str(next(_numbers)))],
        family="Müller",
        given="Anna",
        birth_date=date(1980, 1, 1),
        gender="female",
    )
    open_record(actor=SYSTEM, person=person, at=BEFORE)
    account = _account(AccountKind.PATIENT)
    with rows_of([person]):
        AccountPerson.objects.create(account=account, person_id=person)
    actor = actor_of(account.pk, at=BEFORE)
    assert actor
    return actor


@pytest.fixture
def doctor(patient: Actor) -> Actor:
    """In the patient's circle."""
    practitioner, _ = register_practitioner(
        actor=SYSTEM,
        at=BEFORE,
        system="urn:test",
        value=str(next(_numbers)),
        family="Schmit",
        given="Paul",
        profession="62247001",
    )
    account = _account(AccountKind.PROFESSIONAL)
    AccountPractitioner.objects.create(account=account, practitioner_id=practitioner)
    declare_professional(
        actor=patient, person=patient.person or 0, practitioner=practitioner, at=BEFORE
    )
    actor = actor_of(account.pk, at=BEFORE)
    assert actor
    return actor


def suspended(doctor: Actor) -> None:
    said = {"status": "suspended"}
    days = {"since": BEGINS.date(), "until": ENDS.date()}
    say(Kind.PRACTITIONER, said, entry=doctor.practitioner, **days)


def without_licence(doctor: Actor) -> None:
    """The only one, suspended for the same time."""
    named = {"practitioner": doctor.practitioner, "profession": "62247001", "country": "LU"}
    licence = say(Kind.LICENCE, named)
    days = {"since": BEGINS.date(), "until": ENDS.date()}
    say(Kind.LICENCE, {"status": "suspended"}, entry=licence, **days)


def rights(patient: Actor, doctor: Actor, at: datetime) -> set[str]:
    """What the doctor may do then, by each way that asks."""
    person, found = patient.person or 0, set()
    if actor_of(doctor.account or 0, at=at):
        found.add("signs in")
    try:
        documents_of(actor=doctor, person=person, at=at)
        found.add("reads")
    except NotFound:
        pass
    if may_vaccinate(doctor, at=at):
        found.add("vaccinates")
    if circle_of_trust(person, at=at)[0].practises:
        found.add("is shown to practise")
    if practising(at.date()).filter(pk=doctor.practitioner or 0).exists():
        found.add("practises")
    return found


ALL = {"signs in", "reads", "vaccinates", "is shown to practise", "practises"}


@pytest.mark.parametrize("out", [suspended, without_licence])
def test_rights_end_on_the_day_and_come_back(patient: Actor, doctor: Actor, out: Any) -> None:
    out(doctor)
    day = timedelta(days=1)
    assert rights(patient, doctor, BEGINS - day) == ALL
    assert rights(patient, doctor, BEGINS) == set()
    assert rights(patient, doctor, ENDS - day) == set()
    assert rights(patient, doctor, ENDS) == ALL
    row = Practitioner.objects.get(pk=doctor.practitioner or 0)
    assert (row.status, row.deregistered_at) == ("active", None)  # nobody has turned the day


def test_who_does_not_practise_cannot_be_declared(patient: Actor, doctor: Actor) -> None:
    suspended(doctor)
    for at, refused in [(BEGINS, True), (ENDS, False)]:
        try:
            declare_professional(
                actor=patient,
                person=patient.person or 0,
                practitioner=doctor.practitioner or 0,
                at=at,
            )
            assert not refused
        except NotFound:
            assert refused


def test_the_patient_reads_why_a_declared_professional_cannot_get_in(
    patient: Actor, doctor: Actor
) -> None:
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(Account.objects.get(pk=patient.account or 0))
    reason = "Not practising at present"
    with override("en"):
        headers = {"accept-language": "en"}
        assert reason not in browser.get("/circle/", headers=headers).content.decode()
        say(
            Kind.PRACTITIONER,
            {"status": "suspended", "status_reason": "forged prescriptions"},
            entry=doctor.practitioner,
            since=now().date(),
        )
        for page in ("/circle/", "/"):
            shown = browser.get(page, headers=headers).content.decode()
            assert reason in shown
            assert "forged" not in shown


def test_a_session_ends_with_the_right_to_practise(doctor: Actor) -> None:
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(Account.objects.get(pk=doctor.account or 0))
    assert browser.get("/patients/").status_code == 200
    say(
        Kind.PRACTITIONER,
        {"status": "suspended"},
        entry=doctor.practitioner,
        since=now().date(),
    )
    assert browser.get("/patients/").status_code == 302


def test_a_role_that_ends_on_a_known_day_counts_until_then(patient: Actor, doctor: Actor) -> None:
    hospital = say(Kind.ORGANIZATION, {"name": "H", "type": "hospital"})
    role = {"practitioner": doctor.practitioner, "organization": hospital}
    say(Kind.ROLE, role, since=BEFORE.date(), until=BEGINS.date())
    held = PractitionerRole.objects.get(practitioner=doctor.practitioner)
    assert (held.until, held.ends_on) == (None, BEGINS.date())
    there = replace(doctor, organization=hospital)
    with rows_of_human(patient.person or 0) as human:
        for at, works in [(BEGINS - timedelta(days=1), True), (BEGINS, False)]:
            assert facts_about(actor=there, human=human, at=at).works_there is works


def test_a_patient_declares_the_human_being_whichever_register_tells_of_them(
    patient: Actor, doctor: Actor
) -> None:
    """The directory shows the root alone, and the account may be bound to its duplicate."""
    person = patient.person or 0
    root = say(Kind.PRACTITIONER, {"family": "S", "given": "P", "profession": "62247001"})
    end_declaration(actor=patient, person=person, practitioner=doctor.practitioner or 0, at=BEFORE)
    declare_professional(actor=patient, person=person, practitioner=root, at=BEFORE)
    for same in (True, False):
        said = {"same_as": root if same else None}
        say(Kind.PRACTITIONER, said, entry=doctor.practitioner)
        assert ("reads" in rights(patient, doctor, BEFORE)) is same
        assert [one.person for one in patients_of(actor=doctor, at=BEFORE)] == [person] * same
        assert actor_of(doctor.account or 0, at=BEFORE)


def test_a_role_to_come_gives_nothing_before_it_begins(patient: Actor, doctor: Actor) -> None:
    hospital = say(Kind.ORGANIZATION, {"name": "H", "type": "hospital"})
    role = {"practitioner": doctor.practitioner, "organization": hospital}
    say(Kind.ROLE, role, since=BEGINS.date())
    there = replace(doctor, organization=hospital)
    with rows_of_human(patient.person or 0) as human:
        for at, works in [(BEGINS - timedelta(days=1), False), (BEGINS, True)]:
            assert facts_about(actor=there, human=human, at=at).works_there is works
            assert at_work(hospital, at.date()).exists() is works


def test_a_role_whose_end_has_come_is_shown_nowhere_though_no_worker_ran(doctor: Actor) -> None:
    hospital = say(Kind.ORGANIZATION, {"name": "H", "type": "hospital"})
    named = {"practitioner": doctor.practitioner, "organization": hospital}
    today = now().date()
    ended, goes_on = (
        say(Kind.ROLE, named, since=today - timedelta(days=40), until=until)
        for until in (today, today + timedelta(days=1))
    )
    held = dict(PractitionerRole.objects.values_list("pk", "until"))
    assert held[ended] is held[goes_on] is None  # nobody has turned the day
    shown = {row.pk for row in current_roles(today).filter(organization=hospital)}
    assert shown == {goes_on}
    browser = Browser(SERVER_NAME="localhost")
    found = browser.get(f"/fhir/PractitionerRole?organization=Organization/{hospital}").json()
    assert [one["resource"]["id"] for one in found["entry"]] == [str(goes_on)]
    assert browser.get(f"/fhir/PractitionerRole/{ended}").status_code == 410


def test_software_names_a_professional_by_whichever_register_tells_of_them() -> None:
    """One register has the number, the other one the role; parted again, each has its own alone."""
    lab = organization("600001")
    client = registered(lab)
    human = {"family": "Schmit", "given": "Paul", "profession": "62247001"}
    root, other = (say(Kind.PRACTITIONER, human) for _ in range(2))
    say(Kind.ROLE, {"practitioner": other, "organization": lab}, since=BEFORE.date())
    number = Practitioner.objects.values_list("value", flat=True)

    def named(row: int) -> Any:
        return ask(client, national_provider_identifier=number.get(pk=row))

    def reads(token: str) -> int:
        browser = Browser(SERVER_NAME="localhost")
        headers = {"Authorization": f"Bearer {token}"}
        return browser.get("/fhir/Patient?family=X&birthdate=1980", headers=headers).status_code

    assert (named(root)["status"], named(other)["status"]) == (400, 200)
    say(Kind.PRACTITIONER, {"same_as": root}, entry=other)
    tokens = [named(row)["access_token"] for row in (root, other)]
    assert [reads(token) for token in tokens] == [200, 200]
    say(Kind.PRACTITIONER, {"same_as": None}, entry=other)
    assert [reads(token) for token in tokens] == [401, 200]


def test_software_names_nobody_whose_role_or_licence_ended_today() -> None:
    lab, number = organization("600001"), "900001"
    client = registered(lab)
    who, _ = register_practitioner(
        actor=SYSTEM,
        at=BEFORE,
        system="urn:test",
        value=number,
        family="Schmit",
        given="Paul",
        profession="62247001",
    )
    role = say(Kind.ROLE, {"practitioner": who, "organization": lab}, since=BEFORE.date())

    def named() -> Any:
        return ask(client, national_provider_identifier=number)

    def reads(token: str) -> int:
        browser = Browser(SERVER_NAME="localhost")
        headers = {"Authorization": f"Bearer {token}"}
        return browser.get("/fhir/Patient?family=X&birthdate=1980", headers=headers).status_code

    token = named()["access_token"]
    assert reads(token) == 200
    for kind, entry, said in [
        (Kind.ROLE, role, {"status": "ended"}),
        (Kind.PRACTITIONER, who, {"status": "suspended"}),
    ]:
        with transaction.atomic():
            say(kind, said, entry=entry, since=now().date())
            assert named()["status"] == 400
            assert reads(token) == 401
            transaction.set_rollback(True)
        assert reads(token) == 200
