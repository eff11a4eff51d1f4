"""Rights to a record: the whole table of facts, against the rules in words."""

from dataclasses import replace
from itertools import product

import pytest

from salus.access.decision import Facts, Purpose, decide
from salus.kernel.actor import Actor, Role

ALL_FACTS = [
    Facts(
        role=role,
        own=own,
        assistant=assistant,
        trusted=trusted,
        registered=registered,
        closed=closed,
    )
    for role in Role
    for own, assistant, trusted, registered, closed in product([True, False], repeat=5)
]


@pytest.mark.parametrize("purpose", [Purpose.READ, Purpose.WRITE])
def test_nobody_reads_or_writes_a_closed_record(purpose: Purpose) -> None:
    assert not any(decide(purpose, facts).permit for facts in ALL_FACTS if facts.closed)


def test_only_the_patient_side_controls_or_the_agency_on_paper() -> None:
    for facts in ALL_FACTS:
        expected = facts.role is Role.SYSTEM or (
            facts.role is Role.PATIENT and (facts.own or facts.assistant)
        )
        assert decide(Purpose.CONTROL, facts).permit is expected


def test_a_professional_gets_in_by_declaration_and_registration_alone() -> None:
    for facts in ALL_FACTS:
        if facts.role is Role.PROFESSIONAL:
            expected = facts.trusted and facts.registered and not facts.closed
            assert decide(Purpose.READ, facts).permit is expected


@pytest.mark.parametrize("purpose", Purpose)
def test_an_app_that_was_opened_for_one_patient_reaches_no_other(purpose: Purpose) -> None:
    assert not any(decide(purpose, replace(facts, elsewhere=True)).permit for facts in ALL_FACTS)


def test_a_patient_without_a_bond_is_refused() -> None:
    assert not decide(Purpose.READ, Facts(role=Role.PATIENT)).permit


def test_every_decision_names_its_rule() -> None:
    assert all(
        decide(purpose, facts).rule and decide(purpose, facts).reason
        for purpose in Purpose
        for facts in ALL_FACTS
    )


@pytest.mark.parametrize("role", Role)
def test_an_actor_without_a_name_is_a_programming_error(role: Role) -> None:
    with pytest.raises(ValueError, match="must be named"):
        Actor(role=role)
