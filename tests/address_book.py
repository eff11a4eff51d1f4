"""The address book as mail programs reach it: a server in a thread of its own, over this process's database."""

import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ldap3 import ALL_ATTRIBUTES, NONE, SUBTREE, Connection
from ldap3 import Server as Host

from salus.directory.address_book.server import Limits, Server
from salus.directory.models import Practitioner
from salus.directory.queries import practising
from salus.kernel.clock import now
from tests.listening import port_of

BASE_DN = "dc=salus"
# As programs write them when somebody types {0}: looking in the address book, or completing what stands in "To".
TYPED = {
    "Thunderbird, To": "(&(objectclass=*)(|(cn={0}*)(mail={0}*)(sn={0}*)))",
    "Outlook, To": "(&(cn=*)(|(mail={0}*)(cn={0}*)(sn={0}*)(givenName={0}*)(displayName={0}*)))",
    "Outlook, name": "(&(&(objectClass=*)(cn=*))(|(displayName={0}*)(|(sn={0}*)(mail={0}*))))",
    "Contacts, To": "(&(|(objectClass=person)(objectClass=inetOrgPerson))"
    "(|(givenName={0}*)(sn={0}*)(cn={0}*)(displayName={0}*)(mail={0}*)(uid={0})))",
    "Evolution": "(&(|(cn={0}*)(sn={0}*)(mail={0}*)(fileAs=*{0}*))(!(objectClass=groupOfNames)))",
    "KAddressBook": "(|(cn=*{0}*)(mail=*{0}*)(givenName=*{0}*)(sn=*{0}*))",
    "Thunderbird": "(|(displayName=*{0}*)(mail=*{0}*)(cn=*{0}*)(givenName=*{0}*)(sn=*{0}*))",
    "Outlook": "(&(cn=*)(|(mail={0}*)(|(cn={0}*)(|(sn={0}*)(givenName={0}*)))))",
    "Contacts": "(&(objectClass=inetOrgPerson)(|(cn=*{0}*)(sn=*{0}*)(givenName=*{0}*)(mail=*{0}*)))",
}


def listening(
    *, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> AbstractContextManager[int]:
    """The port; the server stops as that of `salus serve` does."""
    return port_of(lambda: Server(limits), tls=tls)


def somebody() -> Practitioner:
    row = practising(now().date()).filter(roles__until=None).order_by("pk").first()
    assert row
    return row


def of(row: Practitioner) -> str:
    return f"uid={row.pk},ou=professionals,{BASE_DN}"


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
