"""What the desk's reads show: pages and their order, what was decided, what came meanwhile, whose secret was seen."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.audit.models import Event, EventKind
from salus.directory.actions import apply, change, confirm, roll_back, source_named
from salus.directory.actions.correcting import mark
from salus.directory.desk.forms import AsOf
from salus.directory.desk.queries import (
    AT_A_TIME,
    Waiting,
    entry_shown,
    open_counts,
    queue,
    set_shown,
    successors,
)
from salus.directory.models import How, Kind, Licence, Practitioner, PractitionerRole
from salus.directory.naming import names_of
from salus.kernel.actor import Actor, Role
from tests.conftest import as_role
from tests.registers import AT, COLLEGE, SYSTEM, WEBER, a_line, applied, proposed

ANNA = Actor(role=Role.REGISTRAR, account=1)


@pytest.fixture
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def minutes(number: int) -> datetime:
    return AT + timedelta(minutes=number)


def shown(waiting: Waiting, page: int = 1) -> list[int]:
    return [one.set.pk for one in queue(actor=ANNA, waiting=waiting, page=page).sets]


@pytest.mark.usefixtures("rolled_back")
def test_the_oldest_waits_first_and_the_newest_decision_stands_first() -> None:
    made = [proposed(a_line(), at=minutes(-number)) for number in range(AT_A_TIME + 1)]
    assert shown(Waiting.REGISTERS) == made[:0:-1]
    assert shown(Waiting.REGISTERS, 2) == made[:1]
    first, second = (queue(actor=ANNA, waiting=Waiting.REGISTERS, page=page) for page in (1, 2))
    assert (first.has_more, second.has_more) == (True, False)
    assert open_counts()[Waiting.REGISTERS] == AT_A_TIME + 1
    apply(actor=SYSTEM, at=AT, change_set=made[0])
    last = queue(actor=ANNA, waiting=Waiting.REGISTERS, page=1)
    assert (len(last.sets), last.has_more) == (AT_A_TIME, False)
    apply(actor=SYSTEM, at=AT, change_set=made[3])
    assert shown(Waiting.DECIDED) == [made[0], made[3]]


@pytest.mark.usefixtures("rolled_back")
def test_what_nobody_decided_is_no_decision() -> None:
    by_hand = applied(a_line())
    source = source_named("college", at=AT)
    change(actor=SYSTEM, at=AT, source=source, how=How.FEED, lines=[a_line(value="2")])
    assert shown(Waiting.DECIDED) == [by_hand]


@pytest.mark.usefixtures("rolled_back")
def test_the_lines_of_a_file_are_turned_by_pages() -> None:
    lines = [a_line(number, value=str(number)) for number in range(1, AT_A_TIME + 3)]
    change_set = proposed(*lines)
    pages = [set_shown(actor=ANNA, change_set=change_set, at=AT, page=page) for page in (1, 2)]
    assert [[one.number for one in page.lines] for page in pages] == [
        [*range(1, AT_A_TIME + 1)],
        [AT_A_TIME + 1, AT_A_TIME + 2],
    ]
    assert [page.has_more for page in pages] == [True, False]
    assert pages[1].total == AT_A_TIME + 2


@pytest.mark.usefixtures("rolled_back")
def test_what_came_meanwhile_is_what_changed_something() -> None:
    earlier = applied(a_line(), at=minutes(-9))
    waiting = proposed(a_line(value="2"))

    def meanwhile() -> int:
        return set_shown(actor=ANNA, change_set=waiting, at=AT).overtaken

    weber = Practitioner.objects.get(value="1").pk
    lea = Actor(role=Role.PROFESSIONAL, account=1, practitioner=weber)
    said = {"private_telephone": mark(WEBER["private_telephone"])}
    with transaction.atomic():  # an account of nobody, whom the database asks for at the end
        confirm(actor=lea, at=minutes(1), seen={(Kind.PRACTITIONER, weber): said})
        assert meanwhile() == 0
        transaction.set_rollback(True)
    roll_back(actor=SYSTEM, at=minutes(2), change_set=earlier, reason="mistaken")
    assert meanwhile() == 1
    apply(actor=SYSTEM, at=minutes(3), change_set=waiting)
    assert meanwhile() == 0


@pytest.mark.usefixtures("rolled_back")
def test_what_would_go_is_what_nothing_else_that_counts_speaks_of() -> None:
    first, second = applied(a_line()), applied(a_line(said={"family": "Muller"}), at=minutes(1))
    assert set_shown(actor=ANNA, change_set=first, at=AT).goes == 0
    roll_back(actor=SYSTEM, at=minutes(2), change_set=second, reason="mistaken")
    assert set_shown(actor=ANNA, change_set=first, at=AT).goes == 1


@pytest.mark.usefixtures("rolled_back")
def test_who_goes_on_is_at_work() -> None:
    place = {"type": "practice"}
    role = {"practitioner": f"{COLLEGE}|1"}
    applied(
        a_line(),
        a_line(2, "A", Kind.ORGANIZATION, said=place | {"name": "Old practice"}),
        a_line(3, "B", Kind.ORGANIZATION, said=place | {"name": "New practice"}),
        a_line(4, "R1", Kind.ROLE, said=role | {"organization": f"{COLLEGE}|A"}),
        a_line(5, "R2", Kind.ROLE, said=role | {"organization": f"{COLLEGE}|B"}),
    )
    old, new = (PractitionerRole.objects.get(value=value).pk for value in ("R1", "R2"))
    assert [pk for pk, _ in successors(actor=ANNA, role=old)] == [new]
    applied(a_line(5, "R2", Kind.ROLE, said={"status": "ended"}), at=minutes(1))
    assert successors(actor=ANNA, role=old) == []
    assert names_of({(Kind.ROLE, old)}) == {(Kind.ROLE, old): "Léa Weber · Old practice"}


@pytest.mark.usefixtures("rolled_back")
def test_all_that_was_said_stands_the_newest_first_whatever_is_asked() -> None:
    applied(a_line())
    applied(a_line(said={"family": "Muller"}), at=minutes(1))
    weber = Practitioner.objects.get().pk
    asked: dict[str, Any] = {"actor": ANNA, "kind": "Practitioner", "entry": weber, "at": AT}
    today, then = entry_shown(**asked), entry_shown(**asked, known=minutes(0))
    for one in (today, then):
        assert [told.known_at for told in one.told] == [minutes(1), minutes(0)]
    fields = [next(one.value for one in of.fields if one.field == "family") for of in (today, then)]
    assert fields == ["Muller", "Weber"]
    days = entry_shown(**asked, day=AT.date())
    assert [one.reads_as for one in (today, then, days)] == [False, True, True]


def test_as_known_on_a_day_is_as_known_when_it_was_over() -> None:
    form = AsOf({"known": "2025-03-09"})
    assert form.is_valid()
    known = form.known_at()
    assert known
    assert known.astimezone(UTC) == datetime(2025, 3, 9, 23, tzinfo=UTC)  # midnight in Luxembourg


def test_an_event_says_whose_secret_was_seen_and_there_is_none_without_one(database: Path) -> None:
    licence = {"practitioner": f"{COLLEGE}|1", "profession": "62247001", "country": "LU"}
    applied(a_line(), a_line(2, "L", Kind.LICENCE, said=licence))
    weber, licence_of = Practitioner.objects.get().pk, Licence.objects.get().pk
    public = proposed(a_line(said={"family": "Muller"}))
    since = date(2025, 9, 1)
    secret = {"status": "suspended", "status_reason": "Inquiry 12"}
    suspends = proposed(a_line(1, "L", Kind.LICENCE, said=secret, since=since))
    for act, whose in (
        (lambda: set_shown(actor=ANNA, change_set=public, at=AT), []),
        (lambda: set_shown(actor=ANNA, change_set=suspends, at=AT), [weber]),
        (lambda: entry_shown(actor=ANNA, kind="Licence", entry=licence_of, at=AT), [weber]),
    ):
        before = len(shown_events())
        act()
        assert shown_events()[before:] == whose


def shown_events() -> list[int | None]:
    with as_role("superuser"):
        events = Event.objects.filter(kind=EventKind.DIRECTORY_SHOWN).order_by("id")
        return list(events.values_list("practitioner_id", flat=True))
