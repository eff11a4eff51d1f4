"""What people decide over the years: accounts, closures, the circle of trust, assistants, vaccination records.

Each choice is one enrolment (``sampling.enrol``): the plan says how many in a month, weights say who. What must
follow something else comes a month later at the earliest, so that no life contradicts itself.
"""

from dataclasses import dataclass

import numpy as np

from salus.simulation.calibration import Plan
from salus.simulation.demo_cast import Cast, cast_people
from salus.simulation.names import places
from salus.simulation.population import Households, People, populate
from salus.simulation.providers import (
    DEMO_PHYSICIAN,
    DEMO_SUSPENDED,
    GENERAL_PRACTITIONER,
    PAEDIATRICIAN,
    Providers,
    provide,
)
from salus.simulation.sampling import draw, enrol, generator, keys, leave, leaving
from salus.simulation.timeline import (
    DAY,
    NEVER,
    NO_DAY,
    NO_MONTH,
    Floats,
    Ints,
    Mask,
    Timeline,
    first_day,
)

_YEAR = 365.25


@dataclass(frozen=True, kw_only=True)
class Links:
    """Rows of the circle of trust (``who`` professionals) or of assistants (``who`` people)."""

    person: Ints
    who: Ints
    since: Ints
    until: Ints


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Rows of a person with a start and an end: closures, transfer consents."""

    person: Ints
    since: Ints
    until: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """The nation but for its large tables, which are made from it month by month.

    Person ``i`` is row ``i + 1`` of the patient index, and so for the other tables. Months: ``born``,
    ``opened``, ``activated`` and ``held`` are the month in which it happened, ``lives`` the last whole
    month of life.
    """

    plan: Plan
    line: Timeline
    seed: int
    people: People
    homes: Households
    providers: Providers
    cast: Cast
    lives: Ints
    opened: Ints
    activated: Ints
    activated_at: Ints
    deleted_at: Ints
    held: Ints  # the first document
    closed: Ints  # months, from the one of closing to the one of reopening
    reopened: Ints
    closures: Spans
    circle: Links
    assistants: Links
    vaccinated: Ints  # vaccination record opened
    vaccinated_at: Ints
    consents: Spans
    interest: Floats  # how many documents a person draws, relatively

    def readable(self, month: int) -> Mask:
        """Whose record is open, not closed, and who lives, through the whole month."""
        whole = (self.opened < month) & (self.lives >= month)
        return whole & ~((self.closed <= month) & (self.reopened >= month))


def make_world(plan: Plan, line: Timeline, seed: int) -> World:
    """The world of one plan and seed; the same whatever was made of it before."""
    people, homes = populate(plan, line, seed)
    people, cast = cast_people(people, homes, line)
    providers = provide(plan, line, seed)
    return _Choices(plan, line, seed, people, homes, providers, cast).world()


class _Choices:
    """The state that the enrolments share while the world is made."""

    def __init__(
        self,
        plan: Plan,
        line: Timeline,
        seed: int,
        people: People,
        homes: Households,
        providers: Providers,
        cast: Cast,
    ) -> None:
        self.plan, self.line, self.seed = plan, line, seed
        self.people, self.homes, self.providers, self.cast = people, homes, providers, cast
        self.count = len(people)
        self.age = (first_day(2024, 1) - people.birth) / _YEAR
        self.registered = line.month_of_day((people.registered // DAY).astype(np.int32))
        self.opened = self._month(people.opened)
        death = line.month_of_day(people.death) - 1
        self.lives = np.where(people.death < NO_DAY, death, NO_MONTH)
        adult = people.birth + round(18 * _YEAR) + 1
        self.resident = places().group[homes.place_before[people.household]] == 0
        self.reachable = self.lives  # by an account, after those are made
        self.adult = line.month_of_day(adult.astype(np.int32)) + 1

    def world(self) -> World:
        activated, activated_at, deleted_at = self._accounts()
        closed, reopened, closures = self._closures(activated)
        held, interest = self._documents(activated, closed, reopened)
        circle = self._circle(activated)
        vaccinated, vaccinated_at, consents = self._vaccination()
        return World(
            plan=self.plan,
            line=self.line,
            seed=self.seed,
            people=self.people,
            homes=self.homes,
            providers=self.providers,
            cast=self.cast,
            lives=self.lives,
            opened=self.opened,
            activated=activated,
            activated_at=activated_at,
            deleted_at=deleted_at,
            held=held,
            closed=closed,
            reopened=reopened,
            closures=closures,
            circle=circle,
            assistants=self._assistants(activated),
            vaccinated=vaccinated,
            vaccinated_at=vaccinated_at,
            consents=consents,
            interest=interest,
        )

    def _accounts(self) -> tuple[Ints, Ints, Ints]:
        """Activated in which month and when; given up when."""
        rng = generator(self.seed, "accounts")
        middle_aged = np.exp(-(((self.age - 44) / 22) ** 2))
        key = keys(rng, middle_aged * np.where(self.resident, 1.5, 0.8))
        key[self.cast.account] = -1
        start = np.maximum(self.registered + 1, self.adult)
        activated, left = self._enrol_and_leave(rng, key, start, "patient_accounts", 0.0003)
        self.reachable = np.minimum(self.lives, left - 1)
        return activated, self.line.moments(rng, activated), self.line.moments(rng, left)

    def _closures(self, activated: Ints) -> tuple[Ints, Ints, Spans]:
        rng = generator(self.seed, "closures")
        key = keys(rng, np.where((self.age > 25) & (self.age < 70), 1.0, 0.3))
        key[self.cast.closes] = -1
        key[self.cast.keeps_open] = np.inf
        start = np.maximum(activated, self.opened) + 1
        start[self.cast.closes] = np.maximum(start[self.cast.closes], 72)  # after some documents
        closed, reopened = self._enrol_and_leave(rng, key, start, "closed", 0.006)
        who = np.flatnonzero(closed < NO_MONTH)
        spans = Spans(
            person=who,
            since=self.line.moments(rng, closed[who]),
            until=self.line.moments(rng, reopened[who]),
        )
        return closed, reopened, spans

    def _documents(self, activated: Ints, closed: Ints, reopened: Ints) -> tuple[Ints, Floats]:
        """Who gets a first document when, and how many people of each kind get in a month."""
        rng = generator(self.seed, "holders")
        ill = rng.gamma(0.9, size=self.count)
        by_age = 0.35 + 1.9 / (1 + np.exp(-(self.age - 52) / 11)) + np.where(self.age < 3, 0.5, 0)
        interest = ill * by_age * np.where(self.resident, 1.6, 0.5)
        interest *= np.where(activated < NO_MONTH, 1.6, 1.0)
        interest[self.cast.many_documents] = interest.mean() * 10
        key = keys(rng, interest)
        key[self.cast.account] = -1
        # Before the closing only: filing stops with the month of it.
        last = np.minimum(self.lives, np.where(closed < NO_MONTH, closed - 1, NO_MONTH))
        return self._enrol(key, self.opened + 1, last, "document_holders"), interest

    def _circle(self, activated: Ints) -> Links:
        """Patients with a circle and the professionals in it; both counts are the plan's."""
        rng = generator(self.seed, "circle")
        practitioners = self.providers.practitioners
        key = keys(rng, 1 / (1 + np.exp(-(self.age - 40) / 15)))
        key[self.cast.circle] = -1
        start = np.maximum(activated, self.opened) + 1
        month = self._enrol(key, start, self.reachable, "circle_patients")
        chosen = np.select(
            [practitioners.profession == GENERAL_PRACTITIONER,
             practitioners.profession == PAEDIATRICIAN, practitioners.physician],
            [60, 40, 22], 1.0,
        )  # fmt: skip
        pro_key = keys(rng, chosen * np.where(practitioners.activated < NEVER, 12, 1))
        pro_key[[DEMO_PHYSICIAN, DEMO_SUSPENDED]] = [-1, np.inf]
        declared = enrol(
            pro_key,
            start=self._month(practitioners.registered) + 1,
            last=np.where(practitioners.deregistered < NEVER, -1, NO_MONTH),
            counts=self.plan.flows["circle_professionals"][: self.line.months],
        )
        patients, who, since = [], [], []
        weights = chosen * np.where(practitioners.activated < NEVER, 3, 1)
        weights[DEMO_PHYSICIAN] *= max(1.0, 0.004 * weights.sum() / weights[DEMO_PHYSICIAN])
        for now in np.unique(month[month < NO_MONTH]):
            first = rng.permutation(np.flatnonzero(month == now))
            fresh = np.flatnonzero(declared == now)
            known = np.flatnonzero(declared <= now)
            own = known[draw(rng, weights[known], len(first))]
            own[: len(fresh)] = fresh  # each new one has a first patient
            patients.append(first)
            who.append(own)
            since.append(np.full(len(first), now))
        person, pro, begins = _joined(patients), _joined(who), _joined(since)
        main = Links(
            person=person, who=pro, since=self.line.moments(rng, begins, until_day=10), until=begins
        )
        return self._more_links(rng, main, declared, weights, month)

    def _more_links(
        self, rng: np.random.Generator, main: Links, declared: Ints, weights: Floats, month: Ints
    ) -> Links:
        """The first link of each patient stays; further ones come later, and some of them end."""
        again = rng.permutation(
            np.repeat(np.arange(len(main.person)), rng.integers(0, 3, len(main.person)))
        )
        person = main.person[again]
        begins = month[person] + 1 + rng.integers(0, 30, len(again))
        known = np.flatnonzero(declared < NO_MONTH)
        pro = known[draw(rng, weights[known], len(again))]
        # The demo patients have the demo doctor in any case.
        demo = np.array(self.cast.circle)
        person, begins = np.concatenate([demo, person]), np.concatenate([month[demo] + 1, begins])
        pro = np.concatenate([np.full(len(demo), DEMO_PHYSICIAN), pro])
        good = (
            (begins < self.line.months) & (self.lives[person] >= begins) & (declared[pro] < begins)
        )
        pairs = set(zip(main.person.tolist(), main.who.tolist(), strict=True))
        for i in np.flatnonzero(good):
            pair = (int(person[i]), int(pro[i]))
            good[i] = pair not in pairs
            pairs.add(pair)
        person, pro, begins = person[good], pro[good], begins[good]
        some = (rng.random(len(begins)) < 0.15) & (pro != DEMO_PHYSICIAN)
        ends = np.where(some, begins + rng.integers(1, 24, len(begins)), NO_MONTH)
        ends = np.where(ends < self.line.months, ends, NO_MONTH)
        never = np.full(len(main.person), NEVER)
        return Links(
            person=np.concatenate([main.person, person]),
            who=np.concatenate([main.who, pro]),
            since=np.concatenate([main.since, self.line.moments(rng, begins)]),
            until=np.concatenate([never, self.line.moments(rng, ends)]),
        )

    def _assistants(self, activated: Ints) -> Links:
        """Adults who help another of their household: an own child, the partner, an old parent."""
        rng = generator(self.seed, "assistants")
        helped = self._neighbour()
        helped[self.cast.partner] = self.cast.patient
        partner = np.maximum(helped, 0)
        ready = np.maximum.reduce([self.registered, self.opened[partner], activated[partner]]) + 1
        start = np.where(helped >= 0, np.maximum(ready, self.adult), NO_MONTH)
        last = np.minimum(self.lives, self.lives[partner])
        key = keys(rng, np.where(self.age > 30, 1.0, 0.4))
        key[self.cast.assistant] = -1
        month = self._enrol(key, start, last, "assistants")
        who = np.flatnonzero(month < NO_MONTH)
        since = self.line.moments(rng, month[who])
        return Links(person=helped[who], who=who, since=since, until=np.full(len(who), NEVER))

    def _neighbour(self) -> Ints:
        """Another adult of the household who keeps an account, -1 for none."""
        order = np.lexsort((np.arange(self.count), self.people.household))
        home = self.people.household[order]
        result = np.full(self.count, -1, dtype=np.int64)
        for step in (1, -1):
            same = home == np.roll(home, -step)
            same[-1 if step == 1 else 0] = False
            result[order[same]] = np.roll(order, -step)[same]
        return result

    def _vaccination(self) -> tuple[Ints, Ints, Spans]:
        """Records of the young first; most consent to the transfer into the shared record."""
        rng = generator(self.seed, "vaccination records")
        child = 6.0 * np.exp(-np.maximum(self.age, 0) / 4)
        adolescent = np.exp(-(((self.age - 13) / 4) ** 2))
        key = keys(rng, (child + adolescent + 0.25) * np.where(self.resident, 2.0, 0.4))
        key[self.opened == NO_MONTH] *= 8
        key[self.cast.vaccinated] = -1
        month = self._enrol(key, self.registered + 1, self.lives, "vaccination_records")
        at = self.line.moments(rng, month, until_day=14)
        # As a rule they consent on the spot.
        start = np.maximum(month, self.opened + 1)
        consent_key = keys(rng, np.ones(self.count))
        consent_key[self.cast.vaccinated] = -1
        given, withdrawn = self._enrol_and_leave(
            rng, consent_key, start, "transfer_consents", 0.001
        )
        who = np.flatnonzero(given < NO_MONTH)
        spans = Spans(
            person=who,
            since=np.maximum(self.line.moments(rng, given[who]), at[who] + 600_000_000),
            until=self.line.moments(rng, withdrawn[who]),
        )
        return month, at, spans

    def _enrol(self, key: Floats, start: Ints, last: Ints, series: str) -> Ints:
        counts = self.plan.flows[series][: self.line.months]
        return enrol(key, start=start, last=last, counts=counts)

    def _enrol_and_leave(
        self, rng: np.random.Generator, key: Floats, start: Ints, series: str, monthly_rate: float
    ) -> tuple[Ints, Ints]:
        """Enrol so many more as leave, so that the stock is the plan's in every month."""
        counts = self.plan.flows[series][: self.line.months]
        leavers = leaving(counts, monthly_rate)
        joined = enrol(key, start=start, last=self.reachable, counts=counts + leavers)
        stays = np.isin(np.arange(self.count), self.cast.everyone)
        return joined, leave(rng, joined, np.where(stays, -1, self.lives), leavers)

    def _month(self, instants: Ints) -> Ints:
        days = np.where(instants < NEVER, instants // DAY, NO_DAY)
        return self.line.month_of_day(days.astype(np.int32))


def _joined(arrays: list[Ints]) -> Ints:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int64)
