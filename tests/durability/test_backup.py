"""A backup counts when it is whole; what goes into it meanwhile is never lost in silence."""

import gzip
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from salus.kernel import wal
from salus.kernel.backup_folder import BackupDamaged, BackupFolder, Remembered, remember
from salus.kernel.data_folder import SECRETS, secret
from salus.kernel.postgres import attached
from salus.kernel.shipping import copy_files, ship
from tests.durability.drill import PHRASE, as_superuser, done, log_is_kept, row_hashes, salus
from tests.durability.site import SALUS, Start, commit, wait_until


def back_up(data: Path, *more: str | Path) -> BackupFolder:
    backups = data.with_name("backups")
    done("backup", "--data", data, "--to", backups, *more)
    return BackupFolder(root=backups)


def refused(*arguments: str | Path) -> str:
    command = salus(*arguments)
    assert (command.returncode, command.stderr.count("\n")) == (1, 1), command.stderr
    return command.stderr


def test_no_secret_leaves_with_a_backup(data: Path) -> None:
    folder = back_up(data)
    kept = [file.read_bytes() for file in folder.root.rglob("*") if file.is_file()]
    plain = subprocess.run(
        [
            "tar",
            "--extract",
            "--gzip",
            "--to-stdout",
            f"--file={next(folder.base.glob('*/base.tar.gz'))}",
        ],
        capture_output=True,
        check=True,
    ).stdout
    for name in SECRETS:
        assert not any(secret(data, name).encode() in content for content in (*kept, plain)), name
    assert folder.root.stat().st_mode & 0o777 == 0o700


def test_an_interrupted_backup_is_none_and_the_one_before_stays(data: Path) -> None:
    folder = back_up(data)
    names = folder.names()
    with attached(data):
        again = subprocess.Popen([*SALUS, "backup", "--data", str(data)], text=True)
        wait_until(lambda: any(folder.base.glob(".*.new")), again)
        again.kill()
        again.wait()
        assert folder.names() == names
        back_up(data, "--keep", "1")
    assert len(folder.names()) == 1
    assert folder.names() != names
    assert not any(folder.base.glob(".*"))
    first = folder.manifests()[0].first
    kept = [segment for file in wal.files(folder.wal) if (segment := wal.Segment.parse(file.name))]
    assert min(kept) == first  # the log that only the forgotten one needed is gone as well


def test_the_folder_is_this_installations_alone(data: Path, folder: Path) -> None:
    back_up(data)
    other = folder / "other"
    done("doctor", "--data", data)
    with attached(other):
        assert "of another installation" in refused(
            "backup", "--data", other, "--to", folder / "backups"
        )
        (folder / "mine").mkdir()
        (folder / "mine" / "letter").touch()
        assert "something else" in refused("backup", "--data", other, "--to", folder / "mine")
        assert "say once where" in refused("backup", "--data", other)


@pytest.mark.prove
def test_a_disk_that_is_away_keeps_the_log_waiting_and_the_doctor_tells(
    data: Path, start: Start
) -> None:
    folder = back_up(data)
    site = start(data).ready()
    away = folder.root.with_name("away")
    folder.root.rename(away)
    commit(data, 1)
    with as_superuser(data) as connection:
        connection.execute("select pg_switch_wal()")
    wait_until(lambda: wal.files(data / "wal"), site.process)
    commit(data, 2)  # the site goes on
    for file in wal.files(data / "wal"):
        os.utime(file, (0, 0))  # as if it had waited for long
    told = salus("doctor", "--data", data).stdout
    assert "is its disk mounted?" in told
    assert f"wait in {data / 'wal'} and fill its disk" in told
    assert "FAIL" in told
    assert not folder.root.exists()  # nothing is written where the disk should be
    away.rename(folder.root)
    wait_until(lambda: not wal.files(data / "wal"), site.process)
    log_is_kept(data, folder.root)
    assert salus("doctor", "--data", data).returncode == 0
    code, errors = site.stop()
    assert code == 0
    assert errors.count("not backed up") == 1


