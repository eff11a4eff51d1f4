"""Who of the index may be meant: found by keys in indexed columns, judged by the learned weights (ADR 0025).

In two steps. Among everybody the names and the birth date are compared, and nothing else is shown; the few who can
still be the person meant are then compared with all that is known of them, addresses too.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

from salus.kernel.search_key import search_key
from salus.kernel.spelling.phonetic import sounds
from salus.mpi.identities import IS_LINKED, Identities, humans
from salus.mpi.keys import keys_of
from salus.mpi.learned import model_in_force
from salus.mpi.matching.model import Model
from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, Match, score_prepared
from salus.mpi.queries import owners_of
from salus.mpi.traits import completed, names_of, traits_of

# Guards beside those of salus.mpi.matching.score.
CLAIMED = "identifier is another's"
# Guards that concern a human being, whichever of the identities says so.
_OF_ALL_IDENTITIES = frozenset({"national id differs", "multiple birth order differs"})

_ADDED_AT_MOST = 20.0  # bits, by address, telephone and e-mail in the second step
_COMPARED_WHOLLY = 20  # identities; who is beyond is less likely than all of these
_NEAREST = 5  # of those with the same names: so many born before, and so many after
_SAME_DAY = 60  # of those born on the day: so many before in the alphabet, and so many after
_YEARS = (
    *range(-10, 11),
    -100,
    -50,
    -40,
    -30,
    -20,
    20,
    30,
    40,
    50,
    100,
)  # that a typed year is off


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody in the index who may be meant."""

    person: int  # the human being: the root of the identities
    identity: int  # the one that fits best
    match: Match


def candidates(
    traits: Traits,
    identifiers: Collection[tuple[str, str]] = (),
    *,
    also: Collection[int] = (),
    apart_from: Collection[int] = (),
    model: Model | None = None,
) -> list[Candidate]:
    """Those in the band of links or of review, the best first, each human being once by the identity that fits best.

    Who has one of the ``identifiers`` ``(system, value)``, or the national one of the traits, is among them in any
    case: whoever else claims it has to be looked at. Identities of ``also`` are compared wherever the keys lead, those
    of ``apart_from`` are passed over. Within ``finding_in(Scope.INDEX)``.
    """
    model = model or model_in_force()
    asked = prepare(traits)
    owners = set(owners_of(identifiers).values()) if identifiers else set()
    heard = {*asked.given_sounds, *asked.family_sounds}
    everyone = _found(traits, keys_of(asked), {*owners, *also})
    if traits.national_id:
        owners |= {one for one in everyone if everyone[one].national_id == traits.national_id}
    found = {
        person: known
        for person, known in everyone.items()
        if person not in apart_from
        and (person in owners or person in also or not heard.isdisjoint(_quickly_heard(known)))
    }
    weights = {
        person: score_prepared(asked, prepare(known), model).weight
        for person, known in found.items()
    }
    hopeful = sorted(
        (one for one in found if one in owners or weights[one] >= model.review - _ADDED_AT_MOST),
        key=lambda person: (person not in owners, -weights[person], person),
    )[:_COMPARED_WHOLLY]
    whole = completed({person: found[person] for person in hopeful}) if hopeful else {}
    matches = {
        person: score_prepared(asked, prepare(known), model) for person, known in whole.items()
    }
    for person in owners & matches.keys():
        matches[person] = _claimed(matches[person])
    likely = {one: match for one, match in matches.items() if match.band is not Band.NEW}
    return _best_of_each(asked, likely, model)


def _quickly_heard(known: Traits) -> Iterator[str]:
    """Of those born on the same day most share no name; this costs a tenth of comparing them."""
    for text in (known.given, known.family, known.birth_family, *known.former_families):
        yield sounds(text)
        yield from map(sounds, re.split(r"[\s-]+", text))


def _claimed(match: Match) -> Match:
    if match.band is Band.LINK:
        return match
    return replace(match, band=Band.REVIEW, guards=(*match.guards, CLAIMED))


