"""Who was insured when: periods of cover as the social-security register tells them, one job after another.

Most people have one period. Those in working life change jobs: the next one begins as the last one ends, before it
ends, or after a time abroad; some leave for good, some have two at once. Children are insured with a parent, from
birth on. What the register took back is there too, as withdrawn.
"""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from salus.simulation.lives import World
from salus.simulation.names import COUNTRIES, places
from salus.simulation.sampling import generator
from salus.simulation.timeline import NO_DAY, Days, Ints, Mask, day_of, first_day

_YEAR = 365.25
_JOBS = 5  # at most, one after another
# Of residents, and of those who come across the border to work.
_CHANGES_JOBS = (0.32, 0.42)  # of people in working life
_YEARS_IN_A_JOB = (6.0, 4.5)  # mean
_SECOND_JOB = (0.05, 0.09)  # of those who change jobs: beside the first one, for a while
# How one job follows another: as it ends, before it ends, after a time without cover here, or never.
_NEXT = ((0.66, 0.18, 0.10, 0.06), (0.58, 0.17, 0.14, 0.11))
_LEAVES = 0.006  # of the others: gone for good, some years after they came
_WITHDRAWN = 0.008  # of people: a period that the register took back
_TOLD_AHEAD = 0.25  # of people: of fixed terms, which the register knows of beforehand
_MOST_AHEAD = 180  # days
_FROM_BIRTH = 14  # days: who is registered by then was born here
_TOUCHES, _OVERLAPS, _GAP, _NONE = range(4)


