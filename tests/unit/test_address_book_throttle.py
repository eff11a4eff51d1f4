"""Who may search how often: by the time that is passed in."""

import pytest

from salus.directory.address_book.throttle import Throttle, network_of


def searched(
    throttle: Throttle, who: str, *, at: float, seconds: float = 0.0, most: int = 50
) -> int:
    """How many searches one after the other are let through at an instant."""
    for number in range(most):
        if not throttle.lets(who, at=at):
            return number
        throttle.charge(who, seconds=seconds, at=at)
    return most


def test_some_at_once_then_as_many_as_time_allows() -> None:
    throttle = Throttle(burst=10, per_second=2)
    assert searched(throttle, "a", at=100) == 10
    assert searched(throttle, "b", at=100) == 10  # nobody waits for another
    assert searched(throttle, "a", at=101) == 2
    assert searched(throttle, "a", at=104) == 6
    assert searched(throttle, "a", at=1_000) == 10  # what was not asked is not saved up


def test_what_takes_long_costs_more() -> None:
    throttle = Throttle(burst=10, per_second=2)
    assert searched(throttle, "a", at=100, seconds=0.2) == 2  # five each
    assert not throttle.lets("a", at=100)
    assert throttle.lets("a", at=100.5)


def test_who_owes_nothing_is_forgotten_and_who_owes_is_not() -> None:
    throttle = Throttle(burst=2, per_second=1)
    assert searched(throttle, "a", at=100) == 2
    for number in range(5_000):
        throttle.charge(number, seconds=0, at=98)
    assert len(throttle._free_at) > 1_000  # all of them owe yet
    throttle.charge("b", seconds=0, at=101)
    assert len(throttle._free_at) == 2
    assert searched(throttle, "a", at=101) == 1


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_an_address_is_counted_with_its_network(one: str, other: str, together: bool) -> None:
    assert network_of(one) is not None
    assert (network_of(one) == network_of(other)) is together


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_proxy_on_this_machine_is_no_network(address: str) -> None:
    assert network_of(address) is None
