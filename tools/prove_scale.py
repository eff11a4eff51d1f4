"""Proves the claim of scale 1: simulates the nation, publishes the month, counts it again, and writes what came of it.

    .venv/bin/python -m tools.prove_scale --reference REPORT.json      # scale 1, in a folder that is gone afterwards
    .venv/bin/python -m tools.prove_scale --scale 1/100 --data DIR     # smaller, and kept

Evidence: docs/evidence/scale-1-DATE-COMMIT.md, the report's PDF beside it, and its costs for `benchmarks/scale.py`.
Exit code 1 when a step failed, or when at scale 1 a figure differs from the reference.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from tools.budget import bytes_of
from tools.measuring import (
    ROOT,
    SALUS,
    Cost,
    Done,
    Relation,
    commit,
    disk,
    machine,
    relations,
    run,
    written,
)

MONTH = "2024-12"


class StepFailed(Exception):
    """A command ended with another code than 0."""


@dataclass(frozen=True, kw_only=True)
class Step:
    command: str
    done: Done


class Proof:
    def __init__(self, data: Path, scale: str) -> None:
        self.data, self.scale = data, scale
        self.steps: list[Step] = []

    def step(self, *arguments: str | Path) -> Done:
        command = " ".join(["salus", *map(str, arguments)]).replace(f"{self.data}/", "")
        print(f"{command} ...", flush=True)
        done = run(*arguments, data=self.data, told_every=30)
        self.steps.append(Step(command=command, done=done))
        print(f"    {done.cost.seconds:.0f} s, exit code {done.code}", flush=True)
        if done.code:
            raise StepFailed(command)
        return done


def prove(proof: Proof, reference: Path | None, evidence: Path) -> bool:
    """Run every step and write the evidence; whether all figures are the reference's, where there is one."""
    proof.step("simulate", "--scale", proof.scale, "--until", MONTH)
    if _exists("audit"):
        proof.step("audit", "verify")
    pdf = Path(proof.step("report", MONTH).output.strip().splitlines()[-1])
    figures = json.loads(
        Path(
            proof.step("report", MONTH, "--format", "json", "--lang", "en").output.strip()
        ).read_text(),
        parse_float=Decimal,
    )["figures"]
    recount = proof.step("report", "--verify", pdf.with_name("edition.json")).output.strip()
    sizes = relations(proof.data)
    compared = _compared(figures, reference)
    equal = sum(row[-1] == "equal" for row in compared)
    evidence.parent.mkdir(parents=True, exist_ok=True)
    evidence.write_text(
        "\n\n".join(
            [
                f"# The nation at scale {proof.scale}",
                f"Written by `tools/prove_scale.py` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit "
                f"`{commit()}`, on {machine()}.",
                _steps(proof.steps),
                _memory_and_disk(proof, sizes),
                f"## Figures of {MONTH}\n\n{equal} of {len(compared)} are equal to the published report of the "
                "real agency: an exact figure to the unit, a rounded one as printed.\n\n"
                + written([["figure", "published", "counted", "printed", ""], *compared]),
                f"## Recount over the raw rows\n\n`salus report --verify`: {recount}",
                f"## Relations\n\n{_relations(sizes)}",
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    shutil.copyfile(pdf, evidence.with_suffix(".pdf"))
    evidence.with_suffix(".json").write_text(_costs(proof, sizes), encoding="utf-8")
    print(f"{equal} of {len(compared)} figures equal to the reference\nEvidence: {evidence}")
    return reference is None or equal == len(compared)


def _exists(command: str) -> bool:
    help_ = subprocess.run([*SALUS, command, "--help"], cwd=ROOT, capture_output=True, check=False)
    return help_.returncode == 0


def _steps(steps: list[Step]) -> str:
    rows = [
        [f"`{step.command}`", f"{step.done.cost.seconds:.0f} s", *_megabytes(step.done.cost)]
        for step in steps
    ]
    return "## Time and memory\n\n" + written(
        [["step", "time", "Python", "server", "both at once"], *rows]
    ) + (
        "\n\nMemory is the highest seen at one moment (proportional set size, once a second); of the server what its "
        "processes have beyond the shared buffers of 512 MB."
    )  # fmt: skip


def _megabytes(cost: Cost) -> list[str]:
    return [f"{size / 1e6:,.0f} MB" for size in (cost.python, cost.server, cost.memory)]


def _memory_and_disk(proof: Proof, sizes: list[Relation]) -> str:
    cost = proof.steps[0].done.cost
    rows = sum(relation.rows for relation in sizes if not relation.is_index)
    tables = sum(relation.size for relation in sizes if not relation.is_index)
    indexes = sum(relation.size for relation in sizes if relation.is_index)
    parts = {
        "tables": tables,
        "indexes": indexes,
        "documents' content": disk(proof.data / "documents"),
        "write-ahead log, after the last step": disk(proof.data / "postgres" / "pg_wal"),
        "the whole folder, after the last step": disk(proof.data),
        "write-ahead log, at its peak": cost.wal,
        "the whole folder, at its peak": cost.disk,
    }
    return (
        f"## Disk\n\n{rows:,} rows, {cost.seconds * 1e6 / rows:.1f} µs of `salus simulate` each.\n\n"
        + written([["what", "GB"], *([name, f"{size / 1e9:.2f}"] for name, size in parts.items())])
    )


def _costs(proof: Proof, sizes: list[Relation]) -> str:
    """What `benchmarks/scale.py --results` reads."""
    simulated, published = (
        next(step.done.cost for step in proof.steps if step.command.startswith(f"salus {command}"))
        for command in ("simulate", "report")
    )
    documents = disk(proof.data / "documents")
    costs = {
        "rows": sum(relation.rows for relation in sizes if not relation.is_index),
        "simulate": simulated.seconds,
        "memory": simulated.memory / 1e6,
        "publish": published.seconds,
        "disk": (sum(relation.size for relation in sizes) + documents) / 1e6,
    }
    scale = proof.scale.removeprefix("1/")
    found = {"commit": commit(), "machine": machine(), "scales": {scale: costs}}
    return json.dumps(found, indent=1) + "\n"


def _relations(sizes: list[Relation]) -> str:
    """Bytes per row of the table, beside the budget (docs/adr/0011-bytes-per-row.md)."""
    rows = []
    for relation in sizes:
        if relation.rows < 1_000:
            continue
        budget = bytes_of(relation.name)
        over = budget is not None and relation.per_row > budget
        rows.append(
            [
                f"{'&nbsp;&nbsp;' if relation.is_index else ''}`{relation.name}`",
                f"{relation.rows:,}",
                f"{relation.size / 1e6:,.1f}",
                f"{relation.per_row:.1f}",
                ("" if budget is None else f"{budget}") + (" exceeded" if over else ""),
            ]
        )
    return written([["table, index", "rows", "MB", "bytes a row", "budget"], *rows])


def _compared(figures: list[dict[str, Any]], reference: Path | None) -> list[list[str]]:
    """Each figure beside the published one, and each printed change beside the published change."""
    ours = {figure["id"]: figure for figure in figures}
    if reference is None:
        return [[f"`{f['id']}`", "", str(f["value"]), f["printed"], ""] for f in figures]
    rows = []
    for service in json.loads(reference.read_text(encoding="utf-8"))["services"]:
        for published in service["figures"]:
            own = ours[published["id"]]
            if published["kind"] == "exact":
                said, equal = f"{published['value']:,}", own["value"] == published["value"]
            else:
                said = published["printed"]
                equal = said.replace(",", ".") == own["printed"]
            printed = own["printed"]
            if change := published.get("change_printed"):
                own_change = _two_decimals(own["change"])
                said, printed = f"{said} ({change})", f"{printed} ({own_change}%)"
                equal = equal and Decimal(change.rstrip("%")) == own_change
            verdict = "equal" if equal else "not equal"
            rows.append([f"`{published['id']}`", said, str(own["value"]), printed, verdict])
    return rows


def _two_decimals(change: Decimal | int | None) -> Decimal:
    return Decimal(change or 0).quantize(Decimal("0.01"), ROUND_HALF_UP)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", default="1")
    parser.add_argument(
        "--data", type=Path, help="a new folder that is kept (default: a temporary one)"
    )
    parser.add_argument("--reference", type=Path, help="the published figures, to compare with")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/evidence")
    options = parser.parse_args()
    if options.data and options.data.exists():
        parser.error(f"{options.data} exists: its times would not be those of a whole run")
    if options.reference and not options.reference.exists():
        print(f"no reference at {options.reference}: figures stand alone", file=sys.stderr)
        options.reference = None
    name = f"scale-{options.scale.replace('/', '-')}-{datetime.now(UTC):%Y-%m-%d}-{commit()}.md"
    data = options.data or Path(tempfile.mkdtemp(prefix="salus-scale-"))
    data.mkdir(exist_ok=True)
    data.chmod(0o755)  # the database's own user must get in
    try:
        equal = prove(Proof(data.resolve(), options.scale), options.reference, options.out / name)
    except StepFailed as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        if not options.data:
            shutil.rmtree(data)
    return 0 if equal or options.scale not in ("1", "1/1") else 1


if __name__ == "__main__":
    sys.exit(main())
