"""The address book as mail programs reach it: a server in a thread of its own, over this process's database."""

import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ldap3 import ALL_ATTRIBUTES, NONE, SUBTREE, Connection
from ldap3 import Server as Host

from salus.directory.address_book.server import Limits, Server
from tests.listening import port_of

BASE_DN = "dc=salus"


def listening(
    *, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> AbstractContextManager[int]:
    """The port; the server stops as that of `salus serve` does."""
    return port_of(lambda: Server(limits), tls=tls)


@contextmanager
def bound(port: int) -> Iterator[Connection]:
    client = Connection(
        Host("127.0.0.1", port, get_info=NONE), auto_bind=True, return_empty_attributes=False
    )
    try:
        yield client
    finally:
        client.unbind()


def names(client: Connection) -> list[str]:
    return [entry["dn"] for entry in client.response if entry["type"] == "searchResEntry"]


def ask(client: Connection, filter: str, **more: Any) -> list[str]:
    options = {"search_base": BASE_DN, "search_scope": SUBTREE, "attributes": ALL_ATTRIBUTES}
    client.search(search_filter=filter, **options | more)
    return names(client)
