"""The acts in the vaccination records: whole cards copied, doses given by the schedule, COVID-19 doses imported."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from salus.kernel.month import Month
from salus.simulation.calibration import CALIBRATION, CURVES
from salus.simulation.lives import World
from salus.simulation.providers import GENERAL_PRACTITIONER, PAEDIATRICIAN
from salus.simulation.sampling import ScaleTooSmall, generator, mixed
from salus.simulation.timeline import DAY, FIRST, NEVER, NO_MONTH, Days, Ints, first_day
from salus.terminology import VACCINES

ACT_TYPES = ("performed", "historical", "msvac")
_PERFORMED, _HISTORICAL, _MSVAC = range(3)
_MONTH = 30.44  # days
_CHILD_FROM = first_day(2005, 1)
_COVID_FROM = Month(2021, 10) - FIRST  # boosters by one's own doctor
_IN_ERROR = 0.004  # as many acts again are entered in error, and marked so

_BY_ATC = {vaccine.atc: number for number, vaccine in enumerate(VACCINES)}
_HEXA, _DTAP, _PNEUMO, _ROTA = (_BY_ATC[c] for c in ("J07CA09", "J07CA02", "J07AL02", "J07BH02"))
_MEN_B, _MEN_ACWY, _MMR, _MMRV = (_BY_ATC[c] for c in ("J07AH09", "J07AH08", "J07BD52", "J07BD54"))
_HPV, _FLU, _HEP_B, _ZOSTER = (_BY_ATC[c] for c in ("J07BM03", "J07BB02", "J07BC01", "J07BK03"))
_COVID, _TBE = _BY_ATC["J07BN01"], _BY_ATC["J07BA01"]

# Vaccine and age in months, in the order of age; of those born since 2005, and of those before.
_CARD_OF_CHILD = (
    (_HEXA, 2), (_PNEUMO, 2), (_ROTA, 2), (_ROTA, 3), (_MEN_B, 3), (_HEXA, 4), (_PNEUMO, 4),
    (_MEN_B, 5), (_HEXA, 11), (_PNEUMO, 11), (_MMR, 12), (_MEN_ACWY, 13), (_MEN_B, 14), (_MMRV, 18),
    (_DTAP, 66), (_HPV, 112), (_HPV, 118), (_MEN_ACWY, 158), (_DTAP, 186),
)  # fmt: skip
_CARD_OF_ADULT = (
    (_MMR, 15), (_MMR, 70), (_HEP_B, 160), (_HEP_B, 161), (_HEP_B, 166), (_DTAP, 192), (_DTAP, 310),
    (_TBE, 372), (_TBE, 373), (_TBE, 379), (_DTAP, 430), (_DTAP, 550), (_FLU, 622), (_DTAP, 670),
    (_FLU, 720), (_FLU, 732), (_PNEUMO, 780), (_ZOSTER, 782), (_FLU, 792), (_DTAP, 798), (_FLU, 852),
)  # fmt: skip

# Most doses of one visit, and months that must lie between two doses outside the schedule.
_VISIT, _PAUSE = 3, 10


@dataclass(frozen=True, kw_only=True)
class Acts:
    """Rows in the order of recording; act ``i`` is row ``i + 1``."""

    person: Ints
    act_type: Ints  # index in ACT_TYPES
    vaccine: Ints  # index in VACCINES
    occurred: Days
    recorded: Ints
    practitioner: Ints  # -1: from the campaign's system
    dose: Ints
    in_error: Ints


@lru_cache(maxsize=1)
def acts(world: World) -> Acts:
    """All acts up to the end of the timeline, as many of each type and month as planned."""
    parts = [_performed(world), _copied(world, _HISTORICAL), _copied(world, _MSVAC)]
    person, act_type, vaccine, occurred, recorded = (
        np.concatenate(arrays) for arrays in zip(*parts, strict=True)
    )
    in_error = np.full(len(person), NEVER)
    rng = generator(world.seed, "acts in error")
    wrong = rng.permutation(np.flatnonzero(act_type != _MSVAC))
    wrong = wrong[: int(len(person) * _IN_ERROR)]
    # The same act entered twice; the second entry is withdrawn minutes later.
    again = recorded[wrong] + rng.integers(20, 90, len(wrong)) * 1_000_000
    in_error = np.concatenate([in_error, again + rng.integers(60, 1200, len(wrong)) * 1_000_000])
    person, act_type, vaccine, occurred = (
        np.concatenate([array, array[wrong]]) for array in (person, act_type, vaccine, occurred)
    )
    recorded = np.concatenate([recorded, again])
    order = np.lexsort((vaccine, person, recorded))
    person, act_type, vaccine, occurred, recorded, in_error = (
        array[order] for array in (person, act_type, vaccine, occurred, recorded, in_error)
    )
    return Acts(
        person=person,
        act_type=act_type,
        vaccine=vaccine,
        occurred=occurred.astype(np.int32),
        recorded=recorded,
        practitioner=np.where(act_type == _MSVAC, -1, vaccinators(world, person)),
        dose=_dose_numbers(person, vaccine, occurred, in_error),
        in_error=in_error,
    )


_Part = tuple[Ints, Ints, Ints, Ints, Ints]


def _performed(world: World) -> _Part:
    """What falls due after the record was opened, visit by visit; besides that flu, ticks and COVID-19."""
    rng = generator(world.seed, "performed")
    people, line = world.people, world.line
    done = _due_at_opening(world)
    last_extra = np.full(len(people), -_PAUSE)
    parts: list[tuple[Ints, Ints, Ints]] = []  # person, vaccine, month
    owed = 0
    for month in range(line.months):
        owed += int(world.plan.flows["performed"][month])
        among = rng.permutation(
            np.flatnonzero((world.vaccinated <= month) & (world.lives >= month))
        )
        if not owed or not len(among):
            continue
        number = (FIRST + month).month
        autumn = number >= 9 or number == 1
        # In autumn a third come for the flu, however many doses are due.
        for_schedule = owed - (owed // 3 if autumn else 0)
        due = _due(people.birth[among], int(line.first_days[month])) - done[among]
        person, nth = _take(among, np.minimum(due, _VISIT), for_schedule)
        parts.append(
            (person, _on_card(people.birth[person], done[person] + nth)[0], _all(month, person))
        )
        np.add.at(done, person, 1)
        owed -= len(person)
        old_enough = people.birth[among] < line.first_days[month] - 200
        rested = among[old_enough & (last_extra[among] + _PAUSE <= month)]
        if month in (CALIBRATION - FIRST, line.months - 1):
            rested = np.resize(among, max(owed, len(rested)))  # the plan is met, whoever must come
        person = rested[:owed]
        vaccine = np.where(autumn, _FLU, np.where(month < _COVID_FROM, _TBE, _COVID))
        vaccine = np.where(
            (people.birth[person] > line.first_days[month] - 4400) & ~autumn, _TBE, vaccine
        )
        parts.append((person, np.broadcast_to(vaccine, person.shape), _all(month, person)))
        last_extra[person] = month
        owed -= len(person)
    if owed or not parts:
        raise ScaleTooSmall("too few vaccination records at this scale: choose a larger one")
    who, what, when = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    at = _visits(world, rng, who, when, minutes=1)
    return who, np.full(len(who), _PERFORMED), what, at // DAY, at


def _copied(world: World, act_type: int) -> _Part:
    """Month by month people whose doses of the past enter at once, in all as many as planned."""
    rng = generator(world.seed, ACT_TYPES[act_type])
    people, line = world.people, world.line
    shown = _card(world) if act_type == _HISTORICAL else np.zeros(len(people), dtype=np.int64)
    done = np.zeros(len(people), dtype=np.int64)  # doses that were copied
    parts: list[tuple[Ints, Ints, Ints]] = []  # person, rank of the dose, month
    owed = 0
    for month, count in enumerate(world.plan.flows[ACT_TYPES[act_type]][: line.months].tolist()):
        owed += count
        among = rng.permutation(
            np.flatnonzero((world.vaccinated <= month) & (world.lives >= month))
        )
        if act_type == _MSVAC:
            shown[among] = _campaign(people.birth[among], int(line.first_days[month]))
        # Those whose record is new before the others.
        among = among[np.argsort(-world.vaccinated[among], kind="stable")]
        person, nth = _take(among, shown[among] - done[among], owed)
        parts.append((person, done[person] + nth, _all(month, person)))
        np.add.at(done, person, 1)
        owed -= len(person)
        if owed and month in (CALIBRATION - FIRST, line.months - 1):
            raise ScaleTooSmall("too few vaccination records at this scale: choose a larger one")
    who, rank, when = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    at = _visits(world, rng, who, when, minutes=5)
    date = _dates_on_card if act_type == _HISTORICAL else _dates_of_campaign
    vaccine, occurred = date(people.birth[who].astype(np.int64), rank, mixed(who, 11))
    return who, np.full(len(who), act_type), vaccine, occurred, at


def _take(among: Ints, doses: Ints, count: int) -> tuple[Ints, Ints]:
    """``count`` doses, or all there are: of the first people all of theirs; person and number of each."""
    doses = np.maximum(doses, 0)
    stop = int(np.searchsorted(np.cumsum(doses), count)) + 1
    among, doses = among[:stop], doses[:stop].copy()
    if (excess := int(doses.sum()) - count) > 0:
        doses[-1] -= excess
    first = np.repeat(np.cumsum(doses) - doses, doses)
    return np.repeat(among, doses), np.arange(len(first)) - first


def _all(month: int, person: Ints) -> Ints:
    return np.full(len(person), month, dtype=np.int64)


def _visits(
    world: World, rng: np.random.Generator, person: Ints, month: Ints, *, minutes: int
) -> Ints:
    """When each is recorded: one visit per person and month, after the opening of the record."""
    visits, visit = np.unique(person * NO_MONTH + month, return_inverse=True)
    at = world.line.moments(rng, visits % NO_MONTH, until_day=27)[visit]
    opened = world.vaccinated_at[person]
    at = np.where(world.vaccinated[person] == month, opened + minutes * 60_000_000, at)
    order = np.argsort(visit, kind="stable")
    nth = np.empty(len(visit), dtype=np.int64)
    nth[order] = np.arange(len(visit)) - np.searchsorted(visit[order], visit[order])
    return at + nth * 20_000_000


def _due(birth: Days, today: int | Ints) -> Ints:
    """How many doses of one's card have fallen due, a month of grace included."""
    age = (today - birth) / _MONTH - 1
    ages = [np.array([due for _, due in card]) for card in (_CARD_OF_CHILD, _CARD_OF_ADULT)]
    child, adult = (np.searchsorted(due, age) for due in ages)
    return np.where(birth >= _CHILD_FROM, child, adult)


