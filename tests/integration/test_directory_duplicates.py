"""Entries of two registers that tell of one professional: joined, shown as one, parted again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.directory.actions import (
    apply,
    change,
    join,
    part,
    propose,
    roll_back,
    source_named,
    tell_apart,
)
from salus.directory.duplicates import likely_duplicates, rows_of
from salus.directory.history import as_of
from salus.directory.lines import Line
from salus.directory.models import ChangeSet, How, Kind, Practitioner
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, InvalidInput, NotFound

ACTOR = Actor(role=Role.SYSTEM, system="test")
AT = datetime(2025, 3, 3, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)
COLLEGE, CHAMBER = "https://college.example/members", "https://chamber.example/entries"
WEBER = {"family": "Weber", "given": "Léa", "profession": "62247001"}
PRACTITIONER = Kind.PRACTITIONER


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def registered(system: str, *, at: datetime = AT, value: str = "1", **said: Any) -> int:
    line = Line(number=1, kind=PRACTITIONER, system=system, value=value, said=WEBER | said)
    source = source_named(system, system=system, at=at)
    (entry,) = change(actor=ACTOR, at=at, source=source, how=How.FEED, lines=[line])
    return entry


def joined(duplicate: int, root: int, at: datetime = AT) -> None:
    join(actor=ACTOR, at=at, kind=PRACTITIONER, duplicate=duplicate, root=root)


def test_rows_of_the_same_are_read_from_any_of_them() -> None:
    one, two, three = registered(COLLEGE), registered(CHAMBER), registered("urn:third")
    joined(three, two)
    joined(one, two)
    assert {rows_of(PRACTITIONER, each) for each in (one, two, three)} == {(two, one, three)}
    part(actor=ACTOR, at=LATER, kind=PRACTITIONER, duplicate=one)
    assert rows_of(PRACTITIONER, one) == (one,)
    assert rows_of(PRACTITIONER, two) == (two, three)


def test_the_root_shows_what_only_its_duplicate_says_until_they_are_parted() -> None:
    root = registered(COLLEGE, telephone="+352 1")
    other = registered(CHAMBER, telephone="+352 2", email="lea@weber.example")
    joined(other, root)
    shown = Practitioner.objects.get(pk=root)
    assert (shown.telephone, shown.email) == ("+352 1", "lea@weber.example")
    registered(CHAMBER, email="weber@clinic.example", at=LATER)  # the duplicate moves on
    assert Practitioner.objects.get(pk=root).email == "weber@clinic.example"
    part(actor=ACTOR, at=LATER, kind=PRACTITIONER, duplicate=other)
    assert Practitioner.objects.get(pk=root).email == ""
    assert "same_as" not in as_of(PRACTITIONER, other, day=AT.date())  # as if it had never been


def test_who_left_one_register_is_shown_while_the_other_has_them() -> None:
    root, other = registered(COLLEGE), registered(CHAMBER, telephone="+352 2")
    joined(other, root)
    registered(COLLEGE, status="ended", at=LATER)
    assert Practitioner.objects.get(pk=root).deregistered_at is None
    registered(CHAMBER, status="ended", at=LATER)
    assert Practitioner.objects.get(pk=root).deregistered_at == LATER
    assert Practitioner.objects.get(pk=root).telephone == ""  # who has left lends nothing


def test_neither_chain_nor_ring() -> None:
    one, two, three = registered(COLLEGE), registered(CHAMBER), registered("urn:third")
    joined(one, two)
    for duplicate, root in [(two, three), (three, one), (two, one), (one, three)]:
        with pytest.raises(Conflict):
            joined(duplicate, root)
    with pytest.raises(InvalidInput):
        joined(one, one)
    with pytest.raises(NotFound):
        joined(three, 10**12)
    with pytest.raises(Conflict):
        part(actor=ACTOR, at=AT, kind=PRACTITIONER, duplicate=three)


def test_taking_back_makes_no_ring_either() -> None:
    one, two = registered(COLLEGE), registered(CHAMBER)
    joined(one, two)
    line = Line(number=1, kind=PRACTITIONER, entry=one, said={"same_as": None})
    source = source_named("authority", at=AT)
    change(actor=ACTOR, at=LATER, source=source, how=How.AUTHORITY, lines=[line])
    parted = ChangeSet.objects.latest("pk").pk
    joined(two, one, LATER)
    with pytest.raises(Conflict, match="chain"), transaction.atomic():
        roll_back(actor=ACTOR, at=LATER, change_set=parted, reason="wrong")
    assert rows_of(PRACTITIONER, two) == (one, two)


def test_what_came_with_much_else_is_parted_alone() -> None:
    one = registered(COLLEGE)
    source = source_named("survey", at=AT)
    lines = [
        Line(number=1, kind=PRACTITIONER, system=CHAMBER, value="1", said=WEBER),
        Line(number=2, kind=PRACTITIONER, entry=one, said={"same_as": f"{CHAMBER}|1"}),
    ]
    number = propose(actor=ACTOR, at=AT, source=source, how=How.FILE, lines=lines)
    apply(actor=ACTOR, at=AT, change_set=number)
    part(actor=ACTOR, at=LATER, kind=PRACTITIONER, duplicate=one)
    assert Practitioner.objects.get(pk=one).same_as is None
    assert Practitioner.objects.filter(system=CHAMBER, deregistered_at=None).exists()


def likely() -> set[tuple[int, int, str]]:
    found = likely_duplicates(PRACTITIONER)
    return {(pair.root, pair.duplicate, pair.because) for pair in found}


def at_work(practitioner: int, postal_code: str, number: int) -> None:
    place = {"name": f"Practice {number}", "type": "practice", "postal_code": postal_code}
    role = {"practitioner": practitioner, "organization": f"urn:places|{number}"}
    lines = [
        Line(number=1, kind=Kind.ORGANIZATION, system="urn:places", value=str(number), said=place),
        Line(number=2, kind=Kind.ROLE, system="urn:roles", value=str(number), said=role),
    ]
    source = source_named("places", at=AT)
    change(actor=ACTOR, at=AT, source=source, how=How.FEED, lines=lines)


def test_alike_names_and_the_same_birth_date_are_likely_the_same() -> None:
    one = registered(COLLEGE, birth_date="1980-05-01")
    two = registered(CHAMBER, birth_date="1980-05-01", family="Wéber")
    registered("urn:third", birth_date="1981-05-01")
    registered("urn:fourth", birth_date="1980-05-01", family="Hoffmann")
    assert likely() == {(one, two, "birth_date")}


def test_nearly_equal_names_with_profession_and_place_in_common_are_likely_the_same() -> None:
    one, two = registered(COLLEGE), registered(CHAMBER)
    assert likely() == set()  # namesakes are many
    at_work(one, "1234", 1)
    at_work(two, "1234", 2)
    assert likely() == {(one, two, "place")}
    registered(CHAMBER, profession="106289002", at=LATER)
    assert likely() == set()


def test_two_birth_dates_are_two_people() -> None:
    one = registered(COLLEGE, birth_date="1980-05-01")
    two = registered(CHAMBER, birth_date="1984-05-01")
    at_work(one, "1234", 1)
    at_work(two, "1234", 2)
    assert likely() == set()


def test_whom_the_authority_judged_is_not_proposed_again() -> None:
    one, two, three = (
        registered(system, birth_date="1980-05-01") for system in (COLLEGE, CHAMBER, "urn:third")
    )
    assert len(likely()) == 3
    tell_apart(actor=ACTOR, at=AT, kind=PRACTITIONER, one=three, other=one)
    tell_apart(actor=ACTOR, at=AT, kind=PRACTITIONER, one=three, other=two)
    assert likely() == {(one, two, "birth_date")}
    joined(two, one)
    assert likely() == set()


def test_houses_of_one_name_at_one_place_are_likely_the_same_and_their_parts_are_not() -> None:
    source = source_named("places", at=AT)
    said = {"name": "Clinique du Test", "type": "hospital", "postal_code": "1234"}
    part_of = {"part_of": "urn:one|1"}
    lines = [
        Line(number=1, kind=Kind.ORGANIZATION, system="urn:one", value="1", said=said),
        Line(number=2, kind=Kind.ORGANIZATION, system="urn:one", value="2", said=said | part_of),
        Line(
            number=3,
            kind=Kind.ORGANIZATION,
            system="urn:two",
            value="1",
            said=said | {"name": "CLINIQUE DU TEST"},
        ),
    ]
    house, part_of_it, twin = change(actor=ACTOR, at=AT, source=source, how=How.FEED, lines=lines)
    found = {(pair.root, pair.duplicate) for pair in likely_duplicates(Kind.ORGANIZATION)}
    assert found == {(house, twin), (part_of_it, twin)}
