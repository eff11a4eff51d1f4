"""The right to prescribe over histories drawn at random: what directories said, took back and joined, day by day."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from salus.country import country
from salus.directory.actions import change, join, part, roll_back, source_named
from salus.directory.lines import Line
from salus.directory.models import ChangeSet, How, Kind, Practitioner
from salus.eligibility.queries import prescriber
from salus.kernel.actor import Actor, Role

ACTOR = Actor(role=Role.SYSTEM, system="test")
MANY = 400 if os.environ.get("SALUS_PROVE") == "1" else 6
START = datetime(2024, 2, 26, 12, tzinfo=UTC)
DAYS = [date(2024, 2, 20) + timedelta(n) for n in range(24)]  # the outer ones stand for ever
PHYSICIAN, MIDWIFE, PHYSIOTHERAPIST = "62247001", "309453006", "36682004"
PRODUCTS = ("N02AA01", "J07BB02", "N02BE01")
# Two registers know somebody, each with licences of its own.
OWNERS = {"A1": "A", "A2": "A", "B1": "B"}
ORDER = [  # of two licences the one answers whose reason comes first
    "licensed",
    "licensed-abroad",
    "product-excluded",
    "not-from-abroad",
    "country-not-recognised",
    "profession-does-not-prescribe",
    "suspended",
    "licence-ended",
    "left-register",
    "not-licensed-yet",
    "not-registered",
]

State = dict[str, Any]
Span = tuple[date | None, date | None]


@dataclass(frozen=True)
class Say:
    entry: str
    said: State
    since: date | None
    until: date | None


@dataclass(frozen=True)
class Back:
    """Take the so-manieth change set back."""

    number: int


@dataclass(frozen=True)
class Together:
    """Both registers' entries are one professional's, or are told apart again."""


INNER = st.none() | st.sampled_from(DAYS[1:-2])
STATUS = st.sampled_from(("active", "suspended", "ended"))
PROFESSION = st.sampled_from((PHYSICIAN, MIDWIFE, PHYSIOTHERAPIST))
OF_PERSON = st.one_of(
    STATUS.map(lambda status: {"status": status}),
    st.sampled_from(("retired", "deceased", "suspended")).map(lambda status: {"status": status}),
    PROFESSION.map(lambda profession: {"profession": profession}),
)
OF_LICENCE = st.one_of(
    STATUS.map(lambda status: {"status": status}),
    st.lists(st.sampled_from(("N02A", "j07", "N")), max_size=2).map(
        lambda codes: {"limits": codes}
    ),
    st.sampled_from(("LU", "DE", "US")).map(lambda code: {"country": code}),
    PROFESSION.map(lambda profession: {"profession": profession}),
)
SAYING = st.one_of(
    st.builds(Say, st.sampled_from("AB"), OF_PERSON, INNER, INNER),
    st.builds(Say, st.sampled_from(sorted(OWNERS)), OF_LICENCE, INNER, INNER),
)
STEPS = st.lists(
    st.one_of(SAYING, SAYING, SAYING, st.builds(Back, st.integers(0, 6)), st.just(Together())),
    max_size=8,
)
MADE = st.fixed_dictionaries(
    {"A": st.none() | INNER},
    optional={"B": INNER, "A1": INNER, "A2": INNER, "B1": INNER},
)


@dataclass
class Set:
    writes: list[Say] = field(default_factory=list)
    is_back: bool = False


@dataclass
class Model:
    """What was said, written down; knows nothing of spans, statements, or SQL."""

    sets: list[Set] = field(default_factory=list)
    are_one: bool = False

    def writes(self, entry: str) -> list[Say]:
        return [w for one in self.sets if not one.is_back for w in one.writes if w.entry == entry]

    def state(self, entry: str, day: date) -> State:
        state: State = {}
        for said in self.writes(entry):
            if (not said.since or said.since <= day) and (not said.until or day < said.until):
                state |= said.said
        return state

    def say(self, said: Say, today: date) -> None:
        """Only what is news is kept: that decides what is left when something is taken back."""
        told = dict(said.said)
        if self.state(said.entry, said.since or today).get("status") == "ended":
            told = {"status": "active"} | told
        dated = said.since or said.until
        since = said.since if dated else today
        days = [
            day
            for day in ([today] if not dated else DAYS)
            if (not since or since <= day) and (not said.until or day < said.until)
        ]
        for name, value in told.items():
            if any(self.state(said.entry, day).get(name) != value for day in days):
                self.sets[-1].writes.append(Say(said.entry, {name: value}, since, said.until))

    def nearest(self, entry: str, name: str, day: date) -> Any:
        """On the day, or the last one before, or the first one after."""
        before = [one for one in DAYS if one <= day][::-1]
        for one in (*before, *(one for one in DAYS if one > day)):
            if value := self.state(entry, one).get(name):
                return value
        return ""

    def standing(self, entry: str, day: date) -> str:
        if status := self.state(entry, day).get("status"):
            return "ended" if status == "retired" else str(status)
        earlier = takewhile(lambda one: one <= day, DAYS)
        return (
            "ended" if any(self.state(entry, one).get("status") for one in earlier) else "to-come"
        )

    def reason(self, asked: str, day: date, product: str) -> str:
        people = [one for one in ("AB" if self.are_one else asked) if self.writes(one)]
        standings = {person: self.standing(person, day) for person in people}
        if "deceased" in standings.values():
            return "left-register"
        licences = [one for one, of in OWNERS.items() if of in people and self.writes(one)]
        if not licences and "suspended" in standings.values():
            return "suspended"
        reasons = [
            self._of_licence(
                standings[OWNERS[one]],
                self.standing(one, day),
                self.nearest(one, "country", day),
                self.nearest(one, "profession", day),
                self.state(one, day).get("limits") or [],
                product,
            )
            for one in licences
        ] or [
            self._of_licence(
                standings[one],
                standings[one],
                "LU",
                self.nearest(one, "profession", day),
                [],
                product,
            )
            for one in people
        ]
        return min(reasons, key=ORDER.index, default="not-registered")

    def _of_licence(
        self,
        registered: str,
        licensed: str,
        where: str,
        profession: str,
        limits: list[str],
        product: str,
    ) -> str:
        if registered != "active":
            return {
                "suspended": "suspended",
                "ended": "left-register",
                "to-come": "not-registered",
            }[registered]
        if licensed != "active":
            return {"suspended": "suspended", "to-come": "not-licensed-yet"}.get(
                licensed, "licence-ended"
            )
        if where not in ("LU", "DE"):
            return "country-not-recognised"
        if profession not in (PHYSICIAN, MIDWIFE):
            return "profession-does-not-prescribe"
        if any(product.startswith(limit.upper()) for limit in limits):
            return "product-excluded"
        if where != "LU" and product.startswith("N02A"):
            return "not-from-abroad"
        if profession == MIDWIFE and product == "N02AA01":
            return "product-excluded"
        return "licensed" if where == "LU" else "licensed-abroad"

    def until(self, asked: str, day: date, product: str) -> date | None:
        if self.reason(asked, day, product) != "suspended":
            return None
        later = (one for one in DAYS if one > day)
        return next((one for one in later if self.reason(asked, one, product) != "suspended"), None)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Directory:
    """The real one, told the same."""

    model: Model
    at: datetime = START

    def make(self, begins: dict[str, date | None]) -> None:
        # An entry cannot do without what it is registered with; a licence names its owner.
        lines = []
        for entry in sorted(begins, key=lambda one: (len(one), one)):
            if OWNERS.get(entry, "A") not in begins:
                continue
            said: State = {"profession": PHYSICIAN}
            if entry in OWNERS:
                said |= {"practitioner": f"urn:{OWNERS[entry]}|1", "country": "LU"}
            else:
                said |= {"family": "Weber", "given": "Eva"}
            lines.append(Say(entry, said, begins[entry], None))
        self.model.sets.append(
            Set(writes=[Say(w.entry, {"status": "active"} | w.said, w.since, None) for w in lines])
        )
        self._change(lines)

    def take(self, step: Say | Back | Together) -> None:
        self.at += timedelta(hours=5)
        match step:
            case Say() if self.model.writes(step.entry) and not self.model.sets[0].is_back:
                if step.since and step.until and step.until <= step.since:
                    return
                self.model.sets.append(Set())
                self.model.say(step, self.at.date())
                self._change([step])
            case Back() if (
                step.number < len(self.sets) and not self.model.sets[step.number].is_back
            ):
                roll_back(
                    actor=ACTOR, at=self.at, change_set=self.sets[step.number], reason="wrong"
                )
                self.model.sets[step.number].is_back = True
            case Together() if self.model.writes("B") and not self.model.sets[0].is_back:
                self._join()

    def _join(self) -> None:
        a, b = (Practitioner.objects.get(system=f"urn:{one}").pk for one in "AB")
        if self.model.are_one:
            part(actor=ACTOR, at=self.at, kind=Kind.PRACTITIONER, duplicate=b)
        else:
            join(actor=ACTOR, at=self.at, kind=Kind.PRACTITIONER, duplicate=b, root=a)
        self.model.are_one = not self.model.are_one

    def __post_init__(self) -> None:
        self.sets: list[int] = []

    def _change(self, said: list[Say]) -> None:
        lines = [
            Line(
                number=number,
                kind=Kind.LICENCE if one.entry in OWNERS else Kind.PRACTITIONER,
                system=f"urn:{one.entry}",
                value="1",
                said=one.said,
                since=one.since,
                until=one.until,
            )
            for number, one in enumerate(said, 1)
        ]
        source = source_named("college", at=START)
        change(actor=ACTOR, at=self.at, source=source, how=How.FILE, lines=lines)
        self.sets.append(ChangeSet.objects.latest("pk").pk)


ACTIVE, SUSPENDED = {"status": "active"}, {"status": "suspended"}


@pytest.mark.usefixtures("database")
@settings(max_examples=MANY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=MADE, steps=STEPS)
@example(  # both suspended, one of them for longer; then the register is corrected
    made={"A": None, "A1": DAYS[2]},
    steps=[
        Say("A", SUSPENDED, DAYS[3], DAYS[9]),
        Say("A1", SUSPENDED, DAYS[5], DAYS[14]),
        Say("A1", {"status": "ended"}, DAYS[16], None),
        Say("A1", {"status": "active"}, DAYS[10], DAYS[11]),
    ],
)
@example(  # in use before it was registered: what it is, is known only of later
    made={"A": DAYS[6], "B": None, "B1": DAYS[6]},
    steps=[Say("A", ACTIVE, DAYS[1], DAYS[5]), Say("B1", ACTIVE, DAYS[1], DAYS[5])],
)
@example(  # the same, and then what registered both is taken back
    made={"A": DAYS[6], "A1": None},
    steps=[Say("A", ACTIVE, DAYS[1], DAYS[5]), Back(0)],
)
@example(  # limits for a while; of two licences one is suspended and one ended
    made={"A": None, "A1": None, "A2": None},
    steps=[
        Say("A1", {"limits": ["N02A"]}, DAYS[3], DAYS[6]),
        Say("A2", {"status": "ended"}, DAYS[2], None),
        Say("A1", SUSPENDED, DAYS[9], None),
    ],
)
@example(  # two entries of one professional, of whom one is suspended for good
    made={"A": None, "B": DAYS[4], "B1": None, "A1": None},
    steps=[Together(), Say("A", SUSPENDED, DAYS[6], None), Say("B1", SUSPENDED, DAYS[8], DAYS[9])],
)
@example(  # a register without licences; what was said first is taken back
    made={"A": DAYS[3], "B": None},
    steps=[Say("A", SUSPENDED, DAYS[6], DAYS[12]), Together(), Back(1)],
)
def test_the_answer_of_each_day_is_a_replay_of_what_was_said(
    made: dict[str, date | None], steps: list[Say | Back | Together]
) -> None:
    assert country().ELIGIBILITY.prescribing[MIDWIFE] == (
        "A",
        "B03",
        "D",
        "G02",
        "J07",
        "N01B",
        "N02B",
    )
    with undone():
        directory = Directory(model=Model())
        directory.make(made)
        for step in steps:
            directory.take(step)
        model = directory.model
        for asked in "AB":
            known = prescriber(f"urn:{asked}", "1")
            assert (known.practitioner is None) == (asked not in made)
            for day in DAYS:
                for product in PRODUCTS:
                    said = known.verdict(product, day=day)
                    assert (str(said.reason), said.suspended_until) == (
                        model.reason(asked, day, product) if asked in made else "not-registered",
                        model.until(asked, day, product) if asked in made else None,
                    ), (asked, day, product)
                    assert (said.status == "may-prescribe") == said.reason.startswith("licensed")
