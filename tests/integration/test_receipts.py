"""Receivers of links and of their ends confirm each; who has not is known."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import override_settings

from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.mpi.receipts import Unconfirmed, confirm_receipt, expect_receipts, unconfirmed
from tests.links import delivered, linked, parted, registered, replaced

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def house(database: object) -> Iterator[None]:
    """One who is told of links and of their ends, and forgets to confirm the first."""
    with override_settings(SUBSCRIPTIONS="tests.hearers.HOUSE"):
        yield


def waiting(link: int) -> list[tuple[str, bool]]:
    later = now() + timedelta(hours=1)
    return [(one.receiver, one.ended) for one in unconfirmed(before=later) if one.link == link]


def test_who_is_told_is_waited_for_until_it_confirms() -> None:
    a, b = registered(), registered()
    link = linked(b, a)
    assert waiting(link) == [("house", False)]
    assert confirm_receipt(link=link, ended=False, receiver="house", at=now())
    assert not confirm_receipt(link=link, ended=False, receiver="house", at=now())
    assert waiting(link) == []
    parted(link)
    assert waiting(link) == [("house", True)]
    assert delivered() > 0
    assert waiting(link) == []


def test_systems_outside_are_waited_for_by_their_own_names() -> None:
    a, b = registered(), registered()
    link, at = linked(b, a), now()
    for _ in range(2):  # the subscriber that tells them may be told twice
        expect_receipts(link=link, ended=False, receivers=["north", "south"], since=at)
        confirm_receipt(link=link, ended=False, receiver="north", at=now())
    assert sorted(waiting(link)) == [("house", False), ("south", False)]


def test_a_link_that_comes_back_is_confirmed_once_more() -> None:
    home, gone, survivor = registered(), registered(), registered()
    link = linked(gone, home)
    confirm_receipt(link=link, ended=False, receiver="house", at=now())
    moved = replaced(gone, survivor)
    confirm_receipt(link=link, ended=True, receiver="house", at=now())
    assert waiting(link) == []
    parted(moved or 0)
    assert waiting(link) == [("house", False)]


def test_who_waits_longest_comes_first_and_only_as_many_as_asked() -> None:
    a, b = registered(), registered()
    link = linked(b, a)
    long_ago = now() - timedelta(days=1)
    expect_receipts(link=link, ended=True, receivers=["slow"], since=long_ago)
    assert unconfirmed(before=now(), most=1) == [
        Unconfirmed(link=link, person=b, ended=True, receiver="slow", since=long_ago)
    ]
    assert unconfirmed(before=long_ago) == []


def test_of_a_link_that_is_not_there_nobody_is_told() -> None:
    with pytest.raises(NotFound):
        confirm_receipt(link=10**9, ended=False, receiver="house", at=now())
