"""Who hears what: every subscriber to a domain event (salus.kernel.events; ADR 0028).

Whoever hears of links confirms each, in the transaction of what it did (salus.mpi.receipts).
"""

from salus.kernel.events import Subscription

SUBSCRIPTIONS: list[Subscription] = []
