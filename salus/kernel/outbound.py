"""Addresses that others name, and that we call: keys of software, subscribers to changes.

Only https, a host with a name, a public address of the internet; in demo mode this machine too, by http. The
connection goes where the name led when it was looked at, so that it cannot lead elsewhere a moment later. Nobody
follows a redirect.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from salus.kernel.errors import InvalidInput, SalusError

THIS_MACHINE = frozenset(["localhost", "127.0.0.1", "::1"])


class Unreachable(SalusError):
    """The address leads where nobody is called, or nobody answers there."""


def check_address(uri: str, *, what: str, is_demo: bool) -> SplitResult:
    """Raises InvalidInput, which says it of ``what``."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        raise InvalidInput(f"{what} is no address") from None
    if is_demo and parts.scheme in ("http", "https") and parts.hostname in THIS_MACHINE:
        return parts
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment:
        raise InvalidInput(f"{what} begins with https:// and names a host")
    if parts.hostname in THIS_MACHINE or _is_address(parts.hostname):
        raise InvalidInput(f"{what} names a public host")
    return parts


@contextmanager
def connection_to(parts: SplitResult, *, timeout: float) -> Iterator[http.client.HTTPConnection]:
    """To the host of a checked address; ``timeout`` in seconds is of each step. Raises Unreachable, OSError."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    with line_to(host, port, timeout=timeout) as plain:
        try:
            connection.sock = (
                ssl.create_default_context().wrap_socket(plain, server_hostname=host)
                if parts.scheme == "https"
                else plain
            )
            yield connection
        finally:
            connection.close()


@contextmanager
def line_to(host: str, port: int, *, timeout: float) -> Iterator[socket.socket]:
    """A bare connection, for what is not asked by HTTP. Raises Unreachable, OSError."""
    with socket.create_connection((_resolved(host, port), port), timeout=timeout) as line:
        yield line


def path_of(parts: SplitResult) -> str:
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _resolved(host: str, port: int) -> str:
    found = [str(place[4][0]) for place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not (settings.DEMO and host in THIS_MACHINE) and not all(
        ipaddress.ip_address(address).is_global for address in found
    ):
        raise Unreachable("the name leads into a private network")
    return found[0]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