@pytest.mark.prove
def test_the_doctor_tells_of_an_old_backup_and_of_keys_without_a_copy(data: Path) -> None:
    told = salus("doctor", "--data", data)
    assert told.returncode == 0
    assert "backups: none" in told.stdout
    back_up(data)
    assert "no: `salus key export" in salus("doctor", "--data", data).stdout
    phrase = data.with_name("phrase")
    phrase.write_text(PHRASE)
    copy = data.with_name("keys.age")
    done("key", "export", "--data", data, "--to", copy, "--passphrase-file", phrase)
    done("key", "check", "--data", data, "--copy", copy, "--passphrase-file", phrase)
    assert "no: `salus key export" not in salus("doctor", "--data", data).stdout
    remember(data, last=(datetime.now(UTC) - timedelta(days=2)).isoformat())
    told = salus("doctor", "--data", data)
    assert told.returncode == 1
    assert "too old" in told.stdout


def test_a_log_file_is_never_overwritten_by_another(data: Path) -> None:
    folder = back_up(data)
    with attached(data):
        commit(data, 1)
        with as_superuser(data) as connection:
            row = connection.execute("select pg_walfile_name(pg_current_wal_lsn())").fetchone()
        assert row is not None
        foreign = folder.wal / f"{row[0]}.gz"
        shutil.copy(wal.files(folder.wal)[0], foreign)
        before = foreign.read_bytes()
        assert "is there already and another one" in refused("backup", "--data", data)
    assert foreign.read_bytes() == before
    assert len(folder.names()) == 1


def test_packs_only_grow_in_the_copy(data: Path) -> None:
    folder = back_up(data)
    pack, copy = data / "documents" / "000000.pack", folder.documents / "000000.pack"
    pack.write_bytes(b"one")
    copy_files(data, folder)
    copy.write_bytes(b"one and half of the next, as a power cut leaves it")
    pack.write_bytes(b"one, two")
    copy_files(data, folder)
    assert copy.read_bytes() == b"one, two"
    pack.write_bytes(b"another, and longer")
    assert "does not go on" in refused("backup", "--data", data)
    assert copy.read_bytes() == b"one, two"
    log = data / "wal" / "000000010000000000000099.gz"
    log.write_bytes(gzip.compress(b""))
    with pytest.raises(BackupDamaged):
        ship(data, folder)
    assert log.exists()  # the log never arrives before the bytes of its rows
    assert not (folder.wal / log.name).exists()
    simulated = (
        data / "documents" / "000007.pack"
    )  # written as a whole, again after an interruption
    for content in (b"begun", b"written again"):
        simulated.write_bytes(content)
        pack.write_bytes(b"one, two")
        copy_files(data, folder)
        assert (folder.documents / simulated.name).read_bytes() == content


@pytest.mark.prove
def test_a_dump_goes_into_a_database_of_another_version(data: Path, folder: Path) -> None:
    """Here of the same version: the commands are those that a later one takes."""
    with attached(data):
        commit(data, 1, weight=100)
        rows = row_hashes(data)
    phrase, copy = folder / "phrase", folder / "keys.age"
    phrase.write_text(PHRASE)
    done("key", "export", "--data", data, "--to", copy, "--passphrase-file", phrase)
    done("backup", "--data", data, "--to", folder / "dumps", "--dump")
    assert Remembered.of(data).folder is None  # the nightly backups stay where they go
    new = folder / "new"
    done(
        *("restore", folder / "dumps", "--data", new, "--content-key", copy),
        *("--passphrase-file", phrase),
    )
    with attached(new):
        assert row_hashes(new) == rows
    assert salus("doctor", "--data", new).returncode == 0


@pytest.mark.prove
def test_a_dump_is_refused_while_somebody_writes(data: Path, start: Start) -> None:
    start(data).ready()
    assert "is in use by another salus" in refused(
        "backup", "--data", data, "--to", data.with_name("dumps"), "--dump"
    )
