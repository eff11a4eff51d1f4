"""Where places lie: public facts that come with the country, asked of nobody at run time."""

from dataclasses import dataclass
from functools import cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

from salus.country import country
from salus.kernel.search_key import search_key

Position = tuple[float, float]  # latitude and longitude, degrees, WGS 84

EARTH = 6371.0088  # kilometres, mean radius (IUGG)


@dataclass(frozen=True, kw_only=True)
class KnownPlace:
    """A municipality or locality; ``other_names`` are those of other languages."""

    country: str  # ISO 3166-1 alpha-2
    name: str
    position: Position
    postal_codes: tuple[str, ...] = ()  # as `postal_key` writes them
    other_names: tuple[str, ...] = ()


def read_places(file: Path) -> tuple[KnownPlace, ...]:
    """From a table: country, name, latitude, longitude, postal codes, other names."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(_place(line) for line in lines if not line.startswith("#"))


def postal_key(code: str) -> str:
    """A postal code without what is often left out: "L-1234", "l 1234" and "1234" are "1234"."""
    key = search_key(code).replace(" ", "")
    plain = key.lstrip("abcdefghijklmnopqrstuvwxyz")
    return plain if plain.isdecimal() and len(key) - len(plain) <= 2 else key


def kilometres(one: Position, other: Position) -> float:
    """Along the great circle (haversine)."""
    (south, west), (north, east) = (tuple(map(radians, point)) for point in (one, other))
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * EARTH * asin(min(1, sqrt(half)))


def position_of(country_code: str, postal_code: str, municipality: str) -> Position | None:
    """Where an address lies as far as the gazetteer knows: at its municipality's seat, or by its postal code."""
    named = _by_name().get((country_code, search_key(municipality)))
    coded = _by_code().get((country_code, postal_key(postal_code)))
    found = named or coded
    return found.position if found else None


def coded(code: str, *, country_code: str = "") -> KnownPlace | None:
    """The place of a postal code; of a code that is not known, that of the nearest one that begins alike.

    Without a country it is one of the country itself if it has such codes.
    """
    key = postal_key(code)
    home = [place for place in known_places() if place.country == (country_code or country().CODE)]
    others = [] if country_code else [p for p in known_places() if p.country != country().CODE]
    for place in (*home, *others):
        if key in place.postal_codes:
            return place
    alike = [
        (known, place)
        for place in home
        for known in place.postal_codes
        if known.isdecimal() and len(known) == len(key) and known[0] == key[0]
    ]
    if len({place.name for _known, place in alike}) > 1:
        alike = [one for one in alike if one[0][:2] == key[:2]]
    return min(alike, key=lambda one: abs(int(one[0]) - int(key)))[1] if alike else None


def known_places() -> tuple[KnownPlace, ...]:
    places: tuple[KnownPlace, ...] = country().places()
    return places


@cache
def _by_name() -> dict[tuple[str, str], KnownPlace]:
    names = {
        (place.country, search_key(name)): place
        for place in known_places()
        for name in place.other_names
    }
    return names | {(place.country, search_key(place.name)): place for place in known_places()}


@cache
def _by_code() -> dict[tuple[str, str], KnownPlace]:
    return {(place.country, code): place for place in known_places() for code in place.postal_codes}


def _place(line: str) -> KnownPlace:
    country_code, name, latitude, longitude, codes, others = line.split("\t")
    return KnownPlace(
        country=country_code,
        name=name,
        position=(float(latitude), float(longitude)),
        postal_codes=tuple(postal_key(code) for code in codes.split()),
        other_names=tuple(name for name in others.split(", ") if name),
    )
