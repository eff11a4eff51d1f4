"""`salus index`: the whole patient index at once, by the model that serves single requests too.

As app, whom row-level security binds: it names the people of each block before it reads them. What DuckDB needs
meanwhile lies in the data folder, and is gone at the end.
"""

import argparse
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from tqdm import tqdm

from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import AlreadyRunning, Conflict, InvalidInput
from salus.kernel.rows import Scope, finding_in
from salus.mpi.learned import keep_model, model_in_force
from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.receiving import match_again
from salus.mpi.traits import traits_of

if TYPE_CHECKING:
    import duckdb

ACTOR = Actor(role=Role.SYSTEM, system="index")
_BLOCK = 5_000  # people
_KNOWN = 0.5  # of those who come in: the index, in which hardly anybody is twice, cannot tell
_MEMORY = "2GB"  # of DuckDB; the rest goes to the folder


def run(options: argparse.Namespace) -> int:
    return learn() if options.step == "learn" else deduplicate(links=options.link)


def learn() -> int:
    # Heavy, and no other command needs it.
    from salus.mpi.matching.learn import learn

    people = _people()
    if len(people) < 2:
        raise InvalidInput("nobody is in the index yet: there is nothing to learn from")
    began = time.monotonic()
    with _records(people) as records, _share("learning") as advance:
        model = learn(records, advance=advance)
    model = replace(model, prior=max(model.prior, _KNOWN / len(people)))
    number = keep_model(model, at=now(), people=len(people), seconds=time.monotonic() - began)
    print(f"learned from {len(people)} people: model {number} is in force")
    for field, levels in model.fields.items():
        bits = ", ".join(f"{level} {odds.weight:+.1f}" for level, odds in levels.items())
        print(f"  {field}: {bits}")
    return 0


def deduplicate(*, links: bool) -> int:
    """Each record is matched in a transaction of its own, as one that comes in: a run that was killed is run again."""
    from salus.mpi.matching.batch import judged_pairs
    from salus.mpi.matching.pairs import compare_pairs

    found: dict[int, set[int]] = defaultdict(set)
    with _records(_people()) as records:
        model = model_in_force()
        with _share("comparing") as advance:
            compare_pairs(records, model, two_files=False, advance=advance)
        pairs = list(judged_pairs(records, model))
        known = records.execute("select id from records order by row").fetchall()
        for pair in pairs:
            one, other = sorted(int(known[row][0]) for row in (pair.one, pair.other))
            found[other].add(one)
    linked, queued = 0, set()
    # The later record is linked to the earlier one.
    for person in tqdm(sorted(found), unit=" records", disable=None):
        try:
            by, waiting = match_again(
                actor=ACTOR, at=now(), person=person, also=found[person], links=links
            )
        except Conflict:  # they were joined, or judged, a moment ago
            continue
        linked += by is not None
        queued |= {*waiting}
    print(f"{linked} records linked, {len(queued)} pairs are with the stewards")
    return 0


@contextmanager
def _share(what: str) -> Iterator[Callable[[float], object]]:
    """A bar that is told which shares of the work are done, where there is a terminal."""
    shape = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}"
    with tqdm(desc=what, total=1.0, bar_format=shape, disable=None) as bar:
        yield bar.update


def _people() -> list[int]:
    with finding_in(Scope.INDEX), connection.cursor() as cursor:  # all of them
        cursor.execute("select id from mpi_person order by id")
        return [number for (number,) in cursor]


@contextmanager
def _records(people: list[int]) -> Iterator["duckdb.DuckDBPyConnection"]:
    """What is compared of all these people, as the tables of salus.mpi.matching.table."""
    import duckdb

    from salus.mpi.matching.table import fill

    with _alone(), _folder() as folder, duckdb.connect(folder / "records") as records:
        records.execute(f"set memory_limit = '{_MEMORY}'")
        records.execute("set temp_directory = ?", [str(folder)])
        fill(records, _prepared(people))
        yield records


@contextmanager
def _folder() -> Iterator[Path]:
    """One, and always the same: what a killed run left there goes when the next one begins."""
    folder = settings.DATA / "index"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('salus index'))")
        if not cursor.fetchone()[0]:
            raise AlreadyRunning("another `salus index` is at work: wait for it")
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(hashtext('salus index'))")


def _prepared(people: list[int]) -> Iterator[tuple[int, str, Prepared]]:
    with tqdm(total=len(people), desc="reading", unit=" people", disable=None) as bar:
        for start in range(0, len(people), _BLOCK):
            block = traits_of(people[start : start + _BLOCK])
            for person in sorted(block):
                yield 0, str(person), prepare(block[person])
            bar.update(len(block))
