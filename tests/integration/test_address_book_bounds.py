"""The address book's bounds and edges, by an independent LDAP client, over a few entries that say what is meant."""

import json
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils.timezone import localdate
from ldap3 import BASE, LEVEL, NONE, Connection, Server

from salus.directory.address_book.answering import MOST, PAGE
from salus.directory.address_book.server import Limits
from salus.directory.models import Kind, Organization
from salus.kernel.clock import now
from tests.address_book import BASE_DN, ask, bound, listening
from tests.directory_pages import DENTIST, ESCH, dentist, practice, say

PEOPLE, HOUSES = (f"ou={name},{BASE_DN}" for name in ("professionals", "organizations"))
ENTRIES = "(|(ou=*)(uid=*))"


@pytest.fixture(scope="module")
def port(database: Path) -> Iterator[int]:
    """Ferreira works in a hall without an address; Weber from next month on; Klein where all has ended."""
    house = practice("Cabinet $ Parc", line=r"12, rue \ du $ Parc", email="house@parc.example")
    hall = say(Kind.LOCATION, organization=house, name="Hall")
    ended = practice("Cabinet clos")
    began, begins = date(2020, 1, 1), localdate() + timedelta(days=30)
    for family, where, since in (
        ("Ferreira", house, began),
        ("Weber", house, begins),
        ("Klein", ended, began),
    ):
        named = {"practitioner": dentist(family), "organization": where}
        place = {"location": hall} if family == "Ferreira" else {}
        say(Kind.ROLE, since=since, **named, **place)
    say(Kind.ORGANIZATION, ended, since=date(2025, 1, 1), status="ended")
    Organization.objects.bulk_create(
        Organization(
            system="urn:test",
            value=str(number),
            name=f"Pharmacie {number}",
            name_key=f"pharmacie {number:04}",
            type="pharmacy",
            registered_at=now(),
        )
        for number in range(PAGE + 20)
    )
    with listening(limits=Limits(bytes=4096)) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[Connection]:
    with bound(port) as client:
        yield client


def cookie(client: Connection) -> bytes:
    found: bytes = client.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    return found


def test_an_address_is_in_lines_whatever_signs_it_has(client: Connection) -> None:
    assert len(ask(client, "(sn=ferreira)")) == 1
    card = client.response[0]["attributes"]
    assert card["postalAddress"] == [r"12, rue \5C du \24 Parc$L-4002 Esch-sur-Alzette$LU"]
    assert (card["o"], card["l"]) == (["Cabinet $ Parc"], ["Esch-sur-Alzette"])
    assert ask(client, "(&(sn=ferreira)(l=esch*))") == ask(client, "(sn=ferreira)")


def test_work_that_has_not_begun_or_has_ended_is_not_said(client: Connection) -> None:
    for family in ("weber", "klein"):
        assert len(ask(client, f"(sn={family})")) == 1
        assert not client.response[0]["attributes"].keys() & {"o", "l", "street"}
    assert ask(client, "(&(sn=*)(o=cabinet*))") == ask(client, "(sn=ferreira)")


def test_no_attribute_is_asked_for_by_its_sign(client: Connection) -> None:
    assert len(ask(client, "(sn=ferreira)", attributes=["1.1"])) == 1
    assert dict(client.response[0]["attributes"]) == {}


def test_nobody_lifts_the_bounds_of_an_answer(client: Connection) -> None:
    assert len(ask(client, "(uid=*)", size_limit=PAGE)) == MOST
    assert client.result["description"] == "sizeLimitExceeded"
    assert len(ask(client, ENTRIES, paged_size=10 * PAGE)) == PAGE
    rest = ask(client, ENTRIES, paged_size=10 * PAGE, paged_cookie=cookie(client))
    assert rest
    assert cookie(client) == b""


def test_a_page_goes_on_in_its_own_search(client: Connection) -> None:
    ask(client, "(uid=*)", search_base=HOUSES, paged_size=5)
    other = {"search_base": PEOPLE, "paged_size": 5, "paged_cookie": cookie(client)}
    assert ask(client, "(uid=*)", **other) == []
    assert client.result["description"] == "unwillingToPerform"