def _best_of_each(asked: Prepared, matches: Mapping[int, Match], model: Model) -> list[Candidate]:
    known = _humans(matches.keys())
    best: dict[int, Candidate] = {}
    for identity in sorted(matches, key=lambda one: (_rank(matches[one]), one)):
        human, match = known[identity], matches[identity]
        if human.root not in best:
            if match.band is Band.LINK:
                match = _no_other_contradicts(asked, match, human, model)
            best[human.root] = Candidate(person=human.root, identity=identity, match=match)
    return sorted(best.values(), key=lambda one: _rank(one.match))


def _humans(persons: Collection[int]) -> Mapping[int, Identities]:
    """Most are alone, which one statement tells; it is the scope of this one that is asked in."""
    if persons:
        with connection.cursor() as cursor:
            cursor.execute(_ARE_ANY_LINKED, {"persons": list(persons)})
            if cursor.fetchone()[0]:
                return humans(persons)
    return {person: Identities(root=person, all=(person,)) for person in persons}


_ARE_ANY_LINKED = f"select {IS_LINKED.format(person='any (%(persons)s::bigint[])')}"


def _no_other_contradicts(asked: Prepared, match: Match, human: Identities, model: Model) -> Match:
    """The same, unless another identity of the human being is known to be somebody else than who is asked for."""
    if len(human.all) == 1:
        return match
    others = (score_prepared(asked, prepare(one), model) for one in traits_of(human.all).values())
    guards = {guard for other in others for guard in other.guards} & _OF_ALL_IDENTITIES
    return replace(match, band=Band.REVIEW, guards=tuple(sorted(guards))) if guards else match


def _rank(match: Match) -> tuple[bool, float]:
    return match.band is not Band.LINK, -match.weight


# Every branch reads a part of an index that is bounded beforehand, whoever is asked for.
_BY_NAMES_AND_DATE = """
    select person_id from unnest(%(keys)s::text[]) as asked (key), lateral (
        select person_id from mpi_namekey
        where mpi_namekey.key = asked.key and birth_date = any (%(near)s::date[])
        limit %(same_day)s
    ) mistyped
    union
    select person_id from unnest(%(keys)s::text[]) as asked (key), lateral (
        (select person_id from mpi_namekey
         where mpi_namekey.key = asked.key and birth_date >= %(born)s
         order by birth_date limit %(nearest)s)
        union all
        (select person_id from mpi_namekey
         where mpi_namekey.key = asked.key and birth_date < %(born)s
         order by birth_date desc limit %(nearest)s)
    ) nearest
    union
    (select id from mpi_person where birth_date = %(born)s and family_key >= %(family)s
     order by family_key limit %(same_day)s)
    union
    (select id from mpi_person where birth_date = %(born)s and family_key < %(family)s
     order by family_key desc limit %(same_day)s)
    union
    select unnest(%(named)s::bigint[])
    union
    select person_id from mpi_personidentifier where system = %(national)s and value = %(number)s
"""
_BY_NAMES = """
    select person_id from unnest(%(keys)s::text[]) as asked (key), lateral (
        select person_id from mpi_namekey where mpi_namekey.key = asked.key
        order by birth_date desc limit %(same_day)s
    ) named
    union
    select unnest(%(named)s::bigint[])
    union
    select person_id from mpi_personidentifier where system = %(national)s and value = %(number)s
"""


def _found(traits: Traits, keys: Sequence[str], named: Collection[int]) -> dict[int, Traits]:
    born = traits.birth_date
    return names_of(
        _BY_NAMES_AND_DATE if born else _BY_NAMES,
        {
            "keys": list(keys),
            "named": list(named),
            "number": traits.national_id or None,
            "born": born,
            "near": _near(born) if born else [],
            "family": search_key(traits.family),
            "nearest": _NEAREST,
            "same_day": _SAME_DAY,
        },
    )


def _near(day: date) -> list[date]:
    """The dates for which this one may be typed: another day, month or year, or day and month swapped."""
    others = [
        *((day.year, day.month, other) for other in range(1, 32)),
        *((day.year, other, day.day) for other in range(1, 13)),
        *((day.year + years, day.month, day.day) for years in _YEARS),
        (day.year, day.day, day.month),
    ]
    return sorted({found for other in others if (found := _date(*other))})


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
