"""Folders, small disks and served sites that are gone at the end of each test."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import copy, with_tables, with_the_nation
from tests.durability.disk import Disk, cannot_mount
from tests.durability.ledger import Ledger
from tests.durability.site import Site, Start


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's user can reach, which pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="salus-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def nation(folder: Path) -> Path:
    """A folder with the synthetic nation at 1/1000, and its demo people."""
    return copy(with_the_nation(), folder / "data")


@pytest.fixture
def data(folder: Path) -> Path:
    """A folder with all tables, that was stopped in order."""
    return copy(with_tables(), folder / "data")


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    ledger = Ledger(folder / "ledger.jsonl")
    yield ledger
    ledger.close()


@pytest.fixture
def disk(folder: Path) -> Iterator[Disk]:
    disk = Disk(folder / "disk.img", folder / "disk", size=2**30)
    yield disk
    disk.remove()


@pytest.fixture
def start() -> Iterator[Start]:
    """Start sites that are stopped at the end of the test."""
    sites: list[Site] = []

    def start_site(data: Path, port: int | None = None) -> Site:
        sites.append(Site(data, port))
        return sites[-1]

    yield start_site
    for site in sites:
        if site.process.poll() is None:
            site.process.terminate()
        site.process.communicate()


@pytest.fixture
def mount(folder: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small disk in memory with the given options, where the machine allows it."""
    mounted: list[Path] = []

    def mount_disk(options: str) -> Path:
        disk = folder / "disk"
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"mode=755,{options}", "tmpfs", str(disk)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            cannot_mount("mount -t tmpfs")
        mounted.append(disk)
        return disk

    yield mount_disk
    for disk in mounted:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
