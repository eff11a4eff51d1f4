"""Whatever befalls an installation, its backups give it back: to the second, or not at all and with the reason."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from salus.kernel import keys
from salus.kernel.postgres import attached
from tests.conftest import copy, new_folder, with_tables
from tests.durability.drill import (
    PHRASE,
    Drill,
    Write,
    Writer,
    back_up_and_die,
    done,
    log_is_kept,
    row_hashes,
    written,
)
from tests.durability.site import SALUS, Site, Start, wait_until


@pytest.fixture(scope="module")
def lost() -> Iterator[Drill]:
    """An installation that was served, backed up and written to, and is gone."""
    folder = new_folder()
    data = copy(with_tables(), folder / "data")
    drill = back_up_and_die(Site(data).ready(), folder)
    shutil.rmtree(data)
    yield drill
    shutil.rmtree(folder)


@pytest.fixture
def drill(lost: Drill, folder: Path) -> Drill:
    """The same with backups of the test's own, to be damaged."""
    return replace(lost, backups=copy(lost.backups, folder / "backups"))


def numbers(*writes: list[Write]) -> set[int]:
    return {write.number for some in writes for write in some}


def refused(drill: Drill, data: Path, *more: str | Path) -> str:
    """The one line of a restore that fails and leaves nothing that could be served."""
    restored = drill.restore(data, *more)
    assert (restored.returncode, restored.stderr.count("\n")) == (1, 1), restored.stderr
    assert "Restored" not in restored.stdout
    served = subprocess.run(
        [*SALUS, "demo-people", "--data", str(data)], capture_output=True, text=True, check=False
    )
    assert "is half restored" in served.stderr
    return restored.stderr


def refused_at_once(drill: Drill, data: Path, *more: str | Path) -> str:
    """The same, before a folder was even made."""
    restored = drill.restore(data, *more)
    assert (restored.returncode, restored.stdout, restored.stderr.count("\n")) == (1, "", 1)
    assert not data.exists()
    return restored.stderr


def test_to_the_second_and_to_the_newest(lost: Drill, folder: Path, start: Start) -> None:
    data = folder / "restored"
    restored = lost.restore(data, *lost.until, "--check", "all")
    assert restored.returncode == 0, restored.stderr
    with attached(data):
        assert row_hashes(data) == lost.rows
        assert written(data) == numbers(lost.before)
    assert f"{len(lost.before)} of {len(lost.before)} opened and compared" in restored.stdout
    assert start(data).ready().stop()[0] == 0

    newest = folder / "newest"
    restored = lost.restore(newest)
    assert restored.returncode == 0, restored.stderr
    with attached(newest):
        assert written(newest) == numbers(lost.before, lost.after)


@pytest.mark.prove
def test_life_goes_on_in_the_same_backup_folder(drill: Drill, folder: Path) -> None:
    """A second life on a timeline of its own; the first can still be gone back to."""
    second = folder / "second"
    assert drill.restore(second, *drill.until).returncode == 0
    with attached(second):
        done("backup", "--data", second, "--to", drill.backups)
        writer = Writer(second)
        with writer.writing(500_001) as lived:
            pass
        writer.end()
        log_is_kept(second, drill.backups)
    third, first = folder / "third", folder / "first"
    assert drill.restore(third).returncode == 0
    with attached(third):
        assert written(third) == numbers(drill.before, lived)
    assert drill.restore(first, *drill.until).returncode == 0
    with attached(first):
        assert row_hashes(first) == drill.rows


@pytest.mark.prove
def test_a_quiet_second_after_the_last_commit(lost: Drill, folder: Path) -> None:
    last = datetime.fromtimestamp(
        max(file.stat().st_mtime for file in (lost.backups / "wal").iterdir())
    ).astimezone()
    data = folder / "restored"
    restored = lost.restore(data, "--until", last.isoformat())
    assert restored.returncode == 0, restored.stderr
    with attached(data):
        assert written(data) == numbers(lost.before, lost.after)
    later = (last + timedelta(hours=1)).isoformat()
    assert "leave it out to restore all" in refused(lost, folder / "later", "--until", later)


def test_before_the_first_backup(lost: Drill, folder: Path) -> None:
    told = refused_at_once(lost, folder / "new", "--until", "2001-01-01 00:00:00")
    assert "the oldest backup" in told


