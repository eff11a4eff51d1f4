"""The database's log, file by file: names, order, gaps."""

import gzip
from pathlib import Path

import pytest

from salus.kernel.wal import SEGMENT, Segment, gap, is_same, is_whole


@pytest.mark.parametrize(
    ("lsn", "name"),
    [
        ("0/1000000", "000000070000000000000001"),
        ("0/1FFFFFF", "000000070000000000000001"),
        ("0/FFFFFFFF", "0000000700000000000000FF"),
        ("1/0", "000000070000000100000000"),
        ("16/B374D848", "0000000700000016000000B3"),
    ],
)
def test_the_file_of_a_position(lsn: str, name: str) -> None:
    segment = Segment.at(7, lsn)
    assert str(segment) == name
    assert Segment.parse(f"{name}.gz") == segment


@pytest.mark.parametrize(
    "name", ["00000002.history.gz", "000000010000000000000001.00000028.backup.gz", "x.gz"]
)
def test_what_is_no_finished_file(name: str) -> None:
    assert Segment.parse(name) is None


def segments(timeline: int, *numbers: int) -> list[Segment]:
    return [Segment(timeline=timeline, number=number) for number in numbers]


@pytest.mark.parametrize(
    ("kept", "missing"),
    [
        ([], None),
        (segments(1, 5, 6, 7), None),
        (segments(1, 3, 4, 5), None),
        (segments(1, 5, 7), 6),
        (segments(1, 6, 7), 5),
        (segments(1, 5, 6) + segments(2, 6, 7), None),
        (segments(1, 5, 6, 8, 9) + segments(2, 6, 7), None),  # 8 and 9: of a life that was left
        (segments(1, 5) + segments(2, 7), 6),
    ],
)
def test_gaps(kept: list[Segment], missing: int | None) -> None:
    found = gap(Segment(timeline=1, number=5), kept)
    assert (found.number if found else None) == missing


def test_a_file_is_whole_or_not(tmp_path: Path) -> None:
    file = tmp_path / "000000010000000000000001.gz"
    file.write_bytes(gzip.compress(bytes(SEGMENT)))
    assert is_whole(file)
    other = tmp_path / "000000010000000000000002.gz"
    other.write_bytes(gzip.compress(bytes(SEGMENT), compresslevel=1))
    assert is_same(file, other)
    other.write_bytes(gzip.compress(bytes(SEGMENT - 1) + b"1"))
    assert not is_same(file, other)
    other.write_bytes(gzip.compress(bytes(SEGMENT - 1)))
    assert not is_same(file, other)
    assert not is_whole(other)
    other.write_bytes(file.read_bytes()[:-100])
    assert not is_whole(other)
