"""A search as its page shows it: what was understood, each part with the address without it, and who was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import Locale
from django.http import QueryDict
from django.utils.translation import get_language, gettext

from salus.country import country
from salus.country.gazetteer import Position, known_places, position_of
from salus.directory.finding import Found, Hit, Place, Question, Sense, Understood, language_name
from salus.directory.forms import ORGANIZATIONS, PEOPLE
from salus.directory.models import Kind
from salus.directory.public.hours import Opening, opening
from salus.directory.public.maps import Map, Spot, Town, around, drawn, frame_of, whole
from salus.kernel.errors import InvalidInput
from salus.kernel.search_key import search_key
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

Asked = Mapping[str, Any]  # what a valid DirectorySearch holds
LEAST = 8.0  # kilometres that the map of a search is wide
_WIDE = 40.0  # kilometres from which a map names the larger towns alone
_PART = 0.4  # of the country's width, from which a map shows all of the country
_PLACES_SHOWN = 3  # of one entry on the map
_OF_A_VIEW = ("page", "map")  # of an address: they go when the question changes


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A part of the question, and the address of the search without it, or with it."""

    label: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Result:
    number: int  # in the list and on the map
    hit: Hit
    place: Place | None  # the nearest
    others: int  # further places
    opening: Opening | None
    telephone: str
    positions: Sequence[Position]

    @property
    def is_person(self) -> bool:
        return self.hit.kind == Kind.PRACTITIONER


def question_of(asked: Asked, *, at: datetime) -> Question:
    kind = asked.get("kind") or ""
    kinds = {PEOPLE: Kind.PRACTITIONER, ORGANIZATIONS: Kind.ORGANIZATION}
    return Question(
        text=asked.get("text") or "",
        profession=kind if kind in PROFESSIONS else "",
        type=kind if kind in ORGANIZATION_TYPES else "",
        kind=kinds.get(kind),
        language=asked.get("language") or "",
        place=asked.get("place") or "",
        near=asked.get("near"),
        within=asked.get("within"),
        new_patients=bool(asked.get("new_patients")),
        licence=asked.get("licence") or "",
        open_at=at if asked.get("open_now") else None,
    )


def address(asked: QueryDict, **changes: str | None) -> str:
    """The same search with these parts changed, or left out where they are None; on its first page."""
    query = asked.copy()
    for name, value in {**dict.fromkeys(_OF_A_VIEW), **changes}.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    return f"?{query.urlencode(safe=',')}"


def filters(asked: Asked, query: QueryDict, understood: Understood) -> list[Filter]:
    """All that was asked, in the text's order and then the other fields'; each can be taken back by itself."""
    of_text = [
        Filter(label=one.label(), address=address(query, text=understood.without(one)))
        for one in understood.taken
    ]
    of_fields = [
        Filter(label=label, address=address(query, **{name: None})) for name, label in _named(asked)
    ]
    return of_text + of_fields


def offers(asked: Asked, query: QueryDict, understood: Understood) -> list[Filter]:
    """What many ask beside, while they have not."""
    known = {one.sense for one in understood.taken}
    offered = [
        ("open_now", Sense.OPEN, gettext("Open now")),
        ("new_patients", Sense.NEW_PATIENTS, gettext("Accepts new patients")),
    ]
    return [
        Filter(label=label, address=address(query, **{name: "on"}))
        for name, sense, label in offered
        if not asked.get(name) and sense not in known
    ]


def as_names(query: QueryDict, understood: Understood) -> list[Filter]:
    """Words that were taken for a profession, a place and the like, and may be somebody's name."""
    return [
        Filter(label=one.text, address=address(query, text=understood.as_name(one)))
        for one in understood.taken
        if one.sense is not Sense.NAME
    ]


def not_as_typed(found: Found) -> tuple[str, list[str]] | None:
    """A name that nobody who is shown bears as typed, and the names that are shown for it; None: all are borne."""
    shown = [word for hit in found.hits for word in hit.name.replace("-", " ").split()]
    keys = {search_key(word) for word in shown}
    for one in found.understood.taken:
        typed = search_key(one.text.strip('"'))
        if one.sense is not Sense.NAME or not found.hits or not typed:
            continue
        if not all(any(key.startswith(part) for key in keys) for part in typed.split()):
            families = [hit.name.split()[-1] for hit in found.hits if hit.kind == Kind.PRACTITIONER]
            names = families or [hit.name for hit in found.hits]
            return one.text, list(dict.fromkeys(names))[:3]
    return None


def results(found: Found, *, at: datetime) -> list[Result]:
    first = (found.page - 1) * found.size + 1
    return [_result(number, hit, at) for number, hit in enumerate(found.hits, first)]


def map_of(text: str, shown: Sequence[Result], *, here: Position | None) -> Map | None:
    """The part that the address asks for (``text``), or else what shows all results; None: none has a position.

    ``here``: where the visitor said to be.
    """
    spots = [
        Spot(number=one.number, name=one.hit.name, position=position)
        for one in shown
        for position in one.positions[:_PLACES_SHOWN]
    ]
    return the_map(text, spots, least=LEAST, here=here)


def the_map(
    text: str, spots: Sequence[Spot], *, least: float, here: Position | None = None
) -> Map | None:
    home = country().CODE
    positions = [spot.position for spot in spots]
    try:
        frame = frame_of(text)
    except InvalidInput:
        fitting = around([*positions, *([here] if here and positions else [])], least=least)
        if fitting is None:
            return None
        land = whole(home)
        frame = land if land and _PART * land.across < fitting.across < land.across else fitting
    return drawn(frame, spots, country=home, towns=_towns(frame.across), here=here)


def _result(number: int, hit: Hit, at: datetime) -> Result:
    place = hit.places[0] if hit.places else None
    found = [position for one in hit.places if (position := _position(one))]
    return Result(
        number=number,
        hit=hit,
        place=place,
        others=max(0, len(hit.places) - 1),
        opening=opening(place.hours, at) if place else None,
        telephone=(place.telephone if place else "") or hit.telephone,
        positions=found,
    )


def _position(place: Place) -> Position | None:
    """Of the place itself, or else of its municipality."""
    return place.position or position_of(place.country, place.postal_code, place.municipality)


def _towns(across: float) -> Iterator[Town]:
    """Those with more postal codes are larger; from afar those with none are left out."""
    ordered = sorted(known_places(), key=lambda one: -len(one.postal_codes))
    for one in ordered:
        if one.postal_codes or across < _WIDE:
            yield Town(name=one.name, position=one.position, large=len(one.postal_codes) > 1)


def _named(asked: Asked) -> Iterator[tuple[str, str]]:
    """What the other fields ask, in words."""
    kind = asked.get("kind") or ""
    wide = {PEOPLE: gettext("All professionals"), ORGANIZATIONS: gettext("All organisations")}
    if kind:
        yield "kind", str(PROFESSIONS.get(kind) or ORGANIZATION_TYPES.get(kind) or wide[kind])
    if code := asked.get("language"):
        yield "language", language_name(code)
    if place := asked.get("place"):
        yield "place", place
    if asked.get("near"):
        yield "near", gettext("Near you")
    if within := asked.get("within"):
        yield "within", gettext("At most %(number)s km") % {"number": f"{within:g}"}
    if code := asked.get("licence"):
        name = Locale.parse(get_language() or "en").territories.get(code, code)
        yield "licence", gettext("Licensed in %(country)s") % {"country": name}
    if asked.get("new_patients"):
        yield "new_patients", gettext("Accepts new patients")
    if asked.get("open_now"):
        yield "open_now", gettext("Open now")
