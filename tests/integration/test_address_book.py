"""The address book by an independent LDAP client, as mail programs ask it; and what is no LDAP."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection
from ldap3 import (
    BASE,
    LEVEL,
    MODIFY_REPLACE,
    NONE,
    Connection,
    Server,
    Tls,
)
from ldap3.utils.conv import escape_filter_chars

from salus.directory.address_book.answering import MOST
from salus.directory.address_book.server import Limits
from salus.directory.models import Organization, Practitioner
from salus.directory.queries import current_roles, practising
from salus.kernel.clock import now
from salus.kernel.listener import tls_of
from salus.kernel.search_key import search_key
from tests.address_book import BASE_DN, TYPED, ask, bound, listening, of, somebody
from tests.authority import Authority
from tests.conftest import new_folder


@pytest.fixture(scope="module")
def port(nation: Path) -> Iterator[int]:
    Organization.objects.bulk_create(
        Organization(
            system="urn:test",
            value=str(number),
            name=f"Cabinet {number}",
            name_key=f"cabinet {number}",
            type="practice",
            registered_at=now(),
        )
        for number in range(MOST)
    )
    with listening(limits=Limits(bytes=4096)) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[Connection]:
    with bound(port) as client:
        yield client


@pytest.mark.parametrize("program", TYPED)
def test_what_somebody_types_is_found(client: Connection, program: str) -> None:
    row = somebody()
    for typed in (row.family[:4], row.family.upper(), search_key(row.family)):
        assert of(row) in ask(client, TYPED[program].format(escape_filter_chars(typed)))


def test_two_words_are_found_in_either_order(client: Connection) -> None:
    """As Thunderbird completes them: the first word, the rest of what was typed."""
    row = somebody()
    for one, other in ((row.given, row.family), (row.family, row.given)):
        first, second = (escape_filter_chars(word[:3]) for word in (one, other))
        typed = f"(|(cn={first}*{second}*)(mail={first} {second}*)(sn={first}*{second}*))"
        assert of(row) in ask(client, typed)


def test_an_entry_has_what_is_public(client: Connection) -> None:
    row = somebody()
    Practitioner.objects.filter(pk=row.pk).update(email="Mail@Practice.example", prefix="Dr")
    assert ask(client, "(mail=mail@practice.EXAMPLE)") == [of(row)]
    entry = client.response[0]["attributes"]
    role = current_roles(now().date()).filter(practitioner=row).order_by("-since", "pk").first()
    assert role
    place = role.organization
    assert entry["objectClass"] == ["top", "person", "organizationalPerson", "inetOrgPerson"]
    assert entry["cn"] == [f"{row.given} {row.family}", f"{row.family} {row.given}"]
    assert (entry["sn"], entry["givenName"]) == ([row.family], [row.given])
    assert (entry["mail"], entry["personalTitle"]) == (["Mail@Practice.example"], ["Dr"])
    assert entry["employeeType"] == [row.profession]
    assert entry["o"][0] == place.name
    assert place.telephone in entry["telephoneNumber"]
    assert (entry["street"][0], entry["postalCode"][0]) == (place.line, place.postal_code)
    assert entry["l"][0] == place.municipality
    assert entry["postalAddress"][0].startswith(f"{place.line}$")
    assert "userCertificate;binary" not in entry


def test_a_profession_in_any_language_at_a_place(client: Connection) -> None:
    dentists = practising(now().date()).filter(profession="106289002")
    role = current_roles(now().date()).filter(practitioner__in=dentists).order_by("pk").first()
    assert role
    town = escape_filter_chars(role.organization.municipality)
    for word in ("Médecin-dentiste", "medecin dent*", "Zahn*", "dentist"):
        found = ask(client, f"(&(title={word})(l={town}))", size_limit=0)
        assert of(role.practitioner) in found
        assert all("ou=professionals" in name for name in found)
    assert of(role.practitioner) not in ask(client, f"(&(title=infirm*)(l={town}))")
    organization = escape_filter_chars(role.organization.name)
    assert of(role.practitioner) in ask(client, f"(&(sn=*)(o={organization}))")


def test_organizations_are_entries_too(client: Connection) -> None:
    row = Organization.objects.filter(deregistered_at=None).order_by("pk").first()
    assert row
    found = ask(client, f"(&(objectClass=organization)(cn={escape_filter_chars(row.name)}))")
    assert found == [f"uid={row.pk},ou=organizations,{BASE_DN}"]
    entry = client.response[0]["attributes"]
    assert (entry["cn"], entry["telephoneNumber"]) == ([row.name], [row.telephone])


def test_who_is_not_shown_is_not_found(client: Connection) -> None:
    row = somebody()
    people = f"ou=professionals,{BASE_DN}"
    assert ask(client, f"(uid={row.pk})", search_base=people) == [of(row)]
    Practitioner.objects.filter(pk=row.pk).update(deregistered_at=row.registered_at)
    try:
        assert ask(client, f"(uid={row.pk})", search_base=people) == []
        assert ask(client, "(objectClass=*)", search_base=of(row), search_scope=BASE) == []
        assert client.result["description"] == "noSuchObject"
    finally:
        Practitioner.objects.filter(pk=row.pk).update(deregistered_at=None)


def test_what_a_duplicate_does_is_the_professionals(client: Connection) -> None:
    row = somebody()
    other = practising(now().date()).exclude(pk=row.pk).filter(roles__until=None).first()
    assert other
    work = current_roles(now().date()).filter(practitioner=other).first()
    assert work
    Practitioner.objects.filter(pk=other.pk).update(same_as=row)
    try:
        assert ask(client, f"(uid={other.pk})", search_base=f"ou=professionals,{BASE_DN}") == []
        organization = escape_filter_chars(work.organization.name)
        assert of(row) in ask(client, f"(&(uid={row.pk})(o={organization}))")
        assert work.organization.name in client.response[0]["attributes"]["o"]
    finally:
        Practitioner.objects.filter(pk=other.pk).update(same_as=None)


def test_an_answer_is_bounded_and_pages_are_all(client: Connection) -> None:
    found = ask(client, "(uid=*)")
    assert (len(found), client.result["description"]) == (MOST, "sizeLimitExceeded")
    assert len(ask(client, "(uid=*)", size_limit=7)) == 7
    found, cookie, pages = [], b"", 0
    while cookie or not pages:
        found += ask(client, "(uid=*)", paged_size=20, paged_cookie=cookie)
        cookie = client.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
        pages += 1
    people = practising(now().date()).order_by("family_key", "given_key", "pk")
    places = Organization.objects.filter(deregistered_at=None).order_by("name_key", "pk")
    branches = (("professionals", people), ("organizations", places))
    assert found == [
        f"uid={pk},ou={branch},{BASE_DN}"
        for branch, rows in branches
        for pk in rows.values_list("pk", flat=True)
    ]
    assert pages == -(-len(found) // 20)


@pytest.mark.parametrize(
    "cookie", [b"x", b"[]", b'["professionals", "a", "b", "c"]', b'["professionals", 1, 2, 3]']
)
def test_a_cookie_that_was_made_up_is_refused(client: Connection, cookie: bytes) -> None:
    assert ask(client, "(uid=*)", paged_size=5, paged_cookie=cookie) == []
    assert client.result["description"] == "unwillingToPerform"


def test_the_tree_says_what_it_has(client: Connection) -> None:
    assert ask(client, "(objectClass=*)", search_base="", search_scope=BASE) == [""]
    root = client.response[0]["attributes"]
    assert root["namingContexts"] == [BASE_DN]
    branches = [f"ou=professionals,{BASE_DN}", f"ou=organizations,{BASE_DN}"]
    assert ask(client, "(objectClass=*)", search_scope=LEVEL) == branches
    assert ask(client, "(ou=organizations)", search_scope=LEVEL) == branches[1:]
    assert ask(client, "(objectClass=*)", search_base="DC=Salus", search_scope=BASE) == [BASE_DN]
    assert ask(client, "(cn=*)", search_base="dc=elsewhere") == []
    assert client.result["description"] == "noSuchObject"


def test_what_is_asked_for_is_given_alone(client: Connection) -> None:
    row = somebody()
    ask(client, f"(uid={row.pk})", search_base=of(row), attributes=["SN", "password"])
    assert dict(client.response[0]["attributes"]) == {"sn": [row.family]}
    ask(client, f"(uid={row.pk})", search_base=of(row), attributes=["sn"], types_only=True)
    assert dict(client.response[0]["attributes"]) == {"sn": []}


@pytest.mark.parametrize("typed", ["*)(uid=*", "%", "_", "\\", "' or true --", "\0", "*"])
def test_signs_of_filters_and_of_sql_are_letters(client: Connection, typed: str) -> None:
    assert ask(client, f"(mail=*{escape_filter_chars(typed)}*)") == []
    assert client.result["description"] == "success"


def test_what_is_not_known_here_is_true_of_nobody(client: Connection) -> None:
    assert ask(client, "(userPassword=*)") == []
    assert ask(client, "(!(userPassword=*))") == []
    assert ask(client, "(birthDate=19700101)") == []


@pytest.mark.parametrize("filter", ["(!" * 20 + "(cn=a)" + ")" * 20, f"(|{'(cn=a)' * 129})"])
def test_a_filter_that_asks_too_much_is_refused(client: Connection, filter: str) -> None:
    assert ask(client, filter) == []
    assert client.result["description"] == "unwillingToPerform"


def test_nobody_signs_in(port: int) -> None:
    named = Connection(Server("127.0.0.1", port, get_info=NONE), user="cn=me", password="secret")
    assert not named.bind()
    assert named.result["description"] == "invalidCredentials"
    named.unbind()


def test_nothing_is_written(client: Connection) -> None:
    row = somebody()
    assert not client.modify(of(row), {"sn": [(MODIFY_REPLACE, ["Other"])]})
    assert client.result["description"] == "unwillingToPerform"
    assert not client.delete(of(row))
    assert not client.add(of(row), ["person"], {"sn": "x"})
    assert not client.compare(of(row), "sn", row.family)
    assert not client.modify_dn(of(row), "uid=1")
    assert ask(client, f"(uid={row.pk})", search_base=of(row)) == [of(row)]


def test_an_operation_that_is_abandoned_ends_nothing(client: Connection) -> None:
    client.abandon(1)
    assert ask(client, "(objectClass=*)", search_base="", search_scope=BASE) == [""]


def test_start_tls_is_refused_and_a_critical_control_too(client: Connection) -> None:
    assert not client.extended("1.3.6.1.4.1.1466.20037")
    assert client.result["description"] == "protocolError"
    ask(client, "(cn=*)", controls=[("1.2.3.4", True, None)])
    assert client.result["description"] == "unavailableCriticalExtension"
    assert ask(client, "(uid=*)", size_limit=1, controls=[("1.2.3.4", False, None)])


def test_a_search_has_its_time(client: Connection, nation: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("begin; lock table directory_organization in access exclusive mode")
        try:
            ask(client, "(&(cn=a)(objectClass=organization))", time_limit=1)
        finally:
            cursor.execute("rollback")
    assert client.result["description"] == "timeLimitExceeded"


@pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # ldap3, before 3.12
def test_by_tls_with_a_certificate_that_holds(nation: Path) -> None:
    authority = Authority(new_folder())
    ours = authority.identity("localhost")
    with listening(tls=tls_of(str(ours.certificate), str(ours.key))) as port:
        trust = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(authority.file))
        server = Server("localhost", port, use_ssl=True, tls=trust, get_info=NONE)
        client = Connection(server, auto_bind=True)
        assert ask(client, f"(uid={somebody().pk})", search_base=f"ou=professionals,{BASE_DN}")
        client.unbind()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS, where none is spoken
        b"0\x80\x02\x01\x01",  # of a length that is not said
        b"0\x84\x7f\xff\xff\xff",
        b"0\x00",
        b"0\x05\x02\x01\x01\x42\x00",  # unbind: closed without a word
        b"0\x0c\x02\x01\x01c\x07\x04\x00\n\x01\x02\n\x01",  # a search that is cut off within
        b"0\x05\x02\x01\x01\x7e\x00",
    ],
)
def test_what_is_no_ldap_ends_that_connection_alone(port: int, sent: bytes) -> None:
    with bound(port) as other, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(sent)
        line.settimeout(5)
        answer = b"".join(iter(lambda: line.recv(4096), b""))
        assert not answer or b"1.3.6.1.4.1.1466.20036" in answer
        assert ask(other, "(objectClass=*)", search_base="", search_scope=BASE) == [""]


def test_connections_are_bounded() -> None:
    with listening(limits=Limits(connections=2)) as port, ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3)
        ]
        assert lines[2].recv(1) == b""
        lines[0].sendall(b"0")
        lines[0].settimeout(0.2)
        with pytest.raises(TimeoutError):
            lines[0].recv(1)


def test_who_is_silent_is_let_go() -> None:
    limits = Limits(idle=0.2, unfinished=0.2)
    for sent in (b"", b"0"):
        with (
            listening(limits=limits) as port,
            socket.create_connection(("127.0.0.1", port)) as line,
        ):
            line.sendall(sent)
            line.settimeout(20)
            assert line.recv(1) == b""


def test_who_asks_too_much_is_told_to_wait_and_nobody_else() -> None:
    """On this machine, where all may come by one proxy, each connection by itself."""
    with listening(limits=Limits(burst=1, per_second=1e-6)) as port:
        with bound(port) as one, bound(port) as other:
            for client in (one, other):
                assert ask(client, f"(uid={somebody().pk})")
                for _ in range(2):
                    assert ask(client, f"(uid={somebody().pk})") == []
                    assert client.result["description"] == "busy"
                assert client.rebind()  # the connection is as good as before
        with bound(port) as third:
            assert ask(third, f"(uid={somebody().pk})")


def test_nothing_of_what_is_typed_is_logged(
    port: int, caplog: pytest.LogCaptureFixture, client: Connection
) -> None:
    ask(client, "(cn=somebody-who-is-ill)")
    assert not re.search("ill", caplog.text)
