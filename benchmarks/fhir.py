"""What FHIR through everything costs beside a bare view of Django with the same query. Ratios within one run.

1. Read, search and create over HTTP, served as `salus serve` serves them: token verified, rights, row-level
   security, event written; and the same of a view that does nothing but ask and answer (fhir_site/bare.py), by the
   same server in turn. Goal: at least half of the bare view's rate.
2. What each layer of them costs, by processor time (fhir_site/layers.py).

    .venv/bin/python benchmarks/fhir.py                     # a nation of its own at 1/100, gone afterwards
    .venv/bin/python benchmarks/fhir.py --scale 1/1000
    .venv/bin/python benchmarks/fhir.py --data var          # an embedded installation; files documents there
"""

import argparse
import os
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import django

from benchmarks.fhir_site.cases import CREATE, DOCUMENTS, SCOPE, Case, cases, laboratory
from benchmarks.fhir_site.load import Load, Rate, spelled, token
from tools.measuring import installation, salus, serving

GOAL = 0.5
BESIDE = {"DJANGO_SETTINGS_MODULE": "benchmarks.fhir_site.settings"}  # the site with the bare views
Client = tuple[str, str]  # id and secret


def registered(data: Path) -> Client:
    organization = str(laboratory(data))
    options = ("--name", "benchmark", "--scope", SCOPE, "--organization", organization)
    printed = salus("client", "create", *options, data=data)
    made = dict(line.split(maxsplit=1) for line in printed.splitlines())
    return made["client_id"], made["client_secret"]


def compare(load: Load, client: Client, case: Case, *, rounds: int, requests: int) -> list[Rate]:
    """The medians through everything and of the bare view."""
    asked = list(islice(cycle(case.asked), requests))
    bare = [spelled(one.bare, one.body, port=load.port) for one in asked]
    runs: dict[bool, list[Rate]] = defaultdict(list)
    for round_ in range(rounds + 1):
        bearer = token(load.port, *client)
        whole = [spelled(one.path, one.body, port=load.port, token=bearer) for one in asked]
        for is_bare, sent in enumerate((whole, bare)):
            rate = load.of(sent, status=case.status)
            if round_:  # what is cold is nobody's cost
                runs[bool(is_bare)].append(rate)
    return [
        Rate(
            per_second=median(rate.per_second for rate in runs[side]),
            processor=median(rate.processor for rate in runs[side]),
        )
        for side in (False, True)
    ]


def print_rates(
    load: Load, client: Client, asked: list[Case], *, rounds: int, requests: int
) -> None:
    print(f"{'':37}{'through everything':>24}{'bare view':>24}{'rate':>9}{'processor':>11}")
    for case in asked:
        whole, bare = compare(load, client, case, rounds=rounds, requests=requests)
        sides = "".join(
            f"{one.per_second:11.0f}/s {one.processor:8.2f} ms" for one in (whole, bare)
        )
        ratio, cost = whole.per_second / bare.per_second, whole.processor / bare.processor
        missed = "" if ratio >= GOAL else "  misses the goal"
        print(f"{case.name:37}{sides}{ratio:9.2f}{cost:10.1f}x{missed}", flush=True)
    print(f"goal: a rate of at least {GOAL} of the bare view's")


def print_layers(port: int, client: Client, asked: list[Case], requests: int) -> None:
    from django.core.handlers.wsgi import WSGIHandler

    from benchmarks.fhir_site.layers import (
        DATABASE,
        NAMES,
        environ_of,
        layers_of,
        watch_the_layers,
    )

    watch, handler = watch_the_layers(), WSGIHandler()
    columns = []
    for case in asked:
        bearer = token(port, *client)
        environs = [
            environ_of(one.path, one.body, host=f"localhost:{port}", token=bearer)
            for one in islice(cycle(case.asked), requests)
        ]
        columns.append(layers_of(watch, handler, environs, status=case.status))
    print("\nmilliseconds of processor time for one request, its part of the database's included:")
    for number, case in enumerate(asked, start=1):
        print(f"    {number}  {case.name}")
    print(" " * 22 + "".join(f"{number:>16}" for number in range(1, len(asked) + 1)))
    sums = [sum(column.get(name, 0) for name in NAMES) for column in columns]
    for name in (*NAMES, DATABASE):
        parts = [
            f"{column[name]:8.2f} ({100 * column[name] / whole:3.0f} %)" if name in column else ""
            for column, whole in zip(columns, sums, strict=True)
        ]
        print(f"{name:22}" + "".join(f"{part:>16}" for part in parts))
    print(f"{'together':22}" + "".join(f"{whole:8.2f}        " for whole in sums))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="an installation that exists")
    parser.add_argument(
        "--scale", default="1/100", help="of the nation that is made without --data"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=400, help="of each side, in each round")
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    with (
        installation(options.data, scale=options.scale) as data,
        serving(data, os.environ | BESIDE) as (port, server),
    ):
        load = Load(port=port, server=server, connections=options.connections)
        client = registered(data)
        asked = cases(data)
        create = next(case for case in asked if case.name == CREATE)
        bearer = token(load.port, *client)
        filed = [spelled(one.path, one.body, port=load.port, token=bearer) for one in create.asked]
        load.of(filed * DOCUMENTS, status=create.status)
        print_rates(load, client, asked, rounds=options.rounds, requests=options.requests)
        os.environ |= {
            "SALUS_DATA": str(data.absolute()),
            "SALUS_THREADS": "1",  # with the pool of the web
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        django.setup()
        print_layers(load.port, client, asked, options.requests)


if __name__ == "__main__":
    main()
