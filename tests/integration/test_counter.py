"""The counter's page: who may stand there, what the answer shows, what a retry and an error do."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils.formats import date_format

from salus.access.models import AccountPerson, AccountPractitioner
from salus.accounts.models import Account, AccountKind
from salus.audit.models import EventKind
from salus.country.lu import PROVIDER_SYSTEM, matricule
from salus.directory.actions import change, register_practitioner, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind, PractitionerRole
from salus.eligibility.callers import end_caller, register_caller
from salus.eligibility.models import Delivery, LookUp, Right, Usage
from salus.eligibility.queries import see_affiliations
from salus.eligibility.rules import Reason, Status
from salus.eligibility.words import ANSWERS, ICONS, REASONS, RIGHTS, TONES
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.rows import rows_of
from salus.portal.access_log import access_log
from tests import eligibility
from tests.links import registered
from tests.software import SYSTEM, organization, professional

pytestmark = pytest.mark.usefixtures("database")
BORN = date(1980, 1, 1)
EVERY = frozenset(Right)
_serials = count(300)


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


def person(*, insured: bool, **said: Any) -> str:
    """Somebody's national number."""
    serial = next(_serials)
    row = registered(serial=serial, **said)
    if insured:
        eligibility.affiliate(row, date(2000, 1, 1))
    return matricule(BORN, serial)


@dataclass(frozen=True, kw_only=True)
class Page:
    status: int
    text: str  # without markup
    html: str
    again: int  # seconds after which to come again; 0: nothing was said


@dataclass(frozen=True, kw_only=True)
class Counter:
    """A professional who works at an organisation with a registered counter, signed in."""

    organization: int
    practitioner: int
    caller: int
    code: str  # of the professional
    browser: Browser
    account: int

    def asks(self, under: str = "", **sent: str) -> Page:
        path = f"/eligibility/counter/{self.organization}/{under}"
        answer = self.browser.post(path, {"r": str(uuid4())} | sent)
        return page(answer)

    @property
    def counted(self) -> int:
        """Checks by pharmacies, as the report counts them."""
        return eligibility.counted(
            Actor(
                role=Role.PROFESSIONAL,
                account=1,
                practitioner=1,
                organization_type="pharmacy",
                purpose=PurposeOfUse.COVERAGE,
            )
        )


def counter(
    *, type: str = "pharmacy", rights: Collection[Right] = EVERY, per_minute: int = 100
) -> Counter:
    code = str(uuid4())
    where = organization(code, type)
    who = professional(code, where)
    account = Account.objects.create(
        kind=AccountKind.PROFESSIONAL,
        email=f"{code}@praxis.example",
        created_at=now(),
        activated_at=now(),
    )
    AccountPractitioner.objects.create(account=account, practitioner_id=who)
    browser = Browser(SERVER_NAME="localhost", headers={"accept-language": "en"})
    browser.force_login(account)
    return Counter(
        organization=where,
        practitioner=who,
        caller=registered_at(where, rights=rights, per_minute=per_minute),
        code=code,
        browser=browser,
        account=account.pk,
    )


def registered_at(where: int, *, rights: Collection[Right] = EVERY, per_minute: int = 100) -> int:
    return register_caller(
        actor=SYSTEM,
        at=now(),
        organization=where,
        client=None,
        rights=rights,
        per_minute=per_minute,
        per_day=1_000,
    )


def page(answer: Any) -> Page:
    html = answer.content.decode()
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html)
    return Page(
        status=answer.status_code,
        text=" ".join(text.split()),
        html=html,
        again=int(answer.headers.get("Retry-After", 0)),
    )


def answered(page: Page) -> str:
    """The large word."""
    found = re.search(r'id="answer-word">.*?</svg>([^<]+)</h2>', page.html)
    return found[1] if found else ""


def test_the_answer_is_a_word_with_its_day_and_the_registers_age() -> None:
    desk, number = counter(), person(insured=True)
    yes, no = desk.asks(number=number), desk.asks(number=person(insured=False))
    assert (answered(yes), answered(no)) == ("Insured", "Not insured")
    assert "answer--yes" in yes.html and "#tick" in yes.html and "answer--no" in no.html
    assert "The register was heard" in yes.text and f"ending in {number[-4:]}" in yes.text


def test_the_number_is_not_shown_again_and_nobody_is_named() -> None:
    desk, number = counter(), person(insured=True, family="Unforgettable")
    html = desk.asks(number=number).html
    assert number not in html and number[:8] not in html and "Unforgettable" not in html
    assert 'name="number"' in html and "autofocus" in html


def test_a_number_that_nobody_has_is_answered_as_one_without_insurance() -> None:
    desk = counter()
    unknown = desk.asks(number=matricule(BORN, 999))
    known = desk.asks(number=person(insured=False))
    assert answered(unknown) == answered(known) == "Not insured"


