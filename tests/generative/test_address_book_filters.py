"""Filters as SQL against a slow plain reading of what each entry holds; and bytes that are no LDAP at all."""

from pathlib import Path

import pytest
import sansldap
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.directory.address_book import cards, reading
from salus.directory.address_book.answering import answer
from salus.directory.address_book.filters import matches, read
from salus.directory.address_book.framing import Frames
from salus.directory.address_book.tree import Branch, name_of
from salus.directory.models import Practitioner
from salus.kernel.errors import InvalidInput

NAMES = st.sampled_from(
    [
        *("cn", "CN", "displayName", "sn", "givenName", "mail", "title", "employeeType", "o", "l"),
        *(
            "uid",
            "objectClass",
            "businessCategory",
            "ou",
            "unknown",
            "telephoneNumber",
            "userPassword",
        ),
    ]
)
PIECES = ["", "a", "e", "an", "ber", "Médecin", "dent", "lux", "Esch", "1", "62247001", "person"]
TEXTS = st.sampled_from([*PIECES, "@", "%", "_", "\\", "é", "cabinet", "*", "a b"]) | st.text(
    max_size=3
)
VALUES = TEXTS.map(str.encode)
ITEMS = st.one_of(
    st.builds(sansldap.FilterPresent, attribute=NAMES),
    st.builds(sansldap.FilterEquality, attribute=NAMES, value=VALUES),
    st.builds(sansldap.FilterApproxMatch, attribute=NAMES, value=VALUES),
    st.builds(sansldap.FilterGreaterOrEqual, attribute=NAMES, value=VALUES),
    st.builds(
        sansldap.FilterSubstrings,
        attribute=NAMES,
        initial=st.none() | VALUES,
        any=st.lists(VALUES, max_size=2),
        final=st.none() | VALUES,
    ),
)
FILTERS = st.recursive(
    ITEMS,
    lambda parts: st.one_of(
        st.builds(sansldap.FilterAnd, filters=st.lists(parts, max_size=3)),
        st.builds(sansldap.FilterOr, filters=st.lists(parts, max_size=3)),
        st.builds(sansldap.FilterNot, filter=parts),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def some_mail(nation: Path) -> None:
    for row in Practitioner.objects.order_by("pk")[:8]:
        row.email = f"{row.family_key.replace(' ', '')}@mail.example"
        row.prefix = "Dr"
        row.save()


@pytest.mark.usefixtures("some_mail")
@settings(max_examples=25)
@given(given=FILTERS)
def test_sql_finds_what_a_reader_finds(given: sansldap.LDAPFilter) -> None:
    asked = read(given)
    found, rest = reading.find(asked, tuple(Branch), after=None, size=1000, seconds=5)
    assert rest is None
    people = list(reading.shown(Branch.PROFESSIONALS))
    places = list(reading.shown(Branch.ORGANIZATIONS))
    every = {
        name_of(branch, row.pk): card
        for branch, rows, written in (
            (Branch.PROFESSIONALS, people, cards.professionals(people)),
            (Branch.ORGANIZATIONS, places, [cards.organization(row) for row in places]),
        )
        for row, card in zip(rows, written, strict=True)
    }
    meant = {
        name
        for name, card in every.items()
        if matches(asked, {attribute.casefold(): values for attribute, values in card.items()})
    }
    assert {name for name, _ in found} == meant
    assert all(every[name] == card for name, card in found)


@pytest.mark.usefixtures("nation")
@settings(max_examples=150)
@given(
    sent=st.one_of(
        st.binary(max_size=80),
        st.builds(
            lambda body: b"0" + bytes([len(body)]) + body,
            st.builds(
                lambda tag, rest: b"\x02\x01\x07" + bytes([tag, len(rest)]) + rest,
                st.sampled_from([0x60, 0x63, 0x77, 0x42, 0x50, 0x66, 0x4A, 0x7E]),
                st.binary(max_size=60),
            ),
        ),
    )
)
def test_any_bytes_are_answered_or_refused(sent: bytes) -> None:
    with transaction.atomic():
        try:
            for frame in Frames(4096).feed(sent):
                answered = answer(frame)
                assert answered.is_last or answered.content or frame.operation == 16
                for whole in Frames(2**20).feed(answered.content):
                    assert whole.number in (0, frame.number)
        except InvalidInput:
            pass


def search(asked: sansldap.LDAPFilter) -> bytes:
    client = sansldap.LDAPClient()
    client.search_request(base_object="dc=salus", filter=asked)
    return client.data_to_send()


@pytest.mark.usefixtures("nation")
@settings(max_examples=60)
@given(data=st.data(), given=FILTERS)
def test_a_message_that_was_changed_on_the_way_is_answered_or_refused(
    data: st.DataObject, given: sansldap.LDAPFilter
) -> None:
    sent = bytearray(search(given))
    for _ in range(data.draw(st.integers(1, 3))):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    try:
        for frame in Frames(4096).feed(bytes(sent)):
            answered = answer(frame)
            assert answered.is_last or answered.content or frame.operation == 16
    except InvalidInput:
        pass


def test_a_filter_that_nests_without_an_end_is_refused() -> None:
    nested: sansldap.LDAPFilter = sansldap.FilterPresent(attribute="cn")
    for _ in range(100):
        nested = sansldap.FilterNot(filter=nested)
    (frame,) = Frames(2**16).feed(search(nested))
    assert b"asks too much" in answer(frame).content
    content = bytearray(b"\x87\x02cn")
    while len(content) < 60_000:
        content = bytearray(b"\xa2\x84" + len(content).to_bytes(4, "big")) + content
    head = b"\x04\x00\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
    body = head + content + b"0\x00"
    request = b"\x02\x01\x01\x63\x84" + len(body).to_bytes(4, "big") + body
    (frame,) = Frames(2**16).feed(b"0\x84" + len(request).to_bytes(4, "big") + request)
    assert answer(frame).is_last
