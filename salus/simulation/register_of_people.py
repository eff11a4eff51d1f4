"""What the national register says of professionals and their licences."""

from collections.abc import Callable

import numpy as np

from salus.country.lu import LICENCE_SYSTEM, PROVIDER_SYSTEM
from salus.directory.models import Kind
from salus.simulation.calibration import CALIBRATION
from salus.simulation.documents import author_pools
from salus.simulation.lives import World
from salus.simulation.names import CULTURES, name_table
from salus.simulation.providers import DEMO_PHYSICIAN, DEMO_SUSPENDED, PROFESSIONS
from salus.simulation.register import Entries, Later, Said, dice, told_later
from salus.simulation.sampling import generator, mixed
from salus.simulation.timeline import DAY, FIRST, NEVER, Ints, Mask, day_of
from salus.terminology import PHYSICIANS

# The own language of those whose names are of a culture; any language by so many of all.
_OWN_LANGUAGE = {
    "luxembourgish": "lb",
    "portuguese": "pt",
    "french": "fr",
    "german": "de",
    "italian": "it",
}
_SPOKEN = {
    "fr": 0.95, "en": 0.74, "de": 0.66, "lb": 0.47, "pt": 0.09, "it": 0.06, "es": 0.05, "nl": 0.03,
    "ar": 0.01, "pl": 0.01, "ru": 0.01, "uk": 0.004,
}  # fmt: skip
_ABROAD = {"FR": 0.085, "BE": 0.06, "DE": 0.05}  # also licensed there
_ONLY_ABROAD = 0.004  # of those who prescribe
_A_FEW = 3  # of each kind at least, however small the nation
_LIMITED = 0.03  # of those who prescribe
# What some may not prescribe (ATC): opioids; anxiolytics and hypnotics; what is given for addiction.
_LIMITS = (["N02A"], ["N05B", "N05C"], ["N02A", "N07BC"])
_SUSPENDED, _AT_LEAST = 0.0006, 2  # of the register
_LEAVE_AS = {"retired": 0.72, "ended": 0.23, "deceased": 0.05}
_BIRTH, _PRIVATE = 61, 62  # salts
_DENTIST, _MIDWIFE = "106289002", "309453006"
_PRESCRIBES = PHYSICIANS | {_DENTIST, _MIDWIFE}
_LEARNT = 0.01  # of the register: another language
_REASON = {"status_reason": "Decision of the authority"}


def practitioners(world: World, licensed: Entries) -> Entries:
    """``licensed``: their licences, with which they are shown."""
    known, texts = world.providers.practitioners, name_table().texts
    ids = np.arange(len(known))
    born = np.minimum(
        (known.born - 1970) * 365 + (mixed(ids, _BIRTH) % np.uint64(365)).astype(np.int64),
        known.registered // DAY - 8_700,  # of age, and trained
    )
    spoken, thrown = _languages(world), dice(ids, _PRIVATE)
    said: list[Said] = []
    for i, (family, given, profession) in enumerate(
        zip(known.family.tolist(), known.given.tolist(), known.profession.tolist(), strict=True)
    ):
        one: Said = {
            "family": texts[family],
            "given": texts[given],
            "gender": "female" if known.female[i] else "male",
            "birth_date": str(np.datetime64(int(born[i]), "D")),
            "profession": PROFESSIONS[profession],
            "languages": spoken[i],
        }
        if known.physician[i] or PROFESSIONS[profession] == _DENTIST:
            one["prefix"] = "Dr"
        if thrown[i] % 3 == 0:
            one["private_telephone"] = f"+352 691 {thrown[i] // 3 % 900_000 + 100_000}"
        said.append(one)
    later = _departures(world)
    for i, changes in _suspensions(
        world, _without_traces(world), "suspensions", known.registered
    ).items():
        changes[0].said.update(_REASON)
        later[i] = changes
    # The demo's: two weeks into the month before the calibrated one, at 10:00.
    at = int(world.line.starts[CALIBRATION - FIRST - 1]) + 13 * DAY + 10 * DAY // 24
    later[DEMO_SUSPENDED] = [Later(at=at, said={"status": "suspended", **_REASON})]
    later |= told_later(
        world,
        "languages learnt",
        known.registered,
        among=np.setdiff1d(ids, list(later)),
        share=_LEARNT,
        said=lambda i: {"languages": [*said[i]["languages"], "pt" if _lacks(said[i]) else "sv"]},
    )
    follows: dict[int, list[int]] = {}
    for i, changes in licensed.later.items():
        owner = licensed.said[i]["practitioner"] - 1
        follows.setdefault(owner, []).extend(change.at for change in changes)
    return Entries(
        kind=Kind.PRACTITIONER,
        system=PROVIDER_SYSTEM,
        first_value=900_000,
        said=said,
        registered=known.registered,
        later=later,
        follows=follows,
    )


def _lacks(said: Said) -> bool:
    return "pt" not in said["languages"]


def _languages(world: World) -> list[list[str]]:
    """Of each the own one first, then those that most speak."""
    known = world.providers.practitioners
    rng = generator(world.seed, "languages")
    speaks = rng.random((len(known), len(_SPOKEN))) < list(_SPOKEN.values())
    found = []
    for row, culture in zip(speaks.tolist(), known.culture.tolist(), strict=True):
        others = [code for code, does in zip(_SPOKEN, row, strict=True) if does]
        own = _OWN_LANGUAGE.get(CULTURES[culture]) or (others or ["fr"])[0]
        found.append([own, *(code for code in others if code != own)])
    return found