def test_a_scanner_types_the_number_in_its_own_way() -> None:
    desk, number = counter(), person(insured=True)
    for typed in (f" {number[:4]} {number[4:8]} {number[8:]}\r", f"]C191{number}", f"]A0{number}"):
        assert answered(desk.asks(number=typed)) == "Insured", typed


def test_which_digit_does_not_fit_is_not_said_and_nothing_is_counted() -> None:
    desk, number = counter(), person(insured=True)
    before = desk.counted
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    page = desk.asks(number=wrong)
    assert "This is not a national identification number" in page.text
    assert "digit" not in page.text.replace("13 digits", "") and answered(page) == ""
    assert desk.counted == before


def test_a_double_click_counts_once_and_the_next_scan_counts() -> None:
    desk, number, other = counter(), person(insured=True), person(insured=False)
    before, sent = desk.counted, str(uuid4())
    first, again = desk.asks(number=number, r=sent), desk.asks(number=number, r=sent)
    assert answered(first) == answered(again) == "Insured"
    assert desk.counted == before + 1
    # Back, and another number in the same form.
    assert answered(desk.asks(number=other, r=sent)) == "Not insured"
    desk.asks(number=number)
    assert desk.counted == before + 3
    assert Usage.objects.get(caller=desk.caller).repeated == 1


def test_each_answer_brings_a_form_of_its_own() -> None:
    desk, number = counter(), person(insured=True)
    ids = [re.findall(r'name="r" value="([^"]+)"', desk.asks(number=number).html) for _ in "ab"]
    assert ids[0] != ids[1]


def test_only_who_works_there_today_stands_at_the_counter() -> None:
    desk, stranger, number = counter(), counter(), person(insured=True)
    path = f"/eligibility/counter/{desk.organization}/"
    assert stranger.browser.get(path).status_code == 404
    assert stranger.browser.post(path, {"number": number}).status_code == 404
    assert Browser(SERVER_NAME="localhost").get(path).status_code == 302
    PractitionerRole.objects.filter(practitioner=desk.practitioner).update(ends_on=now().date())
    assert desk.asks(number=number).status == 404
    assert (
        "No counter of yours is registered" in page(desk.browser.get("/eligibility/counter/")).text
    )


def test_a_counter_that_is_not_registered_any_more_is_none() -> None:
    desk = counter()
    end_caller(actor=SYSTEM, at=now(), caller=desk.caller)
    assert desk.asks(number=person(insured=True)).status == 404


def test_who_works_at_one_counter_stands_there_at_once_and_at_several_chooses() -> None:
    desk = counter()
    assert (
        desk.browser.get("/eligibility/counter/")
        .headers["Location"]
        .endswith(f"/{desk.organization}/")
    )
    other = counter()
    PractitionerRole.objects.filter(practitioner=other.practitioner).update(
        practitioner=desk.practitioner
    )
    choice = page(desk.browser.get("/eligibility/counter/"))
    assert choice.status == 200
    for where in (desk.organization, other.organization):
        assert f"/eligibility/counter/{where}/" in choice.html
    assert "Another counter" in desk.asks(number="1").text
    assert "Another counter" not in counter().asks(number="1").text


def test_another_day_is_asked_by_right_alone() -> None:
    number, day = person(insured=True), now().date() - timedelta(days=40)
    may, may_not = counter(), counter(rights={Right.AFFILIATION})
    historic = may.asks(number=number, day=day.isoformat())
    assert answered(historic) == "Insured" and "Today" not in historic.text
    today = may_not.asks(number=number, day=day.isoformat())
    assert "Today" in today.text and 'name="day"' not in today.html
    assert "/prescribing/" in historic.html and "/prescribing/" not in today.html
    tomorrow = (now().date() + timedelta(days=1)).isoformat()
    assert "must be today or before" in may.asks(number=number, day=tomorrow).text
    for under in ("prescribing/", "look-up/"):
        assert may_not.asks(under, number=number).status == 404


def test_a_used_up_quota_says_when_again() -> None:
    desk, number = counter(per_minute=1), person(insured=True)
    told = [desk.asks(number=number) for _ in range(3)]  # a minute may turn in between
    late = next(page for page in told if page.status == 429)
    assert answered(late) == "Too many questions"
    assert re.search(r"again from \d\d:\d\d|again from midnight", late.text)
    assert 0 < late.again <= 60


def test_a_silent_register_is_told_as_such() -> None:
    desk, number = counter(), person(insured=True)
    Delivery.objects.update(as_of=now() - timedelta(days=3))
    late = desk.asks(number=number)
    assert answered(late) == "Insured" and "The register has been silent for 3" in late.text
    Delivery.objects.update(as_of=now() - timedelta(days=60))
    silent = desk.asks(number=number)
    assert answered(silent) == "Cannot tell now" and "Ask again later" in silent.text


