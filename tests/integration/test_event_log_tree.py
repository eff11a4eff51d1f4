"""Tiles, heads and their copies: what was altered, cut off or forged is named."""

import json
from pathlib import Path

import pytest

from salus.audit.findings import Fault
from salus.audit.heads import add_head, heads_after, sign_head
from salus.audit.sequencer import LogTruncated
from salus.kernel.clock import now
from salus.kernel.signing import Signer
from tests.event_log import Log, rewrite, swap_hashes, truncate, write

OTHER = "YW5vdGhlci1zZWNyZXQtb2YtdGhlLWV2ZW50LWxvZzE"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_swapped_hashes_of_a_tile_are_named_and_no_event(whole: Log, number: int) -> None:
    swap_hashes(whole, number)
    (finding,) = whole.verify().findings
    assert (finding.fault, finding.tile) == (Fault.TILE_ALTERED, (0, number))


@pytest.mark.parametrize(
    "change",
    ["ids = ids + int8multirange(int8range(900000, 900001))", "id = id - 3", "id = id + 3"],
)
@pytest.mark.parametrize("number", [0, 1])
def test_what_a_tile_says_of_its_events_is_checked(whole: Log, number: int, change: str) -> None:
    whole.execute(f"update audit_tile set {change} where level = 0 and number = {number}")
    found = whole.verify().findings
    assert {(finding.fault, finding.tile) for finding in found} == {
        (Fault.TILE_ALTERED, (0, number))
    }


@pytest.mark.parametrize("number", [0, 1])
def test_a_deleted_tile_is_named(whole: Log, number: int) -> None:
    whole.execute("delete from audit_tile where level = 0 and number = %s", number)
    (finding,) = whole.verify().findings
    assert (finding.fault, finding.tile) == (Fault.TILE_MISSING, (0, number))
    assert finding.text == "its events are unchanged"


def test_an_altered_tile_above_the_events_is_named(whole: Log) -> None:
    swap_hashes_above = (
        "update audit_tile set hashes = substring(hashes from 33) || substring(hashes for 32)"
    )
    whole.execute(f"{swap_hashes_above} where level = 1")
    assert whole.kinds() == {Fault.TILE_ALTERED}
    whole.execute("delete from audit_tile where level = 1")
    assert whole.kinds() == {Fault.TILE_MISSING}


@pytest.mark.parametrize(
    ("position", "good", "bad"), [(0, 0, 1), (100, 2, 302), (400, 353, 653), (690, 653, 700)]
)
def test_a_rewritten_log_is_bracketed_by_its_heads(
    whole: Log, position: int, good: int, bad: int
) -> None:
    rewrite(whole, position, above=position < 512)
    (finding,) = whole.verify().findings
    assert finding.fault == Fault.REWRITTEN
    assert f"({bad} events), which does not fit" in finding.text
    assert (f"({good} events) and that" in finding.text) == bool(good)


def test_a_changed_event_with_its_leaf_is_bracketed_and_its_tile_named(whole: Log) -> None:
    rewrite(whole, 100, above=False)
    found = {(finding.fault, finding.tile) for finding in whole.verify().findings}
    assert found == {(Fault.REWRITTEN, None), (Fault.TILE_ALTERED, (0, 0))}


def head(whole: Log, position: int) -> int:
    return list(heads_after(whole.superuser, 0))[position].size


@pytest.mark.parametrize("position", [0, 3, -1])
def test_a_head_signed_by_another_key_is_named(whole: Log, position: int, tmp_path: Path) -> None:
    size = head(whole, position)
    forged = sign_head(Signer(OTHER, tmp_path / "k"), size=size, root=bytes(32), at=now())
    whole.execute("delete from audit_head where size = %s", size)
    add_head(whole.superuser, forged)
    assert whole.kinds() == {Fault.HEAD_FORGED}


@pytest.mark.parametrize(
    "column", ["at = at + interval '1 s'", "root = sha256('x')", "size = size + 1"]
)
def test_an_altered_head_is_named(whole: Log, column: str) -> None:
    whole.execute(f"update audit_head set {column} where size = 302")
    assert Fault.HEAD_FORGED in whole.kinds()


@pytest.mark.parametrize("position", [0, 3, -1])
def test_a_deleted_head_is_named(whole: Log, position: int) -> None:
    whole.execute("delete from audit_head where size = %s", head(whole, position))
    assert whole.kinds() == {Fault.HEAD_MISSING}


def test_altered_copies_are_named(whole: Log) -> None:
    (file,) = whole.copies.keys_file.parent.glob("*.jsonl")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[:3], *lines[4:]]))
    assert whole.kinds() == {Fault.COPY_MISSING}
    file.write_text("".join([*lines[:3], "garbage\n", *lines[4:]]))
    assert whole.kinds() == {Fault.COPY_ALTERED, Fault.COPY_MISSING}
    altered = json.loads(lines[3]) | {"root": "00" * 32}
    file.write_text("".join([*lines[:3], json.dumps(altered) + "\n", *lines[4:]]))
    assert whole.kinds() == {Fault.COPY_ALTERED}
    file.unlink()
    assert whole.kinds() == {Fault.COPY_MISSING}


@pytest.mark.parametrize("size", [2, 302, 653])
def test_a_truncated_log_is_told_by_the_copied_heads(whole: Log, size: int) -> None:
    truncate(whole, size)
    (finding,) = whole.verify().findings
    assert finding.fault == Fault.TRUNCATED
    assert f"there are {size};" in finding.text


def test_a_truncated_log_does_not_grow_again(whole: Log) -> None:
    truncate(whole, 302)
    write(600)
    with pytest.raises(LogTruncated):
        whole.sequence()


def test_a_rewritten_log_does_not_grow(whole: Log) -> None:
    rewrite(whole, 100, above=True)
    write(1)
    with pytest.raises(LogTruncated):
        whole.sequence()


def test_a_torn_line_is_written_again(whole: Log) -> None:
    (file,) = whole.copies.keys_file.parent.glob("*.jsonl")
    *_, last = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(file.read_bytes()[: -len(last) // 2])  # a crash in the middle of it
    assert whole.verify().findings == []
    whole.sequence()
    assert file.read_bytes().endswith(last)
    write(1)
    whole.sequence()
    assert whole.verify().findings == []


def test_an_empty_second_folder_is_filled_anew(whole: Log) -> None:
    (file,) = whole.copies.keys_file.parent.glob("*.jsonl")
    before = file.read_bytes()
    file.unlink()
    whole.sequence()
    assert file.read_bytes() == before