def _departures(world: World) -> dict[int, list[Later]]:
    gone = world.providers.practitioners.deregistered
    who = np.flatnonzero(gone < NEVER)
    rng = generator(world.seed, "why they leave")
    why = rng.choice(list(_LEAVE_AS), len(who), p=list(_LEAVE_AS.values()))
    return {
        i: [Later(at=at, said={"status": status})]
        for i, at, status in zip(who.tolist(), gone[who].tolist(), why.tolist(), strict=True)
    }


def _without_traces(world: World) -> Mask:
    """Who stays, and of whom no document, account, circle, mail or share tells: to suspend them contradicts nothing."""
    providers = world.providers
    known = providers.practitioners
    fit: Mask = (known.deregistered == NEVER) & (known.activated == NEVER)
    for pool in author_pools(providers).values():
        fit[providers.roles.practitioner[pool]] = False
    for others in (world.circle.who, providers.mail.practitioner, providers.shares.practitioner):
        fit[others[others >= 0]] = False
    return fit


def _suspensions(world: World, fit: Mask, name: str, registered: Ints) -> dict[int, list[Later]]:
    """A few of them; every other one is in force again after some months, which nobody says ahead."""
    line = world.line
    rng = generator(world.seed, name)
    earliest = line.month_of_day((registered // DAY).astype(np.int32)) + 2
    latest = line.months - 14
    among = rng.permutation(np.flatnonzero(fit & (earliest < latest)))
    among = among[: max(_AT_LEAST, int(len(fit) * _SUSPENDED))]
    begins = rng.integers(earliest[among], latest)
    starts = line.moments(rng, begins)
    lifts = line.moments(rng, begins + rng.integers(2, 10, len(among)))
    found = {
        i: [Later(at=start, said={"status": "suspended"})]
        for i, start in zip(among.tolist(), starts.tolist(), strict=True)
    }
    for i, lift in list(zip(among.tolist(), lifts.tolist(), strict=True))[1::2]:
        found[i].append(Later(at=lift, said={"status": "active"}))
    return found


def licences(world: World) -> Entries:
    """Each professional's in Luxembourg, of some abroad instead, then those that some have there as well."""
    known = world.providers.practitioners
    count = len(known)
    rng = generator(world.seed, "licences")
    prescribers = rng.permutation(
        np.flatnonzero(np.isin(np.array(PROFESSIONS)[known.profession], sorted(_PRESCRIBES)))
    )
    prescribers = prescribers[~np.isin(prescribers, [DEMO_PHYSICIAN, DEMO_SUSPENDED])]
    abroad = {
        code: rng.permutation(count)[: max(_A_FEW, int(count * share))]
        for code, share in _ABROAD.items()
    }
    abroad["DE"] = np.union1d(abroad["DE"], [DEMO_PHYSICIAN])
    country = ["LU"] * count
    guests = prescribers[: max(_A_FEW, int(len(prescribers) * _ONLY_ABROAD))].tolist()
    for number, i in enumerate(guests):
        country[i] = list(_ABROAD)[number % len(_ABROAD)]
    others = {code: np.setdiff1d(some, guests) for code, some in abroad.items()}
    owner = np.concatenate([np.arange(count), *others.values()])
    country += [code for code, some in others.items() for _ in some]
    said: list[Said] = [
        {"practitioner": who + 1, "profession": PROFESSIONS[what], "country": where}
        for who, what, where in zip(
            owner.tolist(), known.profession[owner].tolist(), country, strict=True
        )
    ]
    limited = prescribers[: max(2 * _A_FEW, int(len(prescribers) * _LIMITED))].tolist()
    for number, i in enumerate(limited):
        said[i]["limits"] = _LIMITS[number % len(_LIMITS)]
    # Who comes from abroad was licensed there first.
    before = np.array([code != "LU" for code in country])
    earlier = np.where(before, rng.integers(100, 6_000, len(owner)), 0)
    registered = known.registered[owner]
    return Entries(
        kind=Kind.LICENCE,
        system=LICENCE_SYSTEM,
        first_value=300_000,
        said=said,
        registered=registered,
        since=(day_of(registered) - earlier).astype(np.int32),
        later=_of_licences(world, owner, said),
    )


def _of_licences(world: World, owner: Ints, said: list[Said]) -> dict[int, list[Later]]:
    """They end with their owner; of those who stay abroad some are suspended or end, here limits come and go.

    Everybody keeps one in force, so that who works is allowed to.
    """
    known = world.providers.practitioners
    registered, gone = known.registered[owner], known.deregistered[owner]
    later = {
        i: [Later(at=int(gone[i]), said={"status": "ended"})]
        for i in np.flatnonzero(gone < NEVER).tolist()
    }
    second = np.arange(len(known), len(owner))
    stays = np.arange(len(owner))[gone == NEVER]
    # An authority abroad suspends what it gave; the licence here stays in force.
    suspended = _suspensions(
        world, np.isin(np.arange(len(owner)), second) & (gone == NEVER), "abroad", registered
    )
    later |= suspended

    def some(name: str, among: Ints, share: float, told: Callable[[int], Said]) -> None:
        free = np.setdiff1d(np.intersect1d(among, stays), list(later))
        later.update(told_later(world, name, registered, among=free, share=share, said=told))

    some("ended abroad", second, 0.03, lambda _: {"status": "ended"})
    for i in sorted(set(later) & set(second.tolist()) & set(stays.tolist()) - set(suspended))[:2]:
        said[i]["limits"] = _LIMITS[0]
    limited = np.array([i for i, one in enumerate(said) if one.get("limits")])
    some("limits lifted", limited, 0.1, lambda _: {"limits": []})
    prescribes = [i for i, one in enumerate(said) if one["profession"] in _PRESCRIBES]
    free = np.setdiff1d(prescribes, limited)
    some("limits imposed", free, 0.005, lambda i: {"limits": _LIMITS[i % len(_LIMITS)]})
    return later
