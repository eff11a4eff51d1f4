"""The directory's search against a slow plain one that looks at every entry, over a drawn directory."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from salus.country.gazetteer import Position, kilometres, known_places
from salus.directory.actions import change, source_named
from salus.directory.finding import Question, find
from salus.directory.finding.finding import AROUND
from salus.directory.finding.hours import openings
from salus.directory.finding.words import (
    ANOTHER,
    EXACT,
    PREFIX,
    cost,
    organization_words,
    person_words,
    rarity,
)
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.kernel.actor import Actor, Role
from salus.kernel.search_key import search_key
from salus.kernel.spelling.names import folded, words_of

AT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
ACTOR = Actor(role=Role.SYSTEM, system="test")
SYSTEM = "https://register.example/numbers"
FAMILIES = (
    "Schmit",
    "Schmitt",
    "Schmitz",
    "Meyer",
    "Maier",
    "de Almeida",
    "Muller-Weber",
    "Weber",
    "Reber",
    "Roy",
)
GIVEN = ("Anna", "Anne", "Jean-Pierre", "Tom", "Léa")
PROFESSIONS = ("106289002", "62247001", "106292003")
TYPES = ("practice", "hospital")
LANGUAGES = ("fr", "pt", "ja")
TOWNS = [place for place in known_places() if place.country == "LU"][::20]
HOURS = [{"daysOfWeek": ["mon"], "availableStartTime": "08:00:00", "availableEndTime": "11:00:00"}]


@dataclass(frozen=True, kw_only=True)
class Where:
    organization: int
    town: str
    type: str
    position: Position
    hours: bool
    new_patients: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry as it was said."""

    kind: Kind
    name: str
    name_key: str
    words: frozenset[str]
    profession: str = ""
    languages: tuple[str, ...] = ()
    licences: frozenset[str] = frozenset()
    out: bool = False
    places: tuple[Where, ...] = field(default=())


@pytest.fixture(scope="module")
def entries(database: Path) -> Iterator[list[Entry]]:
    with transaction.atomic():
        yield drawn(random.Random(7))
        transaction.set_rollback(True)


def drawn(rng: random.Random) -> list[Entry]:
    organizations = [an_organization(rng, number) for number in range(12)]
    people = [a_person(rng, number, organizations) for number in range(50)]
    ids = said(
        *(
            line(
                Kind.ORGANIZATION,
                one.name,
                name=one.name,
                type=one.places[0].type,
                country="LU",
                municipality=one.places[0].town,
            )
            for one in organizations
        )
    )
    said(
        *(
            line(
                Kind.LOCATION,
                one.name,
                organization=entry,
                name=one.name,
                latitude=one.places[0].position[0],
                longitude=one.places[0].position[1],
                hours=HOURS if one.places[0].hours else None,
            )
            for entry, one in zip(ids, organizations, strict=True)
        )
    )
    rows = said(
        *(
            line(
                Kind.PRACTITIONER,
                one.name,
                family=one.name.split(" ", 2)[2],
                given=one.name.split(" ", 2)[1],
                prefix=one.name.split(" ", 2)[0],
                profession=one.profession,
                languages=list(one.languages) or None,
            )
            for one in people
        )
    )
    by_name = {
        one.places[0].organization: entry for entry, one in zip(ids, organizations, strict=True)
    }
    more = []
    for entry, one in zip(rows, people, strict=True):
        if one.licences:
            more.append(
                line(
                    Kind.LICENCE,
                    one.name,
                    practitioner=entry,
                    profession=one.profession,
                    country="LU",
                )
            )
        if one.out:
            more.append(
                line(Kind.PRACTITIONER, one.name, since=date(2025, 3, 3), status="suspended")
            )
        more += [
            line(
                Kind.ROLE,
                f"{one.name} {place.organization}",
                practitioner=entry,
                organization=by_name[place.organization],
                new_patients=place.new_patients,
            )
            for place in one.places
        ]
    said(*more)
    return organizations + people


