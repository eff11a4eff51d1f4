"""One question, one answer."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from salus.country import country
from salus.country.gazetteer import Position, coded, postal_key
from salus.directory.finding.asking import (
    COUNTED,
    Costs,
    Ranked,
    Wanted,
    known_of,
    ranked,
)
from salus.directory.finding.hits import hits_of
from salus.directory.finding.hours import minute_of_week
from salus.directory.finding.question import Found, Question, Understood
from salus.directory.finding.reading import Reading, as_names, phrases, read
from salus.directory.finding.vocabulary import Sense, meanings
from salus.directory.finding.words import ANOTHER, EXACT, plain
from salus.directory.models import Kind
from salus.kernel.errors import InvalidInput
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

AROUND = 10.0  # kilometres that count as a place when nothing else is said
_LONGEST_TEXT = 200  # characters
_MOST_WORDS = 8  # of names
_FEW = 20  # found with the words as typed: then what is nearly written so is looked at as well


class Spot(NamedTuple):
    """What a place's name or code stands for: a position, or else what addresses say."""

    position: Position | None = None
    postal_code: str = ""
    municipality: str = ""


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    reading: Reading
    exact: bool = False  # as typed, letter by letter


def find(question: Question, *, at: datetime, page: int = 1, size: int = 20) -> Found:
    """Who fits, the best first: names as typed before beginnings before mistyped ones, near before far, then by name.

    Who may not practise on the day of ``at`` is never among them. Raises InvalidInput.
    """
    _check(question, page, size)
    text = " ".join(question.text.split())
    words = phrases(text)
    similar, municipalities = (
        known_of({word for word in words if " " not in word}, words) if words else ({}, set())
    )
    for attempt in _attempts(text, similar, municipalities):
        wanted = _wanted(question, attempt.reading, at)
        found, every = _search(wanted, attempt, similar, enough=page * size)
        if found:
            break
    taken = attempt.reading.taken
    if not found:  # what can be taken back is what the words most likely mean
        taken = read(text, names=similar, municipalities=municipalities).taken
    start = (page - 1) * size
    return Found(
        hits=hits_of(found[start : start + size], near=wanted.near),
        total=len(found) if every else None,
        understood=Understood(text=text, taken=taken),
        page=page,
        size=size,
        more=len(found) > start + size,
        near=wanted.near,
        within=wanted.within,
    )


def _attempts(text: str, similar: Costs, municipalities: set[str]) -> Iterator[_Attempt]:
    """What the text may mean, the likeliest first; the first one that finds somebody is it."""
    reading = read(text, names=similar, municipalities=municipalities)
    if reading.doubtful and reading.names:
        yield _Attempt(reading=as_names(text), exact=True)
    yield _Attempt(reading=reading)
    if any(one.sense is not Sense.NAME for one in reading.taken):
        yield _Attempt(reading=as_names(text))


def _search(
    wanted: Wanted, attempt: _Attempt, similar: Costs, *, enough: int
) -> tuple[list[Ranked], bool]:
    words = attempt.reading.names[:_MOST_WORDS]
    similar = similar if words else {}
    exact = [(word, {word: EXACT}) for word in words]
    if attempt.exact:
        return ranked(wanted, exact, enough=enough, prefixes=False)
    close = [(word, _close(word, similar.get(word, {}))) for word in words]
    found, every = ranked(wanted, close, enough=enough, prefixes=True)
    if words and len(found) < _FEW:
        loose = [(word, {word: EXACT} | dict(similar.get(word, {}))) for word in words]
        if loose != close:
            found, every = ranked(wanted, loose, enough=enough, prefixes=True)
    if not found and len(words) > 1:  # "Jean Pierre" of somebody who writes it in one
        joined = "".join(words)
        found, every = ranked(wanted, [(joined, {joined: EXACT})], enough=enough, prefixes=False)
    return found, every


def _close(word: str, similar: Mapping[str, int]) -> dict[str, int]:
    """A word that somebody bears counts as itself and what sounds like it; another one as what may be meant."""
    if word not in similar:
        return {word: EXACT, **similar}
    return {one: cost for one, cost in similar.items() if one == word or cost < ANOTHER}


def _wanted(question: Question, reading: Reading, at: datetime) -> Wanted:
    local = at.astimezone(ZoneInfo(country().TIME_ZONE))
    professions = _first((question.profession,), reading.codes(Sense.PROFESSION))
    type_ = question.type or "".join(reading.codes(Sense.TYPE)[:1])
    spot = _spot(question.place) if question.place else _spot_of(reading)
    near = question.near or spot.position
    kind = question.kind
    if kind is None and (professions or question.licence):
        kind = Kind.PRACTITIONER
    elif kind is None and type_:
        kind = Kind.ORGANIZATION
    opened = question.open_at or (at if reading.has(Sense.OPEN) else None)
    spoken = {question.language, *reading.codes(Sense.LANGUAGE)} - {""}
    return Wanted(
        today=local.date(),
        kind=kind or "",
        professions=professions,
        type=type_,
        languages=tuple(sorted(spoken)),
        licence=question.licence,
        new_patients=question.new_patients or reading.has(Sense.NEW_PATIENTS),
        open_at=None if opened is None else minute_of_week(opened),
        near=near,
        within=question.within
        if question.within is not None
        else (AROUND if spot.position and not question.near else None),
        postal_code="" if spot.position else spot.postal_code,
        municipality="" if spot.position else spot.municipality,
    )


def _first(given: tuple[str, ...], understood: tuple[str, ...]) -> tuple[str, ...]:
    return given if any(given) else understood


def _spot_of(reading: Reading) -> Spot:
    for one in reading.taken:
        if one.sense is Sense.PLACE:
            return _spot(one.codes[0] if one.codes else one.place)
    return Spot()


def _spot(text: str) -> Spot:
    """Of a place as typed or chosen; one that is not in the gazetteer is what addresses say."""
    if postal_key(text).isdecimal():
        known = coded(text)
        return Spot(known.position if known else None, postal_code=postal_key(text))
    guessed = read(text, names={}).taken
    meant = meanings().get(plain(text))
    if meant and meant.place:
        return Spot(meant.place.position)
    if len(guessed) == 1 and guessed[0].sense is Sense.PLACE:
        return _spot(guessed[0].place)
    return Spot(municipality=plain(text))


def _check(question: Question, page: int, size: int) -> None:
    if max(len(question.text), len(question.place)) > _LONGEST_TEXT:
        raise InvalidInput(f"a search has at most {_LONGEST_TEXT} characters")
    if question.profession and question.profession not in PROFESSIONS:
        raise InvalidInput("that is no profession of the directory")
    if question.type and question.type not in ORGANIZATION_TYPES:
        raise InvalidInput("that is no kind of organisation of the directory")
    if question.language and not re.fullmatch("[A-Za-z0-9-]{2,20}", question.language):
        raise InvalidInput("a language is a code, such as fr or pt")
    if question.licence and not re.fullmatch("[A-Z]{2}", question.licence):
        raise InvalidInput("a country is two capital letters (ISO 3166-1)")
    if question.within is not None and not 0 < question.within <= 20_100:
        raise InvalidInput("a distance is in kilometres, more than 0")
    if question.near is not None and not (
        abs(question.near[0]) <= 90 and abs(question.near[1]) <= 180
    ):
        raise InvalidInput("a position is a latitude and a longitude in degrees")
    if not 1 <= page <= COUNTED or not 1 <= size <= COUNTED:
        raise InvalidInput("there is no such page")
