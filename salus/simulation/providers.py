"""The provider directory: organisations, professionals, who works where; their accounts, mail and shares."""

from dataclasses import dataclass

import numpy as np

from salus.simulation.calibration import Plan, proportion
from salus.simulation.names import CULTURE_OF, name_table, organization_names, places
from salus.simulation.sampling import enrol, generator, in_proportion, keys, leave, leaving
from salus.simulation.timeline import DAY, NEVER, NO_MONTH, Ints, Mask, Timeline, first_day
from salus.terminology import PHYSICIANS

# Type: how many at scale 1, how many at least.
_ORGANIZATIONS = {
    "hospital": (12, 4),
    "practice": (1_450, 6),
    "pharmacy": (103, 4),
    "laboratory": (62, 4),
    "imaging": (14, 2),
    "nursing": (190, 3),
    "rescue": (1, 1),
    "other": (40, 2),
}
ORGANIZATION_TYPES = tuple(_ORGANIZATIONS)

# Profession: share of the register, and where they work.
_PROFESSIONS: dict[str, tuple[float, dict[str, float]]] = {
    "62247001": (5.2, {"practice": 1}),
    "82296001": (0.9, {"practice": 0.6, "hospital": 0.4}),
    "83685006": (1.1, {"practice": 0.6, "hospital": 0.4}),
    "17561000": (0.7, {"practice": 0.4, "hospital": 0.6}),
    "18803008": (0.5, {"practice": 0.9, "hospital": 0.1}),
    "66862007": (0.9, {"imaging": 0.6, "hospital": 0.4}),
    "80584001": (1.1, {"practice": 0.7, "hospital": 0.3}),
    "158965000": (5.2, {"hospital": 0.55, "practice": 0.3, "laboratory": 0.15}),
    "106289002": (3.4, {"practice": 1}),
    "46255001": (3.6, {"pharmacy": 0.86, "hospital": 0.1, "laboratory": 0.04}),
    "106292003": (46.0, {"hospital": 0.6, "nursing": 0.36, "practice": 0.04}),
    "309453006": (1.2, {"hospital": 0.9, "practice": 0.1}),
    "36682004": (13.0, {"practice": 0.75, "hospital": 0.25}),
    "59944000": (7.0, {"practice": 0.8, "other": 0.2}),
    "80546007": (5.0, {"hospital": 0.5, "nursing": 0.5}),
    "159033005": (3.0, {"practice": 0.5, "hospital": 0.5}),
}
PROFESSIONS = tuple(_PROFESSIONS)
GENERAL_PRACTITIONER, PAEDIATRICIAN = PROFESSIONS.index("62247001"), PROFESSIONS.index("82296001")

# The first of the register, so that even a tiny nation has whom its documents need. Five are demo people.
_FIRST = (
    ("62247001", "practice"),
    ("46255001", "pharmacy"),
    ("158965000", "laboratory"),
    ("66862007", "imaging"),
    ("158965000", "hospital"),
    ("62247001", "practice"),
    ("158965000", "laboratory"),
    ("66862007", "imaging"),
    ("158965000", "hospital"),
    ("158965000", "laboratory"),
    ("106292003", "hospital"),
    ("106292003", "rescue"),
    ("106289002", "practice"),
)
DEMO_PHYSICIAN, DEMO_PHARMACIST, DEMO_LABORATORY, DEMO_RESCUER = 0, 1, 2, 11
DEMO_SUSPENDED = len(_FIRST) - 1
_PROFESSIONALS = 0.5  # of mail and share users
_OTHER_HOLDERS = {"staff": 0.6, "team": 0.16, "correspondent": 0.24}
HOLDERS = ("professional", *_OTHER_HOLDERS)


@dataclass(frozen=True, kw_only=True)
class Organizations:
    type: Ints  # index in ORGANIZATION_TYPES
    name: list[str]
    place: Ints
    registered: Ints