def an_organization(rng: random.Random, number: int) -> Entry:
    town = rng.choice(TOWNS)
    name = f"{rng.choice(('Cabinet', 'Clinique'))} {rng.choice(FAMILIES)} {number}"
    north = rng.choice((0, rng.uniform(-0.02, 0.02)))
    where = Where(
        organization=number,
        town=town.name,
        type=rng.choice(TYPES),
        position=(town.position[0] + north, town.position[1]),
        hours=rng.random() < 0.5,
    )
    return Entry(
        kind=Kind.ORGANIZATION,
        name=name,
        name_key=search_key(name),
        words=frozenset(organization_words(name)),
        places=(where,),
    )


def a_person(rng: random.Random, number: int, organizations: Sequence[Entry]) -> Entry:
    family, given = rng.choice(FAMILIES), rng.choice(GIVEN)
    work = [one.places[0] for one in rng.sample(organizations, rng.randrange(3))]
    return Entry(
        kind=Kind.PRACTITIONER,
        name=f"N{number} {given} {family}",
        name_key=search_key(f"{family} {given}"),
        words=frozenset(person_words(given, family)),
        profession=rng.choice(PROFESSIONS),
        languages=tuple(rng.sample(LANGUAGES, rng.randrange(3))),
        licences=frozenset({"LU"} if rng.random() < 0.7 else ()),
        out=rng.random() < 0.1,
        places=tuple(replace(one, new_patients=rng.choice((True, False, None))) for one in work),
    )


def line(kind: Kind, value: str, *, since: date | None = date(2020, 1, 1), **said: object) -> Line:
    given = {name: value for name, value in said.items() if value is not None}
    return Line(number=1, kind=kind, system=SYSTEM, value=value, said=given, since=since)


def said(*lines: Line) -> list[int]:
    numbered = [replace(one, number=number) for number, one in enumerate(lines, 1)]
    source = source_named("register", system=SYSTEM, at=AT)
    return change(actor=ACTOR, at=AT, source=source, how=How.FEED, lines=numbered)


def a_question(rng: random.Random) -> Question:
    words = []
    if rng.random() < 0.6:
        words = [mistyped(rng, rng.choice((*FAMILIES, *GIVEN))) for _ in range(rng.randrange(1, 3))]
    asked = Question(text=" ".join(words))
    if rng.random() < 0.3:
        asked = replace(asked, profession=rng.choice(PROFESSIONS))
    if rng.random() < 0.15:
        asked = replace(asked, type=rng.choice(TYPES))
    if rng.random() < 0.2:
        asked = replace(asked, language=rng.choice(LANGUAGES))
    if rng.random() < 0.2:
        asked = replace(asked, new_patients=True)
    if rng.random() < 0.1:
        asked = replace(asked, licence="LU")
    if rng.random() < 0.2:
        asked = replace(asked, open_at=AT)
    if rng.random() < 0.2:
        asked = replace(asked, place=rng.choice(TOWNS).name)
    elif rng.random() < 0.3:
        asked = replace(asked, near=rng.choice(TOWNS).position)
        asked = replace(asked, within=rng.choice((None, 8.0, 25.0)))
    return asked


def mistyped(rng: random.Random, name: str) -> str:
    """As it is, its beginning, or with a slip; quoted, so that no word is taken for a place."""
    at = rng.randrange(1, len(name))
    text = rng.choice(
        (name, name, name[: at + 1], name[:at] + name[at + 1 :], name[:at] + "x" + name[at:])
    )
    return f'"{text}"'


def plain_search(asked: Question, entries: Sequence[Entry]) -> list[Entry]:
    """The rules one after the other, entry by entry."""
    words = list(
        dict.fromkeys(word for part in asked.text.split('"') for word in person_like(part))
    )
    borne = Counter(word for one in entries for word in one.words)
    close = ranked(asked, entries, words, known=borne, loose=False)
    found = close if len(close) >= 20 else ranked(asked, entries, words, known=borne, loose=True)
    if not found and len(words) > 1:
        found = ranked(asked, entries, ["".join(words)], known=borne, loose=False, only_exact=True)
    return found


