"""Two human beings whose records are hard to tell apart: one table of kinds, with the share of each.

Each kind makes two people of one or two of the region's. Who they are is true of both; what their records then say
of it passes through the same deviations as the records of one human being.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from benchmarks.regional_set.humans import Home, Human, address_of, home, identifier, telephone
from benchmarks.regional_set.names import (
    alike,
    given_names,
    letters,
    other_spellings,
    short_forms,
)
from benchmarks.regional_set.record import changed
from salus.country.lu import matricule

_TODAY = date(2024, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Strangers:
    """Two people; ``written`` is what both records say whatever is true, the second's ``written_other`` besides."""

    one: Human
    other: Human
    written: Mapping[str, Any] = field(default_factory=dict)
    written_other: Mapping[str, Any] = field(default_factory=dict)


class Region:
    """Draws people: anybody, or two who bear one name (the commoner the name, the oftener)."""

    def __init__(self, people: list[Human]) -> None:
        self.people = people
        named: dict[tuple[str, str], list[Human]] = {}
        for human in people:
            named.setdefault((human.given[0], human.family), []).append(human)
        self._groups = [group for group in named.values() if len(group) > 1]
        self._weights = [len(group) * (len(group) - 1) for group in self._groups]

    def anybody(self, rng: Random) -> Human:
        return rng.choice(self.people)

    def two(self, rng: Random) -> tuple[Human, Human]:
        """Of two families."""
        one, other = self.anybody(rng), self.anybody(rng)
        return self.two(rng) if one.families[0] in other.families else (one, other)

    def adult(self, rng: Random, born_by: int) -> Human:
        """Anybody born by the end of that year, of either sex."""
        while (human := self.anybody(rng)).birth_date.year > born_by:
            pass
        return human

    def namesakes(self, rng: Random) -> tuple[Human, Human]:
        """Of two families, who never lived in one street."""
        group = rng.choices(self._groups, self._weights)[0]
        one, other = rng.sample(group, 2)
        streets = {one.home.street, one.former_home.street}
        if not streets.isdisjoint((other.home.street, other.former_home.street)):
            return self.namesakes(rng)
        return one, changed(other, email="") if other.email == one.email else other


def _born_like(rng: Random, human: Human, born: date, **values: Any) -> Human:
    """Another human being of the same family and home, with a number, a telephone and an address of their own."""
    child = born.year > _TODAY.year - 14
    made = changed(human, birth_date=born, birth_families=(), multiple_birth=None, **values)
    email = "" if child else address_of(rng, made.given[0], made.family)
    return changed(
        made,
        national_id=identifier(rng, born),
        phone="" if child else telephone(rng, human.home.country, mobile=True),
        old_phone="" if child else telephone(rng, human.former_home.country, mobile=True),
        email="" if email == human.email else email,
    )


def _years(rng: Random, born: date, low: int, high: int) -> date:
    """So many years later (earlier: below nought, or where it would be to come): another date, but some a birthday."""
    years = rng.randint(low, high)
    year = born.year + (years if born.year + years <= _TODAY.year else -years)
    day = date(year, 1, 1) + timedelta(days=rng.randint(0, 364))
    if rng.random() < 0.02:
        day = date(year, born.month, min(born.day, 28))
    return day if day != born else _years(rng, born, low, high)


def _another_given(rng: Random, human: Human, *, female: bool) -> tuple[str, ...]:
    known = {letters(name) for name in (*human.given, *short_forms(human.given[0]))}
    while letters(name := rng.choice(given_names(human.culture, female))) in known:
        pass
    return (name, *human.given[1:]) if rng.random() < 0.3 else (name,)


def _alike(human: Human) -> tuple[str, ...]:
    return alike(human.given[0], human.female)


