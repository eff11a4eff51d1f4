"""Change sets of the directory in the real database: proposed, applied, taken back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.directory.actions import apply, change, decline, propose, roll_back, source_named
from salus.directory.history import as_of
from salus.directory.lines import Line
from salus.directory.models import (
    ChangeLine,
    How,
    Kind,
    Licence,
    Organization,
    Outcome,
    Practitioner,
    PractitionerRole,
)
from salus.directory.projecting import turn_of_day
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, InvalidInput

ACTOR = Actor(role=Role.SYSTEM, system="test")
AT = datetime(2025, 3, 3, 12, tzinfo=UTC)
COLLEGE, CHAMBER = "https://college.example/members", "https://chamber.example/entries"
WEBER = {"family": "Weber", "given": "Léa", "profession": "62247001"}


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def a_line(number: int = 1, kind: Kind = Kind.PRACTITIONER, value: str = "1", **more: Any) -> Line:
    said = more.pop("said", WEBER if kind is Kind.PRACTITIONER else {})
    return Line(number=number, kind=kind, system=COLLEGE, value=value, said=said, **more)


def proposed(*lines: Line, at: datetime = AT, complete: bool = False) -> int:
    source = source_named("college", system=COLLEGE, at=at)
    return propose(actor=ACTOR, at=at, source=source, how=How.FILE, lines=lines, complete=complete)


def applied(*lines: Line, at: datetime = AT, complete: bool = False) -> int:
    change_set = proposed(*lines, at=at, complete=complete)
    apply(actor=ACTOR, at=at, change_set=change_set)
    return change_set


def outcomes(change_set: int) -> list[str]:
    lines = ChangeLine.objects.filter(change_set=change_set).order_by("number")
    return list(lines.values_list("outcome", flat=True))


def test_what_is_proposed_changes_nothing() -> None:
    change_set = proposed(a_line())
    assert outcomes(change_set) == [Outcome.NEW]
    assert not Practitioner.objects.exists()


def test_what_is_applied_is_shown() -> None:
    applied(a_line())
    weber = Practitioner.objects.get()
    assert (weber.full_name, weber.status, weber.family_key) == ("Léa Weber", "active", "weber")
    assert (weber.registered_at, weber.deregistered_at, weber.out_since) == (AT, None, None)


def test_twice_is_once() -> None:
    applied(a_line())
    again = applied(a_line(), at=AT + timedelta(days=40))
    assert outcomes(again) == [Outcome.SAME]
    assert Practitioner.objects.get().version is None


def test_a_change_holds_from_the_day_on_which_it_came() -> None:
    applied(a_line())
    later = AT + timedelta(days=40)
    applied(a_line(said=WEBER | {"family": "Weber-Muller"}), at=later)
    weber = Practitioner.objects.get()
    assert (weber.family, weber.version, weber.changed_at) == ("Weber-Muller", 2, later)
    assert as_of(Kind.PRACTITIONER, weber.pk, day=AT.date())["family"] == "Weber"


def test_rolled_back_is_never() -> None:
    applied(a_line())
    change_set = applied(
        a_line(said=WEBER | {"family": "Wagner"}), a_line(2, value="2"), at=AT + timedelta(days=1)
    )
    roll_back(actor=ACTOR, at=AT + timedelta(days=2), change_set=change_set, reason="wrong file")
    weber, other = Practitioner.objects.order_by("value")
    assert (weber.family, weber.deregistered_at) == ("Weber", None)
    assert other.deregistered_at == other.registered_at
    with pytest.raises(Conflict):
        roll_back(actor=ACTOR, at=AT, change_set=change_set, reason="again")


def test_what_was_known_before_it_was_taken_back_can_still_be_asked() -> None:
    applied(a_line())
    wrong = applied(a_line(said={"family": "Wagner"}), at=AT + timedelta(days=1))
    roll_back(actor=ACTOR, at=AT + timedelta(days=9), change_set=wrong, reason="wrong file")
    weber, day = Practitioner.objects.get().pk, (AT + timedelta(days=5)).date()
    assert as_of(Kind.PRACTITIONER, weber, day=day)["family"] == "Weber"
    known = AT + timedelta(days=5)
    assert as_of(Kind.PRACTITIONER, weber, day=day, known=known)["family"] == "Wagner"


def test_what_was_known_at_an_instant_is_known_from_it_on() -> None:
    applied(a_line())
    said, taken_back = AT + timedelta(days=1), AT + timedelta(days=2)
    change_set = applied(a_line(said={"telephone": "+352 1"}), at=said)
    roll_back(actor=ACTOR, at=taken_back, change_set=change_set, reason="mistaken")
    weber, moment = Practitioner.objects.get().pk, timedelta(microseconds=1)
    for known, telephone in (
        (said - moment, None),
        (said, "+352 1"),
        (taken_back - moment, "+352 1"),
        (taken_back, None),
    ):
        state = as_of(Kind.PRACTITIONER, weber, day=taken_back.date(), known=known)
        assert state.get("telephone") == telephone, known


def test_a_source_without_numbers_has_no_complete_file() -> None:
    source = source_named("authority", at=AT)
    with pytest.raises(InvalidInput, match="cannot be complete"):
        propose(actor=ACTOR, at=AT, source=source, how=How.FILE, lines=[a_line()], complete=True)


def test_a_complete_file_ends_whom_it_does_not_name() -> None:
    applied(a_line(), a_line(2, value="2"))
    change_set = applied(a_line(), at=AT + timedelta(days=1), complete=True)
    assert outcomes(change_set) == [Outcome.SAME, Outcome.ENDED]
    gone = Practitioner.objects.get(value="2")
    assert (gone.status, gone.deregistered_at) == ("ended", AT + timedelta(days=1))
    assert gone.family == "Weber"  # what was known stays
    applied(a_line(value="2"), at=AT + timedelta(days=2))
    assert Practitioner.objects.get(value="2").deregistered_at is None


def test_a_suspension_known_ahead_begins_and_ends_by_itself() -> None:
    applied(a_line())
    begins, ends = date(2025, 4, 1), date(2025, 5, 1)
    applied(a_line(said={"status": "suspended"}, since=begins, until=ends))
    weber = Practitioner.objects.get()
    assert (weber.status, weber.out_since, weber.out_until) == ("active", begins, ends)
    for day, status in [(begins, "suspended"), (ends, "active")]:
        turn_of_day(at=datetime.combine(day, AT.timetz()))
        assert Practitioner.objects.get().status == status
    assert Practitioner.objects.get().out_since is None


def test_who_lost_every_licence_may_not_practise() -> None:
    licence = {"practitioner": f"{COLLEGE}|1", "profession": "62247001", "country": "LU"}
    applied(a_line(), a_line(2, Kind.LICENCE, "L1", said=licence, since=date(2020, 1, 1)))
    assert Practitioner.objects.get().out_since is None
    assert Licence.objects.get().since == date(2020, 1, 1)
    applied(a_line(1, Kind.LICENCE, "L1", said={"status": "suspended"}, since=date(2025, 3, 1)))
    assert Practitioner.objects.get().out_since == date(2025, 3, 1)


def test_lines_name_each_other_in_any_order() -> None:
    role = {"practitioner": f"{COLLEGE}|1", "organization": f"{COLLEGE}|W"}
    ward = {"name": "Cardiology", "type": "hospital", "part_of": f"{COLLEGE}|H"}
    hospital = {"name": "Clinic", "type": "hospital"}
    applied(
        a_line(1, Kind.ROLE, "R", said=role, since=date(2021, 1, 1)),
        a_line(2, Kind.ORGANIZATION, "W", said=ward),
        a_line(3),
        a_line(4, Kind.ORGANIZATION, "H", said=hospital),
    )
    assert PractitionerRole.objects.get().organization.part_of == Organization.objects.get(
        value="H"
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"family": "Weber"}, "profession: is missing of a new entry"),
        (WEBER | {"profession": "wizard"}, "profession: should be one of"),
        (WEBER | {"shoe_size": "44"}, "shoe_size: is no field of Practitioner"),
        (WEBER | {"same_as": f"{COLLEGE}|99"}, "same_as: names no Practitioner that is known"),
        (WEBER | {"languages": ["klingonish"]}, "languages: should be languages by code"),
    ],
)
def test_a_wrong_line_is_refused_and_the_others_are_taken(
    said: dict[str, Any], problem: str
) -> None:
    change_set = applied(a_line(said=said), a_line(2, value="2"))
    assert outcomes(change_set) == [Outcome.REFUSED, Outcome.NEW]
    assert problem in ChangeLine.objects.get(change_set=change_set, number=1).problem
    assert Practitioner.objects.get().value == "2"


def test_a_change_at_once_is_whole_or_not_at_all() -> None:
    source = source_named("college", at=AT)
    lines = [a_line(), a_line(2, value="2", said={})]
    with pytest.raises(InvalidInput, match="is missing"):
        change(actor=ACTOR, at=AT, source=source, how=How.FEED, lines=lines)
    assert not Practitioner.objects.exists()


def test_rows_come_back_in_the_order_of_the_lines_whatever_their_numbers() -> None:
    source = source_named("college", at=AT)
    lines = [a_line(7, value="7"), a_line(3, value="3"), a_line(5, value="5")]
    rows = change(actor=ACTOR, at=AT, source=source, how=How.FEED, lines=lines)
    assert [Practitioner.objects.get(pk=row).value for row in rows] == ["7", "3", "5"]


def test_what_was_declined_cannot_be_applied() -> None:
    change_set = proposed(a_line())
    decline(actor=ACTOR, at=AT, change_set=change_set, reason="not the right file")
    with pytest.raises(Conflict):
        apply(actor=ACTOR, at=AT, change_set=change_set)
