"""The demo people's parts: ordinary people of the nation, renamed and given much to show."""

from dataclasses import dataclass, replace

import numpy as np

from salus.simulation.names import name_table, places
from salus.simulation.population import Households, People
from salus.simulation.timeline import NO_DAY, Ints, Mask, Timeline, first_day

_YEAR = 365.25


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Indices of people. Whoever is in a list comes first where that list is asked for."""

    patient: int  # everything happens to her
    partner: int  # and he is her assistant
    mother: int
    children: list[int]
    closer: int
    commuter: int

    @property
    def accounts(self) -> dict[str, int]:
        """By the names of ``demo_people``."""
        return {
            part: getattr(self, part)
            for part in ("patient", "partner", "mother", "closer", "commuter")
        }

    @property
    def account(self) -> list[int]:
        return list(self.accounts.values())

    @property
    def everyone(self) -> list[int]:
        return [*self.account, *self.children]

    @property
    def closes(self) -> list[int]:
        return [self.closer]

    @property
    def keeps_open(self) -> list[int]:
        return [self.patient, self.partner, self.mother, self.commuter, *self.children]

    @property
    def many_documents(self) -> list[int]:
        return [self.patient, self.mother, self.commuter]

    @property
    def circle(self) -> list[int]:
        return [self.patient, self.mother, self.commuter]

    @property
    def assistant(self) -> list[int]:
        return [self.partner]

    @property
    def vaccinated(self) -> list[int]:
        return [*self.children, self.patient, self.mother]


def cast_people(people: People, homes: Households, line: Timeline) -> tuple[People, Cast]:
    """Find who fits each part best, and give them their names."""
    age = (first_day(2024, 12) - people.birth) / _YEAR
    place = places().group[homes.place_before[people.household]]
    settled = (homes.moved == NO_DAY)[people.household]
    lives = (people.death == NO_DAY) & (people.registered < line.starts[12]) & settled
    lives &= people.opened < line.starts[min(74, line.months)]
    home = np.bincount(people.household[people.parent], minlength=len(homes.moved))
    young = _young_children(people, age, line)
    couple, size = home[people.household] == 2, young[people.household]
    with_partner = (
        people.parent & couple & np.isin(people.household, _living_couples(people, lives))
    )

    patient = _first(
        with_partner & people.female,
        lives,
        place == 0,
        (age > 36) & (age < 52),
        people.culture == 0,
        size == 0,
    )
    partner = _partner_of(people, patient)
    mother = _first(
        people.parent & people.female & (people.household != people.household[patient]),
        lives,
        place == 0,
        size >= 1,
        (age > 27) & (age < 43),
        size >= 2,
        people.culture == 1,
    )
    children = np.flatnonzero(
        (people.household == people.household[mother])
        & ~people.parent
        & (age < 12)
        & (people.registered < line.starts[line.months - 2])
    )[:3]
    taken = np.isin(people.household, people.household[[patient, mother]])
    closer = _first(
        people.parent & ~people.female & ~taken, lives, place == 0, (age > 45) & (age < 66), ~couple
    )
    taken |= people.household == people.household[closer]
    commuter = _first(
        people.parent & ~people.female & ~taken, lives, place == 1, (age > 30) & (age < 50),
        people.culture == 2,
    )  # fmt: skip
    cast = Cast(
        patient=patient,
        partner=partner,
        mother=mother,
        children=children.tolist(),
        closer=closer,
        commuter=commuter,
    )
    return _renamed(people, cast), cast


def _young_children(people: People, age: np.ndarray, line: Timeline) -> Ints:
    young = ~people.parent & (age < 10) & (age > 0.9)
    return np.bincount(people.household[young], minlength=int(people.household.max()) + 1)


def _living_couples(people: People, lives: Mask) -> Ints:
    alive = np.bincount(
        people.household[people.parent & lives], minlength=int(people.household.max()) + 1
    )
    return np.flatnonzero(alive == 2)


def _first(needed: Mask, *wishes: Mask) -> int:
    """The first whom as many wishes as possible suit, the earlier ones before the later."""
    for wish in wishes:
        if (needed & wish).any():
            needed = needed & wish
    return int(np.argmax(needed))


def _partner_of(people: People, person: int) -> int:
    parents = np.flatnonzero((people.household == people.household[person]) & people.parent)
    return int(parents[parents != person][0])


_NAMES = {
    "patient": ("Marie", "Weber", None),
    "partner": ("Paul", "Weber", None),
    "mother": ("Ana", "Ferreira", "da Silva"),
    "closer": ("Jean", "Muller", None),
    "commuter": ("Julien", "Lambert", None),
}


def _renamed(people: People, cast: Cast) -> People:
    find = name_table().find
    arrays = {
        name: getattr(people, name).copy()
        for name in ("family", "family_2", "birth_family", "given", "given_2")
    }
    for part, (given, family, family_2) in _NAMES.items():
        person = getattr(cast, part)
        arrays["given"][person], arrays["given_2"][person] = find(given), -1
        arrays["family"][person] = find(family)
        arrays["family_2"][person] = find(family_2) if family_2 else -1
        arrays["birth_family"][person] = -1
    for parent in (cast.patient, cast.commuter):
        children = (people.household == people.household[parent]) & ~people.parent
        arrays["family"][children], arrays["family_2"][children] = arrays["family"][parent], -1
    arrays["birth_family"][cast.patient] = find("Kieffer")
    girls, boys = iter(("Beatriz", "Inês", "Clara")), iter(("Tiago", "Rafael", "Diogo"))
    for child in cast.children:
        arrays["family"][child], arrays["family_2"][child] = find("Ferreira"), find("da Silva")
        given = next(girls if people.female[child] else boys)
        arrays["given"][child], arrays["given_2"][child] = find(given), -1
    return replace(people, **arrays)