def test_who_may_prescribe_what_is_answered_in_words() -> None:
    desk = counter()
    licensed = desk.asks("prescribing/", code=desk.code, product="n02ba51")
    assert answered(licensed) == "May prescribe" and "N02BA51" in licensed.text
    assert f"ending in {desk.code[-4:]}" in licensed.text
    nobody = desk.asks("prescribing/", code="nobody")
    assert answered(nobody) == "May not prescribe"
    assert "knows nobody with this code" in nobody.text
    assert "An ATC code looks like" in desk.asks("prescribing/", code="1", product="aspirin").text


def test_a_crew_looks_somebody_up_without_a_card() -> None:
    crew, family = counter(type="rescue"), f"Schmitz{uuid4().hex}"
    person(insured=True, family=family, given="Zoé")
    sent = {
        "family": family,
        "given": "Zoé",
        "birth_date": BORN.isoformat(),
        "mission": "M-1",
    }
    found = crew.asks("look-up/", **sent)
    assert answered(found) == "Insured" and family not in found.html
    assert LookUp.objects.filter(caller=crew.caller).count() == 1
    assert answered(crew.asks("look-up/", **sent | {"given": "Nobody"})) == "Not insured"


def test_the_persons_own_log_names_the_counter_and_tells_a_retry_as_such() -> None:
    desk, serial, sent = counter(), next(_serials), str(uuid4())
    row = registered(serial=serial)
    for _ in range(2):
        desk.asks(number=matricule(BORN, serial), r=sent)
    patient = Actor(role=Role.PATIENT, account=2**40, person=row)
    log = access_log(actor=patient, person=row, at=now())
    (line,) = [line for line in log if line.kind is EventKind.ELIGIBILITY_CHECK]
    assert (line.times, line.retries) == (1, 1)
    assert (line.organization, line.role) == (f"Labo {desk.code}", "Pharmacy")
    assert see_affiliations(actor=patient, person=row, at=now(), see=list) == []
    before = desk.counted
    eligibility.affiliate(row, date(2020, 1, 1), date(2021, 1, 1))
    (period,) = see_affiliations(actor=patient, person=row, at=now(), see=list)
    assert (period.since, period.until) == (date(2020, 1, 1), date(2021, 1, 1))
    assert desk.counted == before
    with pytest.raises(NotFound):
        see_affiliations(
            actor=Actor(role=Role.PATIENT, account=2**40, person=registered()),
            person=row,
            at=now(),
            see=list,
        )


def test_whatever_is_answered_has_its_words() -> None:
    assert set(REASONS) == set(Reason) and set(RIGHTS) == set(Right)
    assert set(ANSWERS) == set(ICONS) == set(TONES) == set(Status)


def test_a_prescriber_with_limits_has_them_named() -> None:
    desk, code = counter(), str(uuid4())
    register_practitioner(
        actor=SYSTEM,
        at=now(),
        system=PROVIDER_SYSTEM,
        value=code,
        family="Weber",
        given="Eva",
        profession="309453006",  # midwife
    )
    said = desk.asks("prescribing/", code=code)
    assert answered(said) == "May prescribe"
    assert "only what begins with" in said.text and "N02B" in said.text
    assert answered(desk.asks("prescribing/", code=code, product="N02A")) == "May not prescribe"


def test_until_when_somebody_is_suspended_is_said_where_it_is_known() -> None:
    desk, today = counter(), now().date()
    for days, told in ((9, True), (None, False)):
        code = str(uuid4())
        professional(code, desk.organization)
        line = Line(
            number=1,
            kind=Kind.PRACTITIONER,
            system=PROVIDER_SYSTEM,
            value=code,
            said={"status": "suspended"},
            since=today,
            until=today + timedelta(days) if days else None,
        )
        source = source_named("college", at=now())
        change(actor=SYSTEM, at=now(), source=source, how=How.FILE, lines=[line])
        said = desk.asks("prescribing/", code=code)
        assert answered(said) == "May not prescribe" and "Suspended on this day" in said.text
        assert ("The first day after the suspension" in said.text) == told
        if days:
            assert f"knows: {date_format(today + timedelta(days))}." in said.text


def test_patients_see_their_own_periods_and_whether_they_are_insured_today() -> None:
    serial, today = next(_serials), now().date()
    row = registered(serial=serial)
    account = Account.objects.create(
        kind=AccountKind.PATIENT,
        email=f"{uuid4()}@home.example",
        created_at=now(),
        activated_at=now(),
    )
    with rows_of([row]):
        AccountPerson.objects.create(account=account, person_id=row)
    browser = Browser(SERVER_NAME="localhost", headers={"accept-language": "en"})
    browser.force_login(account)

    def mine() -> str:
        return page(browser.get("/eligibility/mine/")).text

    eligibility.affiliate(row, date(2020, 1, 1), today)
    assert "Not insured" in mine() and "Today" not in mine() and "last heard on" in mine()
    eligibility.affiliate(row, today)
    assert "Not insured" not in mine() and mine().count("Today") == 1
