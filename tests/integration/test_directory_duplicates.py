"""Entries of two registers that tell of one professional: joined, shown as one, parted again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.directory.actions import apply, change, join, part, propose, roll_back, source_named
from salus.directory.duplicates import rows_of
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