def _given_alike(rng: Random, human: Human) -> tuple[str, ...]:
    """A twin's: Ana and Anna, Lara and Sara, Jean-Marc and Jean-Luc; never the same name by another form."""
    first = human.given[0]
    if "-" not in first:
        known = {letters(n) for n in (*human.given, *short_forms(first), *other_spellings(first))}
        near = [n for n in _alike(human) if letters(n) not in known and first not in short_forms(n)]
        return (rng.choice(near) if near else _another_given(rng, human, female=human.female)[0],)
    first, _, second = first.partition("-")
    others = given_names(human.culture, human.female)
    seconds = [n for n in others if "-" not in n and n not in (first, second)]
    return (f"{first}-{rng.choice(seconds)}", *human.given[1:])


def _doubled(rng: Random, human: Human) -> Human:
    """Some with a double given name, of which twins share the first half."""
    if "-" in human.given[0] or (_alike(human) and rng.random() < 0.7):
        return human
    second = rng.choice(given_names(human.culture, human.female)).split("-")[0]
    return changed(human, given=(f"{human.given[0]}-{second}", *human.given[1:]))


def _young(human: Human, rng: Random) -> Human:
    """Twins and siblings at one home are mostly children and the young."""
    if human.birth_date.year >= 1985 or rng.random() < 0.3:
        return human
    born = date(rng.randint(1985, 2024), 1, 1) + timedelta(days=rng.randint(0, 364))
    return _born_like(rng, human, born)


def _twin(rng: Random, one: Human, given: tuple[str, ...], *, female: bool) -> Strangers:
    other = _born_like(rng, one, one.birth_date, given=given, female=female)
    serial = int(one.national_id[8:11])
    if rng.random() < 0.7 and serial < 999:  # registered one after the other
        other = changed(other, national_id=matricule(one.birth_date, serial + 1))
    if rng.random() < 0.3:  # grown up, each has moved
        other = changed(other, home=home(rng, 0))
    return Strangers(one=changed(one, multiple_birth=1), other=changed(other, multiple_birth=2))


def _twins_alike(rng: Random, region: Region) -> Strangers:
    one = _doubled(rng, _young(region.anybody(rng), rng))
    return _twin(rng, one, _given_alike(rng, one), female=one.female)


def _twins(rng: Random, region: Region) -> Strangers:
    one = _young(region.anybody(rng), rng)
    female = one.female if rng.random() < 0.65 else not one.female
    return _twin(rng, one, _another_given(rng, one, female=female), female=female)


def _siblings(rng: Random, region: Region) -> Strangers:
    one = _young(region.anybody(rng), rng)
    female = rng.random() < 0.5
    near = alike(one.given[0], female)
    given = (
        (rng.choice(near),)
        if near and rng.random() < 0.2
        else _another_given(rng, one, female=female)
    )
    born = _years(rng, one.birth_date, 1, 6)
    return Strangers(one=one, other=_born_like(rng, one, born, given=given, female=female))


def _named_after(low: int, high: int, *, together: bool) -> "Make":
    """Father and son, mother and daughter, grandparent and grandchild with one name; some at one address."""

    def make(rng: Random, region: Region) -> Strangers:
        older = region.adult(rng, _TODAY.year - low)
        given = older.given if rng.random() < 0.6 else older.given[:1]
        younger = _born_like(rng, older, _years(rng, older.birth_date, low, high), given=given)
        if not together:
            younger = changed(younger, home=home(rng, 0), former_home=older.home)
        return Strangers(one=older, other=younger)

    return make


def _born_the_same_day(rng: Random, region: Region) -> Strangers:
    one, other = region.namesakes(rng)
    while (other := _at(rng, other, one.birth_date)).national_id == one.national_id:
        pass
    return Strangers(one=one, other=other)


def _born_the_same_year(rng: Random, region: Region) -> Strangers:
    one, other = region.namesakes(rng)
    return Strangers(one=one, other=_at(rng, other, _years(rng, one.birth_date, 0, 0)))


def _one_digit_apart(rng: Random, region: Region) -> Strangers:
    one, other = region.namesakes(rng)
    apart = rng.choice((1, 10, 30, 31, 365, 3652, 3653))
    return Strangers(one=one, other=_at(rng, other, one.birth_date - timedelta(days=apart)))


