"""The documents of one month, made from the world alone: any month can be made again at any time."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from salus.shared_record.models import EndReason, Format
from salus.simulation.calibration import Plan
from salus.simulation.lives import World
from salus.simulation.providers import (
    GENERAL_PRACTITIONER,
    ORGANIZATION_TYPES,
    Providers,
)
from salus.simulation.sampling import draw, generator, mixed
from salus.simulation.timeline import DAY, NEVER, Days, Floats, Ints

_REPLACED = 0.026  # versions replaced by another, per current document
_WITHDRAWN = 0.004

# Keys of salus.terminology.DOCUMENT_TYPES: share, and at what type of organisation they are written.
_TYPES = {
    1: (0.53, "laboratory"),
    2: (0.13, "imaging"),
    3: (0.06, "hospital"),
    4: (0.10, "practice"),
    5: (0.12, "practice"),
    6: (0.02, "practice"),
    7: (0.01, "practice"),
    8: (0.03, "hospital"),
}
LANGUAGES = ("fr", "de")


@dataclass(frozen=True, kw_only=True)
class Documents:
    """The versions filed in one month, in the order of filing; ``first + i`` is the row of version i."""

    first: int
    person: Ints
    filed: Ints
    created: Days
    type: Ints
    format: Ints
    language: Ints  # index in LANGUAGES
    practitioner: Ints
    organization: Ints
    replaces: Ints  # index of the version, -1 for none
    ended: Ints
    ended_reason: Ints  # 0 for none

    def __len__(self) -> int:
        return len(self.person)

    @property
    def ids(self) -> Ints:
        return self.first + np.arange(len(self.person))


def versions_per_month(plan: Plan) -> Ints:
    """How many rows each month has: what stays current, what was replaced, what was withdrawn."""
    current = plan.flows["documents"]
    return current + _extra(current, _REPLACED) + _extra(current, _WITHDRAWN)


def _extra(current: Ints, share: float) -> Ints:
    extra: Ints = np.diff(np.floor(np.cumsum(current) * share), prepend=0).astype(np.int64)
    return np.minimum(extra, current)


@lru_cache(maxsize=4)
def documents(world: World, month: int) -> Documents:
    """What was filed in the month; the first documents of new holders are among it."""
    rng = generator(world.seed, f"documents/{month}")
    current = world.plan.flows["documents"]
    count = int(current[month])
    replaced = int(_extra(current, _REPLACED)[month])
    withdrawn = int(_extra(current, _WITHDRAWN)[month])
    person = _recipients(world, month, rng, count + withdrawn)
    count = len(person) - withdrawn
    filed = world.line.moments(rng, np.full(len(person), month))
    # The withdrawn come last: drawn ones, never a new holder's only one.
    person = np.concatenate([rng.permutation(person[:count]), person[count:]])
    types = np.array(list(_TYPES))[draw(rng, [share for share, _ in _TYPES.values()], len(person))]
    practitioner, organization = _authors(world.providers, person, types, rng)
    ended = np.full(len(person), NEVER)
    reason = np.zeros(len(person), dtype=np.int64)
    at = np.arange(count, len(person))  # withdrawn within the month
    left = world.line.starts[month + 1] - 1 - filed[at]
    ended[at] = filed[at] + (left * rng.uniform(0.05, 0.95, len(at))).astype(np.int64)
    reason[at] = EndReason.WITHDRAWN
    # A version was replaced by one of these, some days before it.
    late = np.flatnonzero(filed[:count] > world.line.starts[month] + 4 * DAY)
    later = rng.permutation(late)[:replaced]
    lead = rng.integers(DAY // 6, 3 * DAY, len(later))
    delay = draw(rng, [5, 6, 3, 2, 1], len(person))
    delay[later] += 3
    created = np.maximum(filed // DAY - delay, world.people.birth[person])
    language = (mixed(organization, 17) % np.uint64(5) == 0).astype(np.int64)
    parts = {
        "person": person,
        "filed": filed,
        "created": created,
        "type": types,
        "format": _formats(rng, organization),
        "language": language,
        "practitioner": practitioner,
        "organization": organization,
        "ended": ended,
        "ended_reason": reason,
    }
    first_versions = {name: array[later] for name, array in parts.items()} | {
        "filed": filed[later] - lead,
        "ended": filed[later],
        "ended_reason": np.full(len(later), int(EndReason.REPLACED)),
    }
    joined = {name: np.concatenate([parts[name], first_versions[name]]) for name in parts}
    replaces = np.full(len(joined["person"]), -1, dtype=np.int64)
    replaces[later] = len(person) + np.arange(len(later))
    order = np.argsort(joined["filed"], kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    replaces = np.where(replaces >= 0, place[replaces], -1)[order]
    first = 1 + int(versions_per_month(world.plan)[:month].sum())
    return Documents(
        first=first,
        replaces=replaces,
        **{name: array[order] for name, array in joined.items()},
    )


def _recipients(world: World, month: int, rng: np.random.Generator, count: int) -> Ints:
    """Whose documents: each new holder's first one, the others by interest among all holders."""
    new = np.flatnonzero(world.held == month)
    if count < len(new):
        raise ValueError("more first documents than documents")
    holders = np.flatnonzero(world.readable(month) & (world.held <= month))
    if not len(holders):
        return new
    weights = _interest(world, holders, month)
    others = holders[draw(rng, weights, count - len(new))]
    return np.concatenate([new, others])


def _interest(world: World, holders: Ints, month: int) -> Floats:
    return world.interest[holders] * np.where(world.held[holders] > month - 24, 1.3, 1.0)


def _authors(
    providers: Providers, person: Ints, types: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Practitioner and organisation; a person keeps a family doctor and mostly the same laboratory."""
    practitioner = np.full(len(person), -1, dtype=np.int64)
    organization = np.full(len(person), -1, dtype=np.int64)
    usual = mixed(person, 13) >> np.uint64(8)
    other = rng.random(len(person)) < 0.25
    which = np.where(other, rng.integers(0, 2**40, len(person)), usual.astype(np.int64))
    pools = author_pools(providers)
    for type_, (_, place) in _TYPES.items():
        at = np.flatnonzero(types == type_)
        pool = pools[place]
        chosen = pool[which[at] % len(pool)]
        practitioner[at] = providers.roles.practitioner[chosen]
        organization[at] = providers.roles.organization[chosen]
    return practitioner, organization


def author_pools(providers: Providers) -> dict[str, Ints]:
    """Roles of physicians who were there from the start and stay, by type of organisation."""
    practitioners, roles = providers.practitioners, providers.roles
    stays = practitioners.deregistered == NEVER
    founding = (
        providers.practitioners.registered
        <= np.sort(practitioners.registered[stays])[int(0.6 * (stays.sum() - 1))]
    )
    fits = (stays & founding & practitioners.physician)[roles.practitioner]
    kind = providers.organizations.type[roles.organization]
    general = practitioners.profession[roles.practitioner] == GENERAL_PRACTITIONER
    pools = {}
    for place in {place for _, place in _TYPES.values()}:
        here = fits & (kind == ORGANIZATION_TYPES.index(place))
        if place == "practice":
            here &= general
        pools[place] = np.flatnonzero(here)
    return pools


def _formats(rng: np.random.Generator, organization: Ints) -> Ints:
    """One document in twenty is a PDF; else each organisation's software sends one format."""
    cda = mixed(organization, 19) % np.uint64(9) < 4
    formats = np.where(cda, int(Format.CDA), int(Format.FHIR))
    return np.where(rng.random(len(organization)) < 0.05, int(Format.PDF), formats)