def test_wrong_keys(lost: Drill, folder: Path) -> None:
    others = dict.fromkeys(keys.KEYS, "bm90IHRoZSBrZXkgYXQgYWxsLCBvbmx5IGEgdGVzdCE")
    wrong = folder / "wrong.age"
    keys.seal(others, wrong, PHRASE)
    data = folder / "new"
    told = refused_at_once(replace(lost, keys=wrong), data)
    assert "wrong key: content_kek" in told
    assert "needed is" in told
    assert "cannot be read" in refused_at_once(replace(lost, keys=folder / "none"), data)
    (folder / "phrase").write_text("another phrase, long enough\n")
    told = refused_at_once(replace(lost, phrase=folder / "phrase"), data)
    assert "the passphrase is wrong" in told


def test_a_folder_with_something_in_it_is_left_alone(lost: Drill, folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    (data / "mine").write_text("mine")
    restored = lost.restore(data)
    assert (restored.returncode, restored.stderr.count("\n")) == (1, 1)
    assert "is not empty" in restored.stderr
    assert (data / "mine").read_text() == "mine"


def flip(file: Path) -> None:
    """Damage one bit in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def halve(file: Path) -> None:
    with file.open("r+b") as whole:
        whole.truncate(file.stat().st_size // 2)


LONG = pytest.mark.prove


@pytest.mark.parametrize(
    ("part", "damage", "says"),
    [
        ("documents/000000.pack", Path.unlink, "is missing"),
        ("documents/000000.pack", halve, "is damaged"),
        pytest.param("documents/000000.pack", flip, "is damaged", marks=LONG),
        ("base/*/base.tar.gz", flip, "damaged"),
        pytest.param("base/*/base.tar.gz", halve, "damaged", marks=LONG),
        pytest.param("base/*/backup_manifest", flip, "damaged", marks=LONG),
        pytest.param("base/*/pg_wal.tar.gz", halve, "damaged", marks=LONG),
        pytest.param("base/*/pg_wal.tar.gz", Path.unlink, "is missing", marks=LONG),
    ],
)
def test_damage_is_named(
    drill: Drill, folder: Path, part: str, damage: Callable[[Path], None], says: str
) -> None:
    (file,) = drill.backups.glob(part)
    damage(file)
    told = refused(drill, folder / "new")
    assert says in told
    assert str(file) in told


@pytest.mark.prove
def test_a_backup_without_its_manifest_is_named(drill: Drill, folder: Path) -> None:
    (manifest,) = drill.backups.glob("base/*/manifest.json")
    halve(manifest)
    assert f"{manifest.parent} has no readable manifest" in refused_at_once(drill, folder / "new")


def log_since_backup(drill: Drill) -> list[Path]:
    """The files of the log that go on where the backup ends, oldest first."""
    return sorted(file for file in (drill.backups / "wal").iterdir() if len(file.stem) == 24)[1:]


@pytest.mark.prove
def test_gap_in_the_log(drill: Drill, folder: Path) -> None:
    missing = log_since_backup(drill)[-2]
    missing.unlink()
    told = refused_at_once_with_key(drill, folder / "new")
    assert f"{missing.stem} is missing" in told
    until = told.split('--until "')[1].split('"')[0]
    data = folder / "restored"
    restored = drill.restore(data, "--until", until)
    assert restored.returncode == 0, restored.stderr
    with attached(data):
        assert written(data) < numbers(drill.before)
    assert "has a gap after" in refused(drill, folder / "other", *drill.until)


def refused_at_once_with_key(drill: Drill, data: Path) -> str:
    restored = drill.restore(data)
    assert (restored.returncode, restored.stderr.count("\n")) == (1, 1)
    assert not data.exists()
    return restored.stderr


@pytest.mark.prove
def test_damaged_log(drill: Drill, folder: Path) -> None:
    damaged = log_since_backup(drill)[-1]
    halve(damaged)
    assert f"{damaged} is damaged" in refused(drill, folder / "new")


@pytest.mark.prove
def test_killed_while_restoring(lost: Drill, folder: Path) -> None:
    data = folder / "new"
    command = [*SALUS, "restore", str(lost.backups), "--data", str(data)]
    killed = subprocess.Popen(
        [*command, "--content-key", str(lost.keys), "--passphrase-file", str(lost.phrase)],
        stdout=subprocess.DEVNULL,
        text=True,
    )
    wait_until((data / "recovery").exists, killed)
    killed.kill()
    killed.wait()
    served = Site(data)
    assert "is half restored" in served.end()[1]
    again = lost.restore(data)
    assert again.returncode == 0, again.stderr
    assert not (data / "recovery").exists()
