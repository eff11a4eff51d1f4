"""Rights to a record: the whole table of facts, against the rules in words."""

from dataclasses import fields, replace
from itertools import product

import pytest

from salus.access.decision import Facts, Purpose, decide
from salus.kernel.actor import Actor, Role

# Without the one that no other fact can outweigh: it has a test of its own.
TRUTHS = [field.name for field in fields(Facts) if field.name not in ("role", "elsewhere")]
ALL_FACTS = [
    Facts(role=role, **dict(zip(TRUTHS, values, strict=True)))
    for role in Role
    for values in product([True, False], repeat=len(TRUTHS))
]
PATIENTS = [facts for facts in ALL_FACTS if facts.role is Role.PATIENT]
PROFESSIONALS = [facts for facts in ALL_FACTS if facts.role is Role.PROFESSIONAL]
SOFTWARE = [facts for facts in ALL_FACTS if facts.role is Role.SOFTWARE]
USES = [Purpose.READ, Purpose.WRITE]


def permits(purpose: Purpose, facts: Facts) -> bool:
    return decide(purpose, facts).permit


def test_nobody_reads_or_writes_a_closed_record() -> None:
    assert not any(
        permits(purpose, facts) for purpose in USES for facts in ALL_FACTS if facts.closed
    )


def test_nobody_gets_anything_by_an_emergency_yet() -> None:
    for facts in ALL_FACTS:
        if facts.emergency:
            assert {decide(purpose, facts).rule for purpose in Purpose} == {"emergency"}


def test_only_the_patient_side_controls_or_the_agency_on_paper() -> None:
    for facts in ALL_FACTS:
        expected = facts.role is Role.SYSTEM or (
            facts.role is Role.PATIENT and (facts.own or facts.assistant)
        )
        assert permits(Purpose.CONTROL, facts) is (expected and not facts.emergency)


@pytest.mark.parametrize("purpose", USES)
def test_a_patient_uses_the_own_record_and_those_assisted(purpose: Purpose) -> None:
    for facts in PATIENTS:
        expected = (facts.own or facts.assistant) and not (facts.closed or facts.emergency)
        assert permits(purpose, facts) is expected


@pytest.mark.parametrize("purpose", USES)
def test_a_professional_who_signed_in_needs_declaration_and_registration_alone(
    purpose: Purpose,
) -> None:
    for facts in PROFESSIONALS:
        if not facts.vouched:
            expected = facts.trusted and facts.registered
            assert permits(purpose, facts) is (expected and not (facts.closed or facts.emergency))


def test_a_professional_whom_software_names_must_also_work_where_it_is() -> None:
    for facts in PROFESSIONALS:
        if facts.vouched:
            reads = facts.trusted and facts.registered and facts.works_there
            reads = reads and not (facts.closed or facts.emergency)
            assert permits(Purpose.READ, facts) is reads
            assert permits(Purpose.WRITE, facts) is (reads and facts.own_filing)


@pytest.mark.parametrize("purpose", USES)
def test_software_in_its_own_name_uses_what_its_organisation_files_and_nothing_else(
    purpose: Purpose,
) -> None:
    for facts in SOFTWARE:
        expected = facts.own_filing and facts.registered
        assert permits(purpose, facts) is (expected and not (facts.closed or facts.emergency))


def test_whoever_has_no_right_does_not_learn_that_a_record_is_closed() -> None:
    for purpose, facts in product(USES, ALL_FACTS):
        if not facts.closed and not permits(purpose, facts):
            assert decide(purpose, replace(facts, closed=True)) == decide(purpose, facts)


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
