"""The events of one month: openings of documents, requests to the patient index, checks of eligibility."""

from dataclasses import dataclass

import numpy as np

from salus.audit.models import Agent, EventKind
from salus.simulation.affiliations import insured_in
from salus.simulation.documents import Documents, documents
from salus.simulation.lives import World
from salus.simulation.providers import DEMO_SUSPENDED, ORGANIZATION_TYPES
from salus.simulation.sampling import draw, generator, spread
from salus.simulation.timeline import NEVER, Ints, Mask

_HOUR = 3_600_000_000
_RECENT = 3  # months whose documents are opened
_INDEX_CALLERS = {
    Agent.HOSPITAL: 0.64,
    Agent.LABORATORY: 0.12,
    Agent.PROFESSIONAL: 0.10,
    Agent.SYSTEM: 0.14,
}
INDEX_SYSTEM = "shared-record"  # the services of the platform ask the index too
_ELSEWHERE = 0.15  # as often as others those are asked about who are not insured
_SOFTWARE = "provider-software"  # acts for professionals who have no account
CALLERS = {"pharmacy": Agent.PHARMACY, "laboratory": Agent.LABORATORY, "rescue": Agent.RESCUE}


@dataclass(kw_only=True)
class Events:
    """Rows of the event table by index; ``document`` holds row ids. None: of no such thing."""

    kind: EventKind
    agent: Agent
    at: Ints
    account: Ints | None = None
    practitioner: Ints | None = None
    organization: Ints | None = None
    person: Ints | None = None
    document: Ints | None = None
    system: str | None = None


def openings(world: World, month: int) -> list[Events]:
    """Of documents of the last months: by their patients, by professionals of the circle of trust."""
    rng = generator(world.seed, f"openings/{month}")
    recent = [documents(world, m) for m in range(max(0, month - _RECENT + 1), month + 1)]
    person, filed, ids, ended = (
        np.concatenate([getattr(d, name) for d in recent])
        for name in ("person", "filed", "ids", "ended")
    )
    end = world.line.starts[month + 1]
    open_ = (ended == NEVER) & (filed < end - 4 * _HOUR) & world.readable(month)[person]
    # Early in the month more are opened of the month before, and so on.
    fresh = 1.0 / (1 + np.maximum(0, world.line.starts[month] - filed) / (30 * 24 * _HOUR))

    reachable = (world.activated < month) & (world.deleted_at >= end)
    chosen = spread(
        rng, open_ & reachable[person], fresh, _flow(world, "opened_by_patients", month)
    )
    by_patients = Events(
        kind=EventKind.DOCUMENT_OPENED,
        agent=Agent.PATIENT,
        at=_after(rng, filed[chosen], world.line.starts[month], end),
        account=person[chosen],
        person=person[chosen],
        document=ids[chosen],
    )
    links = _links_in_force(world, month)
    first = np.searchsorted(world.circle.person[links], person)
    count = np.searchsorted(world.circle.person[links], person, side="right") - first
    flow = _flow(world, "opened_by_professionals", month)
    chosen = spread(rng, open_ & (count > 0), fresh, flow)
    link = links[first[chosen] + (rng.random(len(chosen)) * count[chosen]).astype(np.int64)]
    who = world.circle.who[link]
    by_professionals = Events(
        kind=EventKind.DOCUMENT_OPENED,
        agent=Agent.PROFESSIONAL,
        at=_after(rng, filed[chosen], world.line.starts[month], end),
        account=len(world.people) + who,
        practitioner=who,
        person=person[chosen],
        document=ids[chosen],
    )
    return [by_patients, by_professionals]


def _links_in_force(world: World, month: int) -> Ints:
    """Links through the whole month to professionals who can sign in, by person."""
    circle, line = world.circle, world.line
    begin, end = line.starts[month], line.starts[month + 1]
    can = world.providers.practitioners.activated[circle.who] < begin
    links = np.flatnonzero((circle.since < begin) & (circle.until >= end) & can)
    return links[np.argsort(circle.person[links], kind="stable")]


