"""Who asks again and again waits: a mail program asks at each letter, a copy of the directory is to be had as files.

Counted by network address. All who come by a proxy have the address of this machine, and are counted by connection.
Known in memory alone, for seconds, and told to nobody.
"""

from collections.abc import Hashable
from ipaddress import IPv4Address, ip_address

_SECOND = 20  # searches that cost as much as a second of the database's work
_MANY = 1_000  # after so many the ones that owe nothing are forgotten
_NETWORK = 64  # bits of an IPv6 address that one household, or one attacker, has


class Throttle:
    """``burst`` searches at once, and ``per_second`` of them in the long run; instants in seconds."""

    def __init__(self, *, burst: float, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._free_at: dict[Hashable, float] = {}  # when all that was asked will be paid off

    def lets(self, who: Hashable, *, at: float) -> bool:
        owed = (self._free_at.get(who, at) - at) * self._per_second
        return owed < self._burst

    def charge(self, who: Hashable, *, seconds: float, at: float) -> None:
        """A search that took so long."""
        if len(self._free_at) >= _MANY:
            self._free_at = {one: free for one, free in self._free_at.items() if free > at}
        cost = 1 + seconds * _SECOND
        self._free_at[who] = max(self._free_at.get(who, at), at) + cost / self._per_second


def network_of(address: str) -> Hashable | None:
    """By what this address is counted; None: that of a proxy on this machine."""
    known = ip_address(address.partition("%")[0])
    if not isinstance(known, IPv4Address):
        if known.ipv4_mapped is None:
            return None if known.is_loopback else int(known) >> (128 - _NETWORK)
        known = known.ipv4_mapped
    return None if known.is_loopback else str(known)
