"""The address book as mail programs reach it: a server in a thread of its own, over this process's database."""

import ssl
from contextlib import AbstractContextManager

from salus.directory.address_book.server import Limits, Server
from tests.listening import port_of


def listening(
    *, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> AbstractContextManager[int]:
    """The port; the server stops as that of `salus serve` does."""
    return port_of(lambda: Server(limits), tls=tls)
