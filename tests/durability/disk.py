"""A small disk of its own: an ext4 file system in a file, that fills up, fails, and loses its power."""

import errno
import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

# linux/ext4.h: EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH. From then on every read and write is refused
# with EIO, and what was not synced before is not there after the next mount.
_SHUTDOWN, _NO_LOG_FLUSH = 0x8004587D, 2


class Disk:
    """Mounted on a folder; needs root, as on a CI machine."""

    def __init__(self, image: Path, folder: Path, size: int) -> None:
        self.image, self.folder = image, folder
        with image.open("wb") as file:
            file.truncate(size)
        _run("mkfs.ext4", "-q", "-F", str(image))
        folder.mkdir(exist_ok=True)
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self.image), str(self.folder))

    def fails(self) -> None:
        """As when it is pulled out, or the power goes: no byte is written any more, none can be read."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def is_mended(self, at: Path | None = None) -> None:
        """Mounted again, there or elsewhere, with what was synced: all users of it must have ended."""
        _run("umount", str(self.folder))
        self.folder = at or self.folder
        self.mount()

    def fills(self, *, leaving: int) -> Path:
        """Take all space but some bytes; returns the file that takes it."""
        ballast = self.folder / "ballast"
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.folder).free - leaving)
        return ballast

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)


def cannot_mount(why: str) -> None:
    """A proof must not pass without it; a developer who is not root is told in the summary."""
    say = pytest.fail if "SALUS_PROVE" in os.environ else pytest.skip
    say(f"NOT TESTED, disks that fill up and fail: {why}")


def _run(*command: str) -> None:
    if os.geteuid() != 0:
        cannot_mount(os.strerror(errno.EPERM))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        cannot_mount(done.stderr.strip())
