"""What grows with the nation, and what does not: costs at scales from 1/1000 to 1, and the exponents of their curves.

Of each scale: simulating, publishing a month, counting it, memory and disk (linear: an exponent of at most 1.1);
listing a patient's documents, finding a patient by name or by matricule (flat: at most 0.1). The exponent is the
slope of a straight line through the logarithms of rows and cost: 1 is in proportion, 0 is the same at any size. The
last three are asked as the site asks, as role `app`, and each leaves its event.

    .venv/bin/python benchmarks/scale.py                     # 1/1000 to 1/100, each gone afterwards
    .venv/bin/python benchmarks/scale.py --largest 1/10
    .venv/bin/python benchmarks/scale.py --data 1=var        # one that exists as well; the month is published there
    .venv/bin/python benchmarks/scale.py --results A.json B.json --chart    # with earlier results, kept in A.json
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

import altair as alt
import django
import psycopg
import vl_convert

from salus.kernel.postgres import attached, login
from tools.measuring import ROOT, commit, disk, installation, machine, relations, run, written

MONTH = "2024-12"
DENOMINATORS = (1000, 300, 100, 30, 10, 3, 1)
ASKED = 300  # patients
COUNTED = 5  # times

# Measure: what it is called, its unit, the exponent that passes.
MEASURES = {
    "simulate": ("simulate", "s", 1.1),
    "publish": ("publish the month", "s", 1.1),
    "count": ("count the month", "s", 1.1),
    "memory": ("memory, at its peak", "MB", 1.1),
    "disk": ("disk", "MB", 1.1),
    "list": ("list a patient's documents", "ms", 0.1),
    "name": ("find a patient by name", "ms", 0.1),
    "matricule": ("find a patient by matricule", "ms", 0.1),
}
LATENCIES = ("list", "name", "matricule")
Result = dict[str, float]  # of one scale: rows, and whatever of MEASURES is known


def measure(denominator: int, chosen: Path | None) -> Result:
    """Costs of one scale, in a folder of its own or in the chosen one."""
    with installation(chosen) as data:
        result: Result = {}
        if not chosen:
            simulated = run(
                "simulate",
                "--scale",
                f"1/{denominator}",
                "--until",
                MONTH,
                data=data,
                told_every=60,
            )
            assert simulated.code == 0
            result["simulate"] = simulated.cost.seconds
            result["memory"] = simulated.cost.memory / 1e6
        if not (data / "reports" / MONTH).exists():
            published = run("report", MONTH, data=data)
            assert published.code == 0
            result["publish"] = published.cost.seconds
        sizes = relations(data)
        result["rows"] = sum(relation.rows for relation in sizes if not relation.is_index)
        # Not the write-ahead log, which has a size of its own.
        result["disk"] = (sum(r.size for r in sizes) + disk(data / "documents")) / 1e6
        with attached(data):
            for role, asked in (("reporter", None), ("app", _patients(data))):
                child = subprocess.run(
                    [sys.executable, __file__, "--as", role, "--data", f"{denominator}={data}"],
                    input=json.dumps(asked),
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                result |= json.loads(child.stdout)
        return result


def _patients(data: Path) -> list[dict[str, Any]]:
    """Patients with documents, drawn at random: the same share of them at every scale."""
    with psycopg.connect(**asdict(login(data, "loader"))) as connection:
        connection.execute("select setseed(0.5)")
        return [
            {"person": person, "account": account, "family": family, "given": given,
             "birth_date": birth.isoformat(), "matricule": value}
            for person, account, family, given, birth, value in connection.execute(
                """
                select p.id, account_id, family, given, birth_date, value from mpi_person p
                join access_accountperson a on a.person_id = p.id
                join mpi_personidentifier i on i.person_id = p.id
                where exists (select from shared_record_document d where d.person_id = p.id and ended_at is null)
                  and not exists (select from shared_record_closure c where c.record_id = p.id and reopened_at is null)
                order by random() limit %s""",
                [ASKED],
            )
        ]  # fmt: skip


def as_role(role: str, data: Path) -> Result:
    """In a process of its own: what this role is asked, in milliseconds or seconds; medians."""
    os.environ |= {
        "SALUS_DATA": str(data),
        "SALUS_ROLE": role,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    django.setup()
    return _count() if role == "reporter" else _ask(json.load(sys.stdin))


def _count() -> Result:
    from salus.activity_report.counting import count, snapshot
    from salus.kernel import clock
    from salus.kernel.month import Month

    def counted() -> None:
        with snapshot() as cursor:
            count(cursor, Month.parse(MONTH), as_of=clock.now())

    counted()  # what is cold is nobody's cost
    return {"count": median(_seconds(counted) for _ in range(COUNTED))}


def _ask(patients: Sequence[dict[str, Any]]) -> Result:
    from salus.kernel.actor import Actor, Role
    from salus.kernel.clock import now
    from salus.mpi.queries import Criteria, search
    from salus.shared_record.queries import documents_of

    system = Actor(role=Role.SYSTEM, system="benchmark")
    times: dict[str, list[float]] = {name: [] for name in LATENCIES}
    for patient in patients:
        person = patient["person"]
        own = Actor(role=Role.PATIENT, account=patient["account"], person=person)
        by_name = Criteria(
            family=patient["family"],
            given=patient["given"],
            birth_date=date.fromisoformat(patient["birth_date"]),
        )
        by_number = Criteria(matricule=patient["matricule"])
        asked: dict[str, Callable[[], object]] = {
            "list": partial(documents_of, actor=own, person=person, at=now()),
            "name": partial(search, actor=system, criteria=by_name, at=now()),
            "matricule": partial(search, actor=system, criteria=by_number, at=now()),
        }
        for name, question in asked.items():
            times[name].append(1000 * _seconds(question))
    return {name: median(found[len(found) // 10 :]) for name, found in times.items()}


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def exponent(results: dict[int, Result], name: str) -> float | None:
    """The slope in logarithms of cost over rows; None for fewer than three scales."""
    points = [(r["rows"], r[name]) for r in results.values() if name in r and r[name] > 0]
    if len(points) < 3:
        return None
    rows, costs = zip(*points, strict=True)
    return linear_regression([*map(math.log, rows)], [*map(math.log, costs)]).slope


def verdict(results: dict[int, Result], name: str) -> str:
    found = exponent(results, name)
    if found is None:
        return "too few scales"
    limit = MEASURES[name][2]
    return f"exponent {found:.2f}, {'passes' if found <= limit else 'FAILS'} (at most {limit})"


def told(results: dict[int, Result]) -> str:
    """One line per scale and measure: cost, and its ratio to the smallest scale (per row, where it may be linear)."""
    parts = []
    for name, (title, unit, limit) in MEASURES.items():
        known = {d: r for d, r in sorted(results.items(), reverse=True) if name in r}
        if not known:
            continue
        linear = limit >= 1
        shares = {d: r[name] / r["rows"] if linear else r[name] for d, r in known.items()}
        first = next(iter(shares.values()))
        rows = [
            [f"1/{d}", f"{r['rows']:,.0f}", f"{r[name]:,.1f}", f"{shares[d] / first:.2f}"]
            for d, r in known.items()
        ]
        ratio = "per row, over the smallest" if linear else "over the smallest"
        parts.append(
            f"{title}: {verdict(results, name)}\n"
            + written([["scale", "rows", unit, ratio], *rows])
        )
    return "\n\n".join(parts)


def draw(results: dict[int, Result], to: Path) -> None:
    """The curves as SVG and PNG: in proportion to the rows on the left, the same at every size on the right."""
    panels = []
    for title, names in (
        ("grows with the rows", [name for name in MEASURES if name not in LATENCIES]),
        ("the same at every size", LATENCIES),
    ):
        data = [
            {
                "rows": r["rows"],
                "cost": r[name],
                "measure": f"{MEASURES[name][0]} ({MEASURES[name][1]})",
            }
            for r in results.values()
            for name in names
            if name in r
        ]
        base = alt.Chart(alt.Data(values=data)).encode(
            x=alt.X("rows:Q", title="rows").scale(type="log").axis(format="~s", tickCount=6),
            y=alt.Y("cost:Q", title=None).scale(type="log").axis(format="~s", tickCount=6),
            color=alt.Color("measure:N", title=None).legend(
                orient="bottom", columns=2, labelLimit=260
            ),
        )
        panels.append((base.mark_line() + base.mark_point(filled=True)).properties(
            title=title, width=380, height=300
        ))  # fmt: skip
    chart = alt.hconcat(*panels).resolve_scale(color="independent").configure(font="sans-serif")
    version = vl_convert.get_vegalite_versions()[-1]
    to.parent.mkdir(parents=True, exist_ok=True)
    to.with_suffix(".svg").write_text(
        vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=version)
    )
    png = vl_convert.vegalite_to_png(chart.to_dict(), vl_version=version, scale=2)
    to.with_suffix(".png").write_bytes(png)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--largest", type=_denominator, default=100, metavar="1/N")
    parser.add_argument("--data", type=_named, action="append", default=[], metavar="1/N=DIR")
    parser.add_argument("--results", type=Path, nargs="+", default=[], metavar="JSON")
    parser.add_argument(
        "--chart", action="store_true", help="into docs/evidence/, with the results"
    )
    parser.add_argument("--as", dest="role", choices=["reporter", "app"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    existing = dict(options.data)
    if options.role:
        ((_, data),) = options.data
        print(json.dumps(as_role(options.role, data)))
        return
    results: dict[int, Result] = {}
    for file in reversed(options.results):  # the first has the last word
        if file.exists():
            for name, known in json.loads(file.read_text())["scales"].items():
                results.setdefault(int(name), {}).update(known)
    for denominator in DENOMINATORS:
        if denominator in existing or (
            denominator >= options.largest and denominator not in results
        ):
            print(f"scale 1/{denominator} ...", flush=True)
            found = measure(denominator, existing.get(denominator))
            results.setdefault(denominator, {}).update(found)
            if options.results:
                _keep(results, options.results[0])
    print(f"commit {commit()}, {machine()}\n\n{told(results)}")
    if options.chart:
        name = ROOT / f"docs/evidence/scale-curve-{datetime.now(UTC):%Y-%m-%d}-{commit()}"
        draw(results, name)
        _keep(results, name.with_suffix(".json"))


def _keep(results: dict[int, Result], file: Path) -> None:
    found = {str(d): r for d, r in sorted(results.items(), reverse=True)}
    text = json.dumps({"commit": commit(), "machine": machine(), "scales": found}, indent=1)
    file.write_text(text + "\n", encoding="utf-8")


def _denominator(text: str) -> int:
    return int(text.removeprefix("1/"))


def _named(text: str) -> tuple[int, Path]:
    scale, _, path = text.partition("=")
    return _denominator(scale), Path(path).absolute()


if __name__ == "__main__":
    main()
