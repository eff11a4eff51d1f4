"""The social-security register's files at scale: how fast a file is taken in, and what memory that takes.

1. A full file about people who are in the index, one period each, beside the least that a database would do: COPY of
   the same lines and one INSERT ... ON CONFLICT, in the same run.
2. The peak memory of the feeding process beside that of a file a tenth as large. Goal: it does not grow.
3. A delta about one period in a hundred, and the full file again, which says what stands.

    .venv/bin/python benchmarks/register.py                      # 120,000 lines, gone afterwards
    .venv/bin/python benchmarks/register.py --lines 1200000      # a nation's: some minutes
"""

import argparse
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import psycopg

from config.serve import as_owner
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.kernel.postgres import attached, login
from tools.measuring import Cost, commit, installation, machine, run, written

FIRST_BORN, DAYS = date(1940, 1, 1), 30_000
GROWS = 1.25  # times the memory of a file a tenth as large: what the sampling leaves open
PEOPLE = """
    insert into mpi_person (id, family, given, birth_family, birth_date, gender, registered_at, family_key, given_key)
    select n, 'Family ' || n %% 20000, 'Given ' || n %% 997, '', %s::date + (n %% %s)::int, 'unknown', now(),
        'family ' || n %% 20000, 'given ' || n %% 997
    from generate_series(0, %s - 1) n
"""
PLAIN = """
    create temporary table plain (key text, value text, since date, until date, withdrawn boolean, sequence bigint);
    create table plain_affiliation (like eligibility_affiliation including all)
"""
INSERT = """
    insert into plain_affiliation (person_id, key, since, until, sequence, withdrawn)
    select person_id, key, since, until, sequence, withdrawn
    from plain join mpi_personidentifier known on known.system = %s and known.value = plain.value
    on conflict (key) do update set person_id = excluded.person_id, since = excluded.since,
        until = excluded.until, sequence = excluded.sequence, withdrawn = excluded.withdrawn
"""
FORGET = """
    truncate eligibility_affiliation, eligibility_waitingperiod, eligibility_notice, eligibility_delivery
"""


def number(n: int) -> str:
    return matricule(FIRST_BORN + timedelta(n % DAYS), n // DAYS)


def populate(database: psycopg.Connection, people: int) -> None:
    database.execute(PEOPLE, [FIRST_BORN, DAYS, people])
    with database.cursor().copy(
        "copy mpi_personidentifier (person_id, system, value) from stdin"
    ) as rows:
        for n in range(people):
            rows.write_row((n, MATRICULE_SYSTEM, number(n)))
    database.execute("analyze mpi_person, mpi_personidentifier")


def write(file: Path, which: Iterable[int], *, sequence: int, changed: bool) -> int:
    """A file about these people's periods; ``changed``: as the delta leaves them. Returns its lines."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        print("key,value,since,until,withdrawn,sequence", file=out)
        for n in which:
            until = "2027-01-01" if changed and n % 100 == 0 else ""
            print(f"P-{n},{number(n)},2020-01-01,{until},false,{sequence}", file=out)
            count += 1
        print(f"#end,{count},{sequence},2026-01-01T02:00:00+01:00", file=out)
    return count


def feed(data: Path, file: Path, *options: str) -> Cost:
    done = run("eligibility", "feed", file, *options, data=data)
    assert done.code == 0, done.output
    return done.cost


def plain_seconds(database: psycopg.Connection, file: Path) -> float:
    """What the database alone takes for the lines of the file."""
    database.execute(PLAIN)
    begun = time.monotonic()
    with database.transaction():
        with database.cursor().copy("copy plain from stdin (format csv)") as rows:
            for part in _parts(file):
                rows.write(part)
        database.execute(INSERT, [MATRICULE_SYSTEM])
    took = time.monotonic() - begun
    database.execute("drop table plain, plain_affiliation")
    return took


def _parts(file: Path) -> Iterator[str]:
    """Its lines, without the first and the last."""
    with file.open(encoding="utf-8") as lines:
        next(lines)
        yield from (line for line in lines if not line.startswith("#end"))


def measure(data: Path, lines: int) -> list[list[str]]:
    file = data / "periods.csv"
    with psycopg.connect(**asdict(login(data, "superuser")), autocommit=True) as database:
        populate(database, lines)
        rows: list[list[str]] = []

        def row(what: str, count: int, cost: Cost) -> None:
            rate = count / cost.seconds
            cells = f"{count:,}", f"{cost.seconds:.1f}", f"{rate:,.0f}", f"{cost.python / 1e6:.0f}"
            rows.append([what, *cells])

        count = write(file, range(0, lines, 10), sequence=1, changed=False)
        small = feed(data, file, "--full")
        row("a full file a tenth as large", count, small)
        database.execute(FORGET)
        count = write(file, range(lines), sequence=1, changed=False)
        plain = plain_seconds(database, file)
        first = feed(data, file, "--full")
        row("the first full file", count, first)
        count = write(file, range(0, lines, 100), sequence=2, changed=True)
        row("a delta", count, feed(data, file))
        count = write(file, range(lines), sequence=3, changed=True)
        row("the full file again", count, feed(data, file, "--full"))
        found = database.execute(
            "select count(*), count(until) from eligibility_affiliation where not withdrawn"
        ).fetchone()
        assert found == (lines, len(range(0, lines, 100))), found
    grown = first.python / small.python
    rows += [
        [
            "the database alone: COPY, INSERT",
            f"{lines:,}",
            f"{plain:.1f}",
            f"{lines / plain:,.0f}",
            "",
        ],
        ["the first full file over it", "", "", f"{plain / first.seconds:.2f}", ""],
        [
            f"memory beside a tenth{' **grows**' if grown > GROWS else ''}",
            "",
            "",
            "",
            f"{grown:.2f}",
        ],
    ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=120_000, help="people, with a period each")
    options = parser.parse_args()
    with installation(None) as data, attached(data):
        as_owner(data, "migrate")
        rows = measure(data, options.lines)
    print(f"Commit {commit()}, {machine()}.\n")
    print(written([["what", "lines", "seconds", "lines a second", "memory, MB"], *rows]))


if __name__ == "__main__":
    main()