def _after(rng: np.random.Generator, filed: Ints, begin: int, end: int) -> Ints:
    earliest = np.maximum(filed + _HOUR // 2, begin)
    return earliest + ((end - earliest) * rng.random(len(filed)) ** 2).astype(np.int64)


def index_requests(world: World, month: int) -> list[Events]:
    """By hospitals, laboratories, professionals and the platform's own services."""
    rng = generator(world.seed, f"index requests/{month}")
    known = _known(world, month)
    person = spread(rng, known, world.interest, _flow(world, "index_requests", month))
    caller = draw(rng, list(_INDEX_CALLERS.values()), len(person))
    at = world.line.moments(rng, np.full(len(person), month))
    result = []
    for number, agent in enumerate(_INDEX_CALLERS):
        mine = np.flatnonzero(caller == number)
        events = Events(kind=EventKind.INDEX_REQUEST, agent=agent, at=at[mine], person=person[mine])
        if agent is Agent.SYSTEM:
            events.system = INDEX_SYSTEM
        elif agent is Agent.PROFESSIONAL:
            who = _signed_in(world, month, rng, len(mine))
            events.practitioner, events.account = who, len(world.people) + who
        else:
            events.organization = _callers(world, str(agent.value), rng, len(mine))
        result.append(events)
    return result


def eligibility_checks(world: World, month: int) -> list[Events]:
    """By pharmacies, laboratories and the rescue corps."""
    rng = generator(world.seed, f"eligibility checks/{month}")
    known = _known(world, month)
    cared_for = np.where(insured_in(world, month), world.interest, _ELSEWHERE * world.interest)
    result = []
    for caller, agent in CALLERS.items():
        person = spread(rng, known, cared_for, _flow(world, f"uses_{caller}", month))
        result.append(
            Events(
                kind=EventKind.ELIGIBILITY_CHECK,
                agent=agent,
                at=world.line.moments(rng, np.full(len(person), month)),
                person=person,
                organization=_callers(world, caller, rng, len(person)),
            )
        )
    return result


def filings(world: World, filed: Documents) -> list[Events]:
    """One event for each version filed, for its author."""
    return for_professionals(
        world,
        EventKind.DOCUMENT_FILED,
        at=filed.filed,
        practitioner=filed.practitioner,
        person=filed.person,
        document=filed.ids,
    )


def for_professionals(
    world: World,
    kind: EventKind,
    *,
    at: Ints,
    practitioner: Ints,
    person: Ints,
    document: Ints | None = None,
) -> list[Events]:
    """What professionals did: by themselves with the account that they had by then, else by software."""
    signed_in = world.providers.practitioners.activated[practitioner] < at
    own, others = np.flatnonzero(signed_in), np.flatnonzero(~signed_in)
    return [
        Events(
            kind=kind,
            agent=Agent.PROFESSIONAL,
            at=at[own],
            account=len(world.people) + practitioner[own],
            practitioner=practitioner[own],
            person=person[own],
            document=None if document is None else document[own],
        ),
        Events(
            kind=kind,
            agent=Agent.SYSTEM,
            at=at[others],
            person=person[others],
            document=None if document is None else document[others],
            system=_SOFTWARE,
        ),
    ]


def _known(world: World, month: int) -> Mask:
    registered: Mask = world.people.registered < world.line.starts[month]
    return registered & (world.lives >= month)


def _flow(world: World, series: str, month: int) -> int:
    return int(world.plan.flows[series][month])


def _callers(world: World, type_: str, rng: np.random.Generator, count: int) -> Ints:
    kind = ORGANIZATION_TYPES.index(type_)
    return rng.choice(np.flatnonzero(world.providers.organizations.type == kind), count)


def _signed_in(world: World, month: int, rng: np.random.Generator, count: int) -> Ints:
    """Professionals with an account: the first had one long before the index was asked."""
    able = world.providers.practitioners.activated < world.line.starts[month]
    able[DEMO_SUSPENDED] = False
    return rng.choice(np.flatnonzero(able), count)