@dataclass(frozen=True, kw_only=True)
class Practitioners:
    profession: Ints  # index in PROFESSIONS
    female: Mask
    culture: Ints  # index in CULTURES
    born: Ints  # year
    family: Ints
    given: Ints
    registered: Ints
    deregistered: Ints
    activated: Ints  # of the account
    physician: Mask

    def __len__(self) -> int:
        return len(self.profession)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Who works where; from registration until deregistration."""

    practitioner: Ints
    organization: Ints


@dataclass(frozen=True, kw_only=True)
class Users:
    """Holders of mail identities or shares; ``practitioner`` -1 for others."""

    holder: Ints  # index in HOLDERS
    practitioner: Ints
    since: Ints
    until: Ints


@dataclass(frozen=True, kw_only=True)
class Providers:
    organizations: Organizations
    practitioners: Practitioners
    roles: Roles
    mail: Users
    shares: Users


def provide(plan: Plan, line: Timeline, seed: int) -> Providers:
    """The directory and what its professionals hold, up to the end of ``line``."""
    organizations = _organizations(plan.denominator, seed)
    practitioners, places_of_work = _practitioners(plan, line, seed)
    return Providers(
        organizations=organizations,
        practitioners=practitioners,
        roles=_roles(organizations, places_of_work, seed),
        mail=_users(plan, line, seed, practitioners, "mail_users"),
        shares=_users(plan, line, seed, practitioners, "file_share_users"),
    )


def _organizations(denominator: int, seed: int) -> Organizations:
    rng = generator(seed, "organizations")
    counts = [max(least, proportion(n, denominator)) for n, least in _ORGANIZATIONS.values()]
    type_ = np.repeat(np.arange(len(counts)), counts)
    place = places().draw(rng, np.zeros(len(type_), dtype=np.int64))
    families = name_table().draw(rng, "family", np.zeros((2 * len(type_)), dtype=np.int64))
    names, texts = [], name_table().texts
    for i, (kind, where) in enumerate(zip(type_, place, strict=True)):
        forms = organization_names()[ORGANIZATION_TYPES[kind]]
        form = forms[int(np.sum(type_[:i] == kind)) % len(forms)]
        first, second = texts[families[2 * i]], texts[families[2 * i + 1]]
        name = form.replace("{family}", first, 1).replace("{family}", second)
        names.append(name.replace("{place}", places().municipality[where]))
        if ORGANIZATION_TYPES[kind] in ("pharmacy", "laboratory"):
            names[i] += f", {places().municipality[where]}"
    day = rng.integers(first_day(2015, 1), first_day(2015, 3), len(type_)).astype(np.int64)
    return Organizations(type=type_, name=names, place=place, registered=day * DAY + DAY // 2)


def _practitioners(plan: Plan, line: Timeline, seed: int) -> tuple[Practitioners, Ints]:
    """The register in the order of registration, and at what type of organisation each works."""
    rng = generator(seed, "practitioners")
    growth = plan.flows["practitioners"][: line.months]
    leavers = leaving(growth, 0.002)
    month = np.repeat(np.arange(line.months), growth + leavers)
    count = len(month)
    registered = np.sort(line.moments(rng, month))
    may_leave = np.where(np.arange(count) < len(_FIRST), -1, NO_MONTH)
    deregistered = line.moments(rng, leave(rng, month, may_leave, leavers))

    profession = rng.permutation(in_proportion(count, [p[0] for p in _PROFESSIONS.values()]))
    profession[: len(_FIRST)] = [PROFESSIONS.index(code) for code, _ in _FIRST]
    works = np.zeros(count, dtype=np.int64)
    for number, (_, where) in enumerate(_PROFESSIONS.values()):
        at = np.flatnonzero(profession == number)
        types = [ORGANIZATION_TYPES.index(name) for name in where]
        works[at] = rng.choice(types, len(at), p=list(where.values()))
    works[: len(_FIRST)] = [ORGANIZATION_TYPES.index(name) for _, name in _FIRST]

    female = rng.random(count) < 0.66
    culture = rng.choice(
        len(CULTURE_OF["LU"]), count, p=np.array(CULTURE_OF["LU"]) / sum(CULTURE_OF["LU"])
    )
    physician = np.isin(np.array(PROFESSIONS)[profession], sorted(PHYSICIANS))
    vaccinates = np.isin(profession, [GENERAL_PRACTITIONER, PAEDIATRICIAN])
    account = keys(rng, np.select([vaccinates, physician], [40, 14], 1.0))
    # In this order: a tiny nation has not so many accounts as there are demo people.
    account[list(_DEMO_NAMES)] = range(-len(_DEMO_NAMES), 0)
    names = name_table()
    family = names.draw(rng, "family", culture)
    born = rng.integers(1958, 1996, count)
    given = names.draw_given(rng, culture, female, born)
    for who, (is_female, given_name, family_name) in _DEMO_NAMES.items():
        female[who] = is_female
        given[who], family[who] = names.find(given_name), names.find(family_name)
    activated = enrol(
        account,
        start=line.month_of_day((registered // DAY).astype(np.int32)) + 1,
        last=np.where(deregistered < NEVER, -1, NO_MONTH),
        counts=plan.flows["professional_accounts"][: line.months],
    )
    practitioners = Practitioners(
        profession=profession,
        female=female,
        culture=culture,
        born=born,
        family=family,
        given=given,
        registered=registered,
        deregistered=deregistered,
        activated=line.moments(rng, activated),
        physician=physician,
    )
    return practitioners, works


_DEMO_NAMES = {
    DEMO_PHYSICIAN: (True, "Claire", "Hoffmann"),
    DEMO_PHARMACIST: (False, "Tom", "Schneider"),
    DEMO_RESCUER: (False, "Marc", "Wagner"),
    DEMO_SUSPENDED: (False, "Guy", "Muller"),
    DEMO_LABORATORY: (True, "Nadine", "Becker"),
}


def _roles(organizations: Organizations, works: Ints, seed: int) -> Roles:
    rng = generator(seed, "roles")
    where = np.zeros(len(works), dtype=np.int64)
    for kind in range(len(ORGANIZATION_TYPES)):
        at, of_kind = np.flatnonzero(works == kind), np.flatnonzero(organizations.type == kind)
        where[at] = rng.choice(of_kind, len(at))
        spare = at[: len(of_kind)]
        where[spare] = of_kind[: len(spare)]  # nobody's place stays empty if there are people
    return Roles(practitioner=np.arange(len(works)), organization=where)


def _users(
    plan: Plan, line: Timeline, seed: int, practitioners: Practitioners, series: str
) -> Users:
    rng = generator(seed, series)
    growth = plan.flows[series][: line.months]
    leavers = leaving(growth, 0.002)
    flow = growth + leavers
    registered = line.month_of_day((practitioners.registered // DAY).astype(np.int32))
    stays = practitioners.deregistered == NEVER
    # Half of them are professionals of the directory, as soon as it has so many.
    there = np.cumsum(np.bincount(registered[stays], minlength=line.months))
    wanted = np.minimum(np.cumsum(flow) * _PROFESSIONALS, np.concatenate([[0], there[:-1]]))
    professional = np.diff(np.maximum.accumulate(wanted.astype(np.int64)), prepend=0)
    professional = np.minimum(professional, flow)
    key = keys(rng, np.where(practitioners.physician, 6.0, 1.0))
    key[DEMO_SUSPENDED] = np.inf
    by_profession = enrol(
        key,
        start=registered + 1,
        last=np.where(stays, NO_MONTH, -1),
        counts=professional,
    )
    them = np.flatnonzero(by_profession < NO_MONTH)
    others = np.repeat(np.arange(line.months), flow - professional)
    since = np.concatenate([by_profession[them], others])
    may_leave = np.where(np.arange(len(since)) < len(them), -1, NO_MONTH)
    until = leave(rng, since, may_leave, leavers)
    kinds = rng.choice(len(_OTHER_HOLDERS), len(others), p=list(_OTHER_HOLDERS.values())) + 1
    return Users(
        holder=np.concatenate([np.zeros(len(them), dtype=np.int64), kinds]),
        practitioner=np.concatenate([them, np.full(len(others), -1)]),
        since=line.moments(rng, since),
        until=line.moments(rng, until),
    )
