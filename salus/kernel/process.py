"""Child processes that never outlive the process that started them (Linux)."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from pwd import struct_passwd
from typing import IO, Any

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent(by: signal.Signals) -> None:
    """Have the kernel send this process the signal `by` when its parent dies, however it dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, by)


def start_child(
    program: str | Path,
    arguments: Sequence[str | Path],
    *,
    orphaned: signal.Signals,
    user: struct_passwd | None = None,
    environ: Mapping[str, str] | None = None,
    output: IO[Any] | int | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child that gets the signal `orphaned` when this process dies, however it dies.

    It runs as `user` (root only), in a process group of its own, so that Ctrl-C reaches the parent
    alone and the parent stops its children in order. `output` takes its stdout and stderr.
    """
    parent = os.getpid()

    def tie_to_parent() -> None:
        # Popen calls this after changing the user, at which the kernel would forget the tie.
        end_with_parent(orphaned)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environ,
        pass_fds=pass_fds,
        process_group=0,
        preexec_fn=tie_to_parent,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
