"""The patient index at scale: who is meant, asked by demographics among up to all 1.27 million people.

1. Loading people with all keys, indexes put back included. No documents, no events but their registration.
2. One look-up by demographics (candidates with their weights, as `$match` and feeds ask), beside an exact scan of
   the whole table and beside Splink's look-up of new records (`predict_between`) over the same people, in the same
   run. Questions are people as they are and with slips; how often the person is found is printed too. Goal: p50 5 ms,
   p99 25 ms.
3. A hospital's record of a person who is in the index: registered, matched, linked or queued, with its events.

The look-up by identifier beside a bare view is a case of benchmarks/fhir.py.

    .venv/bin/python benchmarks/index.py                  # 1/100, gone afterwards
    .venv/bin/python benchmarks/index.py --scale 1        # everybody: some minutes, 2 GB
    .venv/bin/python benchmarks/index.py --scale 1 --data DIR --evidence FILE.md    # kept; loaded the first time
"""

import argparse
import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import django

from salus.kernel.postgres import attached
from tools.measuring import as_role, commit, installation, machine, written

if TYPE_CHECKING:
    from salus.mpi.matching.record import Traits

UNTIL, SEED = "2024-12", 1
SCANS, SPLINK, FEEDS = 5, 20, 200  # how often the slow ones are asked
Question = tuple[int, "Traits"]  # who is meant, and what is said


def load(data: Path, denominator: int) -> None:
    """People, their identifiers, names, addresses and keys, by the simulation's own blocks."""
    from zoneinfo import ZoneInfo

    from django.conf import settings

    from config.serve import as_owner
    from salus.kernel.month import Month
    from salus.mpi.models import Person
    from salus.simulation.blocks import blocks, first_free_ids
    from salus.simulation.calibration import plan
    from salus.simulation.lives import make_world
    from salus.simulation.load import reserve_ids, vacuum
    from salus.simulation.models import Block
    from salus.simulation.run import loaded_tables
    from salus.simulation.timeline import Timeline
    from salus.simulation.writers import write_all

    as_owner(data, "migrate")
    if Person.objects.exists():
        print("| load | kept from an earlier run | |")
        return
    until = Month.parse(UNTIL)
    line = Timeline(until, ZoneInfo(settings.TIME_ZONE))
    world = make_world(plan(denominator=denominator, until=until), line, SEED)
    reserve_ids(first_free_ids(world))
    begun = time.monotonic()
    as_owner(data, "set-aside")
    for _work in write_all(
        [one for one in blocks(world, until, store=None) if one.name.startswith("people/")]
    ):
        pass
    copied = time.monotonic()
    as_owner(data, "put-back")
    put_back = time.monotonic()
    vacuum(loaded_tables())
    Block.objects.all()
    people = len(world.people)
    print(
        f"| load | {people:,} people in {put_back - begun:.0f} s, {people / (put_back - begun):,.0f} a second |"
        f" rows {copied - begun:.0f} s, indexes and keys {put_back - copied:.0f} s |"
    )


def ask(count: int) -> None:
    from django.db import connection

    from salus.kernel.rows import Scope, finding_in
    from salus.mpi.candidates import candidates

    asked = questions(count)

    def look_up(traits: "Traits") -> set[int]:
        with finding_in(Scope.INDEX):
            return {one.person for one in candidates(traits)}

    for _person, traits in asked[:20]:  # what is cold is nobody's cost
        look_up(traits)
    known = timed(look_up, asked)
    row("look-up by demographics", known)
    with connection.cursor() as cursor:
        cursor.execute("set enable_indexscan = off")
        cursor.execute("set enable_bitmapscan = off")
        cursor.execute("set max_parallel_workers_per_gather = 0")
        scanned = timed(scan, asked[:SCANS])
        cursor.execute("reset enable_indexscan")
        cursor.execute("reset enable_bitmapscan")
    row("exact scan of the whole table", scanned, beside=known)
    with splink() as find:
        row("Splink, one by one", timed(find, asked[:SPLINK]), beside=known)
    row("a hospital's record comes in", timed(feed, asked[:FEEDS]), beside=known)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """Of so many questions, each in milliseconds; processor time is of Python and its database session."""

    times: list[float]
    processor: float
    found: float  # share in which the one who was meant was among the found

    def percentile(self, number: int) -> float:
        return quantiles(self.times, n=100, method="inclusive")[number - 1]


def timed(find: Callable[["Traits"], set[int]], asked: Sequence[Question]) -> Timed:
    times, hits, used = [], 0, processor_time()
    for person, traits in asked:
        begun = time.perf_counter()
        found = find(traits)
        times.append(1000 * (time.perf_counter() - begun))
        hits += person in found
    used = 1000 * (processor_time() - used)
    return Timed(times=times, processor=used / len(asked), found=hits / len(asked))


