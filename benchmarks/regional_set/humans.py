"""Human beings of the region as they are, before any system writes them down.

Households, names, births and places are those of the synthetic nation (salus.simulation); half of the family names
are rare ones, and each has what registries ask besides: telephone, e-mail, matricule, an address before this one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

from benchmarks.regional_set.names import given_names, rare_family
from salus.country.lu import matricule
from salus.kernel.month import Month
from salus.kernel.search_key import search_key
from salus.simulation.calibration import plan
from salus.simulation.names import CULTURES, name_table, places, streets
from salus.simulation.population import populate
from salus.simulation.timeline import Timeline

_UNTIL = Month(2024, 12)
_RARE = 0.5  # of families
_FROM_ELSEWHERE = 0.2  # of given names, of another culture of the region
_PREFIX = {"LU": "+352", "FR": "+33", "BE": "+32", "DE": "+49", "PT": "+351"}
_LIVE_IN = (0.56, 0.22, 0.10, 0.09, 0.03)  # by country, as the insured do
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Home:
    street: str
    house_number: str
    postal_code: str
    city: str
    country: str
    phone: str  # the landline, which all who live there share


@dataclass(frozen=True, kw_only=True)
class Human:
    """``given`` in their order, a double one as one; ``families`` are two of a Portuguese."""

    given: tuple[str, ...]
    families: tuple[str, ...]
    birth_families: tuple[str, ...]  # before marriage; () as today
    female: bool
    culture: str
    birth_date: date
    home: Home
    former_home: Home
    phone: str  # mobile; a child has none
    old_phone: str
    email: str
    national_id: str
    multiple_birth: int | None = None

    @property
    def family(self) -> str:
        return " ".join(self.families)


def home(rng: Random, group: int) -> Home:
    """Anywhere in a country (index of COUNTRIES), in proportion to its places."""
    number = rng.choices(*_places_of(group))[0]
    known = places()
    country = known.country[number]
    names = streets().get(country) or streets()["other"]
    return Home(
        street=rng.choice(names),
        house_number=str(rng.randint(1, 120)) + rng.choice(("",) * 9 + ("A", "B", "bis")),
        postal_code=known.postal_code[number],
        city=known.municipality[number],
        country=country,
        phone=telephone(rng, country),
    )


def _country(rng: Random) -> int:
    return rng.choices(range(len(_LIVE_IN)), _LIVE_IN)[0]


def _places_of(group: int) -> tuple[Sequence[int], Sequence[float]]:
    if group not in _PLACES:
        known = places()
        numbers = [n for n, of in enumerate(known.group.tolist()) if of == group]
        _PLACES[group] = numbers, [float(known.weight[n]) for n in numbers]
    return _PLACES[group]


_PLACES: dict[int, tuple[Sequence[int], Sequence[float]]] = {}


def telephone(rng: Random, country: str, *, mobile: bool = False) -> str:
    first = rng.choice(("621", "661", "691")) if mobile else rng.choice(("26", "27", "35", "52"))
    return f"{_PREFIX.get(country, '+352')} {first} {rng.randint(100000, 999999)}"


def identifier(rng: Random, birth_date: date) -> str:
    return matricule(birth_date, rng.randint(0, 999))


def address_of(rng: Random, given: str, family: str) -> str:
    """An e-mail address; about a third have one that a system knows."""
    if rng.random() > 0.35:
        return ""
    name = f"{search_key(given).replace(' ', '')}.{search_key(family).replace(' ', '')}"
    host = rng.choice(("pt.lu", "gmail.com", "outlook.com", "internet.lu"))
    return f"{name}{rng.choice(('', '', rng.randint(1, 99)))}@{host}"


def humans(seed: int, denominator: int = 40) -> list[Human]:
    """The people of a nation of that scale, living and dead, in an order without meaning."""
    rng = Random(f"humans {seed}")
    line = Timeline(_UNTIL, ZoneInfo("Europe/Luxembourg"))
    people, _ = populate(plan(denominator=denominator, until=_UNTIL), line, seed)
    columns = (
        people.household, people.culture, people.female, people.birth, people.twin, people.family,
        people.family_2, people.birth_family, people.given, people.given_2,
    )  # fmt: skip
    texts = name_table().texts
    family_names: dict[tuple[int, int], str] = {}
    homes: dict[int, tuple[Home, Home]] = {}

    def named(household: int, number: int, culture: str) -> str:
        """The same name for all of a household who bear it."""
        if (household, number) not in family_names:
            rare = rng.random() < _RARE
            family_names[household, number] = rare_family(rng, culture) if rare else texts[number]
        return family_names[household, number]

    def made() -> Iterator[Human]:
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for household, group, female, day, twin, family, second, birth, given, given_2 in rows:
            culture = CULTURES[group]
            if household not in homes:
                homes[household] = home(rng, _country(rng)), home(rng, _country(rng))
            here, before = homes[household]
            first = texts[given]
            if rng.random() < _FROM_ELSEWHERE:
                first = rng.choice(given_names(rng.choice(CULTURES), female))
            born = _EPOCH + timedelta(days=day)
            own = [named(household, number, culture) for number in (family, second) if number >= 0]
            before_marriage = (named(household, birth, culture),) if birth >= 0 else ()
            adult = born.year < _UNTIL.first_day.year - 14
            yield Human(
                given=(first, texts[given_2]) if given_2 >= 0 else (first,),
                families=tuple(dict.fromkeys(own)),
                birth_families=before_marriage,
                female=bool(female),
                culture=culture,
                birth_date=born,
                home=here,
                former_home=before,
                phone=telephone(rng, here.country, mobile=True) if adult else "",
                old_phone=telephone(rng, before.country, mobile=True) if adult else "",
                email=address_of(rng, first, own[0]) if adult else "",
                national_id=identifier(rng, born),
                multiple_birth=twin or None,
            )

    everybody = list(made())
    rng.shuffle(everybody)
    return everybody