def _at(rng: Random, human: Human, born: date) -> Human:
    return changed(human, birth_date=born, national_id=identifier(rng, born))


def _one_house(rng: Random, region: Region) -> Strangers:
    """Namesakes in one block of flats, of one generation."""
    one, other = region.namesakes(rng)
    born = _years(rng, one.birth_date, -3, 3)
    other = _at(rng, changed(other, home=changed(one.home, phone=other.home.phone)), born)
    return Strangers(one=one, other=other)


def _cousins(rng: Random, region: Region) -> Strangers:
    one = region.anybody(rng)
    near = _alike(one)
    given = (rng.choice(near),) if near and rng.random() < 0.4 else one.given
    born = one.birth_date + timedelta(days=rng.choice((-1, 1)) * rng.randint(20, 900))
    other = _born_like(rng, one, born, given=given)
    place = home(rng, 0)
    place = changed(
        place, postal_code=one.home.postal_code, city=one.home.city, country=one.home.country
    )
    return Strangers(one=one, other=changed(other, home=place))


def _spouse(rng: Random, one: Human) -> Human:
    female = not one.female if rng.random() < 0.97 else one.female
    born = _years(rng, one.birth_date, -4, 4)
    other = _born_like(rng, one, born, given=_another_given(rng, one, female=female), female=female)
    shared = rng.random() < 0.3
    return changed(other, email=one.email, phone=one.phone) if shared else other


def _spouses(rng: Random, region: Region) -> Strangers:
    one = region.adult(rng, 2000)
    return Strangers(one=one, other=_spouse(rng, one))


def _spouses_swapped(rng: Random, region: Region) -> Strangers:
    """The one entered with given and family name in each other's field, some with the spouse's name before it."""
    one = region.adult(rng, 2000)
    other = _spouse(rng, one)
    return Strangers(
        one=one,
        other=other,
        written_other={"given": other.family, "family": " ".join(other.given)},
    )


def _neighbours(rng: Random, region: Region) -> Strangers:
    """At one address, by chance of one given name or of one date, with the caretaker's telephone."""
    one, other = region.two(rng)
    other = changed(other, home=one.home)
    if rng.random() < 0.5:
        other = changed(other, given=one.given, female=one.female)
    else:
        other = _at(rng, other, one.birth_date)
    return Strangers(one=one, other=other, written={"phone": one.home.phone})


def _one_institution(rng: Random, region: Region) -> Strangers:
    """A nursing home: one address, one telephone, old people of the same given and common family names."""
    one, other = region.namesakes(rng)
    born = date(rng.randint(1928, 1942), 1, 1) + timedelta(days=rng.randint(0, 364))
    place = changed(home(rng, 0), street="rue de l'Hospice")
    one = _at(rng, changed(one, home=place, phone="", email=""), born)
    other = changed(other, home=place, phone="", email="")
    other = _at(rng, other, _years(rng, born, -2, 2))
    if rng.random() < 0.5:
        other = changed(other, families=region.anybody(rng).families)
    return Strangers(one=one, other=other)


