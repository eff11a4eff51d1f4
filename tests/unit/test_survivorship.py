"""Which sender is believed about what, and that the order in which records come does not matter."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from salus.mpi.rules import (
    Contradiction,
    Standing,
    Statements,
    contradictions,
    stays_root,
)
from salus.mpi.survivorship import Home, Identity, Name, Said, Why, golden

T0 = datetime(2020, 1, 1, tzinfo=UTC)


def identity(id: int, **said: Any) -> Identity:
    plain = Identity(
        id=id,
        in_register=False,
        changed_at=T0 + timedelta(days=id),
        name=Name(family="Weber", given="Anna"),
        birth_family="",
        birth_date=date(1980, 1, 1),
        gender="unknown",
        multiple_birth=None,
        deceased_on=None,
        home=None,
        identifiers=(),
        former_names=(),
    )
    return replace(plain, **said)


def test_one_record_alone_is_believed_in_all_that_it_says() -> None:
    one = identity(7, gender="female", identifiers=(("urn:a", "1"),))
    record = golden(7, [one])
    assert (record.root, record.identities) == (7, (7,))
    assert (record.gender.value, record.gender.identity, record.gender.why) == (
        "female",
        7,
        Why.ONLY,
    )
    assert (record.multiple_birth.value, record.multiple_birth.identity) == (None, None)
    assert record.identifiers == (Said(identity=7, value=("urn:a", "1")),)
    assert not record.has_conflicts


def test_the_register_comes_before_a_newer_change() -> None:
    national = identity(1, in_register=True, gender="female")
    hospital = identity(2, name=Name(family="Weper", given="Anna"), gender="male")
    record = golden(1, [hospital, national])
    assert (record.name.value.family, record.name.identity, record.name.why) == (
        "Weber",
        1,
        Why.REGISTER,
    )
    assert record.name.conflicts == (Said(identity=2, value=Name(family="Weper", given="Anna")),)
    assert (record.gender.value, record.has_conflicts) == ("female", True)


def test_without_the_register_the_newest_change_counts() -> None:
    older = identity(3, birth_date=date(1980, 1, 1))
    newer = identity(2, birth_date=date(1980, 1, 2), changed_at=T0 + timedelta(days=9))
    record = golden(2, [older, newer])
    assert (record.birth_date.value, record.birth_date.why) == (date(1980, 1, 2), Why.NEWEST)
    assert record.birth_date.conflicts == (Said(identity=3, value=date(1980, 1, 1)),)


def test_what_the_register_does_not_say_another_does() -> None:
    national = identity(1, in_register=True)
    hospital = identity(2, multiple_birth=2, birth_family="Muller", deceased_on=date(2024, 5, 6))
    record = golden(1, [national, hospital])
    for said in (record.multiple_birth, record.birth_family, record.deceased_on):
        assert (said.identity, said.why, said.conflicts) == (2, Why.ONLY, ())
    assert record.gender.value == "unknown"


def home(line: str, since: date) -> Home:
    return Home(country="LU", municipality="Luxembourg", line=line, since=since)


def test_the_address_is_the_one_moved_to_last_whoever_says_it() -> None:
    national = identity(1, in_register=True, home=home("1, old road", date(2019, 1, 1)))
    hospital = identity(2, home=home("2, new road", date(2024, 1, 1)))
    record = golden(1, [national, hospital])
    assert record.home.value and record.home.value.line == "2, new road"
    assert (record.home.identity, record.home.why) == (2, Why.NEWEST)
    assert [one.identity for one in record.home.conflicts] == [1]


def test_the_same_address_since_another_day_is_no_conflict() -> None:
    said = [identity(n, home=home("1, road", date(2019, 1, n))) for n in (1, 2)]
    assert not golden(1, said).has_conflicts


def test_identifiers_and_former_names_are_united() -> None:
    one = identity(1, identifiers=(("urn:a", "1"),), former_names=(Name(family="B", given="A"),))
    two = identity(2, identifiers=(("urn:b", "1"),), former_names=(Name(family="B", given="A"),))
    record = golden(1, [one, two])
    assert set(record.numbers) == {("urn:a", "1"), ("urn:b", "1")}
    assert [one.value.family for one in record.former_names] == ["B"]


def test_the_order_of_the_records_does_not_matter() -> None:
    records = [
        identity(1, in_register=True, gender="female"),
        identity(2, gender="male", home=home("a", date(2020, 1, 1))),
        identity(3, name=Name(family="X", given="Y"), home=home("b", date(2020, 1, 1))),
    ]
    assert len({golden(1, order) for order in permutations(records)}) == 1


# Which number stays, and what speaks against a link

NATIONAL = Standing(id=9, in_register=True, registered_at=T0 + timedelta(days=9))
OLDER = Standing(id=8, in_register=False, registered_at=T0)
YOUNGER = Standing(id=1, in_register=False, registered_at=T0 + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("one", "other", "stays"),
    [
        (NATIONAL, OLDER, NATIONAL),
        (OLDER, YOUNGER, OLDER),
        (replace(OLDER, in_register=True), NATIONAL, replace(OLDER, in_register=True)),
        (OLDER, replace(OLDER, id=7), replace(OLDER, id=7)),
    ],
)
def test_the_register_s_number_stays_else_the_older(
    one: Standing, other: Standing, stays: Standing
) -> None:
    assert stays_root(one, other) == stays_root(other, one) == stays


def said(**what: Any) -> Statements:
    nothing: dict[str, frozenset[Any]] = dict.fromkeys(
        ("matricules", "multiple_births", "birth_dates", "genders", "deceased"), frozenset()
    )
    return Statements(**(nothing | {name: frozenset(values) for name, values in what.items()}))


def test_only_what_both_say_contradicts() -> None:
    twin = said(multiple_births={1}, matricules={"1"}, genders={"female"})
    assert contradictions(twin, said()) == []
    assert contradictions(twin, said(multiple_births={1, 2}, genders={"female"})) == []
    assert contradictions(twin, said(matricules={"2"}, multiple_births={2})) == [
        Contradiction.MATRICULE,
        Contradiction.MULTIPLE_BIRTH,
    ]
