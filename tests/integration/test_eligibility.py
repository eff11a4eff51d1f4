"""Is this person insured on this day, may this professional prescribe: asked by callers, as every door asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from salus.country.lu import MATRICULE_SYSTEM, PROVIDER_SYSTEM
from salus.eligibility.actions import check, check_batch, forget_kept_answers
from salus.eligibility.callers import end_caller, register_caller
from salus.eligibility.models import Caller, Right, Usage
from salus.eligibility.questions import (
    AffiliationQuestion,
    Answer,
    PrescribingQuestion,
    Question,
)
from salus.eligibility.rules import Reason, Status
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, TooMany
from salus.kernel.scopes import read_scopes
from tests import eligibility
from tests.eligibility import about
from tests.links import linked, parted, registered
from tests.software import SYSTEM, organization, professional

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _register_heard() -> None:
    eligibility.register_heard(now())


@contextmanager
def counting(caller: Actor, number: int) -> Iterator[None]:
    """What happens within counts as so many checks of the caller's kind."""
    before = eligibility.counted(caller)
    yield
    assert eligibility.counted(caller) == before + number


def asked(actor: Actor, question: AffiliationQuestion | PrescribingQuestion) -> Answer:
    return check(actor=actor, question=question, at=now())


def test_a_period_covers_its_first_day_and_not_its_end() -> None:
    today, person, pharmacy = now().date(), registered(), eligibility.caller()
    since, until = today - timedelta(days=30), today - timedelta(days=10)
    eligibility.affiliate(person, since, until)
    said = {
        day: asked(pharmacy, about(person, day)).status
        for day in (since - timedelta(1), since, until - timedelta(1), until)
    }
    assert list(said.values()) == [
        Status.NOT_AFFILIATED,
        Status.AFFILIATED,
        Status.AFFILIATED,
        Status.NOT_AFFILIATED,
    ]


def test_periods_of_all_rows_of_one_human_being_count_while_they_are_one() -> None:
    person, other, pharmacy = registered(), registered(), eligibility.caller()
    eligibility.affiliate(other, date(2000, 1, 1))
    link = linked(person, other)
    assert asked(pharmacy, about(person)).status is Status.AFFILIATED
    parted(link)
    assert asked(pharmacy, about(person)).status is Status.NOT_AFFILIATED


def test_who_is_not_known_is_not_affiliated_and_counts_alike() -> None:
    person, pharmacy = registered(), eligibility.caller()
    nobody = AffiliationQuestion(system=MATRICULE_SYSTEM, value="0000000000000")
    with counting(pharmacy, 2):
        unknown, uninsured = asked(pharmacy, nobody), asked(pharmacy, about(person))
    assert replace(unknown, answered_at=uninsured.answered_at) == uninsured


def test_a_retry_gets_the_same_answer_and_counts_once() -> None:
    person, pharmacy, request = registered(), eligibility.caller(), uuid4()
    with counting(pharmacy, 1):
        first = check(actor=pharmacy, question=about(person), at=now(), request_id=request)
        eligibility.affiliate(person, date(2000, 1, 1))
        again = check(actor=pharmacy, question=about(person), at=now(), request_id=request)
    assert again == first
    assert Usage.objects.get(caller__client=pharmacy.client).repeated == 1
    assert asked(pharmacy, about(person)).status is Status.AFFILIATED
    with pytest.raises(Conflict):
        check(actor=pharmacy, question=about(registered()), at=now(), request_id=request)


def test_another_callers_request_of_the_same_id_is_its_own() -> None:
    person, request = registered(), uuid4()
    for one in (eligibility.caller(), eligibility.caller("laboratory")):
        with counting(one, 1):
            check(actor=one, question=about(person), at=now(), request_id=request)


def test_a_caller_asks_what_it_has_a_right_to() -> None:
    person = registered()
    pharmacy = eligibility.caller(rights=frozenset([Right.AFFILIATION]))
    with counting(pharmacy, 1):
        asked(pharmacy, about(person))
        with pytest.raises(Forbidden):
            asked(pharmacy, about(person, date(2020, 1, 1)))
        with pytest.raises(Forbidden):
            asked(pharmacy, PrescribingQuestion(system=PROVIDER_SYSTEM, value="1"))
        with pytest.raises(Forbidden):
            check_batch(actor=pharmacy, questions={"a": about(person)}, at=now())


def test_a_day_to_come_is_no_question() -> None:
    with pytest.raises(InvalidInput):
        asked(eligibility.caller(), about(registered(), now().date() + timedelta(days=1)))


def test_beyond_the_quota_nothing_is_answered_and_nothing_counted() -> None:
    person, pharmacy = registered(), eligibility.caller(per_minute=2, per_day=3)
    at = now().replace(second=10)
    with counting(pharmacy, 3):
        for minute in (0, 0, 1):
            check(actor=pharmacy, question=about(person), at=at + timedelta(minutes=minute))
        with pytest.raises(TooMany) as day:
            check(actor=pharmacy, question=about(person), at=at + timedelta(minutes=2))
    assert day.value.wait > 60
    usage = Usage.objects.get(caller__client=pharmacy.client)
    assert (usage.asked, usage.refused) == (3, 1)