@dataclass(frozen=True, kw_only=True)
class Affiliations:
    """Rows by person; ``until`` is the first day without cover, NO_DAY: there is none."""

    person: Ints
    since: Days
    until: Days
    ahead: Days  # days before which the register tells of both
    withdrawn: Mask

    def __len__(self) -> int:
        return len(self.person)

    def taken(self, index: Ints | Mask) -> "Affiliations":
        return Affiliations(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def of(self, people: Ints) -> tuple[Ints, Ints]:
        """Indices of these people's rows, and how many each has."""
        first = np.searchsorted(self.person, people)
        times = np.searchsorted(self.person, people, side="right") - first
        return np.repeat(first - np.cumsum(times) + times, times) + np.arange(times.sum()), times

    def known_on(self, day: int) -> tuple[Mask, Days]:
        """Which periods the register has told of by the day, and their ends as it knows them."""
        until = np.where(self.until <= day + self.ahead, self.until, NO_DAY)
        return self.since <= day + self.ahead, until

    def on(self, day: int) -> Ints:
        """Who is insured on the day; somebody with several periods comes several times."""
        return self.person[(self.since <= day) & (day < self.until) & ~self.withdrawn]


@lru_cache(maxsize=1)
def affiliations(world: World) -> Affiliations:
    """All periods of everybody up to the end of the timeline, and what is known ahead then."""
    rng = generator(world.seed, "affiliations")
    parent = _insured_with(world)
    careers = _careers(world, rng, settled=parent >= 0)
    rows = _joined(
        [_without(careers, np.flatnonzero(parent >= 0)), _children(world, careers, parent)]
    )
    rows = _joined([rows, _second_jobs(rng, rows, world), _taken_back(rng, rows)])
    return _in_order(_of_the_living(world, rows))


def insured_in(world: World, month: int) -> Mask:
    """Who is insured on the month's first day and on its last one."""
    first, after = world.line.first_days[month : month + 2].tolist()
    found = np.zeros((2, len(world.people)), dtype=bool)
    for number, day in enumerate((first, after - 1)):
        found[number, affiliations(world).on(day)] = True
    both: Mask = found[0] & found[1]
    return both


def _begins(world: World) -> Days:
    """The first day of cover: of whom was born here the day of birth."""
    registered = day_of(world.people.registered)
    return np.where(
        registered - world.people.birth <= _FROM_BIRTH, world.people.birth, registered
    ).astype(np.int32)


def _abroad(world: World) -> Ints:
    """1 of who lives across the border, else 0."""
    home = world.homes.place_before[world.people.household]
    abroad: Ints = (places().group[home] != COUNTRIES.index("LU")).astype(np.int64)
    return abroad


def _insured_with(world: World) -> Ints:
    """Of everybody who stays a minor the first parent of the household; -1: insured by themselves."""
    people = world.people
    head = np.full(len(world.homes.moved), -1, dtype=np.int64)
    parents = np.flatnonzero(people.parent)
    head[people.household[parents[::-1]]] = parents[::-1]  # the first one wins
    is_minor = ~people.parent & (people.birth > world.line.first_days[-1] - round(18 * _YEAR))
    return np.where(is_minor, head[people.household], -1)


def _careers(world: World, rng: np.random.Generator, *, settled: Mask) -> Affiliations:
    """One period after another of each, whoever may live to see it; ``settled``, and the demo's, have one alone."""
    people, count = world.people, len(world.people)
    begins, home = _begins(world), _abroad(world)
    settled = settled | np.isin(people.household, people.household[world.cast.everyone])
    works = (people.birth > first_day(1957, 1)) & (people.birth < first_day(2003, 1)) & ~settled
    changes = works & (rng.random(count) < np.array(_CHANGES_JOBS)[home])
    ahead = np.where(
        rng.random(count) < _TOLD_AHEAD, rng.integers(1, _MOST_AHEAD, count), 0
    ).astype(np.int32)
    leaves = ~changes & ~settled & (rng.random(count) < _LEAVES)
    after = begins + (_YEAR * rng.uniform(1, 13, count)).astype(np.int32)
    rows = [_rows(np.flatnonzero(~changes), begins, np.where(leaves, after, NO_DAY), ahead)]
    who, since = np.flatnonzero(changes), begins.copy()
    for job in range(_JOBS):
        years = rng.exponential(np.array(_YEARS_IN_A_JOB)[home[who]])
        grown = np.maximum(since[who], people.birth[who] + round(18 * _YEAR))
        until = since.copy()
        until[who] = _likely(
            rng, np.maximum(grown + years * _YEAR, since[who] + 60).astype(np.int32)
        )
        if job == _JOBS - 1:
            until[who] = NO_DAY
        rows.append(_rows(who, since, until, ahead))
        thrown, shares = rng.random(len(who)), np.cumsum(np.array(_NEXT), axis=1)[home[who]]
        follows = (thrown[:, None] >= shares).sum(axis=1)
        since[who] = until[who] + np.select(
            [follows == _OVERLAPS, follows == _GAP],
            [-rng.integers(1, 60, len(who)), rng.integers(14, 900, len(who))],
            0,
        )
        who = who[(follows < _NONE) & (since[who] < world.line.first_days[-1] + _MOST_AHEAD)]
    return _in_order(_joined(rows))


def _likely(rng: np.random.Generator, days: Days) -> Days:
    """Contracts mostly end with a month."""
    firsts = days.astype("datetime64[D]").astype("datetime64[M]") + 1
    of_month = firsts.astype("datetime64[D]").astype(np.int32)
    return np.where(rng.random(len(days)) < 0.7, of_month, days).astype(np.int32)


def _children(world: World, careers: Affiliations, parent: Ints) -> Affiliations:
    """While the parent is insured; by themselves, from their first day on, if the parent is not on that day.

    Who is registered in the same days or, in 2015, in the same year has come together.
    """
    begins = _begins(world)
    child = np.flatnonzero(parent >= 0)
    rows, times = careers.of(parent[child])
    who = np.repeat(child, times)
    is_first = np.append(True, careers.person[1:] != careers.person[:-1])[rows]
    with_parent = Affiliations(
        person=who,
        since=np.where(is_first, begins[who], np.maximum(careers.since[rows], begins[who])),
        until=careers.until[rows],
        ahead=careers.ahead[rows],
        withdrawn=careers.withdrawn[rows],
    )
    with_parent = with_parent.taken(with_parent.until > with_parent.since)
    at_once = with_parent.since == begins[with_parent.person]
    alone = np.setdiff1d(child, with_parent.person[at_once])
    never, told = np.full(len(parent), NO_DAY), np.zeros(len(parent), dtype=np.int32)
    return _joined([_without(with_parent, alone), _rows(alone, begins, never, told)])


def _second_jobs(rng: np.random.Generator, rows: Affiliations, world: World) -> Affiliations:
    """Beside a first one, of whom has several; it may go on when that ends."""
    several = np.bincount(rows.person, minlength=len(world.people)) > 1
    adult = world.people.parent & several
    share = np.array(_SECOND_JOB)[_abroad(world)]
    has = adult[rows.person] & (rng.random(len(rows)) < share[rows.person])
    beside = rows.taken(has)
    since = beside.since + rng.integers(1, 300, len(beside)).astype(np.int32)
    until = since + rng.integers(60, 900, len(beside)).astype(np.int32)
    kept = since < beside.until
    return Affiliations(
        person=beside.person,
        since=since,
        until=until,
        ahead=beside.ahead,
        withdrawn=np.zeros(len(beside), dtype=bool),
    ).taken(kept)


def _taken_back(rng: np.random.Generator, rows: Affiliations) -> Affiliations:
    """Periods that the register withdrew: wrong ones, many of them in a time without cover."""
    chosen = np.flatnonzero(rng.random(len(rows)) < _WITHDRAWN)
    wrong = rows.taken(chosen)
    ends = wrong.until < NO_DAY
    since = np.where(ends, wrong.until, wrong.since + rng.integers(0, 400, len(wrong)))
    until = since + rng.integers(20, 500, len(wrong))
    return Affiliations(
        person=wrong.person,
        since=since.astype(np.int32),
        until=np.where(rng.random(len(wrong)) < 0.3, NO_DAY, until).astype(np.int32),
        ahead=np.zeros(len(wrong), dtype=np.int32),
        withdrawn=np.ones(len(wrong), dtype=bool),
    )


def _of_the_living(world: World, rows: Affiliations) -> Affiliations:
    """The day of death is the last one of cover; nobody knows it ahead."""
    death = world.people.death[rows.person]
    dies = (death < NO_DAY) & (death < rows.until)
    return Affiliations(
        person=rows.person,
        since=rows.since,
        until=np.where(dies, death + 1, rows.until).astype(np.int32),
        ahead=np.where(dies, 0, rows.ahead).astype(np.int32),
        withdrawn=rows.withdrawn,
    ).taken((death == NO_DAY) | (rows.since <= death))


def _rows(who: Ints, since: Days, until: Days, ahead: Days) -> Affiliations:
    """One of each of these; the columns are everybody's."""
    return Affiliations(
        person=who,
        since=since[who],
        until=until[who].astype(np.int32),
        ahead=ahead[who],
        withdrawn=np.zeros(len(who), dtype=bool),
    )


def _without(rows: Affiliations, people: Ints) -> Affiliations:
    return rows.taken(~np.isin(rows.person, people))


def _joined(parts: list[Affiliations]) -> Affiliations:
    return Affiliations(
        **{
            f.name: np.concatenate([getattr(p, f.name) for p in parts])
            for f in fields(Affiliations)
        }
    )


def _in_order(rows: Affiliations) -> Affiliations:
    return rows.taken(np.argsort(rows.person, kind="stable"))
