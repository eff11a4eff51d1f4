"""What looks like misuse of insurance checks is found, told to the agency, and closed by it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4, uuid5

import pytest

from salus.accounts.models import Account, AccountKind
from salus.audit.models import EventKind
from salus.country.lu import PROVIDER_SYSTEM
from salus.directory.actions import change, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.eligibility import misuse
from salus.eligibility.actions import check
from salus.eligibility.callers import register_caller
from salus.eligibility.models import Caller, Finding, LookUp, Right, Usage
from salus.eligibility.permissions import at_counter
from salus.eligibility.questions import LookUpQuestion
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.actions import Address
from salus.mpi.models import Residence
from tests import eligibility
from tests.eligibility import about
from tests.links import linked, registered
from tests.software import SYSTEM, organization, professional

pytestmark = pytest.mark.usefixtures("database")
AGENCY = Actor(role=Role.AGENCY, account=1)
Rule = Finding.Rule


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


def findings(caller: int) -> dict[str, int]:
    return dict(Finding.objects.filter(caller=caller).values_list("rule", "times"))


def caller_number(actor: Actor) -> int:
    return Caller.objects.get(client=actor.client).pk


BORN: dict[str, Any] = {"birth_date": "1977-07-07"}


def say(value: str, said: Mapping[str, Any]) -> None:
    """Of a professional, as a register does."""
    line = Line(number=1, kind=Kind.PRACTITIONER, system=PROVIDER_SYSTEM, value=value, said=said)
    change(
        actor=SYSTEM, at=now(), source=source_named("test", at=now()), how=How.FEED, lines=[line]
    )


class Counter:
    """A pharmacy's counter with a pharmacist, who is somebody in the index too.

    ``told``: what the register says of the pharmacist beside the family name; ``elsewhere``: another register.
    """

    def __init__(
        self, told: dict[str, Any] = BORN, elsewhere: dict[str, Any] | None = None
    ) -> None:
        name, born = f"M{uuid4().hex}", date(1977, 7, 7)
        where = organization(name, "pharmacy")
        practitioner = professional(name, where)
        say(name, {"family": name, "given": "Anne"} | told)
        if elsewhere is not None:
            say(
                f"{name}-elsewhere",
                {"family": name, "profession": "62247001", "same_as": f"{PROVIDER_SYSTEM}|{name}"}
                | elsewhere,
            )
        home = Address(line=name, postal_code="1234", municipality="Lëtzebuerg", country="LU")
        self.person = registered(family=name, given="Anne", birth_date=born, address=home)
        self.partner = registered(address=home)
        self.caller = register_caller(
            actor=SYSTEM,
            at=now(),
            organization=where,
            client=None,
            rights=[Right.AFFILIATION],
            per_minute=60,
            per_day=600,
        )
        signed_in = Actor(role=Role.PROFESSIONAL, account=1, practitioner=practitioner)
        self.actor = at_counter(signed_in, where, at=now())

    def ask(self, person: int) -> None:
        check(actor=self.actor, question=about(person), at=now())


def test_whoever_asks_about_themselves_or_their_household_is_found() -> None:
    counter = Counter()
    counter.ask(registered(address=None))
    assert findings(counter.caller) == {}
    counter.ask(counter.person)
    other = registered()
    linked(other, counter.person)
    counter.ask(other)  # another row of theirs
    counter.ask(counter.partner)
    assert findings(counter.caller) == {Rule.SELF: 2, Rule.FAMILY: 1}


def test_a_birth_date_that_another_register_told_finds_them_too() -> None:
    counter = Counter(told={}, elsewhere={"given": "Anna-Maria"} | BORN)
    counter.ask(counter.person)
    counter.ask(counter.partner)
    assert findings(counter.caller) == {Rule.SELF: 1, Rule.FAMILY: 1}


def test_of_whom_no_register_told_the_birth_date_nobody_is_found_and_one_name_is_a_name() -> None:
    unknown, one_name = Counter(told={}), Counter(told={"given": None} | BORN)
    for counter in (unknown, one_name):
        counter.ask(counter.person)
    assert findings(unknown.caller) == {}  # whoever has the name may be somebody else
    assert findings(one_name.caller) == {Rule.SELF: 1}


def test_a_check_of_a_watched_person_is_found_until_the_watch_ends() -> None:
    person, pharmacy = registered(), eligibility.caller()
    misuse.watch(actor=AGENCY, person=person, at=now())
    at = now()
    check(actor=pharmacy, question=about(person), at=at)
    misuse.end_watch(actor=AGENCY, person=person, at=now())
    check(actor=pharmacy, question=about(person), at=now())
    found = Finding.objects.get(caller=caller_number(pharmacy))
    assert (found.rule, found.times, found.asked_at) == (Rule.WATCHED, 1, [at])


def used(caller: int, day: date, asked: int, **more: int) -> None:
    Usage.objects.create(
        caller_id=caller, day=day, asked=asked, minute=now(), asked_in_minute=1, **more
    )


def test_a_day_of_far_more_than_the_callers_own_is_found() -> None:
    today = now().date()
    steady, grown, young = (caller_number(eligibility.caller()) for _ in range(3))
    for back in range(1, 10):
        used(steady, today - timedelta(days=back), 100)
        used(grown, today - timedelta(days=back), 100)
    used(steady, today, 499)
    used(grown, today, 500)
    used(young, today, 5_000)
    misuse.look_back(day=today, at=now())
    assert findings(grown) == {Rule.VOLUME: 500}
    assert findings(steady) == findings(young) == {}


def test_whoever_is_registered_anew_is_measured_by_the_days_before() -> None:
    today, actor = now().date(), eligibility.caller()
    before = caller_number(actor)
    for back in range(1, 10):
        used(before, today - timedelta(days=back), 100)
    anew = eligibility.registered_anew(actor)
    used(anew, today, 500)
    misuse.look_back(day=today, at=now())
    assert findings(anew) == {Rule.VOLUME: 500}


def test_numbers_tried_out_and_quotas_overrun_are_found_once_a_day_with_their_last_number() -> None:
    today = now().date()
    guesser, honest = (caller_number(eligibility.caller()) for _ in range(2))
    used(guesser, today, 100, negative=60, refused=100)
    used(honest, today, 1_000, negative=60, refused=99)
    misuse.look_back(day=today, at=now())
    Usage.objects.filter(caller=guesser).update(negative=80)
    misuse.look_back(day=today, at=now())
    assert findings(guesser) == {Rule.NEGATIVE: 80, Rule.REFUSED: 100}
    assert findings(honest) == {}


def test_not_affiliated_is_tallied_and_its_retry_is_not() -> None:
    pharmacy, person, request = eligibility.caller(), registered(), uuid4()
    for _ in range(2):
        check(actor=pharmacy, question=about(person), at=now(), request_id=request)
    usage = Usage.objects.get(caller=caller_number(pharmacy))
    assert (usage.asked, usage.negative, usage.repeated) == (2, 1, 1)


def test_a_look_up_that_nobody_checked_is_found_after_two_days() -> None:
    name = f"O{uuid4().hex}"
    crew, born = eligibility.caller("rescue"), date(1980, 1, 1)
    registered(family=name, given="Jo", birth_date=born)
    question = LookUpQuestion(family=name, given="Jo", birth_date=born, mission="7")
    check(actor=crew, question=question, at=now())
    day, caller = now().date(), caller_number(crew)
    misuse.look_back(day=day, at=now() + timedelta(hours=47))
    assert findings(caller) == {}
    misuse.look_back(day=day, at=now() + timedelta(hours=49))
    assert findings(caller) == {Rule.OWED: 1}
    assert LookUp.objects.filter(caller=caller, checked_at=None).count() == 1


def test_the_agency_closes_a_finding_once_and_says_why() -> None:
    person, pharmacy = registered(), eligibility.caller()
    misuse.watch(actor=AGENCY, person=person, at=now())
    check(actor=pharmacy, question=about(person), at=now())
    finding = Finding.objects.get(caller=caller_number(pharmacy)).pk
    account = Account.objects.create(kind=AccountKind.PROFESSIONAL, created_at=now())
    agency = replace(AGENCY, account=account.pk)

    def review(actor: Actor, outcome: str) -> None:
        misuse.review(actor=actor, finding=finding, outcome=outcome, at=now())

    with pytest.raises(Forbidden):
        review(replace(agency, role=Role.STEWARD), "fine")
    with pytest.raises(InvalidInput):
        review(agency, " ")
    review(agency, "a customer of theirs")
    with pytest.raises(Conflict):
        review(agency, "again")


def test_software_that_names_its_professional_is_looked_at_as_a_counter_is() -> None:
    counter, crew = Counter(), eligibility.caller()
    named = replace(crew, role=Role.PROFESSIONAL, practitioner=counter.actor.practitioner)
    check(actor=named, question=about(counter.person), at=now())
    assert findings(caller_number(crew)) == {Rule.SELF: 1}


def test_a_retry_is_no_second_sign_and_a_look_up_is_one() -> None:
    name, request, crew = f"W{uuid4().hex}", uuid4(), eligibility.caller("rescue")
    person = registered(family=name, given="Jo", birth_date=date(1980, 1, 1))
    misuse.watch(actor=AGENCY, person=person, at=now())
    question = LookUpQuestion(
        family=name, given="Jo", birth_date=date(1980, 1, 1), mission="Mission 7"
    )
    for asked in (question, about(person)):
        for _ in range(2):
            check(actor=crew, question=asked, at=now(), request_id=uuid5(request, str(asked)))
    assert findings(caller_number(crew)) == {Rule.WATCHED: 2}
    assert LookUp.objects.get(caller__client=crew.client).mission == "Mission 7"


def test_who_lives_elsewhere_or_did_live_there_is_no_household() -> None:
    counter = Counter()
    home = {"postal_code": "1234", "municipality": "Lëtzebuerg", "country": "LU"}
    counter.ask(registered(address=Address(line="next door", **home)))
    with rows_of([counter.partner]):
        Residence.objects.filter(person=counter.partner).update(until=now().date() + timedelta(1))
    counter.ask(counter.partner)
    without_street = Address(**home)
    other, line = Counter(), {"line": ""}
    with rows_of([other.person]):
        Residence.objects.filter(person=other.person).update(**line)
    other.ask(registered(address=without_street))
    assert findings(counter.caller) == findings(other.caller) == {}


def test_of_the_times_the_first_fifty_are_kept() -> None:
    person, pharmacy = registered(), eligibility.caller()
    misuse.watch(actor=AGENCY, person=person, at=now())
    for _ in range(2):
        check(actor=pharmacy, question=about(person), at=now())
    found = Finding.objects.filter(caller=caller_number(pharmacy))
    first, second = found.get().asked_at
    assert first < second
    found.update(asked_at=[first] * 50)
    check(actor=pharmacy, question=about(person), at=now())
    assert (found.get().times, found.get().asked_at) == (3, [first] * 50)


def test_the_agency_alone_watches_a_human_being_once_until_it_ends_it() -> None:
    person, other, pharmacy = registered(), registered(), eligibility.caller()
    linked(person, other)
    for act in (misuse.watch, misuse.end_watch):
        with pytest.raises(Forbidden):
            act(actor=pharmacy, person=person, at=now())
    with pytest.raises(NotFound):
        misuse.end_watch(actor=AGENCY, person=person, at=now())
    for row in (person, other):
        misuse.watch(actor=AGENCY, person=row, at=now())
    began = eligibility.last_event(EventKind.PERSON_CHANGED)
    assert {began.person_id} <= {person, other} and began.account_id == AGENCY.account
    check(actor=pharmacy, question=about(person), at=now())
    assert findings(caller_number(pharmacy)) == {Rule.WATCHED: 1}
    misuse.end_watch(actor=AGENCY, person=other, at=now())
    assert eligibility.last_event(EventKind.PERSON_CHANGED).id > began.id
    with pytest.raises(NotFound):
        misuse.end_watch(actor=AGENCY, person=person, at=now())


def test_a_caller_is_measured_by_a_week_of_the_last_28_days_and_by_more_than_a_few() -> None:
    today = now().date()
    week, six_days, long_ago, small, few = (caller_number(eligibility.caller()) for _ in range(5))
    for back in range(1, 8):
        used(week, today - timedelta(days=back), 20)
        used(long_ago, today - timedelta(days=22 + back), 20)  # one of them before the 28
        used(small, today - timedelta(days=back), 1)
        if back < 7:
            used(six_days, today - timedelta(days=back), 20)
    for caller in (week, six_days, long_ago):
        used(caller, today, 100)
    used(small, today, 99)
    used(few, today, 49, negative=49)
    misuse.look_back(day=today, at=now())
    assert findings(week) == {Rule.VOLUME: 100}
    assert [findings(caller) for caller in (six_days, long_ago, small, few)] == [{}] * 4


def test_what_was_looked_at_keeps_its_number_and_what_was_checked_is_owed_no_more() -> None:
    account = Account.objects.create(kind=AccountKind.PROFESSIONAL, created_at=now())
    today, name = now().date(), f"O{uuid4().hex}"
    guesser = caller_number(eligibility.caller())
    used(guesser, today, 100, negative=60)
    misuse.look_back(day=today, at=now())
    finding = Finding.objects.get(caller=guesser)
    misuse.review(
        actor=replace(AGENCY, account=account.pk), finding=finding.pk, outcome="asked", at=now()
    )
    Usage.objects.filter(caller=guesser).update(negative=80)
    misuse.look_back(day=today, at=now())
    finding.refresh_from_db()
    assert (finding.times, finding.reviewed_by_id, finding.outcome) == (60, account.pk, "asked")
    assert eligibility.last_event(EventKind.CLIENT_CHANGED).account_id == account.pk
    crew = eligibility.caller("rescue")
    person = registered(family=name, given="Jo", birth_date=date(1980, 1, 1))
    question = LookUpQuestion(family=name, given="Jo", birth_date=date(1980, 1, 1), mission="7")
    at = now()
    check(actor=crew, question=question, at=at)
    misuse.look_back(day=today - timedelta(days=1), at=at + timedelta(days=3))
    check(actor=crew, question=about(person), at=at)
    misuse.look_back(day=today, at=at + timedelta(days=3))
    assert findings(caller_number(crew)) == {}
