"""Pages for an administrator of callers and for the agency: who sees and does what, and what the numbers are."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from salus.accounts.models import Account, AccountKind
from salus.audit.models import EventKind
from salus.directory.models import Organization
from salus.eligibility.callers import (
    end_administrator,
    end_caller,
    name_administrator,
    register_caller,
)
from salus.eligibility.models import Administrator, Caller, Finding, Right, Usage
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests import eligibility
from tests.integration.test_counter import Counter, counter, page, person
from tests.registers import staff
from tests.software import SYSTEM, organization

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def agency(database: object) -> Browser:
    return staff(AccountKind.AGENCY)


def email_of(desk: Counter) -> str:
    return str(Account.objects.get(pk=desk.account).email)


def administers(desk: Counter, where: int) -> int:
    return name_administrator(actor=SYSTEM, at=now(), organization=where, email=email_of(desk))


def callers_page(desk: Counter) -> str:
    return page(desk.browser.get("/eligibility/callers/")).text


def row_of_today(html: str) -> list[str]:
    first = re.search(r"<tbody><tr>(.*?)</tr>", html, re.DOTALL)
    assert first
    return re.findall(r"<td[^>]*>\s*([\d,]+)", first[1])


def test_an_administrator_sees_rights_quota_and_use_of_this_organisation_alone() -> None:
    desk, other = counter(rights={Right.AFFILIATION}, per_minute=77), counter()
    eligibility.register_heard(now())
    sent, number = str(uuid4()), person(insured=True)
    for _ in range(2):
        desk.asks(number=number, r=sent)
    Usage.objects.filter(caller=desk.caller).update(refused=3)
    assert "administrator of no organisation" in callers_page(desk)
    administers(desk, desk.organization)
    shown = page(desk.browser.get("/eligibility/callers/"))
    assert f"Labo {desk.code}" in shown.text and other.code not in shown.text
    assert "Whether somebody is insured today" in shown.text
    assert "Whether somebody may prescribe" not in shown.text
    assert "77 questions a minute" in shown.text
    assert row_of_today(shown.html) == ["2", "1", "1", "3"]  # asked, percent, retries, refused
    assert "administrator of no organisation" in callers_page(other)


def test_an_administrator_is_one_until_the_agency_ends_it() -> None:
    desk = counter()
    named = administers(desk, desk.organization)
    with pytest.raises(Conflict):
        administers(desk, desk.organization)
    end_administrator(actor=SYSTEM, at=now(), administrator=named)
    assert "administrator of no organisation" in callers_page(desk)
    with pytest.raises(NotFound):
        end_administrator(actor=SYSTEM, at=now(), administrator=named)


def test_the_database_keeps_one_administrator_in_force_and_no_end_before_the_start() -> None:
    desk = counter()
    administers(desk, desk.organization)
    again = {"organization_id": desk.organization, "account_id": desk.account, "since": now()}
    for wrong in ({}, {"until": now() - timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Administrator.objects.create(**(again | wrong))


def test_only_the_agency_registers_and_names() -> None:
    crew = eligibility.caller("rescue")
    for act in (
        lambda: name_administrator(actor=crew, at=now(), organization=1, email="a@b.example"),
        lambda: end_administrator(actor=crew, at=now(), administrator=1),
    ):
        with pytest.raises(Forbidden):
            act()
    for path in ("/eligibility/desk/", "/eligibility/desk/1/"):
        assert counter().browser.get(path).status_code == 404


def test_a_patient_or_nobody_is_no_administrator() -> None:
    where = organization(str(uuid4()), "pharmacy")
    Account.objects.create(
        kind=AccountKind.PATIENT, email="patient@home.example", created_at=now(), activated_at=now()
    )
    for email in ("patient@home.example", "nobody@home.example"):
        with pytest.raises(NotFound):
            name_administrator(actor=SYSTEM, at=now(), organization=where, email=email)


def test_nothing_is_registered_for_an_organisation_that_is_none() -> None:
    said: dict[str, Any] = {"actor": SYSTEM, "at": now(), "client": None, "rights": [Right.BATCH]}
    with pytest.raises(NotFound):
        register_caller(organization=2**40, per_minute=1, per_day=1, **said)
    with pytest.raises(InvalidInput):
        register_caller(organization=1, per_minute=2, per_day=1, **said)


def test_the_agency_registers_a_counter_and_its_administrator_and_ends_both(
    agency: Browser,
) -> None:
    desk = counter()
    path = f"/eligibility/desk/{desk.organization}/"
    found = agency.post("/eligibility/desk/", {"organization": f"Labo {desk.code}"})
    assert found.headers["Location"] == path
    sent = {"act": "register", "software": "counter", "per_minute": 5, "per_day": 50}
    agency.post(path, sent | {"rights": ["affiliation", "historic"]})
    caller = Caller.objects.get(organization=desk.organization, ended_at=None)
    assert (caller.client_id, caller.per_minute, caller.per_day) == (None, 5, 50)
    assert set(caller.rights) == {"affiliation", "historic"} and caller.pk != desk.caller
    agency.post(path, {"act": "name", "email": email_of(desk)})
    assert f"Labo {desk.code}" in callers_page(desk)
    again = page(agency.post(path, {"act": "name", "email": email_of(desk)}))
    assert "administrator already" in again.text
    named = Administrator.objects.get(account=desk.account, until=None)
    assert agency.post(path, {"act": "end-caller", "row": "x"}).status_code == 404
    agency.post(path, {"act": "end-administrator", "row": named.pk})
    agency.post(path, {"act": "end-caller", "row": caller.pk})
    assert "administrator of no organisation" in callers_page(desk)
    assert not Caller.objects.filter(organization=desk.organization, ended_at=None).exists()


def test_the_desk_offers_the_organisations_software_that_may_ask(agency: Browser) -> None:
    lab = eligibility.caller("laboratory")
    path = f"/eligibility/desk/{lab.organization}/"
    form = {"act": "register", "rights": ["affiliation"], "per_minute": 5, "per_day": 50}
    assert f'value="{lab.client}"' in page(agency.get(path)).html
    agency.post(path, form | {"software": lab.client})
    caller = Caller.objects.get(organization=lab.organization, ended_at=None)
    assert (caller.client_id, caller.rights) == (lab.client, ["affiliation"])
    other = eligibility.caller("laboratory")
    refused = page(agency.post(path, form | {"software": other.client}))
    assert "Select a valid choice" in refused.text
    wrong = page(agency.post(path, form | {"software": "counter", "per_minute": 60}))
    assert "No more a minute than a day." in wrong.text


def test_what_looks_unusual_is_shown_to_both_and_closed_by_the_agency(agency: Browser) -> None:
    desk, other = counter(), counter()
    administers(desk, desk.organization)
    finding = Finding.objects.create(
        caller_id=desk.caller, rule=Finding.Rule.NEGATIVE, day=now().date(), times=60
    )
    path = f"/eligibility/desk/{desk.organization}/"
    assert "Asked mostly about people who are not insured" in callers_page(desk)
    assert "The agency looks at it" in callers_page(desk)
    assert "1 to look at" in page(agency.get("/eligibility/desk/")).text
    assert agency.post(path, {"act": "review", "row": finding.pk}).status_code == 400
    said = {"act": "review", "row": finding.pk, "outcome": "a broken scanner"}
    assert other.browser.post(path, said).status_code == 404
    agency.post(path, said)
    assert "What came out: a broken scanner" in callers_page(desk)
    assert "to look at" not in page(agency.get("/eligibility/desk/")).text


def test_callers_and_administrators_are_the_agencys_to_make_and_end_and_each_act_is_an_event() -> (
    None
):
    desk, other = counter(), eligibility.caller()
    signed_in = Actor(role=Role.PROFESSIONAL, account=desk.account, practitioner=desk.practitioner)
    where: dict[str, Any] = {"organization": desk.organization}
    said = where | {"at": now(), "per_minute": 1, "per_day": 1, "rights": [Right.BATCH]}
    for actor in (signed_in, other):
        with pytest.raises(Forbidden):
            register_caller(actor=actor, client=None, **said)
        with pytest.raises(Forbidden):
            end_caller(actor=actor, at=now(), caller=desk.caller)
    with pytest.raises(NotFound, match="software"):
        register_caller(actor=SYSTEM, client=other.client, **said)
    with pytest.raises(InvalidInput):
        register_caller(actor=SYSTEM, client=None, **(said | {"per_minute": 0}))

    def event() -> int:
        return eligibility.last_event(EventKind.CLIENT_CHANGED).id

    events = [event()]
    caller = register_caller(actor=SYSTEM, client=None, **said)
    events.append(event())
    end_caller(actor=SYSTEM, at=now(), caller=caller)
    events.append(event())
    with pytest.raises(NotFound):
        end_caller(actor=SYSTEM, at=now(), caller=caller)
    email = email_of(desk).upper()
    named = name_administrator(actor=SYSTEM, at=now(), email=email, **where)
    events.append(event())
    end_administrator(actor=SYSTEM, at=now(), administrator=named)
    events.append(event())
    assert events == sorted(set(events)) and len(events) == 5
    Account.objects.filter(pk=desk.account).update(deleted_at=now())
    with pytest.raises(NotFound):
        name_administrator(actor=SYSTEM, at=now(), email=email, **where)


def test_an_organisation_that_closed_has_no_new_caller_no_administrator_and_no_desk(
    agency: Browser,
) -> None:
    desk = counter()
    Organization.objects.filter(pk=desk.organization).update(deregistered_at=now())
    said: dict[str, Any] = {"actor": SYSTEM, "at": now(), "organization": desk.organization}
    with pytest.raises(NotFound):
        register_caller(client=None, rights=[], per_minute=1, per_day=1, **said)
    with pytest.raises(NotFound):
        name_administrator(email=email_of(desk), **said)
    assert agency.get(f"/eligibility/desk/{desk.organization}/").status_code == 404
    assert desk.browser.get(f"/eligibility/counter/{desk.organization}/").status_code == 404


def test_each_caller_of_an_organisation_has_its_own_days_since_it_may_ask_and_its_own_findings() -> (
    None
):
    desk, software, today = counter(), eligibility.caller(), now().date()
    administers(desk, desk.organization)
    asks = Caller.objects.filter(client=software.client)
    asks.update(organization=desk.organization, since=now() - timedelta(days=3))
    caller = asks.get()
    used = {"day": today, "minute": now(), "asked_in_minute": 0}
    Usage.objects.create(caller_id=desk.caller, asked=1, **used)
    Usage.objects.create(caller=caller, asked=2 * caller.per_day, **used)
    for back, rule in ((29, Finding.Rule.NEGATIVE), (31, Finding.Rule.VOLUME)):
        Finding.objects.create(
            caller=caller,
            rule=rule,
            day=today - timedelta(days=back),
            times=1,
            reviewed_at=now(),
            outcome=f"{back} days ago",
        )
    shown = page(desk.browser.get("/eligibility/callers/"))
    tables = re.findall(r"<tbody>(.*?)</tbody>", shown.html, re.DOTALL)
    assert [table.count("<tr>") for table in tables] == [1, 4]
    percents = [re.findall(r"use__cell\">(\d+) %", table)[0] for table in tables]
    assert percents == ["1", "100"]
    assert shown.text.count("29 days ago") == 1 and "31 days ago" not in shown.text
