"""What a report costs beside the rows that it counts. No absolute promise: ratios within one run.

1. Counting a month over a plain `count(*)` of each table that its figures read (goal: at most 2), then the
   same for each figure and chart. The counts alternate, so that a busy machine slows both.
2. The same month from its roll-ups over counting it (goal: at most 0.05, "at once").
3. A published edition over a static file of about the same size, from one server.

    .venv/bin/python benchmarks/report.py                    # a nation of its own at 1/100, gone afterwards
    .venv/bin/python benchmarks/report.py --scale 1/10
    .venv/bin/python benchmarks/report.py --data var         # an installation that exists
"""

import argparse
import http.client
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import django

from salus.kernel.postgres import attached
from tools.measuring import installation, serving

GOAL = 2
AT_ONCE = 0.05
ROOT = Path(__file__).resolve().parents[1]
SALUS = (sys.executable, "-m", "config.cli")
AS_CALLED = dict(os.environ)  # for `salus` itself; this process becomes the reporter


def salus(*arguments: str | Path) -> None:
    subprocess.run([*SALUS, *arguments], cwd=ROOT, env=AS_CALLED, check=True)


def milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def medians(runs: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: median(times) for name, times in runs.items()}


def count_the_month(month_name: str, rounds: int) -> None:
    from django.db import connection

    from salus.activity_report.counting import count, gather, snapshot
    from salus.activity_report.edition import indicators
    from salus.activity_report.rollup import count_of
    from salus.kernel import clock
    from salus.kernel.month import Month

    month = Month.parse(month_name)
    asked = {i.sql: i for i in indicators().values() if not i.cell_of}
    tables = sorted({table for i in asked.values() for table in i.sources})
    runs: dict[str, list[float]] = defaultdict(list)
    rows: dict[str, int] = {}

    def plain_count(table: str) -> None:
        with snapshot() as cursor:
            cursor.execute(f"select count(*) from {table}")
            (rows[table],) = cursor.fetchone()

    def edition() -> None:
        with snapshot() as cursor, connection.execute_wrapper(by_indicator):
            count(cursor, month, as_of=clock.now())

    def evidence() -> None:
        with snapshot() as cursor:
            gather(cursor, month)

    spent: dict[str, float] = {}

    def by_indicator(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            if sql in asked:
                name = asked[sql].id
                spent[name] = spent.get(name, 0) + 1000 * (time.perf_counter() - begun)

    edition()  # what is cold is nobody's cost
    for _ in range(rounds):
        for table in tables:
            runs[table].append(milliseconds(partial(plain_count, table)))
        spent.clear()
        runs["the edition"].append(milliseconds(edition))
        for name, time_spent in spent.items():
            runs[name].append(time_spent)
        runs["the evidence for its self-checks"].append(milliseconds(evidence))
        runs["the edition from its roll-ups"].append(milliseconds(partial(count_of, month)))

    cost = medians(runs)
    plain = sum(cost[table] for table in tables)
    print(f"count(*) of {len(tables)} tables, {sum(rows.values()):,} rows: {plain:.0f} ms")
    for table in tables:
        print(f"    {table:34} {rows[table]:>12,} rows {cost[table]:8.1f} ms")
    for what in ("the edition", "the evidence for its self-checks"):
        print(f"{what}: {cost[what]:.0f} ms = {cost[what] / plain:.2f} x count(*)")
    at_once = cost["the edition from its roll-ups"]
    print(
        f"the edition from its roll-ups: {at_once:.1f} ms = {at_once / cost['the edition']:.3f} x"
    )
    print(
        f"goals: the edition at most {GOAL} x count(*), from its roll-ups at most {AT_ONCE} x that"
    )
    print("\nof the edition, dearest first:")
    for indicator in sorted(asked.values(), key=lambda i: -cost[i.id]):
        own = sum(cost[table] for table in indicator.sources)
        share = 100 * cost[indicator.id] / cost["the edition"]
        print(
            f"    {indicator.id:44} {cost[indicator.id]:8.1f} ms {share:5.1f} % "
            f"{cost[indicator.id] / own:6.1f} x count(*) of {', '.join(indicator.sources)}"
        )


def serve_the_edition(data: Path, month: str, rounds: int) -> None:
    from django.contrib.staticfiles.finders import find
    from django.contrib.staticfiles.storage import staticfiles_storage

    assets = {name: Path(str(find(name))) for name in ("vendor/vega.js", "vendor/nhsuk.css")}
    with serving(data, AS_CALLED) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def get(path: str) -> int:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, (path, answer.status)
            return len(body)

        print("\na published edition over a static file, from one server:")
        for suffix in ("pdf", "html", "json", "csv"):
            page = f"/report/{month}.{suffix}"
            size = get(page)
            name = min(assets, key=lambda name: abs(assets[name].stat().st_size - size))
            static = staticfiles_storage.url(name)
            runs: dict[str, list[float]] = {page: [], static: []}
            for _ in range(20 * rounds):
                for path in runs:
                    runs[path].append(milliseconds(partial(get, path)))
            cost = medians(runs)
            print(
                f"    {page:22} {size:>9,} bytes {cost[page]:6.2f} ms = "
                f"{cost[page] / cost[static]:.1f} x {name} of {get(static):,} bytes"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="an installation that exists")
    parser.add_argument(
        "--scale", default="1/100", help="of the nation that is made without --data"
    )
    parser.add_argument("--month", default="2024-12")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with installation(options.data, scale=options.scale, until=options.month) as data:
        salus(
            "report", options.month, "--data", data
        )  # published, and the tables brought up to date
        os.environ |= {
            "SALUS_DATA": str(data.absolute()),
            "SALUS_ROLE": "reporter",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        with attached(data):
            django.setup()
            count_the_month(options.month, options.rounds)
        serve_the_edition(data, options.month, options.rounds)


if __name__ == "__main__":
    main()
