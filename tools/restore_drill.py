"""The restore drill on a folder of any size: how long, and how much is lost. `make prove` runs it on a small nation.

    python -m tools.restore_drill DATA [--commit NAME] [--seconds 20]

It serves DATA, writes made-up patients to it, backs it up, ends it as a power cut does, restores it beside, to a
noted second and to the newest instant, compares, and writes what it found to docs/evidence/. Beside DATA must be
room for twice as much. DATA is left as the power cut left it: give it a folder that nobody needs.
"""

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from salus.kernel.postgres import attached
from tests.durability.drill import Drill, Write, as_superuser, back_up_and_die, row_hashes, written
from tests.durability.site import Site

EVIDENCE = Path(__file__).resolve().parents[1] / "docs" / "evidence"


def main() -> int:
    parser = argparse.ArgumentParser(description="Back up, destroy, restore, compare.")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--commit", default="no-commit")
    parser.add_argument("--seconds", type=float, default=20, help="of writing, three times (20)")
    options = parser.parse_args()
    data = options.data.resolve()
    work = Path(tempfile.mkdtemp(prefix="restore-drill-", dir=data.parent))
    work.chmod(0o755)
    try:
        facts, is_good = drill(data, work, options.seconds)
    finally:
        shutil.rmtree(work)
    page = _page(facts, options.commit, is_good=is_good)
    EVIDENCE.mkdir(exist_ok=True)
    name = f"restore-drill-{datetime.now(UTC):%Y-%m-%d}-{options.commit}.md"
    (EVIDENCE / name).write_text(page)
    print(page)
    return 0 if is_good else 1


def drill(data: Path, work: Path, seconds: float) -> tuple[dict[str, str], bool]:
    """What was found, line by line, and whether it is as promised."""
    with attached(data), as_superuser(data) as connection:
        row = connection.execute("select pg_database_size('salus')").fetchone()
    packs = sum(pack.stat().st_size for pack in (data / "documents").glob("*.pack"))
    noted = back_up_and_die(Site(data).ready(), work, pause=seconds)
    to_second, second_took, told = _restore(noted, work / "second", *noted.until)
    newest, newest_took, _ = _restore(noted, work / "newest")
    before, after, unkept = (
        {write.number for write in writes} for writes in (noted.before, noted.after, noted.unkept)
    )
    is_equal = to_second[0] == noted.rows
    lost = [write for write in noted.unkept if write.number not in newest[1]]
    is_good = is_equal and to_second[1] == before and before | after <= newest[1]
    rows = sum(int(found.split()[0]) for found in noted.rows.values())
    opened = re.search(r"\d+ of \d+ opened and compared", told)
    facts = {
        "database, bytes": f"{row[0]:,}" if row else "",
        "documents, bytes": f"{packs:,}",
        "backup, online, amid writes": f"{noted.backup_took:.0f} s",
        "backup folder, bytes": f"{_size(noted.backups):,}",
        "restore to the second": f"{second_took:.0f} s",
        "rows and tables compared": f"{rows:,} in {len(noted.rows)}: {'equal' if is_equal else 'NOT EQUAL'}",
        "documents": opened[0] if opened else "none",
        "writes acknowledged before the second": f"{len(before)}, there are {len(before & to_second[1])}",
        "writes acknowledged after it": f"{len(after)}, there are {len(after & to_second[1])}",
        "restore to the newest instant": f"{newest_took:.0f} s",
        "writes whose log was kept": f"{len(before | after)}, there are {len((before | after) & newest[1])}",
        "writes in the last moments": f"{len(unkept)}, lost are {len(lost)}, of the last {_span(noted, lost):.0f} s",
    }
    return facts, is_good


def _restore(
    noted: Drill, data: Path, *more: str
) -> tuple[tuple[dict[str, str], set[int]], float, str]:
    """Rows and writes of a restored folder, which is removed again; how long it took; what it said."""
    started = time.monotonic()
    restored = noted.restore(data, *more)
    took = time.monotonic() - started
    if restored.returncode != 0:
        sys.exit(restored.stderr)
    with attached(data):
        found = row_hashes(data), written(data)
    shutil.rmtree(data)
    return found, took, restored.stdout


def _span(noted: Drill, lost: list[Write]) -> float:
    """Seconds from the first lost write to the last that was acknowledged."""
    return (noted.unkept[-1].at - lost[0].at).total_seconds() if lost else 0


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _page(facts: dict[str, str], commit: str, *, is_good: bool) -> str:
    memory = re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())
    machine = (
        f"{os.cpu_count()} cores, {int(memory[1]) / 2**20 if memory else 0:.0f} GiB, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )
    lines = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return (
        f"# Restore drill: {'as promised' if is_good else 'NOT as promised'}\n\n"
        f"Commit {commit}, {datetime.now(UTC):%Y-%m-%dT%H:%MZ}, {machine}. Made by `tools/restore_drill.py`.\n\n"
        f"| what | found |\n|---|---|\n{lines}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
