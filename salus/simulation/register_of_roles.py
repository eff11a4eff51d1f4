"""What the national register says of where professionals work: one place each, of some another one as well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from salus.country.lu import ROLE_SYSTEM
from salus.directory.models import Kind
from salus.simulation import opening_hours
from salus.simulation.lives import World
from salus.simulation.providers import DEMO_PHARMACIST, DEMO_PHYSICIAN, DEMO_SUSPENDED, PROFESSIONS
from salus.simulation.register import Entries, Later, Said, dice, telephone, told_later
from salus.simulation.register_of_places import hosts, hours_of, types
from salus.simulation.sampling import generator
from salus.simulation.timeline import DAY, NEVER, day_of
from salus.terminology import PHYSICIANS

_PHONE, _OFF, _NEW, _MAIL = 63, 64, 65, 66  # salts
_TAKES_PATIENTS = PHYSICIANS | {"106289002", "36682004", "59944000", "309453006"}
_SECOND, _AT_LEAST = 0.06, 6  # of the register, at a second place
_CHANGED = 0.02  # whether new patients are accepted


@dataclass(frozen=True, kw_only=True)
class _Work:
    """A professional's work at an organisation: indices, and instants."""

    who: int
    where: int
    begins: int
    ends: int  # NEVER: it goes on
    goes_on: int = -1  # as which later one


def roles(world: World) -> Entries:
    """The place of work of each that the nation's life knows, then second ones: some end, some lead to a third."""
    works = [*_first(world), *_seconds(world)]
    registered = np.array([work.begins for work in works], dtype=np.int64)
    said = _told(world, works)
    later = {
        i: [Later(at=work.ends, said={"status": "ended"} | _successor(work))]
        for i, work in enumerate(works)
        if work.ends < NEVER
    }
    asked = np.array([i for i, one in enumerate(said) if "new_patients" in one])
    later |= told_later(
        world,
        "new patients",
        registered,
        among=np.setdiff1d(asked, list(later)),
        share=_CHANGED,
        said=lambda i: {"new_patients": not said[i]["new_patients"]},
    )
    return Entries(
        kind=Kind.ROLE,
        system=ROLE_SYSTEM,
        first_value=500_000,
        said=said,
        registered=registered,
        since=day_of(registered),
        later=later,
    )


def _successor(work: _Work) -> Said:
    return {"successor": work.goes_on + 1} if work.goes_on >= 0 else {}


def _first(world: World) -> list[_Work]:
    known = world.providers.practitioners
    return [
        _Work(who=i, where=where, begins=begins, ends=ends)
        for i, (where, begins, ends) in enumerate(
            zip(
                world.providers.roles.organization.tolist(),
                known.registered.tolist(),
                known.deregistered.tolist(),
                strict=True,
            )
        )
    ]


def _seconds(world: World) -> list[_Work]:
    """In turn: a place beside the first one, one that was given up, one that was given up for a third."""
    known, line = world.providers.practitioners, world.line
    rng = generator(world.seed, "second places of work")
    earliest = line.month_of_day((known.registered // DAY).astype(np.int32)) + 2
    latest = line.months - 16
    fit = (known.deregistered == NEVER) & (earliest < latest)
    fit[[DEMO_PHYSICIAN, DEMO_PHARMACIST, DEMO_SUSPENDED]] = False  # their stories are told
    types_of_all = world.providers.organizations.type
    like_it = np.bincount(types_of_all)[
        types_of_all[world.providers.roles.organization[: len(known)]]
    ]
    fit &= like_it > 1  # the rescue corps is the only one of its kind
    who = rng.permutation(np.flatnonzero(fit))[: max(_AT_LEAST, int(len(known) * _SECOND))]
    months = rng.integers(earliest[who], latest)
    begins = line.moments(rng, months).tolist()
    ends = line.moments(rng, months + rng.integers(3, 15, len(who))).tolist()
    works: list[_Work] = []
    for number, i in enumerate(who.tolist()):
        second, third = _elsewhere(world, i, rng)
        kind = number % 3
        over = ends[number] if kind else int(NEVER)
        place = _Work(who=i, where=second, begins=begins[number], ends=over)
        if kind == 2 and third >= 0:
            moved = _Work(who=i, where=third, begins=over, ends=int(NEVER))
            works += [replace(place, goes_on=len(known) + len(works) + 1), moved]
        else:
            works.append(place)
    return works


def _elsewhere(world: World, who: int, rng: np.random.Generator) -> tuple[int, int]:
    """Two other organisations of the kind of the first one; the second of them -1 when there is none."""
    first = world.providers.roles.organization[who]
    kind = world.providers.organizations.type
    others = rng.permutation(
        np.flatnonzero((kind == kind[first]) & (np.arange(len(kind)) != first))
    )
    return int(others[0]), int(others[1]) if len(others) > 1 else -1


def _told(world: World, works: Sequence[_Work]) -> list[Said]:
    """In practices also when, and whether new patients are accepted."""
    profession = world.providers.practitioners.profession
    ids = np.arange(len(works))
    phone, off, new, mail = (dice(ids, salt) for salt in (_PHONE, _OFF, _NEW, _MAIL))
    hours, named, type_of = hours_of(world), hosts(world), types(world)
    said: list[Said] = []
    for i, work in enumerate(works):
        place = work.where + 1
        one: Said = {"practitioner": work.who + 1, "organization": place, "location": place}
        if type_of[work.where] == "practice":
            one["hours"] = opening_hours.at_work("practice", hours[work.where], off[i])
            one["telephone"] = telephone(phone[i])
            if PROFESSIONS[profession[work.who]] in _TAKES_PATIENTS and new[i] % 4:
                one["new_patients"] = new[i] % 4 != 1
        if mail[i] % 2:
            one["email"] = f"{900_000 + work.who}@{named[work.where]}"
        said.append(one)
    return said