def processor_time() -> float:
    """Seconds, of this process and of the database's that serves it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        fields = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])  # utime and stime: proc_pid_stat(5)
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def row(what: str, found: Timed, beside: Timed | None = None) -> None:
    ratio = (
        f", {found.percentile(50) / beside.percentile(50):,.1f} times the look-up's"
        if beside
        else ""
    )
    print(
        f"| {what} | p50 {found.percentile(50):.1f} ms{ratio}, p99 {found.percentile(99):.1f} ms,"
        f" processor {found.processor:.1f} ms | {len(found.times)} questions, found {found.found:.1%} |",
        flush=True,
    )


def questions(count: int) -> list[Question]:
    """People drawn at random: a third as they are, the others with a slip in date or name, or a name changed."""
    from django.db import connection

    from salus.kernel.rows import Scope, finding_in
    from salus.mpi.traits import traits_of

    with finding_in(Scope.INDEX), connection.cursor() as cursor:
        cursor.execute("select setseed(0.5)")
        cursor.execute("select id from mpi_person order by random() limit %s", [count])
        people = [number for (number,) in cursor]
    rng = random.Random(SEED)
    known = traits_of(people)
    return [(person, slipped(rng, replace(known[person], national_id=""))) for person in people]


def slipped(rng: random.Random, traits: "Traits") -> "Traits":
    assert traits.birth_date
    born, at = traits.birth_date, rng.randrange(len(traits.family))
    letter = rng.choice("aeinrst")
    match rng.randrange(6):
        case 0:
            return replace(traits, birth_date=moved(born, day=rng.randrange(1, 29)))
        case 1:
            return replace(traits, family=traits.family[:at] + letter + traits.family[at + 1 :])
        case 2:
            return replace(traits, given=traits.family, family=traits.given)
        case 3:
            return replace(traits, family="Lentz", birth_family=traits.family, street="", city="")
        case _:
            return traits


def moved(born: date, *, day: int) -> date:
    return born.replace(day=day)


def scan(traits: "Traits") -> set[int]:
    from django.db import connection

    from salus.kernel.rows import Scope, finding_in
    from salus.kernel.search_key import search_key

    with finding_in(Scope.INDEX), connection.cursor() as cursor:
        cursor.execute(
            "select id from mpi_person where birth_date = %s and family_key = %s and given_key = %s",
            [traits.birth_date, search_key(traits.family), search_key(traits.given)],
        )
        return {number for (number,) in cursor}


@contextmanager
def splink() -> Iterator[Callable[["Traits"], set[int]]]:
    """Splink over the same prepared people, comparisons and blocks of names or birth date."""
    import pyarrow as pa
    from splink import DuckDBAPI, Linker, block_on

    from config.index import _people, _records
    from salus.mpi.matching.learn import _known, _settings
    from salus.mpi.matching.prepared import prepare
    from salus.mpi.matching.table import _SCHEMA, _rows

    logging.getLogger("splink").setLevel(logging.ERROR)
    with _records(_people()) as records:
        settings = _settings(_known(records), two_files=False) | {
            "blocking_rules_to_generate_predictions": [
                block_on("born", "family_sound"),
                block_on("born", "given_sound"),
                block_on("family_sound", "given_sound"),
            ],
        }
        api = DuckDBAPI(connection=records)
        people = api.register(records.table("records"))
        linker = Linker(people, settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e5, seed=SEED)
        ids = dict(records.execute("select row, id from records").fetchall())
        columns = [name for name in _SCHEMA.names if name != "keys"]

        def find(traits: "Traits") -> set[int]:
            asked = list(_rows([(-1, (0, "asked", prepare(traits)))]))
            table = pa.Table.from_pylist(asked, _SCHEMA).select(columns)
            matches = linker.inference.predict_between(
                people, api.register(table), threshold_match_weight=-10, warning_mode="never"
            )
            pairs = matches.as_record_list()
            return {
                int(ids[row])
                for pair in pairs
                for row in (pair["row_l"], pair["row_r"])
                if row >= 0
            }

        yield find


def feed(traits: "Traits") -> set[int]:
    from salus.kernel.actor import Actor, Role
    from salus.kernel.clock import now
    from salus.mpi.actions import Address, Demographics
    from salus.mpi.identities import identities_of
    from salus.mpi.receiving import receive_person

    assert traits.birth_date
    received = receive_person(
        actor=Actor(role=Role.SYSTEM, system="benchmark"),
        at=now(),
        identifiers=[("urn:benchmark", str(time.time_ns()))],
        demographics=Demographics(
            family=traits.family,
            given=traits.given,
            birth_family=traits.birth_family,
            birth_date=traits.birth_date,
            gender=traits.sex,
            multiple_birth=traits.multiple_birth,
            deceased_on=None,
            address=Address(
                country=traits.country or "LU",
                postal_code=traits.postal_code,
                municipality=traits.city,
                line=traits.street,
            ),
        ),
        received={},
        shown=lambda _row: {},
    )
    return {*identities_of(received.person).all}


def denominator_of(text: str) -> int:
    return int(text.removeprefix("1/"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=denominator_of, default=100, metavar="1/N")
    parser.add_argument("--data", type=Path, help="keep the people there")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--evidence", type=Path, help="a page to write as well")
    parser.add_argument("--step", choices=["load", "ask"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        django.setup()
        steps = {
            "load": partial(load, options.data, options.scale),
            "ask": partial(ask, options.questions),
        }
        steps[options.step]()
        return
    with installation(options.data) as data, attached(data):
        sizes = ("--scale", str(options.scale), "--questions", str(options.questions))
        lines = as_role(__file__, "loader", data, "load", *sizes)
        lines += as_role(__file__, "app", data, "ask", *sizes)
    cells = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines.splitlines()
    ]
    page = f"""# The patient index at 1/{options.scale}

Commit {commit()}, {machine()}. Made by `benchmarks/index.py`.

{written([["what", "measured", ""], *([*cell, ""][:3] for cell in cells)])}
"""
    print(page)
    if options.evidence:
        options.evidence.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