def _fillers(rng: Random, region: Region) -> Strangers:
    """Records of which little is known, and the same fillers instead."""
    kind = rng.choice(("newborns", "unknown", "namesakes", "shelter"))
    if kind == "newborns":
        one, other = region.two(rng)
        born = date(rng.randint(2015, 2024), 1, 1) + timedelta(days=rng.randint(0, 364))
        one = _born_like(rng, one, born)
        other = changed(_born_like(rng, other, born), families=one.families, female=one.female)
        if rng.random() < 0.5:  # twins
            other = changed(other, home=one.home)
        called = rng.choice(("Bébé", "Baby", "Nouveau-né", "Enfant", "Baby girl", "NN"))
        return Strangers(one=one, other=other, written={"given": called, "national_id": ""})
    if kind == "unknown":
        nobody = {"given": "Inconnu", "family": rng.choice(("Inconnu", "X", "XXX", "Unbekannt"))}
        return Strangers(
            one=region.anybody(rng),
            other=region.anybody(rng),
            written={**nobody, **_FILLED, "birth_date": date(1900, 1, 1)},
        )
    one, other = region.namesakes(rng)
    if kind == "namesakes":
        dates = rng.choice((None, date(1900, 1, 1)))
        return Strangers(one=one, other=other, written={**_FILLED, "birth_date": dates})
    born = date(
        rng.randint(1960, 2005), 1, 1
    )  # the day that is given to those who know only the year
    place: Home = changed(home(rng, 0), street="Foyer d'accueil")
    one, other = (_at(rng, changed(h, home=place, phone="", email=""), born) for h in (one, other))
    given = (
        _given_alike(rng, one)
        if rng.random() < 0.5
        else _another_given(rng, one, female=one.female)
    )
    return Strangers(one=one, other=changed(other, given=given, female=one.female))


_FILLED: Mapping[str, Any] = {
    "street": "inconnue",
    "house_number": "",
    "postal_code": "0000",
    "city": "inconnu",
    "phone": "00000000",
    "email": "inconnu@inconnu.lu",
    "national_id": "9999999999999",
}


def _policyholder(rng: Random, region: Region) -> Strangers:
    """The second is filed under the number of whom they are insured with: a parent, the spouse, a twin."""
    one = region.adult(rng, 2000)
    kind = rng.random()
    if kind < 0.45:
        other = _spouse(rng, one)
    elif kind < 0.9:
        born = _years(rng, one.birth_date, 20, 40)
        female = rng.random() < 0.5
        given = one.given if rng.random() < 0.1 else _another_given(rng, one, female=female)
        other = _born_like(rng, one, born, given=given, female=female)
    else:
        # Of two names alike, under one number, nobody could say whether one is a slip.
        while (twins := _twins(rng, region)).other.given[0] in _alike(twins.one):
            pass
        one, other = twins.one, twins.other
    return Strangers(one=one, other=other, written_other={"national_id": one.national_id})


def _after_a_dead_sibling(rng: Random, region: Region) -> Strangers:
    one = region.anybody(rng)
    return Strangers(one=one, other=_born_like(rng, one, _years(rng, one.birth_date, 1, 4)))


def _second_wife(rng: Random, region: Region) -> Strangers:
    """Of the first's given name, at her address, with her telephone."""
    while not (one := region.adult(rng, 1990)).female:
        pass
    other = _born_like(rng, one, _years(rng, one.birth_date, -8, 12), given=one.given[:1])
    return Strangers(one=one, other=changed(other, phone=one.phone))


Make = Callable[[Random, Region], Strangers]
KINDS: dict[str, tuple[float, Make]] = {
    "twins, names alike": (0.14, _twins_alike),
    "twins": (0.08, _twins),
    "siblings": (0.09, _siblings),
    "parent and child of one name, one address": (0.10, _named_after(18, 42, together=True)),
    "parent and child of one name, two addresses": (0.02, _named_after(18, 42, together=False)),
    "grandparent and grandchild of one name": (0.03, _named_after(42, 75, together=True)),
    "namesakes born the same day": (0.08, _born_the_same_day),
    "namesakes born the same year": (0.08, _born_the_same_year),
    "namesakes born one digit apart": (0.05, _one_digit_apart),
    "namesakes in one house": (0.02, _one_house),
    "cousins": (0.05, _cousins),
    "spouses": (0.05, _spouses),
    "spouses, names in each other's field": (0.02, _spouses_swapped),
    "neighbours": (0.05, _neighbours),
    "one institution": (0.03, _one_institution),
    "fillers": (0.04, _fillers),
    "one is filed under the other's matricule": (0.05, _policyholder),
    "named after a dead sibling": (0.01, _after_a_dead_sibling),
    "second wife of the first's name": (0.01, _second_wife),
}
