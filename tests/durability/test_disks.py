"""The disk fills up, fails, or loses its power while writers write: what was acknowledged is there once."""

import time
from pathlib import Path

import pytest

from salus.kernel.data_folder import write_whole
from tests.conftest import copy
from tests.durability.campaign import Campaign, Score
from tests.durability.disk import Disk
from tests.durability.ledger import Ledger
from tests.durability.site import Start

_LIFE = 2.0  # seconds of writing before and after


def goes_on(campaign: Campaign, when: str) -> None:
    """Start again: all that was acknowledged is there, once, and writers can go on."""
    score = Score()
    campaign.start_again()
    campaign.compare(when, score)
    assert score.acknowledged
    campaign.write(_LIFE)
    campaign.compare(f"some time {when}", score, score.acknowledged)


def test_a_file_written_whole_outlives_a_power_cut(disk: Disk) -> None:
    write_whole(disk.folder / "file", b"before")
    write_whole(disk.folder / "file", b"after")
    disk.fails()
    disk.is_mended()
    assert (disk.folder / "file").read_bytes() == b"after"


@pytest.mark.prove
def test_the_disk_fails(start: Start, nation: Path, disk: Disk, ledger: Ledger) -> None:
    """I/O errors wherever it writes, and a power cut: what was not synced is gone afterwards."""
    copy(nation, disk.folder / "data")
    with Campaign(start=start, data=disk.folder / "data", ledger=ledger, seed=0) as campaign:
        campaign.load.go()
        time.sleep(_LIFE)
        disk.fails()
        code, errors = campaign.site.end()
        assert code == 1
        assert "the database stopped" in errors
        campaign.load.rest()
        disk.is_mended()
        goes_on(campaign, "after the power cut")


@pytest.mark.prove
def test_the_disk_of_the_documents_fails(
    start: Start, nation: Path, disk: Disk, ledger: Ledger
) -> None:
    """Documents are neither filed nor opened, the rest goes on; nothing is filed by halves."""
    copy(nation / "documents", disk.folder)
    disk.is_mended(at=nation / "documents")
    with Campaign(start=start, data=nation, ledger=ledger, seed=0) as campaign:
        campaign.write(_LIFE)
        disk.fails()
        campaign.load.go()
        while campaign.load.refused < 5:
            time.sleep(0.02)
        campaign.load.rest()
        assert campaign.site.stop()[0] == 0
        disk.is_mended()
        goes_on(campaign, "after the documents' disk failed")


@pytest.mark.prove
def test_the_disk_fills_up(start: Start, nation: Path, disk: Disk, ledger: Ledger) -> None:
    """Refused on a page or in one line; all is there when there is space again."""
    copy(nation, disk.folder / "data")
    with Campaign(start=start, data=disk.folder / "data", ledger=ledger, seed=0) as campaign:
        campaign.write(_LIFE)
        ballast = disk.fills(leaving=2**20)
        campaign.load.go()
        while campaign.load.refused < 5 and campaign.site.process.poll() is None:
            time.sleep(0.02)
        campaign.load.rest()
        campaign.site.stop()
        ballast.unlink()
        goes_on(campaign, "after the disk was full")
