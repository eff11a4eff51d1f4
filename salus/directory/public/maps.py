"""A map of our own: the country's outline, towns, and numbered markers, as an SVG that needs no foreign host. Pure.

Positions are latitude and longitude in degrees (WGS 84). The projection is the equirectangular one with the middle of
the frame as its standard parallel: over a country of some hundred kilometres no line is off by more than a marker's
width. Lines: salus/directory/outlines.json, which `make assets` makes of Natural Earth.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import cos, radians
from pathlib import Path
from typing import Any

from salus.country.gazetteer import Position
from salus.kernel.errors import InvalidInput

WIDTH, HEIGHT = 360, 460  # of the drawing: about the pixels in which it is shown
KILOMETRES = 111.2  # in a degree of latitude
LEAST, MOST = 2.0, 400.0  # kilometres that a frame is wide
_MARKER = 30  # what a finger meets, in pixels
_DIGIT, _LETTER = 8.5, 6.0  # width of one in a marker, and in the name of a town
_APART, _BESIDE = (
    14,
    25,
)  # pixels between the names of towns, and from the middle of a marker to a name
_MARGIN = 1.25  # of what a frame shows, beside what it has to show
_TOGETHER = 0.15  # kilometres: nearer ones are at one address, which no closer look parts
_TABLE = Path(__file__).parent.parent / "outlines.json"
_BARS = (0.5, 1, 2, 5, 10, 20, 50)  # kilometres


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a map shows: its middle, and how many kilometres it is wide."""

    latitude: float
    longitude: float
    across: float

    def __str__(self) -> str:
        """As an address has it: coarse, since no marker needs more."""
        return f"{self.latitude:.3f},{self.longitude:.3f},{self.across:.1f}"

    def point(self, position: Position) -> tuple[float, float]:
        """Where on the drawing a position lies."""
        scale = WIDTH / self.across * KILOMETRES
        east = (position[1] - self.longitude) * cos(radians(self.latitude))
        south = self.latitude - position[0]
        return WIDTH / 2 + east * scale, HEIGHT / 2 + south * scale

    def at(self, position: Position, *, times: float) -> "Frame":
        """A closer look there."""
        across = max(LEAST, min(MOST, self.across / times))
        return Frame(latitude=position[0], longitude=position[1], across=across)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place that is to be marked; several of one entry have its number."""

    number: int  # in the list beside the map; 0: it has none
    name: str
    position: Position


@dataclass(frozen=True, kw_only=True)
class Town:
    name: str
    position: Position
    large: bool


@dataclass(frozen=True, kw_only=True)
class Marker:
    x: float
    y: float
    width: float
    spots: tuple[Spot, ...]
    closer: Frame | None = None  # in which its several spots lie apart

    @property
    def left(self) -> float:
        return round(self.x - self.width / 2, 1)

    @property
    def top(self) -> float:
        return round(self.y - _MARKER / 2, 1)

    @property
    def numbers(self) -> list[int]:
        return sorted({spot.number for spot in self.spots})

    @property
    def text(self) -> str:
        shown = [str(number) for number in self.numbers if number]
        return "·".join(shown if len(shown) <= 3 else [*shown[:2], f"+{len(shown) - 2}"])

    @property
    def names(self) -> list[str]:
        """With their numbers, each once: what is said of it to those who do not see it."""
        said = [f"{spot.number} {spot.name}" if spot.number else spot.name for spot in self.spots]
        return list(dict.fromkeys(said))

    @property
    def label(self) -> str:
        """Begins with the text that is seen, so that who speaks to the page can name it (WCAG 2.5.3)."""
        said = "; ".join(self.names)
        return said if len(self.numbers) < 2 else f"{self.text}: {said}"


@dataclass(frozen=True, kw_only=True)
class Label:
    x: float
    y: float
    town: Town


@dataclass(frozen=True, kw_only=True)
class Map:
    frame: Frame
    outline: str  # the path of an SVG
    borders: str
    labels: tuple[Label, ...]
    markers: tuple[Marker, ...]
    here: tuple[float, float] | None  # where the visitor is
    bar: float  # kilometres
    bar_width: float

    @property
    def closer(self) -> Frame | None:
        return self._times(2)

    @property
    def wider(self) -> Frame | None:
        return self._times(0.5)

    def _times(self, times: float) -> Frame | None:
        frame = self.frame.at((self.frame.latitude, self.frame.longitude), times=times)
        return frame if abs(frame.across - self.frame.across) > 0.1 else None


def frame_of(text: str) -> Frame:
    """The frame that an address names; raises InvalidInput when it names none."""
    try:
        latitude, longitude, across = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput("a part of the map is three numbers") from None
    if not (abs(latitude) <= 85 and abs(longitude) <= 180 and LEAST <= across <= MOST):
        raise InvalidInput("this part of the map does not exist")
    return Frame(latitude=latitude, longitude=longitude, across=across)


def around(positions: Iterable[Position], *, least: float) -> Frame | None:
    """The frame that shows all of them and is at least so many kilometres wide; None: there are none."""
    points = list(positions)
    if not points:
        return None
    south, north = min(p[0] for p in points), max(p[0] for p in points)
    west, east = min(p[1] for p in points), max(p[1] for p in points)
    middle = (south + north) / 2
    wide = (east - west) * KILOMETRES * cos(radians(middle))
    high = (north - south) * KILOMETRES * WIDTH / HEIGHT
    across = max(least, min(MOST, max(wide, high) * _MARGIN))
    return Frame(latitude=middle, longitude=(west + east) / 2, across=across)


def whole(country: str) -> Frame | None:
    """The frame of a country (ISO 3166-1, two letters); None when we have no lines of it."""
    rings = _lines(country)["outline"]
    points = [(latitude, longitude) for ring in rings for longitude, latitude in ring]
    frame = around(points, least=LEAST)
    return replace(frame, across=frame.across / _MARGIN * 1.06) if frame else None


def drawn(
    frame: Frame,
    spots: Sequence[Spot],
    *,
    country: str,
    towns: Iterable[Town] = (),
    here: Position | None = None,
) -> Map:
    """The map of a frame. ``towns``: the most important first; those that would cover others are left out."""
    lines = _lines(country)
    markers = _markers(frame, spots)
    bar = max((one for one in _BARS if one <= frame.across / 4), default=_BARS[0])
    return Map(
        frame=frame,
        outline=" ".join(_path(frame, ring) + "Z" for ring in lines["outline"]),
        borders=" ".join(_path(frame, line) for line in lines["borders"]),
        labels=tuple(_labels(frame, towns, markers)),
        markers=tuple(markers),
        here=_rounded(frame.point(here)) if here else None,
        bar=bar,
        bar_width=round(bar / frame.across * WIDTH, 1),
    )


def _rounded(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 1), round(point[1], 1)


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(_TABLE.read_text("utf-8"))
    return table


def _lines(country: str) -> Mapping[str, Any]:
    nothing: Mapping[str, Any] = {"outline": [], "borders": []}
    found: Mapping[str, Any] = _table().get(country, nothing)
    return found


def _path(frame: Frame, line: Iterable[Sequence[float]]) -> str:
    points = (frame.point((latitude, longitude)) for longitude, latitude in line)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _markers(frame: Frame, spots: Sequence[Spot]) -> list[Marker]:
    """One of each spot; those that would cover each other are one together, until none does."""
    markers = [_marker(frame, (spot,)) for spot in spots]
    markers = [one for one in markers if 0 <= one.x <= WIDTH and 0 <= one.y <= HEIGHT]
    while pair := _that_meet(markers):
        first, second = pair
        together = (*markers[first].spots, *markers.pop(second).spots)
        markers[first] = _marker(frame, together)
    return [_with_closer(frame, one) for one in markers]


def _marker(frame: Frame, spots: tuple[Spot, ...]) -> Marker:
    points = [frame.point(spot.position) for spot in spots]
    x, y = (round(sum(axis) / len(points), 1) for axis in zip(*points, strict=True))
    marker = Marker(x=x, y=y, width=_MARKER, spots=spots)
    return replace(marker, width=max(_MARKER, round(len(marker.text) * _DIGIT + 12, 1)))


def _that_meet(markers: Sequence[Marker]) -> tuple[int, int] | None:
    for second, one in enumerate(markers):
        for first, other in enumerate(markers[:second]):
            apart = abs(one.x - other.x), abs(one.y - other.y)
            if apart[0] < (one.width + other.width) / 2 and apart[1] < _MARKER:
                return first, second
    return None


def _with_closer(frame: Frame, marker: Marker) -> Marker:
    box = around([spot.position for spot in marker.spots], least=0)
    if box is None or box.across / _MARGIN < _TOGETHER or frame.across <= LEAST:
        return marker
    return replace(marker, closer=replace(box, across=max(LEAST, box.across * 1.4)))


def _labels(frame: Frame, towns: Iterable[Town], markers: Sequence[Marker]) -> Iterator[Label]:
    """A large town that a marker covers is named beside it."""
    taken = [(one.x, one.y, one.width / 2, _MARKER / 2) for one in markers]
    for town in towns:
        x, middle = frame.point(town.position)
        half = len(town.name) * _LETTER / 2
        for y in (middle, middle - _BESIDE, middle + _BESIDE) if town.large else (middle,):
            if not (half < x < WIDTH - half and 20 < y < HEIGHT - 30):
                continue
            if any(abs(x - a) < half + w + 6 and abs(y - b) < 9 + h for a, b, w, h in taken):
                continue
            taken.append((x, y, half, _APART))
            yield Label(x=round(x, 1), y=round(y, 1), town=town)
            break
