"""`salus serve`: the one parent of all that runs; when one child dies, all stop."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from config.ldap_options import LdapOptions
from config.migrate import BUSY
from config.mllp_options import MllpOptions
from salus.kernel.errors import AlreadyRunning, SalusError
from salus.kernel.postgres import serving
from salus.kernel.process import start_child

WORKERS = 2


class PortInUse(AlreadyRunning):
    """Another program listens where the site would."""


class MigrationFailed(SalusError):
    """The tables could not be brought to the shape that this version needs."""


def serve(
    data: Path,
    *,
    port: int,
    host: str = "127.0.0.1",
    mllp_port: int | None = None,
    ldap_port: int | None = None,
) -> int:
    """Serve until SIGTERM or Ctrl-C (returns 0), or until a child dies (returns 1).

    HL7 v2 is spoken when it is said who may, or on which port; LDAP when a port or a certificate is named. Stops in
    the opposite order of the start: first who asks the database, then the database.
    """
    mllp = MllpOptions.of(os.environ, port=mllp_port)
    ldap = LdapOptions.of(os.environ, port=ldap_port)
    _check_port(host, port, "--port")
    if mllp.is_wanted:
        mllp.check()
        _check_port(mllp.host, mllp.port, "--mllp-port")
    if ldap.is_wanted:
        ldap.check()
        _check_port(ldap.host, ldap.port, "--ldap-port")
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        with ExitStack() as stack:
            children = {}
            if database := stack.enter_context(serving(data, lasting=True)):
                children["database"] = database
            migrate(data)
            shipping = _child(data, "app", ["-m", "salus.kernel.shipping"])
            children["shipping"] = stack.enter_context(shipping)
            # Before the web, so that it stops after it: its last round takes in the last requests.
            sequencer = _child(data, "sequencer", ["-m", "config.sequencer"])
            children["sequencer"] = stack.enter_context(sequencer)
            children["worker"] = stack.enter_context(_child(data, "app", ["-m", "config.worker"]))
            children["web"] = stack.enter_context(_child(data, "app", _web(host, port)))
            if mllp.is_wanted:
                child = _child(data, "app", ["-m", "config.mllp", str(mllp.port)])
                children["mllp"] = stack.enter_context(child)
                _listens(mllp.host, mllp.port, children["mllp"])
            if ldap.is_wanted:
                child = _child(data, "app", ["-m", "config.ldap", str(ldap.port)])
                children["ldap"] = stack.enter_context(child)
                _listens(ldap.host, ldap.port, children["ldap"])
            if _answers(host, port, children["web"]):
                shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
                print(f"Salus is at http://{shown}:{port}/ (Ctrl-C stops it)", flush=True)
                if mllp.is_wanted:
                    print(f"HL7 v2 is at {mllp}", flush=True)
                if ldap.is_wanted:
                    print(f"The address book is at {ldap}", flush=True)
            dead = _first_death(children)
    except KeyboardInterrupt:
        return 0
    print(f"salus: the {dead} stopped by itself, so everything was stopped", file=sys.stderr)
    return 1


def _stop(signum: int, frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not interrupt the orderly stop.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _check_port(host: str, port: int, option: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUse(
                f"cannot listen on {host}:{port} ({error.strerror}): choose another with {option}"
            ) from error


def _web(host: str, port: int) -> list[str]:
    return [
        *("-m", "granian", "config.wsgi:application", "--interface", "wsgi", "--no-ws"),
        *("--host", host, "--port", str(port), "--log-level", "warning"),
        *("--workers", str(WORKERS), "--blocking-threads", "4", "--backpressure", "64"),
        "--respawn-failed-workers",
        *("--respawn-interval", "0.5", "--workers-kill-timeout", "10"),
    ]


def _python(data: Path, role: str, arguments: list[str]) -> subprocess.Popen[bytes]:
    """This Python, as one role of the database; it speaks on stderr only."""
    return start_child(
        sys.executable,
        ["-P", *arguments],  # without the current folder on its path
        orphaned=signal.SIGTERM,
        environ={**os.environ, "SALUS_DATA": str(data.resolve()), "SALUS_ROLE": role},
        output=sys.stderr,
    )


def migrate(data: Path) -> None:
    """Bring the tables to the shape of this version, as the role that owns them."""
    as_owner(data, "migrate")


def as_owner(data: Path, work: str) -> None:
    """Have `config.migrate` do its ``work``. Raises AlreadyRunning while a nation is loaded."""
    code = _python(data, "owner", ["-m", "config.migrate", work]).wait()
    if code == BUSY:
        raise AlreadyRunning("a simulation is filling this installation: wait for it")
    if code != 0:
        raise MigrationFailed("the tables could not be brought up to date; see the lines above")


@contextmanager
def _child(data: Path, role: str, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    child = _python(data, role, arguments)
    try:
        yield child
    finally:
        # Until the child is reaped, which Popen's own methods would do, it holds the number of its
        # group: whoever is left there, as web workers whose own parent was killed, ends too.
        os.kill(child.pid, signal.SIGTERM)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _answers(host: str, port: int, web: subprocess.Popen[bytes]) -> bool:
    """Wait until the site answers; False when its process ended before."""
    while not os.waitid(os.P_PID, web.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        connection = http.client.HTTPConnection(host, port)
        try:
            connection.request("HEAD", "/")
            connection.getresponse()
            return True
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def _listens(host: str, port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until somebody may connect, or until its process has ended."""
    while not os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        try:
            socket.create_connection((host, port)).close()
            return
        except OSError:
            time.sleep(0.1)


def _first_death(children: dict[str, subprocess.Popen[bytes]]) -> str:
    """Wait until a child has died, and return its name. It is not reaped yet."""
    names = {child.pid: name for name, child in children.items()}
    while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT):
        if ended.si_pid in names:
            return names[ended.si_pid]
        os.waitpid(ended.si_pid, 0)  # an orphan: in a container this process is its init
    raise ChildProcessError("waitid")