def test_a_batch_has_an_outcome_for_each_line() -> None:
    person, pharmacy = registered(), eligibility.caller()
    eligibility.affiliate(person, date(2000, 1, 1))
    questions: dict[str, Question | InvalidInput] = {
        "good": about(person),
        "tomorrow": about(person, now().date() + timedelta(days=1)),
        "unreadable": InvalidInput("no number"),
    }
    with counting(pharmacy, 1):
        said = check_batch(actor=pharmacy, questions=questions, at=now())
    good = said["good"]
    assert isinstance(good, Answer) and good.status is Status.AFFILIATED
    assert isinstance(said["tomorrow"], InvalidInput) and isinstance(
        said["unreadable"], InvalidInput
    )


def test_a_silent_register_is_said_and_then_says_nothing() -> None:
    person, pharmacy, at = registered(), eligibility.caller(), now()
    eligibility.affiliate(person, date(2000, 1, 1))
    eligibility.register_heard(at - timedelta(days=3))
    late = check(actor=pharmacy, question=about(person), at=at)
    assert late.status is Status.AFFILIATED and late.last_known
    assert late.as_of == at - timedelta(days=3)
    eligibility.register_heard(at - timedelta(days=31))
    silent = check(actor=pharmacy, question=about(person), at=at)
    assert (silent.status, silent.reason) == (Status.CANNOT_TELL, Reason.REGISTER_SILENT)


def test_a_registered_physician_may_prescribe_and_nobody_may_not() -> None:
    pharmacy = eligibility.caller()
    value = str(uuid4())
    professional(value, organization(value))
    known = PrescribingQuestion(system=PROVIDER_SYSTEM, value=value, product="N02AA01")
    with counting(pharmacy, 2):
        said = asked(pharmacy, known)
        nobody = asked(pharmacy, PrescribingQuestion(system=PROVIDER_SYSTEM, value="nobody"))
    assert (said.status, said.reason) == (Status.MAY_PRESCRIBE, Reason.LICENSED)
    assert (nobody.status, nobody.reason) == (Status.MAY_NOT_PRESCRIBE, Reason.NOT_REGISTERED)


def test_the_event_of_a_check_names_who_asked_about_all_rows_of_whom_and_by_which_request() -> None:
    person, other, pharmacy, request = registered(), registered(), eligibility.caller(), uuid4()
    linked(person, other)
    check(actor=pharmacy, question=about(person), at=now(), request_id=request)
    event = eligibility.last_event()
    assert {event.person_id, *(event.persons or ())} == {person, other}
    asker = (event.client_id, event.organization_id, event.agent, event.purpose)
    assert asker == (pharmacy.client, pharmacy.organization, "pharmacy", PurposeOfUse.COVERAGE)
    assert (event.request_id, event.repeated, event.denied) == (request, False, False)
    value = str(uuid4())
    prescriber = professional(value, organization(value))
    asked(pharmacy, PrescribingQuestion(system=PROVIDER_SYSTEM, value=value))
    event = eligibility.last_event()
    assert (event.practitioner_id, event.person_id) == (prescriber, None)


def test_a_refusal_leaves_an_event_that_counts_nowhere() -> None:
    pharmacy = eligibility.caller(rights=frozenset([Right.PRESCRIBING]))
    with counting(pharmacy, 0), pytest.raises(Forbidden):
        asked(pharmacy, about(registered()))
    event = eligibility.last_event()
    assert (event.client_id, event.denied, event.person_id) == (pharmacy.client, True, None)
    assert not Usage.objects.filter(caller__client=pharmacy.client).exists()


def test_who_is_a_caller_no_more_is_refused_and_software_and_counter_are_two() -> None:
    pharmacy, person = eligibility.caller(rights=frozenset([Right.AFFILIATION])), registered()
    assert pharmacy.organization
    register_caller(
        actor=SYSTEM,
        at=now(),
        organization=pharmacy.organization,
        client=None,
        rights=[Right.HISTORIC],
        per_minute=1,
        per_day=1,
    )
    asked(pharmacy, about(person))
    with pytest.raises(Forbidden):
        asked(pharmacy, about(person, date(2020, 1, 1)))
    used = Usage.objects.get(caller__organization=pharmacy.organization)
    assert (used.caller.client_id, used.asked) == (pharmacy.client, 1)
    end_caller(actor=SYSTEM, at=now(), caller=Caller.objects.get(client=pharmacy.client).pk)
    with pytest.raises(Forbidden):
        asked(pharmacy, about(person))


@pytest.mark.parametrize(
    "changed",
    [
        {"account": 1},  # somebody signed in to it
        {"purpose": PurposeOfUse.TREATMENT},
        {"scopes": read_scopes(["system/Coverage.rs"])},
        {"scopes": read_scopes(["user/CoverageEligibilityRequest.c"])},
        {"scopes": read_scopes(["system/CoverageEligibilityRequest.c?status=active"])},
    ],
)
def test_software_asks_in_its_own_name_with_its_scope_and_its_purpose(
    changed: dict[str, Any],
) -> None:
    pharmacy, person = eligibility.caller(), registered()
    asked(pharmacy, about(person))
    with pytest.raises(Forbidden):
        asked(replace(pharmacy, **changed), about(person))


def test_an_answer_is_kept_for_retries_until_housekeeping_forgets_it() -> None:
    person, pharmacy, request, at = registered(), eligibility.caller(), uuid4(), now()

    def ask() -> Answer:
        return check(actor=pharmacy, question=about(person), at=now(), request_id=request)

    first = check(actor=pharmacy, question=about(person), at=at, request_id=request)
    forget_kept_answers(before=at)
    assert ask() == first
    forget_kept_answers(before=at + timedelta(microseconds=1))
    with counting(pharmacy, 1):
        assert ask().answered_at > first.answered_at
