"""How good is the matcher on people of the region, with weights that it learned without labels?

100,000 pairs of records of one human being and a million hard pairs of two (regional_set), of a seed that is drawn
anew, realistic ones and then harsh ones. Goals on the realistic: the 95 % lower bound (Clopper-Pearson) of the
precision of automatic links at least 0.9999, recall with review at least 0.99. The precision must hold on the harsh
ones too.

    .venv/bin/python benchmarks/regional.py                      # minutes, on two cores
    .venv/bin/python benchmarks/regional.py --share 0.1          # a tenth of the pairs
    .venv/bin/python benchmarks/regional.py --seed 7             # the same pairs again
    .venv/bin/python benchmarks/regional.py --evidence FILE.md   # what is printed, as a page
"""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TextIO

import numpy as np

from benchmarks.regional_set.humans import Human, humans
from benchmarks.regional_set.judged import Judged, Task, judge_many, learned, lower_bound
from salus.mpi.matching.model import Model
from salus.mpi.matching.score import Band
from tools.measuring import commit, machine

PRECISION, RECALL = 0.9999, 0.99
MOST_SHOWN = 20  # wrong links
REALISTIC, HARSH = "realistic", "harsh"
# Pairs of one human being, and of two. Of the harsh ones fewer are linked: twice as many make the bound as tight.
PAIRS = {REALISTIC: (100_000, 1_000_000), HARSH: (200_000, 300_000)}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3f} %" if whole else "-"


def print_goals(same: Judged, different: Judged, model: Model, *, harsh: bool) -> bool:
    right, wrong = same.linked(model.link), different.linked(model.link)
    raised, load = same.raised(model.review), different.raised(model.review) - wrong
    bound = lower_bound(right, wrong)
    recall = raised / len(same)
    table(
        ["", "found", "goal"],
        [
            ["linked, and one human being", f"{right:,} ({percent(right, len(same))})", ""],
            ["linked, and two", f"{wrong}", ""],
            ["precision of links, 95 % lower bound", f"{bound:.6f}", f"{PRECISION}"],
            ["recall with review", f"{recall:.4f}", "" if harsh else f"{RECALL}"],
            ["of one human being, to review", percent(raised - right, len(same)), ""],
            ["of two, to review", percent(load, len(different)), ""],
            ["of one human being, share no key", percent(int((~same.met).sum()), len(same)), ""],
        ],
    )
    return bound >= PRECISION and (harsh or recall >= RECALL)


def print_kinds(title: str, judged: Judged, worst: Band) -> None:
    """Each kind with the bands of its pairs, the ones that most often end in the worst band first."""
    kinds = sorted({kind for kind, _ in judged.bands})
    rows = []
    for kind in kinds:
        counts = [judged.bands[kind, band] for band in Band]
        rows.append((judged.bands[kind, worst] / sum(counts), kind, counts))
    table(
        [title, "pairs", *Band],
        [
            [kind, f"{sum(counts):,}", *(percent(count, sum(counts)) for count in counts)]
            for _, kind, counts in sorted(rows, reverse=True)
        ],
    )


def print_guards(same: Judged, different: Judged) -> None:
    names = sorted({*same.guards, *different.guards}, key=lambda name: -different.guards[name])
    table(
        ["guard", "of one human being", "of two"],
        [
            [
                name,
                percent(same.guards[name], len(same)),
                percent(different.guards[name], len(different)),
            ]
            for name in names
        ],
    )


def print_weights(same: Judged, different: Judged) -> None:
    points = (0.01, 0.1, 1, 5, 25, 50, 75, 95, 99, 99.9, 99.99)
    table(
        ["weights, bits", *(f"{point} %" for point in points)],
        [
            [name, *(f"{value:.1f}" for value in np.percentile(weights, points))]
            for name, weights in (
                ("of one human being", same.weights),
                ("of two", different.weights),
                ("of two, no guard", different.weights[~different.guarded]),
            )
            if len(weights)
        ],
    )