def _due_at_opening(world: World) -> Ints:
    """Doses due before the record was opened: given before, on the card if anywhere."""
    opening = world.line.first_days[np.minimum(world.vaccinated, world.line.months)]
    return _due(world.people.birth, opening.astype(np.int64))


def _card(world: World) -> Ints:
    """How many doses of the past someone's card shows: not all cards are full."""
    shown = 3 + (mixed(np.arange(len(world.people)), 5) % np.uint64(10)).astype(np.int64)
    return np.minimum(_due_at_opening(world), shown)


def _on_card(birth: Days | Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Vaccine and due age in months of the dose ``rank`` (from 0) of someone's card."""
    child, adult = (np.array(card) for card in (_CARD_OF_CHILD, _CARD_OF_ADULT))
    young = (birth >= _CHILD_FROM)[:, None]
    rows = np.where(
        young, child[np.minimum(rank, len(child) - 1)], adult[np.minimum(rank, len(adult) - 1)]
    )
    return rows[:, 0], rows[:, 1]


def _dates_on_card(birth: Ints, rank: Ints, dice: npt.NDArray[np.uint64]) -> tuple[Ints, Ints]:
    vaccine, due = _on_card(birth, rank)
    # Days late: of one visit, the same.
    late = (dice + (due * 7).astype(np.uint64)) % np.uint64(25)
    return vaccine, (birth + due * _MONTH).astype(np.int64) + late.astype(np.int64)


_CAMPAIGN = (first_day(2021, 4), first_day(2021, 5), first_day(2021, 12), first_day(2022, 10))


def _campaign(birth: Days, today: int) -> Ints:
    """How many COVID-19 doses someone had: two below 25 years, three above, four above 60."""
    age = (_CAMPAIGN[0] - birth) / (12 * _MONTH)
    wanted: Ints = np.select([age >= 60, age >= 25, age >= 5], [4, 3, 2], 0)
    given = sum(day + 25 < today for day in _CAMPAIGN)
    return np.minimum(wanted, np.maximum(given - _children_later(birth), 0))


def _children_later(birth: Days | Ints) -> Ints:
    """The campaign's first two rounds left out those below 12 years."""
    return np.where(_CAMPAIGN[0] - birth < 12 * 12 * _MONTH, 2, 0)


def _dates_of_campaign(birth: Ints, rank: Ints, dice: npt.NDArray[np.uint64]) -> tuple[Ints, Ints]:
    day = np.array(_CAMPAIGN)[rank + _children_later(birth)]
    return np.full(len(rank), _COVID), day + (dice % np.uint64(25)).astype(np.int64)


def vaccinators(world: World, person: Ints) -> Ints:
    """Children go to one paediatrician or family doctor, adults to one family doctor.

    They are those who had an account when the vaccination records began, and still are there.
    """
    practitioners = world.providers.practitioners
    fit = practitioners.activated < world.line.starts[CURVES["vaccination_records"].start - FIRST]
    fit &= practitioners.deregistered == NEVER
    doctors = np.flatnonzero(fit & (practitioners.profession == GENERAL_PRACTITIONER))
    paediatricians = np.flatnonzero(fit & (practitioners.profession == PAEDIATRICIAN))
    if not len(paediatricians):
        paediatricians = doctors
    which = (mixed(person, 7) >> np.uint64(1)).astype(np.int64)
    child = world.people.birth[person] > first_day(2008, 1)
    return np.where(
        child, paediatricians[which % len(paediatricians)], doctors[which % len(doctors)]
    )


def _dose_numbers(person: Ints, vaccine: Ints, occurred: Ints, in_error: Ints) -> Ints:
    """The how-manieth dose of its vaccine each is, by date; one in error has that of its double."""
    order = np.lexsort((in_error < NEVER, occurred, vaccine, person))
    series = person[order] * len(VACCINES) + vaccine[order]
    counted = (in_error[order] == NEVER).astype(np.int64)
    running = np.cumsum(counted)
    first = np.searchsorted(series, series)
    number = np.empty(len(person), dtype=np.int64)
    number[order] = running - running[first] + counted[first]
    return np.maximum(number, 1)
