"""A directory of ten nations, drawn at random and copied straight into its tables."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

ORGANIZATIONS = 0.1  # of the entries
NATIONS = ("LU", "FR", "BE", "DE", "NL", "PT", "ES", "IT", "AT", "CH")
SPOKEN = ("fr", "de", "en", "lb", "pt", "it", "es", "nl", "pl", "uk")


def copy_entries(rng: random.Random, entries: int) -> None:
    """Professionals with role and licence, a tenth of organisations with a place; no statements, no listings."""
    organizations = round(entries * ORGANIZATIONS)
    where = copy_organizations(rng, organizations, places_of(rng))
    copy_people(rng, entries - organizations, where)


@dataclass(frozen=True, kw_only=True)
class Town:
    country: str
    name: str
    code: str
    latitude: float
    longitude: float


def places_of(rng: random.Random) -> list[Town]:
    """Luxembourg as it is, and nine more nations of as many places, each some degrees away."""
    from salus.country.gazetteer import known_places

    home = [place for place in known_places() if place.country == "LU"]
    towns = []
    for number, country in enumerate(NATIONS):
        for place in home:
            latitude, longitude = place.position
            towns.append(
                Town(
                    country=country,
                    name=place.name if number == 0 else f"{place.name} {country}",
                    code=str(rng.randrange(1000, 9999)),
                    latitude=latitude - number % 5,
                    longitude=longitude + 2 * (number // 5),
                )
            )
    return towns


def copy_organizations(
    rng: random.Random, count: int, places: Sequence[Town]
) -> list[tuple[int, str]]:
    """Organisations with one location each; returns id and country."""
    types = ["practice"] * 16 + ["pharmacy", "nursing", "hospital", "laboratory"]
    words = {"pharmacy": "Pharmacie", "nursing": "Résidence", "hospital": "Clinique"}
    rows, locations, where = [], [], []
    hours = (
        '[{"daysOfWeek": ["mon", "tue", "wed", "thu", "fri"], "availableStartTime": "08:00:00",'
        ' "availableEndTime": "18:00:00"}]'
    )
    families = family_names(rng, count)
    for number, family in enumerate(families, 1):
        town, kind = rng.choice(places), rng.choice(types)
        name = f"{words.get(kind, 'Cabinet')} {family}"
        common = ["urn:bench", str(number), "2015-01-01", name, name.lower(), town.country]
        rows.append([number, *common, town.code, town.name, "", "", kind])
        around = (town.latitude + rng.gauss(0, 0.02), town.longitude + rng.gauss(0, 0.03))
        locations.append([number, *common, town.code, town.name, "", "", number, *around, hours])
        where.append((number, town.country))
    head = ["id", "system", "value", "registered_at", "name", "name_key", "country"]
    address = ["postal_code", "municipality", "line", "telephone"]
    copy("organization", [*head, *address, "type"], rows)
    more = ["organization_id", "latitude", "longitude", "hours"]
    copy("location", [*head, *address, *more], locations)
    return where


def copy_people(rng: random.Random, count: int, where: Sequence[tuple[int, str]]) -> None:
    from salus.kernel.search_key import search_key
    from salus.terminology import PROFESSIONS

    weights = [52, 9, 11, 7, 5, 9, 11, 52, 34, 36, 460, 12, 130, 70, 50, 30]
    given, families = given_names(rng, count), family_names(rng, count)
    professions = rng.choices(list(PROFESSIONS), weights, k=count)
    people, roles, licences = [], [], []
    for number in range(1, count + 1):
        organization, country = rng.choice(where)
        known = ["urn:bench", str(number), "2016-01-01"]
        family, name = families[number - 1], given[number - 1]
        keys = [family, name, search_key(family), search_key(name)]
        profession = professions[number - 1]
        spoken = rng.sample(SPOKEN, rng.choice((1, 2, 2, 3)))
        out = date(2020, 1, 1) if rng.random() < 0.01 else None
        people.append([number, *known, "", *keys, "", profession, spoken, out])
        accepts = rng.choice((True, False, None))
        roles.append([number, *known, number, organization, "2016-01-01", accepts])
        licences.append([number, *known, number, profession, country])
    head = ["id", "system", "value", "registered_at"]
    columns = ["prefix", "family", "given", "family_key", "given_key", "gender", "profession"]
    copy("practitioner", [*head, *columns, "languages", "out_since"], people)
    work = ["practitioner_id", "organization_id", "since", "new_patients"]
    copy("practitionerrole", [*head, *work], roles)
    copy("licence", [*head, "practitioner_id", "profession", "country"], licences)


def family_names(rng: random.Random, count: int) -> list[str]:
    """Six in ten of the region's names by their frequency, the others rare: of the syllables of two."""
    known = drawn(rng, "family", count)
    mixed = []
    for name, other in zip(known, rng.sample(known, len(known)), strict=True):
        rare = rng.random() < 0.4 and len(name) > 4 and len(other) > 4
        mixed.append(name[: len(name) // 2] + other[len(other) // 2 :].lower() if rare else name)
    return mixed


def given_names(rng: random.Random, count: int) -> list[str]:
    first = drawn(rng, "female middle", count)
    second = drawn(rng, "male young", count)
    return [one if rng.random() < 0.6 else other for one, other in zip(first, second, strict=True)]


def drawn(rng: random.Random, kind: str, count: int) -> list[str]:
    import numpy as np

    from salus.simulation.names import CULTURES, name_table

    source = np.random.default_rng(rng.randrange(2**32))
    cultures = source.integers(0, len(CULTURES), count)
    table = name_table()
    return [table.texts[number] for number in table.draw(source, kind, cultures)]


def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from django.db import connection

    sql = f"copy directory_{table} ({', '.join(columns)}) from stdin"
    with connection.cursor() as cursor, cursor.copy(sql) as stream:
        for row in rows:
            stream.write_row(row)