@pytest.mark.parametrize(
    "cookie",
    [
        json.dumps(["professionals", "a\0", "b", 3]).encode(),
        json.dumps(["professionals", "a", "b", -1]).encode(),
        json.dumps(["professionals", "a", "b", 2**63]).encode(),
        json.dumps(["professionals", "a" * 3000, "b", 3]).encode(),
        b"[" * 1500,
    ],
)
def test_a_cookie_is_checked_like_all_that_is_said(client: Connection, cookie: bytes) -> None:
    assert ask(client, "(uid=*)", paged_size=5, paged_cookie=cookie) == []
    assert client.result["description"] == "unwillingToPerform"


def test_a_number_is_written_in_one_way(client: Connection) -> None:
    (found,) = ask(client, "(sn=ferreira)")
    number = found.partition("=")[2].partition(",")[0]
    assert ask(client, f"(uid={number})", search_base=PEOPLE) == [found]
    for other in (f"0{number}", f"+{number}", "9" * 19, "9" * 100, "٣"):
        assert ask(client, f"(uid={other})", search_base=PEOPLE) == []
        assert client.result["description"] == "success"
        assert ask(client, f"(&(sn=ferreira)(!(uid={other})))") == [found]


def test_an_entry_has_nothing_below_it(client: Connection) -> None:
    (found,) = ask(client, "(sn=ferreira)")
    assert ask(client, "(uid=*)", search_base=found) == [found]
    assert ask(client, "(uid=*)", search_base=found, search_scope=BASE) == [found]
    assert ask(client, "(uid=*)", search_base=found, search_scope=LEVEL) == []
    assert client.result["description"] == "success"
    written = found.upper()
    assert ask(client, "(uid=*)", search_base=written) == [found]


@pytest.mark.parametrize("typed", ["a" * 201, "*".join("abc" * 50)])
def test_what_is_looked_for_is_bounded(client: Connection, typed: str) -> None:
    assert ask(client, f"(cn={typed})") == []
    assert client.result["description"] == "unwillingToPerform"


def test_what_somebody_has_not_is_true_and_false_of_nobody(client: Connection) -> None:
    assert len(ask(client, "(mail=*)")) == 1
    assert ask(client, "(&(sn=ferreira)(mail=*))") == []
    assert ask(client, "(&(sn=ferreira)(!(mail=x)))") == ask(client, "(sn=ferreira)")
    assert ask(client, "(!(&(sn=*)(userPassword=*)))") == ask(client, "(!(sn=*))")
    assert ask(client, f"(&(employeeType={DENTIST})(!(employeeType=x)))", size_limit=9)


def test_version_three_is_spoken_alone(port: int) -> None:
    for version, name in ((2, "protocolError"), (3, "success")):
        old = Connection(Server("127.0.0.1", port, get_info=NONE), version=version)
        old.bind()
        assert old.result["description"] == name
        old.unbind()


def test_a_message_has_a_length_and_a_number_that_may_be(port: int) -> None:
    unbind = b"\x42\x00"
    for sent in (
        b"0\x82\x20\x00" + b"x" * 100,  # of 8 KiB, of which no more is read
        b"0\x05\x02\x01\xff" + unbind,  # minus one
    ):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(sent)
            line.settimeout(10)
            assert b"1.3.6.1.4.1.1466.20036" in b"".join(iter(lambda: line.recv(4096), b""))


def test_who_pauses_within_a_message_is_let_go_sooner(database: Path) -> None:
    with (
        listening(limits=Limits(idle=60, unfinished=0.2)) as port,
        socket.create_connection(("127.0.0.1", port)) as line,
    ):
        line.sendall(b"0")
        line.settimeout(20)
        assert line.recv(1) == b""


def test_where_somebody_works_is_the_last_begun_first(port: int, client: Connection) -> None:
    who = dentist("Schmit")
    for name, since in (("Ancien", date(2001, 1, 1)), ("Nouveau", date(2020, 1, 1))):
        say(Kind.ROLE, since=since, practitioner=who, organization=practice(name, **ESCH))
    assert len(ask(client, "(sn=schmit)")) == 1
    assert client.response[0]["attributes"]["o"] == ["Nouveau", "Ancien"]
