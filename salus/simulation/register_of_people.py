"""What the national register says of professionals, their licences, and where they work."""

import numpy as np

from salus.country.lu import LICENCE_SYSTEM, PROVIDER_SYSTEM, ROLE_SYSTEM
from salus.directory.models import Kind
from salus.simulation import opening_hours
from salus.simulation.documents import author_pools
from salus.simulation.lives import World
from salus.simulation.names import CULTURES, name_table
from salus.simulation.providers import DEMO_PHYSICIAN, PROFESSIONS
from salus.simulation.register import Entries, Later, Said, dice, telephone
from salus.simulation.register_of_places import hosts, hours_of, types
from salus.simulation.sampling import generator, mixed
from salus.simulation.timeline import DAY, NEVER, Mask, day_of
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
_LIMITED = 0.03  # of physicians
# What some may not prescribe (ATC): opioids; anxiolytics and hypnotics; what is given for addiction.
_LIMITS = (["N02A"], ["N05B", "N05C"], ["N02A", "N07BC"])
_SUSPENDED, _AT_LEAST = 0.0006, 2  # of the register
_LEAVE_AS = {"retired": 0.72, "ended": 0.23, "deceased": 0.05}
_BIRTH, _PRIVATE, _PHONE, _OFF, _NEW, _MAIL = 61, 62, 63, 64, 65, 66  # salts
_DENTIST = "106289002"
_TAKES_PATIENTS = PHYSICIANS | {_DENTIST, "36682004", "59944000", "309453006"}


def practitioners(world: World) -> Entries:
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
    for i, changes in _suspensions(world, _without_traces(world), "suspensions").items():
        changes[0].said["status_reason"] = "Decision of the authority"
        later[i] = changes
    return Entries(
        kind=Kind.PRACTITIONER,
        system=PROVIDER_SYSTEM,
        first_value=900_000,
        said=said,
        registered=known.registered,
        later=later,
    )


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


def _suspensions(world: World, fit: Mask, name: str) -> dict[int, list[Later]]:
    """A few of them; every other one may practise again after some months, which nobody says ahead."""
    known, line = world.providers.practitioners, world.line
    rng = generator(world.seed, name)
    earliest = line.month_of_day((known.registered // DAY).astype(np.int32)) + 2
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
    """Each professional's in Luxembourg, then those that some have in the neighbouring countries."""
    known = world.providers.practitioners
    count = len(known)
    rng = generator(world.seed, "licences")
    abroad = {country: rng.random(count) < share for country, share in _ABROAD.items()}
    abroad["DE"][DEMO_PHYSICIAN] = True
    owner = np.concatenate([np.arange(count), *map(np.flatnonzero, abroad.values())])
    country = ["LU"] * count + [code for code, some in abroad.items() for _ in range(some.sum())]
    said: list[Said] = [
        {"practitioner": who + 1, "profession": PROFESSIONS[what], "country": where}
        for who, what, where in zip(
            owner.tolist(), known.profession[owner].tolist(), country, strict=True
        )
    ]
    physicians = rng.permutation(np.flatnonzero(known.physician))
    limited = physicians[: max(1, int(len(physicians) * _LIMITED))]
    for number, i in enumerate(limited.tolist()):
        said[i]["limits"] = _LIMITS[number % len(_LIMITS)]
    # Who comes from abroad was licensed there first.
    earlier = np.where(np.arange(len(owner)) < count, 0, rng.integers(100, 6_000, len(owner)))
    gone = known.deregistered[owner]
    later = {
        i: [Later(at=int(gone[i]), said={"status": "ended"})]
        for i in np.flatnonzero(gone < NEVER).tolist()
    }
    # The French authority suspends what it gave; the others stay in force.
    french = np.flatnonzero(abroad["FR"])
    stays = known.deregistered == NEVER
    for who, changes in _suspensions(world, abroad["FR"] & stays, "French suspensions").items():
        later[count + int(np.searchsorted(french, who))] = changes
    return Entries(
        kind=Kind.LICENCE,
        system=LICENCE_SYSTEM,
        first_value=300_000,
        said=said,
        registered=known.registered[owner],
        since=(day_of(known.registered[owner]) - earlier).astype(np.int32),
        later=later,
    )


def roles(world: World) -> Entries:
    """Where each works; in practices also when, and whether new patients are accepted."""
    known = world.providers.practitioners
    ids = np.arange(len(known))
    phone, off, new, mail = (dice(ids, salt) for salt in (_PHONE, _OFF, _NEW, _MAIL))
    hours, named, type_of = hours_of(world), hosts(world), types(world)
    said: list[Said] = []
    for i, (place, profession) in enumerate(
        zip(world.providers.roles.organization.tolist(), known.profession.tolist(), strict=True)
    ):
        one: Said = {"practitioner": i + 1, "organization": place + 1, "location": place + 1}
        if type_of[place] == "practice":
            one["hours"] = opening_hours.at_work("practice", hours[place], off[i])
            one["telephone"] = telephone(phone[i])
            if PROFESSIONS[profession] in _TAKES_PATIENTS and new[i] % 4:
                one["new_patients"] = new[i] % 4 != 1
        if mail[i] % 2:
            one["email"] = f"{900_000 + i}@{named[place]}"
        said.append(one)
    gone = known.deregistered
    return Entries(
        kind=Kind.ROLE,
        system=ROLE_SYSTEM,
        first_value=500_000,
        said=said,
        registered=known.registered,
        since=day_of(known.registered),
        later={
            i: [Later(at=int(gone[i]), said={"status": "ended"})]
            for i in np.flatnonzero(gone < NEVER).tolist()
        },
    )
