"""The people: households of the region, their names, births, moves and deaths.

Those whose record is open by the calibration month are made country by country, so that the shares by residence
come out exactly. Everything is a few arrays; person ``i`` of the arrays is row ``i + 1`` of the patient index.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from salus.simulation.calibration import CALIBRATION, Plan
from salus.simulation.names import COUNTRIES, CULTURE_OF, CULTURES, name_table, places
from salus.simulation.sampling import generator
from salus.simulation.timeline import (
    DAY,
    FIRST,
    NEVER,
    NO_DAY,
    NO_MONTH,
    Days,
    Floats,
    Ints,
    Mask,
    Timeline,
    first_day,
)

_YEAR = 365.25
_LU = COUNTRIES.index("LU")
_PORTUGUESE = CULTURES.index("portuguese")

# Single, couple, couple with children, parent with children; of residents and of those insured abroad.
_HOUSEHOLDS = {True: (0.37, 0.28, 0.27, 0.08), False: (0.34, 0.26, 0.34, 0.06)}
_OBJECTED = 0.021  # of those with a record: they refused theirs
_DIED_BEFORE = 0.028  # of those with a record: registered, dead before records began
_ARRIVALS, _BIRTHS = 3_300, 720  # a month at scale 1, after the calibration month
_ARRIVES_IN = (0.47, 0.27, 0.12, 0.08, 0.06)  # by country
_MOVED, _MOVES = (
    0.05,
    0.012,
)  # share of households that moved before it; that move in a year after it


@dataclass(frozen=True, kw_only=True)
class Households:
    """Where each household lives: at ``place`` from the day ``moved`` on, before that at ``place_before``.

    Places are rows of ``names.places()``.
    """

    place_before: Ints
    place: Ints
    moved: Days  # NO_DAY: always at ``place_before``


@dataclass(frozen=True, kw_only=True)
class People:
    household: Ints
    parent: Mask  # the first one or two of a household
    culture: Ints
    female: Mask
    birth: Days
    death: Days
    twin: Ints  # order among twins, 0 for others
    family: Ints  # names: rows of names.name_table(), -1 for none
    family_2: Ints
    birth_family: Ints
    given: Ints
    given_2: Ints
    registered: Ints  # instants
    opened: Ints  # of the record

    def __len__(self) -> int:
        return len(self.birth)

    def taken(self, index: Ints) -> "People":
        return replace(self, **{f.name: getattr(self, f.name)[index] for f in fields(self)})


@dataclass(frozen=True, kw_only=True)
class _Cohort:
    """People before names: who lives with whom, born when, come when."""

    household: Ints
    parent: Mask
    female: Mask
    birth: Days
    twin: Ints
    arrival: Days
    group: Ints  # country of the household, by household
    records: Mask  # has or will have a record


def populate(plan: Plan, line: Timeline, seed: int) -> tuple[People, Households]:
    """The whole population up to the end of ``line``, in the order of registration."""
    rng = generator(seed, "population")
    at = line.first_days[CALIBRATION - FIRST + 1]
    cohorts = [
        _with_record(rng, group, records, at)
        for group, records in enumerate(plan.residence.values())
    ]
    records = sum(plan.residence.values())
    cohorts.append(_dead_before(rng, round(records * _DIED_BEFORE)))
    months = line.months - (CALIBRATION - FIRST) + 1
    cohorts.append(_arriving(rng, round(_ARRIVALS * months / plan.denominator), at, line))
    cohort = _joined(cohorts)
    before = len(cohort.household)
    cohort = _born(rng, cohort, round(_BIRTHS * months / plan.denominator), at, line)
    registered, opened = _registration(rng, cohort, line)
    early = opened < line.starts[CALIBRATION - FIRST + 1]
    homes = _homes(rng, cohort, at, line)
    death = _deaths(rng, cohort, registered, opened)
    dead = np.flatnonzero(~cohort.records[:before] & ~early[:before])
    death[dead] = np.where(
        cohort.arrival[dead] == NO_DAY, _early_deaths(rng, len(dead)), death[dead]
    )
    death = np.where(death < line.end // DAY, death, NO_DAY)
    people = _named(rng, cohort, death, registered, opened)
    known = np.flatnonzero(people.registered < line.end)
    return people.taken(known[np.argsort(people.registered[known], kind="stable")]), homes


def _with_record(rng: np.random.Generator, group: int, records: int, at: np.int32) -> _Cohort:
    """The people of one country: ``records`` of them with a record, and those who objected."""
    count = records + round(records * _OBJECTED)
    cohort = _families(rng, group, count, np.full(count, at, dtype=np.int32), settled=0.62)
    has = np.ones(count, dtype=bool)
    has[rng.choice(count, count - records, replace=False)] = False
    return replace(cohort, records=has)


def _families(
    rng: np.random.Generator, group: int, count: int, as_of: Days, *, settled: float
) -> _Cohort:
    """``count`` people in households, with the ages that they have on the day ``as_of[household]``."""
    resident = group == _LU
    kind = rng.choice(4, count, p=_HOUSEHOLDS[resident])
    age = _ages(rng, kind, resident)
    couple = (kind == 1) | (kind == 2)
    with_children = kind >= 2
    children = np.where(
        with_children, rng.choice([1, 2, 3, 4], count, p=[0.42, 0.42, 0.13, 0.03]), 0
    )
    woman_first = rng.random(count) < np.select([couple, kind == 3], [0.97, 0.84], 0.51)
    partner_woman = ~woman_first ^ (rng.random(count) < 0.02)

    first = (np.arange(count), age, woman_first)
    pair = np.flatnonzero(couple)
    second = (pair, _folded(age[pair] + rng.normal(2, 4, len(pair)), 18.5, 96), partner_woman[pair])
    parts = [first, second]
    # The youngest child first, so that each older one is a few years away from it.
    child_age = rng.uniform(0.21, np.clip(age - 20, 0.5, 24))
    twins = rng.random(count) < 0.025
    ranks = [np.zeros(count, dtype=np.int64), np.zeros(len(pair), dtype=np.int64)]
    for order in range(4):
        homes = np.flatnonzero(children > order)
        is_twin = (twins & (children >= 2))[homes]
        if order:
            gap = np.where(is_twin & (order == 1), 0, rng.uniform(1.1, 4.5, count)[homes])
            child_age[homes] += gap
        fits = child_age[homes] < age[homes] - 17.5
        homes, is_twin = homes[fits], is_twin[fits]
        ranks.append(np.where(is_twin & (order < 2) & (children[homes] >= 2), order + 1, 0))
        parts.append((homes, child_age[homes].copy(), rng.random(len(homes)) < 0.49))
    household = np.concatenate([part[0] for part in parts])
    order_in_home = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    keep = np.lexsort((order_in_home, household))[:count]  # whole households, the last one cut
    ages = np.concatenate([part[1] for part in parts])[keep]
    home = household[keep]
    birth = as_of[home] - np.ceil(ages * _YEAR).astype(np.int32)
    stays = rng.random(count) < settled
    # The last ones still open their record in the calibration month: two months after registration.
    since = first_day(2015, 3), int(as_of.max()) - 70
    arrival = np.where(stays, 0, rng.integers(*since, count)).astype(np.int32)
    twin = np.concatenate(ranks)[keep]
    # A twin without the other (cut off, or the parent too young) is none.
    pairs = np.bincount(home, weights=twin > 0, minlength=count)
    return _Cohort(
        household=home,
        parent=order_in_home[keep] < 2,
        female=np.concatenate([part[2] for part in parts])[keep],
        birth=birth.astype(np.int32),
        twin=np.where(pairs[home] == 2, twin, 0),
        arrival=arrival,
        group=np.full(count, group),
        records=np.ones(count, dtype=bool),
    )


def _ages(rng: np.random.Generator, kind: Ints, resident: bool) -> Floats:
    """The age of the first adult by the kind of household (single, couple, with children)."""
    count = len(kind)
    old = 0.34 if resident else 0.13
    single = np.where(rng.random(count) < old, rng.normal(75, 9, count), rng.normal(41, 15, count))
    couple = np.where(
        rng.random(count) < old + 0.1, rng.normal(70, 8, count), rng.normal(51, 12, count)
    )
    parent = rng.normal(43, 8.5, count)
    age: Floats = np.select([kind == 0, kind == 1], [single, couple], parent)
    return _folded(age, 20, 97)


def _folded(ages: Floats, low: float, high: float) -> Floats:
    """Ages beyond an end, mirrored at it. Cut off there, they would all be born on one day, and of
    those born on one day no more than a thousand can have a matricule."""
    mirrored: Floats = np.select([ages < low, ages > high], [2 * low - ages, 2 * high - ages], ages)
    return mirrored


def _dead_before(rng: np.random.Generator, count: int) -> _Cohort:
    """People of the register who died before the records began."""
    age = _folded(rng.normal(80, 11, count), 40, 101)
    return _Cohort(
        household=np.arange(count),
        parent=np.ones(count, dtype=bool),
        female=rng.random(count) < 0.52,
        birth=(first_day(2017, 6) - age * _YEAR).astype(np.int32),
        twin=np.zeros(count, dtype=np.int64),
        arrival=np.full(count, NO_DAY),
        group=np.full(count, _LU),
        records=np.zeros(count, dtype=bool),
    )


def _arriving(rng: np.random.Generator, count: int, at: np.int32, line: Timeline) -> _Cohort:
    """Who comes after the calibration month: young households; two months later records open."""
    group = rng.choice(len(COUNTRIES), count, p=_ARRIVES_IN)
    last = max(int(line.first_days[-1]), int(at) + 31)
    arrival = rng.integers(int(at) - 61, last, count).astype(np.int32)
    cohort = _families(rng, 1, count, arrival, settled=1.0)
    return replace(cohort, arrival=arrival, group=group)


def _joined(cohorts: list[_Cohort]) -> _Cohort:
    """One cohort, households renumbered; ``arrival`` becomes one per person."""
    offsets = np.cumsum([0, *(len(cohort.group) for cohort in cohorts[:-1])])
    parts = {field.name: [getattr(c, field.name) for c in cohorts] for field in fields(_Cohort)}
    parts["household"] = [c.household + o for c, o in zip(cohorts, offsets, strict=True)]
    parts["arrival"] = [c.arrival[c.household] for c in cohorts]
    return _Cohort(**{name: np.concatenate(arrays) for name, arrays in parts.items()})


def _born(
    rng: np.random.Generator, cohort: _Cohort, count: int, at: np.int32, line: Timeline
) -> _Cohort:
    """Add the children born since autumn 2024 into households that exist."""
    last = max(int(line.first_days[-1]), int(at) + 31)
    birth = rng.integers(int(at) - 61, last, count).astype(np.int32)
    mothers = np.flatnonzero(
        cohort.female
        & cohort.parent
        & (cohort.birth > at - 39 * _YEAR)
        & (cohort.birth < at - 25 * _YEAR)
        & (cohort.arrival <= at - 100)
    )
    mother = rng.permutation(mothers)[:count]
    birth = birth[: len(mother)]
    extra = {
        "household": cohort.household[mother],
        "parent": np.zeros(len(mother), dtype=bool),
        "female": rng.random(len(mother)) < 0.49,
        "birth": birth,
        "twin": np.zeros(len(mother), dtype=np.int64),
        "arrival": np.zeros(len(mother), dtype=np.int32),
        "group": np.zeros(0, dtype=np.int64),
        "records": np.ones(len(mother), dtype=bool),
    }
    return _Cohort(
        **{name: np.concatenate([getattr(cohort, name), part]) for name, part in extra.items()}
    )


def _registration(rng: np.random.Generator, cohort: _Cohort, line: Timeline) -> tuple[Ints, Ints]:
    """When each is registered, and when the record opens (by law, two months later or in 2020 and 2021)."""
    count = len(cohort.birth)
    come = np.maximum(cohort.birth + 4, np.where(cohort.arrival < NO_DAY, cohort.arrival, 0))
    filled = rng.integers(first_day(2015, 2), first_day(2015, 11), count)
    late = come > filled
    day = np.where(late, come + rng.integers(0, 9, count), filled).astype(np.int64)
    registered = day * DAY + rng.integers(8 * 3600, 17 * 3600, count) * 1_000_000
    month = line.month_of_day(day.astype(np.int32))
    waves = np.array(
        [2, 3, 6, 7, 5, 6, 5, 2, 8, 10, 9, 5, 6, 6, 6, 5, 3, 2, 1, 1, 1, 0.5, 0.3, 0.2]
    )
    wave = 60 + rng.choice(24, count, p=waves / waves.sum())  # month 60 is January 2020
    month_opened = np.where(month + 2 < wave, wave, month + 2)
    month_opened = np.where(cohort.records & (month_opened < line.months), month_opened, NO_MONTH)
    return registered, line.moments(rng, month_opened)


def _deaths(rng: np.random.Generator, cohort: _Cohort, registered: Ints, opened: Ints) -> Days:
    """The day of death by Gompertz's law, from a while after registration and opening of the record."""
    start = np.where(opened < NEVER, opened // DAY + 45, first_day(2020, 9))
    start = np.maximum(start, registered // DAY + 60)
    age = (start - cohort.birth) / _YEAR
    rate, growth = 2e-5 * np.exp(0.1 * age), 0.1
    years = np.log1p(rng.exponential(size=len(age)) * growth / rate) / growth
    return np.minimum(start + years * _YEAR, NO_DAY).astype(np.int32)


def _early_deaths(rng: np.random.Generator, count: int) -> Ints:
    return rng.integers(first_day(2016, 1), first_day(2020, 1), count)


def _homes(rng: np.random.Generator, cohort: _Cohort, at: np.int32, line: Timeline) -> Households:
    """Each household's one move, if any; on the last day of the calibration month all are at home."""
    count = len(cohort.group)
    elsewhere = np.where(
        cohort.group == _LU,
        np.where(
            rng.random(count) < 0.75, _LU, rng.choice([1, 2, 3, 4], count, p=[0.5, 0.2, 0.2, 0.1])
        ),
        np.where(rng.random(count) < 0.55, _LU, cohort.group),
    )
    home, other = (places().draw(rng, group) for group in (cohort.group, elsewhere))
    dice = rng.random(count)
    past = rng.integers(first_day(2019, 2), int(at) - 20, count)
    last = int(line.first_days[-1])
    years_after = max(0, last - int(at)) / _YEAR
    coming = rng.integers(int(at) + 2, max(last, int(at) + 3), count)
    was = dice < _MOVED
    will = ~was & (dice < _MOVED + _MOVES * years_after)
    return Households(
        place_before=np.where(was, other, home),
        place=np.where(will, other, home),
        moved=np.select([was, will], [past, coming], NO_DAY).astype(np.int32),
    )


def _named(
    rng: np.random.Generator, cohort: _Cohort, death: Days, registered: Ints, opened: Ints
) -> People:
    """Names: a household has one culture, mostly one family name; children bear their parents'."""
    names, homes = name_table(), len(cohort.group)
    culture_of_home = np.zeros(homes, dtype=np.int64)
    for group, country in enumerate(COUNTRIES):
        at = np.flatnonzero(cohort.group == group)
        shares = CULTURE_OF[country]
        culture_of_home[at] = rng.choice(len(shares), len(at), p=np.array(shares) / sum(shares))
    home = cohort.household
    mixed = cohort.parent & (rng.random(len(home)) < 0.08)
    culture = np.where(mixed, rng.permutation(culture_of_home)[home], culture_of_home[home])
    year = 1970 + cohort.birth / _YEAR
    own = names.draw(rng, "family", culture)
    double = rng.random(len(home)) < np.where(culture == _PORTUGUESE, 0.75, 0.03)
    own_2 = np.where(double, names.draw(rng, "family", culture), -1)

    head, partner = _heads(cohort)
    husband = np.where(partner >= 0, np.where(cohort.female[head], partner, head), head)[home]
    taken = (  # the husband's name, oftener in older couples
        cohort.parent
        & cohort.female
        & (husband != np.arange(len(home)))
        & (rng.random(len(home)) < np.where(year < 1965, 0.85, 0.4))
    )
    inherits = ~cohort.parent
    mother_too = inherits & (culture == _PORTUGUESE)
    mother = np.where(cohort.female[head] | (partner < 0), head, partner)[home]
    family = np.select([mother_too, taken | inherits], [own[mother], own[husband]], own)
    family_2 = np.select([mother_too, taken | inherits], [own[husband], own_2[husband]], own_2)
    given = names.draw_given(rng, culture, cohort.female, year.astype(np.int64))
    second = names.draw_given(rng, culture, cohort.female, year.astype(np.int64))
    has_second = (rng.random(len(home)) < 0.3) & (second != given)
    return People(
        household=home,
        parent=cohort.parent,
        culture=culture,
        female=cohort.female,
        birth=cohort.birth,
        death=death,
        twin=cohort.twin,
        family=family,
        family_2=np.where(family_2 == family, -1, family_2),
        birth_family=np.where(taken & (own != family), own, -1),
        given=given,
        given_2=np.where(has_second, second, -1),
        registered=registered,
        opened=opened,
    )


def _heads(cohort: _Cohort) -> tuple[Ints, Ints]:
    """Each household's first adult, and the second or -1 (indices of people)."""
    head = np.full(len(cohort.group), -1, dtype=np.int64)
    partner = head.copy()
    adults = np.flatnonzero(cohort.parent)
    partner[cohort.household[adults]] = adults  # the last one wins,
    head[cohort.household[adults[::-1]]] = adults[::-1]  # and here the first
    return head, np.where(partner == head, -1, partner)
