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
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import quantiles

import django

from benchmarks.directory_set.entries import copy_entries
from benchmarks.directory_set.mistakes import MISTAKES
from benchmarks.index import processor_time
from salus.kernel.postgres import attached
from tools.measuring import as_role, commit, installation, machine, written

SEED, GOAL = 1, 20.0  # milliseconds
FIRST_PAGE = 20


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
    with transaction.atomic():
        copy_entries(random.Random(SEED), entries)
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
        "a profession": [
            Asked(text=text) for text in ("dentiste", "Hausarzt", "nurse", "Arzt") * 10
        ],
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
    """Milliseconds of each question, one at a time; processor time is of Python and its database session."""

    times: list[float]
    processor: float

    def percentile(self, number: int) -> float:
        return quantiles(self.times, n=100, method="inclusive")[number - 1]

    @property
    def per_second(self) -> float:
        return 1000 * len(self.times) / sum(self.times)


def timed(search: Callable[[Asked], object], asked: Sequence[Asked]) -> Timed:
    times, used = [], processor_time()
    for one in asked:
        begun = time.perf_counter()
        search(one)
        times.append(1000 * (time.perf_counter() - begun))
    used = 1000 * (processor_time() - used)
    return Timed(times=times, processor=used / len(asked))


def row(what: str, found: Timed, beside: Timed | None = None, *, goal: bool = False) -> None:
    ratio = f", {found.per_second / beside.per_second:.3f} of the bare query's" if beside else ""
    within = sum(one <= GOAL for one in found.times) / len(found.times)
    kept = f", {within:.1%} within the goal of {GOAL:.0f} ms" if goal else ""
    print(
        f"| {what} | {found.per_second:,.0f} a second{ratio} | p50 {found.percentile(50):.1f} ms,"
        f" p99 {found.percentile(99):.1f} ms{kept}, processor {found.processor:.1f} ms, {len(found.times)} questions |",
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
        sizes = ("--entries", str(options.entries), "--questions", str(options.questions))
        lines = as_role(__file__, "loader", data, "load", *sizes)
        lines += as_role(__file__, "app", data, "ask", *sizes)
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
