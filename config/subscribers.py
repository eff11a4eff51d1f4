"""Who hears what: every subscriber to a domain event (salus.kernel.events; ADR 0028).

Whoever hears of links confirms each, in the transaction of what it did (salus.mpi.receipts).
"""

from salus.kernel.events import Subscription
from salus.mpi.announcing import SUBSCRIBER, announce_link, announce_separation
from salus.mpi.events import PersonsLinked, PersonsSeparated

SUBSCRIPTIONS: list[Subscription] = [
    Subscription(event=PersonsLinked, subscriber=SUBSCRIBER, act=announce_link),
    Subscription(event=PersonsSeparated, subscriber=SUBSCRIBER, act=announce_separation),
]
