"""`salus match A.csv [B.csv] --out links.csv`: which records of registries' files are one person's.

Needs no installation: neither a database nor a data folder. What it writes meanwhile lies in a temporary folder of
this user alone, and is gone at its end.
"""

import csv
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO

from tqdm import tqdm

from config.registry_csv import RegistryCsv
from salus.kernel.errors import InvalidInput, SalusError
from salus.mpi.matching.prepared import Prepared, prepare

if TYPE_CHECKING:
    import duckdb

    from salus.mpi.matching.batch import Judged

_MEMORY = "2GB"  # of DuckDB; the rest goes to the temporary folder
_HEADER = ("id_a", "id_b", "weight", "band")
_ROWS_AT_ONCE = 10_000


def match(paths: Sequence[Path], out: str) -> int:
    """Write the pairs of one file's records, or of two files', to the file ``out`` ("-": standard output)."""
    with _written_at_once(out) as file:
        left_out = _match(paths, file)
    if left_out:
        print(f"salus match: {left_out} lines were left out", file=sys.stderr)
    return 0


def _match(paths: Sequence[Path], out: TextIO) -> int:
    """Write the pairs found to ``out``; returns how many lines could not be read."""
    # Heavy, and no other command needs it.
    import duckdb

    from salus.mpi.matching.batch import judged_pairs
    from salus.mpi.matching.learn import learn
    from salus.mpi.matching.table import fill

    left_out = 0

    def refuse(line: str) -> None:
        nonlocal left_out
        left_out += 1
        tqdm.write(f"salus match: {line}", file=sys.stderr)

    files = [RegistryCsv(path, refused=refuse) for path in paths]
    for file in files:
        for note in file.notes:
            print(f"salus match: {note}", file=sys.stderr)
    two_files = len(files) == 2
    with (
        TemporaryDirectory(prefix="salus-match-") as folder,
        duckdb.connect(Path(folder, "records.duckdb")) as connection,
    ):
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        connection.execute("set temp_directory = ?", [folder])
        fill(connection, _records(files))
        _check_ids(connection, paths)
        with _progress("comparing", 1) as advance:
            model = learn(connection, two_files=two_files, advance=advance)
        found = list(judged_pairs(connection, model))
        _write(connection, found, two_files, out)
    return left_out


def _records(files: Sequence[RegistryCsv]) -> Iterator[tuple[int, str, Prepared]]:
    for number, file in enumerate(files):
        with _progress(f"reading {file.path.name}", file.length) as advance:
            for line in file.lines(advance):
                yield number, line.record_id, prepare(line.traits)


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Callable[[float], object]]:
    """A bar on stderr, where that is a terminal."""
    with tqdm(desc=what, total=total, unit="", unit_scale=True, disable=None) as bar:
        yield bar.update


def _check_ids(connection: "duckdb.DuckDBPyConnection", paths: Sequence[Path]) -> None:
    twice = connection.execute("""
        select file, count(*) from (select file from records group by file, id having count(*) > 1)
        group by file order by file
    """).fetchall()
    for file, count in twice:
        raise InvalidInput(
            f"record_id must be each record's own, but {count} of its values stand more than once",
            at=str(paths[file]),
        )


def _write(
    connection: "duckdb.DuckDBPyConnection",
    found: Sequence["Judged"],
    two_files: bool,
    out: TextIO,
) -> None:
    """The pairs in the order of their ids, each with its weight (bits) and band."""
    import pyarrow as pa

    connection.register(
        "found",
        pa.table(
            {
                "one": pa.array([pair.one for pair in found], pa.int64()),
                "other": pa.array([pair.other for pair in found], pa.int64()),
                "weight": pa.array([pair.weight for pair in found], pa.float64()),
                "band": pa.array([pair.band for pair in found], pa.string()),
            }
        ),
    )
    rows = connection.execute(
        """
        select if($ordered or a.id < b.id, a.id, b.id), if($ordered or a.id < b.id, b.id, a.id),
            format('{:.3f}', weight), band
        from found join records a on a.row = one join records b on b.row = other
        order by all
        """,
        {"ordered": two_files},
    )
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    while some := rows.fetchmany(_ROWS_AT_ONCE):
        writer.writerows(some)


@contextmanager
def _written_at_once(name: str) -> Iterator[TextIO]:
    """The file of that name, which is there as a whole or not at all; standard output for "-"."""
    if name == "-":
        yield sys.stdout
        return
    path = Path(name)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = beside.open("x", encoding="utf-8", newline="")
    except OSError as error:
        raise SalusError(
            f"{path} cannot be written ({error.strerror}); name another --out"
        ) from None
    try:
        with file:
            yield file
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
