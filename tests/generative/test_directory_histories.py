"""Change sets drawn at random, beside a model that writes each day down: as-of answers, twice, taking back."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salus.directory.actions import apply, propose, roll_back, source_named
from salus.directory.history import histories
from salus.directory.lines import Line
from salus.directory.models import How, Kind, Practitioner, Source
from salus.directory.projecting import turn_of_day
from salus.directory.rules import state_on
from salus.kernel.actor import Actor, Role

ACTOR = Actor(role=Role.SYSTEM, system="test")
SYSTEM = "https://college.example/members"
MANY = 300 if os.environ.get("SALUS_PROVE") == "1" else 8
START = datetime(2025, 3, 3, 12, tzinfo=UTC)
DAYS = [START.date() + timedelta(days=n) for n in range(-4, 30)]  # the outer ones stand for ever
GONE = {None, "ended", "retired"}
State = dict[str, Any]

PEOPLE = st.sampled_from("123")
DATES = st.none() | st.sampled_from(DAYS[2:-2])
SAID = st.fixed_dictionaries(
    {},
    optional={
        "family": st.sampled_from(["Weber", "Weis"]),
        "profession": st.just("62247001"),
        "telephone": st.sampled_from(["+352 1", "+352 2", None]),
        "status": st.sampled_from(["active", "suspended", "retired", "ended"]),
    },
)
LINES = st.builds(
    lambda value, said, since, until: Line(
        number=1,
        kind=Kind.PRACTITIONER,
        system=SYSTEM,
        value=value,
        said=said,
        since=since,
        until=until,
    ),
    PEOPLE,
    SAID | st.just({"family": "Weber", "profession": "62247001"}),
    DATES,
    DATES,
)
FILES = st.lists(LINES, max_size=3, unique_by=lambda line: line.value) | st.lists(LINES, max_size=4)
STEPS = st.lists(
    st.tuples(st.integers(0, 3), FILES, st.booleans(), st.none() | st.integers(0, 5)),
    min_size=1,
    max_size=5,
)


@dataclass
class Set:
    known: datetime
    back: datetime | None = None
    writes: list[tuple[str, State, date | None, date | None]] = field(default_factory=list)


@dataclass
class Model:
    """What the directory should say, written down day by day; knows nothing of spans."""

    sets: list[Set] = field(default_factory=list)

    def standing(self, known: datetime | None = None) -> Iterator[Set]:
        for one in self.sets:
            until = one.back or datetime.max.replace(tzinfo=UTC)
            if one.back is None if known is None else one.known <= known < until:
                yield one

    def state(self, value: str, day: date, known: datetime | None = None) -> State:
        state: State = {}
        for one in self.standing(known):
            for about, said, since, until in one.writes:
                if about == value and (not since or since <= day) and (not until or day < until):
                    state |= said
        return {name: told for name, told in state.items() if told is not None}

    def is_shown(self, value: str, today: date) -> bool:
        return any(self.state(value, day).get("status") not in GONE for day in DAYS if day >= today)

    def was_made(self, value: str) -> bool:
        return any(
            "#" in said
            for one in self.standing()
            for about, said, *_ in one.writes
            if about == value
        )

    def take(self, lines: Sequence[Line], complete: bool, at: datetime) -> None:
        today, named = at.date(), {line.value for line in lines}
        gone = [
            v for v in "123" if lines and complete and v not in named and self.is_shown(v, today)
        ]
        self.sets.append(Set(known=at))
        for line in lines:
            if not (line.since and line.until and line.until <= line.since):
                self._say(line.value, dict(line.said), line.since, line.until, today)
        for value in gone:
            self._say(value, {"status": "ended"}, today, None, today)

    def _say(
        self, value: str, said: State, since: date | None, until: date | None, today: date
    ) -> None:
        writes = self.sets[-1].writes
        if not self.was_made(value):
            if {"family", "profession"} <= said.keys():
                new = {"status": "active"} | {n: v for n, v in said.items() if v is not None}
                writes.append((value, new | {"#": value}, since, until))
            return
        if self.state(value, since or today).get("status") == "ended":
            said = {"status": "active"} | said
        for name, told in said.items():
            if since or until:
                days = [d for d in DAYS if (not since or since <= d) and (not until or d < until)]
                if any(self.state(value, day).get(name) != told for day in days):
                    writes.append((value, {name: told}, since, until))
            elif self.state(value, today).get(name) != told:
                writes.append((value, {name: told}, today, None))


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def said(source: Source, lines: Sequence[Line], complete: bool, at: datetime) -> int:
    numbered = [Line(**{**vars(line), "number": number}) for number, line in enumerate(lines, 1)]
    change_set = propose(
        actor=ACTOR, at=at, source=source, how=How.FILE, lines=numbered, complete=complete
    )
    apply(actor=ACTOR, at=at, change_set=change_set, really=True)
    return change_set


def answers(known: datetime | None = None) -> dict[str, list[State]]:
    """By identifier, what is true on each day."""
    rows = dict(Practitioner.objects.values_list("pk", "value"))
    found = {}
    for entry, history in histories(Kind.PRACTITIONER, rows, known=known).items():
        days = [state_on(history, day) for day in DAYS]
        for day in days:
            day.pop("identifier", None)
        if any(days):
            found[rows[entry]] = days
    return found


def table() -> list[Mapping[str, Any]]:
    """The rows that somebody sees, without how often and when they were written."""
    rows = Practitioner.objects.order_by("value").values()
    return [
        {
            name: value
            for name, value in row.items()
            if name not in ("version", "changed_at", "changes")
        }
        for row in rows
        if row["deregistered_at"] != row["registered_at"]
    ]


def replayed(model: Model, known: datetime | None = None) -> dict[str, list[State]]:
    found = {}
    for value in "123":
        days = [model.state(value, day, known) for day in DAYS]
        for day in days:
            day.pop("#", None)
        if any(days):
            found[value] = days
    return found


@pytest.mark.usefixtures("database")
@settings(max_examples=MANY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_directory_is_a_replay_of_what_was_said(
    steps: list[tuple[int, list[Line], bool, int | None]],
) -> None:
    with undone():
        source = source_named("college", system=SYSTEM, at=START)
        model, at, sets = Model(), START, list[int]()
        for days, lines, complete, back in steps:
            at += timedelta(days=days, hours=1)
            turn_of_day(at=at)
            before = answers(), table()
            trial = said(source, lines, complete, at)
            roll_back(actor=ACTOR, at=at, change_set=trial, reason="a trial")
            assert (answers(), table()) == before  # as if it had never been
            sets.append(said(source, lines, complete, at))
            model.take(lines, complete, at)
            once = answers(), table()
            assert once[0] == replayed(model)
            again = said(source, lines, False, at)
            if len({line.value for line in lines}) == len(lines):  # that does not contradict itself
                assert (answers(), table()) == once  # twice is once
            roll_back(actor=ACTOR, at=at, change_set=again, reason="the second one")
            if back is not None and back < len(sets) and model.sets[back].back is None:
                at += timedelta(minutes=1)
                roll_back(actor=ACTOR, at=at, change_set=sets[back], reason="wrong")
                model.sets[back].back = at
            for row in Practitioner.objects.all():
                shown = row.deregistered_at is None
                assert shown == model.is_shown(row.value, at.date())
                if shown:
                    today = model.state(row.value, at.date())
                    assert row.telephone == today.get("telephone", "")
        for one in model.sets:  # and as it was known at each time
            instants = [one.known, *([one.back] if one.back else [])]
            for instant in instants:
                assert answers(instant) == replayed(model, instant)
