"""Who hears what: every subscriber to a domain event (salus.kernel.events; ADR 0028).

Whoever hears of links confirms each, in the transaction of what it did (salus.mpi.receipts).
"""

from config import pix_updates
from salus.access import subscribers as access
from salus.kernel.events import Subscription
from salus.mpi.announcing import SUBSCRIBER, announce_link, announce_separation
from salus.mpi.events import PersonsLinked, PersonsSeparated
from salus.mpi.hl7v2 import updating
from salus.shared_record import subscribers as shared_record
from salus.vaccination import subscribers as vaccination

SUBSCRIPTIONS: list[Subscription] = [
    Subscription(event=PersonsSeparated, subscriber=access.NAME, act=access.persons_separated),
    Subscription(
        event=PersonsSeparated, subscriber=shared_record.NAME, act=shared_record.persons_separated
    ),
    Subscription(
        event=PersonsSeparated, subscriber=vaccination.NAME, act=vaccination.persons_separated
    ),
    Subscription(event=PersonsLinked, subscriber=SUBSCRIBER, act=announce_link),
    Subscription(event=PersonsSeparated, subscriber=SUBSCRIBER, act=announce_separation),
    Subscription(
        event=PersonsLinked, subscriber=updating.SUBSCRIBER, act=pix_updates.announce_link
    ),
    Subscription(
        event=PersonsSeparated,
        subscriber=updating.SUBSCRIBER,
        act=pix_updates.announce_separation,
    ),
]