def person_like(text: str) -> list[str]:
    return list(words_of(folded(text)))


def ranked(
    asked: Question,
    entries: Sequence[Entry],
    words: Sequence[str],
    *,
    known: Counter[str],
    loose: bool,
    only_exact: bool = False,
) -> list[Entry]:
    found = []
    for number, entry in enumerate(entries):
        costs = [
            of_word(word, entry.words, known=known, loose=loose, only_exact=only_exact)
            for word in words
        ]
        near, within = position_asked(asked)
        places = [place for place in entry.places if fits_at(asked, place, near, within)]
        placeless = not entry.places and not (
            asked.type or asked.new_patients or asked.open_at or within is not None
        )
        if fits(asked, entry) and (places or placeless) and None not in costs:
            distance = (
                min((kilometres(near, place.position) for place in places), default=99_999)
                if near
                else 0
            )
            kind = entry.kind is Kind.ORGANIZATION
            key = (sum(one or 0 for one in costs), round(distance, 6), kind, entry.name_key, number)
            found.append((key, entry))
    return [entry for _key, entry in sorted(found, key=lambda one: one[0])]


def of_word(
    word: str, own: frozenset[str], *, known: Counter[str], loose: bool, only_exact: bool
) -> int | None:
    if only_exact:
        return EXACT if word in own else None
    costs = [PREFIX for one in own if one.startswith(word) and one != word]
    for one in own:
        far = cost(word, one)
        if far is not None and one != word:
            far += rarity(known[one])
        if far is not None and (loose or word not in known or far < ANOTHER):
            costs.append(far)
    return min(costs, default=None)


def position_asked(asked: Question) -> tuple[Position | None, float | None]:
    if asked.place:
        return next(
            town.position for town in TOWNS if town.name == asked.place
        ), asked.within or AROUND
    return asked.near, asked.within


def fits(asked: Question, entry: Entry) -> bool:
    if entry.out or (asked.profession and entry.profession != asked.profession):
        return False
    if asked.language and asked.language not in entry.languages:
        return False
    if asked.licence and asked.licence not in entry.licences:
        return False
    only_places = asked.type and not asked.profession and not asked.licence
    return not only_places or entry.kind is Kind.ORGANIZATION


def fits_at(asked: Question, place: Where, near: Position | None, within: float | None) -> bool:
    if asked.type and place.type != asked.type:
        return False
    if asked.new_patients and not place.new_patients:
        return False
    if asked.open_at and not (place.hours and open_then(asked.open_at)):
        return False
    return near is None or within is None or kilometres(near, place.position) <= within


def open_then(at: datetime) -> bool:
    local = at.astimezone(ZoneInfo("Europe/Luxembourg"))
    minute = local.weekday() * 1440 + local.hour * 60 + local.minute
    return any(first <= minute < last for first, last in openings(HOURS))


def test_the_search_finds_what_a_plain_one_finds(entries: list[Entry]) -> None:
    rng = random.Random(20250303)
    lengths = set()
    for _ in range(250):
        asked = a_question(rng)
        found = find(asked, at=AT, size=1000)
        plain = plain_search(asked, entries)
        assert [hit.name for hit in found.hits] == [entry.name for entry in plain], asked
        assert found.total == len(plain)
        lengths.add(min(len(plain), 3))
    assert lengths == {0, 1, 2, 3}


def test_pages_together_are_the_whole(entries: list[Entry]) -> None:
    asked = Question(near=TOWNS[0].position)
    whole = [hit.name for hit in find(asked, at=AT, size=1000).hits]
    pages, page = [], 1
    while True:
        found = find(asked, at=AT, page=page, size=7)
        pages += [hit.name for hit in found.hits]
        if not found.more:
            break
        page += 1
    assert pages == whole
    assert len(whole) > 50