def print_thresholds(same: Judged, different: Judged, model: Model) -> None:
    rows = []
    for at in np.arange(-12.0, 31.0, 2.0).tolist():
        right, wrong = same.linked(at), different.linked(at)
        raised, load = same.raised(at), different.raised(at)
        rows.append(
            [
                f"{at:.0f}",
                percent(right, len(same)),
                f"{wrong:,}",
                f"{lower_bound(right, wrong):.6f}",
                percent(raised, len(same)),
                percent(load, len(different)),
            ]
        )
    head = ["threshold, bits", "linked: recall", "false links", "precision, lower bound"]
    table([*head, "with review: recall", "of two, raised"], rows)
    steps = np.arange(-30.0, 60.0, 0.25).tolist()
    link = [x for x in steps if lower_bound(same.linked(x), different.linked(x)) >= PRECISION]
    review = [x for x in steps if same.raised(x) >= RECALL * len(same)]
    lowest = f"{min(link):.2f}" if link else "none"
    highest = f"{max(review):.2f}" if review else "none"
    print(
        f"Links reach {PRECISION} from {lowest} bits on (the model's threshold: {model.link:.2f});"
        f" review reaches {RECALL} up to {highest} bits (the model's: {model.review:.2f})."
    )


def run(
    seed: int,
    *,
    share: float,
    processes: int,
    model: Model | None = None,
    sets: Sequence[str] = (REALISTIC, HARSH),
) -> bool:
    """Whether all goals are reached."""
    print("# The matcher on people of the region\n")
    print(f"Commit {commit()}, {datetime.now(UTC):%Y-%m-%dT%H:%MZ}, {machine()}. Seed {seed}.")
    begun = time.monotonic()
    people = humans(seed)
    model = model or learned(people, seed)
    print(
        f"{len(people):,} people, of whom weights are learned in {time.monotonic() - begun:.0f} s."
    )
    reached = [judged_set(name, people, model, seed, share, processes) for name in sets]
    return all(reached)


def judged_set(
    name: str, people: Sequence[Human], model: Model, seed: int, share: float, processes: int
) -> bool:
    print(f"\n## {name.capitalize()} records")
    begun = time.monotonic()
    one, two = (round(count * share) for count in PAIRS[name])
    task = Task(people=people, model=model, harsh=name == HARSH)
    same, different = judge_many(task, seed, same=one, different=two, processes=processes)
    rate = (one + two) / (time.monotonic() - begun)
    print(
        f"\n{one:,} pairs of one human being and {two:,} of two, drawn and scored at {rate:,.0f} a second"
        f" by {processes} processes."
    )
    reached = print_goals(same, different, model, harsh=task.harsh)
    print_kinds("of two", different, Band.LINK)
    print_kinds("of one human being", same, Band.NEW)
    print_guards(same, different)
    print_weights(same, different)
    print_thresholds(same, different, model)
    for pair in different.wrong[:MOST_SHOWN]:
        print(f"\nLinked, though two ({pair.kinds[0]}):\n\n    {pair.one}\n    {pair.other}")
    print("\nThe goals are reached." if reached else "\nA goal is missed.")
    return reached


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--share", type=float, default=1.0, help="of the pairs")
    parser.add_argument("--only", action="append", choices=PAIRS, help="one of the two sets")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--model", type=Path, help="one that was learned before, as JSON")
    parser.add_argument("--evidence", type=Path, help="a page to write as well")
    options = parser.parse_args(arguments)
    printed = Page(sys.stdout)
    with redirect_stdout(printed):
        model = Model.load(options.model.read_text(encoding="utf-8")) if options.model else None
        met = run(
            options.seed,
            share=options.share,
            processes=options.processes,
            model=model,
            sets=options.only or tuple(PAIRS),
        )
    if options.evidence:
        options.evidence.write_text(printed.getvalue(), encoding="utf-8")
    return 0 if met else 1


class Page(StringIO):
    """Keeps what is printed, and prints it."""

    def __init__(self, shown: TextIO) -> None:
        super().__init__()
        self._shown = shown

    def write(self, text: str) -> int:
        self._shown.write(text)
        return super().write(text)


if __name__ == "__main__":
    sys.exit(main())
