"""The public directory at scale: who is sought, among up to 250,000 entries of ten nations.

1. Listing everybody: professionals with role and licence, organisations with a place, and by what they are found.
2. Searches of the kinds that people make, one at a time, beside the bare query for a name that is typed as it is
   kept (one index, no words, no ranking), in the same run. Goal: a search with typing errors within 20 ms.
3. Whether a misspelt name is found: the first one, or on the first page (20), shown with how it came to be misspelt.
   Who bears the same name is as good.

    .venv/bin/python benchmarks/directory.py                      # 10,000 entries, gone afterwards
    .venv/bin/python benchmarks/directory.py --entries 250000 --data DIR --evidence FILE.md    # kept
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

import django

from benchmarks.regional_set.spelling import heard
from salus.kernel.postgres import attached
from tools.measuring import ROOT, commit, machine, written

SEED, GOAL = 1, 20.0  # milliseconds
ORGANIZATIONS = 0.1  # of the entries
NATIONS = ("LU", "FR", "BE", "DE", "NL", "PT", "ES", "IT", "AT", "CH")
SPOKEN = ("fr", "de", "en", "lb", "pt", "it", "es", "nl", "pl", "uk")
FIRST_PAGE = 20


@contextmanager
def installation(chosen: Path | None) -> Iterator[Path]:
    if chosen:
        yield chosen.resolve()
        return
    data = Path(tempfile.mkdtemp(prefix="salus-bench-"))
    data.chmod(0o755)  # the database's own user must get in
    try:
        yield data
    finally:
        shutil.rmtree(data)


def as_role(role: str, data: Path, step: str, options: argparse.Namespace) -> str:
    """This script in a process of its own, with Django connected as the role; what it printed."""
    sizes = ["--entries", str(options.entries), "--questions", str(options.questions)]
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, "--data", data, *sizes],
        cwd=ROOT,
        env=os.environ
        | {
            "SALUS_DATA": str(data),
            "SALUS_ROLE": role,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def load(data: Path, entries: int) -> None:
    """Entries by COPY, then what is listed of them, as the loader of the simulation does it."""
    from django.db import transaction

    from config.serve import as_owner
    from salus.directory.finding.listing import TABLES, list_everything
    from salus.directory.models import NameWord, Practitioner, WordKey
    from salus.kernel.clock import now
    from salus.simulation.load import vacuum
    from salus.simulation.run import loaded_tables

    as_owner(data, "migrate")
    if Practitioner.objects.exists():
        print("| load | kept from an earlier run | |")
        return
    rng = random.Random(SEED)
    organizations = round(entries * ORGANIZATIONS)
    places = places_of(rng)
    with transaction.atomic():
        where = copy_organizations(rng, organizations, places)
        copy_people(rng, entries - organizations, where)
    vacuum([name for name in loaded_tables() if name.startswith("directory_")])
    begun = time.monotonic()
    with transaction.atomic():
        list_everything(today=now().date())
    took = time.monotonic() - begun
    vacuum(TABLES)
    print(
        f"| listing | {entries:,} entries in {took:.0f} s, {entries / took:,.0f} a second |"
        f" {NameWord.objects.count():,} words of names, {WordKey.objects.count():,} keys of"
        f" {NameWord.objects.values('word').distinct().count():,} words |"
    )


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


@dataclass(frozen=True, kw_only=True)
class Asked:
    text: str
    words: frozenset[str] = frozenset()  # of the name that is meant
    how: str = ""  # it was misspelt


def ask(count: int) -> None:
    from salus.directory.finding import Question, find
    from salus.kernel.clock import now

    rng = random.Random(SEED)
    people = drawn_people(rng, count)
    at = now()

    def searched(asked: Asked) -> object:
        return find(Question(text=asked.text), at=at)

    exact = [Asked(text=f"{given} {family}") for given, family in people]
    kinds: dict[str, list[Asked]] = {
        "a misspelt name": misspelt(rng, people),
        "a name as it is": exact,
        "a family name alone": [Asked(text=family) for _given, family in people],
        "the beginning of a name": [Asked(text=family[:4]) for _given, family in people],
        "profession, language, place": [Asked(text=text) for text in sentences(rng, count)],
        "a profession": [Asked(text=text) for text in ("dentiste", "Hausarzt", "nurse", "Arzt")],
    }
    for asked in exact[:20]:  # what is cold is nobody's cost
        searched(asked), bare(asked)
    base = timed(bare, exact)
    row("the bare query for a name as it is", base)
    for what, questions in kinds.items():
        goal = what == "a misspelt name"
        row(what, timed(searched, questions), beside=base, goal=goal)
    quality(kinds["a misspelt name"])
    quality(misspelt(rng, [("", family) for _given, family in people]), of="family name alone")


def drawn_people(rng: random.Random, count: int) -> list[tuple[str, str]]:
    from salus.directory.models import Practitioner

    rows = Practitioner.objects.filter(out_since=None).order_by("id")
    ids = list(rows.values_list("id", flat=True))
    chosen = Practitioner.objects.filter(pk__in=rng.sample(ids, min(count, len(ids))))
    return list(chosen.order_by("id").values_list("given", "family"))


def misspelt(rng: random.Random, people: Sequence[tuple[str, str]]) -> list[Asked]:
    """One mistake in the family name, at a random place; a name of less than four letters is left out."""
    asked = []
    for given, family in people:
        how = rng.choice(list(MISTAKES))
        wrong = MISTAKES[how](rng, family)
        if len(family) >= 4 and wrong.lower() != family.lower():
            meant = frozenset([*given.split(), *family.split()])
            asked.append(Asked(text=f"{given} {wrong}".strip(), words=meant, how=how))
    return asked


def missing(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def wrong(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("abcdefghiklmnoprstuvwz") + text[at + 1 :]


def doubled(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[: at + 1] + text[at:]


def swapped(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


MISTAKES: dict[str, Callable[[random.Random, str], str]] = {
    "a letter missing": missing,
    "a wrong letter": wrong,
    "a letter doubled": doubled,
    "two letters swapped": swapped,
    "written as it sounds": heard,
}


def sentences(rng: random.Random, count: int) -> list[str]:
    from salus.country.gazetteer import known_places

    places = [place.name for place in known_places() if place.country == "LU"]
    forms = (
        "dentiste portugais {}",
        "Hausarzt {}",
        "kiné qui parle italien à {}",
        "Kannerdokter zu {}",
        "gynaecologist who speaks English near {}",
        "pharmacie {}",
    )
    return [rng.choice(forms).format(rng.choice(places)) for _ in range(count)]


def bare(asked: Asked) -> object:
    from django.db import connection

    from salus.kernel.search_key import search_key

    given, _, family = asked.text.rpartition(" ")
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, given, family, profession from directory_practitioner"
            " where family_key = %s and given_key = %s and deregistered_at is null order by id limit 20",
            [search_key(family), search_key(given)],
        )
        return cursor.fetchall()


def quality(asked: Sequence[Asked], *, of: str = "name") -> None:
    from salus.directory.finding import Question, find
    from salus.kernel.clock import now

    at = now()
    places: dict[str, list[int]] = {}
    for one in asked:
        hits = find(Question(text=one.text), at=at, size=FIRST_PAGE).hits
        found = [at for at, hit in enumerate(hits) if one.words <= set(hit.name.split())]
        places.setdefault(one.how, []).append(found[0] if found else FIRST_PAGE)
    everything = [place for each in places.values() for place in each]
    for how, each in [*sorted(places.items()), ("all", everything)]:
        first = sum(place == 0 for place in each) / len(each)
        shown = sum(place < FIRST_PAGE for place in each) / len(each)
        print(
            f"| misspelt {of}, {how} | first {first:.1%}, on the first page {shown:.1%} |"
            f" {len(each)} names |",
            flush=True,
        )


@dataclass(frozen=True, kw_only=True)
class Timed:
    """Milliseconds of each question, from the call to its answer, one at a time."""

    times: list[float]

    def percentile(self, number: int) -> float:
        return quantiles(self.times, n=100, method="inclusive")[number - 1]

    @property
    def per_second(self) -> float:
        return 1000 * len(self.times) / sum(self.times)


def timed(search: Callable[[Asked], object], asked: Sequence[Asked]) -> Timed:
    times = []
    for one in asked:
        begun = time.perf_counter()
        search(one)
        times.append(1000 * (time.perf_counter() - begun))
    return Timed(times=times)


def row(what: str, found: Timed, beside: Timed | None = None, *, goal: bool = False) -> None:
    ratio = f", {found.per_second / beside.per_second:.3f} of the bare query's" if beside else ""
    within = sum(one <= GOAL for one in found.times) / len(found.times)
    kept = f", {within:.1%} within the goal of {GOAL:.0f} ms" if goal else ""
    print(
        f"| {what} | {found.per_second:,.0f} a second{ratio} | p50 {found.percentile(50):.1f} ms,"
        f" p99 {found.percentile(99):.1f} ms{kept}, {len(found.times)} questions |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--data", type=Path, help="keep the entries there")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--evidence", type=Path, help="a page to write as well")
    parser.add_argument("--step", choices=["load", "ask"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        django.setup()
        steps = {
            "load": partial(load, options.data, options.entries),
            "ask": partial(ask, options.questions),
        }
        steps[options.step]()
        return
    with installation(options.data) as data, attached(data):
        lines = as_role("loader", data, "load", options) + as_role("app", data, "ask", options)
    cells = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines.splitlines()
    ]
    page = f"""# The public directory among {options.entries:,} entries

Commit {commit()}, {machine()}. Made by `benchmarks/directory.py`.

{written([["what", "measured", ""], *([*cell, ""][:3] for cell in cells)])}
"""
    print(page)
    if options.evidence:
        options.evidence.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
