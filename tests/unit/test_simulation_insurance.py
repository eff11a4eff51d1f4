"""Periods of cover at 1/100: each story that a register tells occurs, about as often as in life."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from salus.kernel.month import Month
from salus.simulation.affiliations import Affiliations, affiliations, insured_in
from salus.simulation.calibration import plan
from salus.simulation.events import eligibility_checks
from salus.simulation.lives import World, make_world
from salus.simulation.names import places
from salus.simulation.timeline import DAY, NO_DAY, Timeline, first_day

UNTIL = Month(2024, 12)
LAST = first_day(2024, 12) + 30
ZONE = ZoneInfo("Europe/Luxembourg")


def world_of(seed: int) -> World:
    return make_world(plan(denominator=100, until=UNTIL), Timeline(UNTIL, ZONE), seed)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the register has told at the end: by person, in the order of their beginnings."""

    world: World
    known: Affiliations
    periods: dict[int, list[tuple[int, int]]]  # that are not withdrawn; NO_DAY: no end is known

    def follow(self) -> Iterator[tuple[int, int, int]]:
        """Whose, the end of all that was before, and when the next one begins."""
        for person, rows in self.periods.items():
            ends = rows[0][1]
            for since, until in rows[1:]:
                yield person, ends, since
                ends = max(ends, until)

    def ends(self, person: int) -> int:
        return max(until for _, until in self.periods[person])


@pytest.fixture(scope="module")
def told() -> Told:
    world = world_of(7)
    everything = affiliations(world)
    is_known, until = everything.known_on(LAST)
    known = everything.taken(is_known)
    periods: dict[int, list[tuple[int, int]]] = {}
    for person, since, ends, withdrawn in zip(
        known.person.tolist(),
        known.since.tolist(),
        until[is_known].tolist(),
        known.withdrawn.tolist(),
        strict=True,
    ):
        if not withdrawn:
            periods.setdefault(person, []).append((since, ends))
    return Told(world=world, known=known, periods={p: sorted(of) for p, of in periods.items()})


def test_jobs_touch_overlap_and_leave_gaps(told: Told) -> None:
    follow = list(told.follow())
    touching = sum(since == ends for _, ends, since in follow)
    overlapping = sum(since < ends for _, ends, since in follow)
    apart = sum(since > ends for _, ends, since in follow)
    people = len(told.world.people)
    assert 0.10 * people < touching < 0.30 * people
    assert 0.04 * people < overlapping < 0.15 * people
    assert 0.02 * people < apart < 0.08 * people
    assert 1.2 * people < len(told.known) < 1.6 * people


def test_who_comes_across_the_border_has_two_jobs_and_leaves_more_often(told: Told) -> None:
    people = told.world.people
    home = places().group[told.world.homes.place_before[people.household]]
    left = np.zeros(len(people), dtype=bool)
    twice = left.copy()
    for person in told.periods:
        left[person] = people.death[person] == NO_DAY and told.ends(person) <= LAST
    for person, ends, since in told.follow():
        twice[person] |= ends - since > 60  # longer than a term of notice
    for shown, least in ((left, 0.01), (twice, 0.002)):
        share = shown[home > 0].mean(), shown[home == 0].mean()
        assert least < share[1] < share[0] < 0.15
    assert (home[twice] > 0).sum() > 20  # and from each country
    assert {1, 2, 3} <= set(home[twice].tolist())


def test_children_are_insured_from_birth_and_with_a_parent(told: Told) -> None:
    people = told.world.people
    head = dict(
        zip(people.household[people.parent][::-1], np.flatnonzero(people.parent)[::-1], strict=True)
    )
    born = np.flatnonzero(~people.parent & (people.birth > first_day(2016, 1)))
    born = born[people.registered[born] // DAY - people.birth[born] <= 14]
    firsts = [told.periods[child][0][0] == people.birth[child] for child in born.tolist()]
    assert len(firsts) > 300 and all(firsts)
    shared = 0
    for child in born.tolist():
        parent = int(head[people.household[child]])
        if people.death[parent] < NO_DAY:
            continue  # the child's cover goes on
        borders = {day for since, until in told.periods[parent] for day in (since, until)}
        later = {since for since, _ in told.periods[child]} - {int(people.birth[child])}
        assert later <= borders
        shared += bool(later)
    assert shared > 40


def test_death_ends_it_all(told: Told) -> None:
    death = told.world.people.death
    dead = [person for person in told.periods if death[person] < LAST]
    assert len(dead) > 500
    outlived = [told.ends(person) - int(death[person]) - 1 for person in dead]
    assert max(outlived) == 0  # the day of death is the last one
    assert sum(days < 0 for days in outlived) < 0.1 * len(dead)  # had left before


def test_some_periods_begin_or_end_ahead_and_some_were_taken_back(told: Told) -> None:
    known = told.known
    ahead = [one for of in told.periods.values() for one in of]
    assert sum(since > LAST for since, _ in ahead) > 10
    assert sum(LAST < until < int(NO_DAY) for _, until in ahead) > 10
    assert 0.004 * len(known) < known.withdrawn.sum() < 0.015 * len(known)
    insured = set(known.on(LAST).tolist())
    taken_back = known.taken(known.withdrawn & (known.since <= LAST) & (known.until > LAST))
    assert set(taken_back.person.tolist()) - insured  # somebody whom it alone would insure


@pytest.mark.parametrize("year", range(2016, 2025))
def test_nearly_everybody_is_insured_on_any_day(told: Told, year: int) -> None:
    people, day = told.world.people, first_day(year, 7)
    lives = (people.registered // DAY < day) & (people.death > day)
    insured = np.zeros(len(people), dtype=bool)
    insured[affiliations(told.world).on(day)] = True
    assert 0.93 < insured[lives].mean() < 0.995
    assert not insured[people.death < day].any()


def test_everybody_is_known_and_the_demo_people_are_insured_all_the_time(told: Told) -> None:
    people, cast = told.world.people, told.world.cast
    assert len(told.periods) == len(people)
    for person in cast.everyone:
        assert told.periods[person][0][0] <= people.registered[person] // DAY
        assert told.ends(person) == NO_DAY
        assert not [1 for who, ends, since in told.follow() if who == person and since > ends]


def test_checks_are_mostly_of_the_insured(told: Told) -> None:
    month = UNTIL - Month(2015, 1)
    asked = np.concatenate([group.person for group in eligibility_checks(told.world, month)])
    insured = insured_in(told.world, month)
    assert 0.98 < insured[asked].mean() < 0.999


def columns(seed: int) -> list[bytes]:
    rows = affiliations(world_of(seed))
    every = (rows.person, rows.since, rows.until, rows.ahead, rows.withdrawn)
    return [column.tobytes() for column in every]


def test_a_seed_tells_the_same_and_another_one_tells_another() -> None:
    once = columns(3)
    assert columns(3) == once
    assert columns(4)[1] != once[1]
