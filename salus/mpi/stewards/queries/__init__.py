"""What the stewards' desk shows. Demographics of the index and nobody's record; each answer is one event."""

from salus.mpi.stewards.queries.details import (
    Comparison,
    LinkShown,
    Merge,
    Parting,
    Shared,
    comparison_of,
    link_shown,
    pair_shown,
)
from salus.mpi.stewards.queries.entries import Entry
from salus.mpi.stewards.queries.history import Done, history
from salus.mpi.stewards.queries.people import Human, chosen, people
from salus.mpi.stewards.queries.queue import (
    Order,
    Queue,
    Waiting,
    Waits,
    next_open_pair,
    open_counts,
    queue,
)

__all__ = [
    "Comparison",
    "Done",
    "Entry",
    "Human",
    "LinkShown",
    "Merge",
    "Order",
    "Parting",
    "Queue",
    "Shared",
    "Waiting",
    "Waits",
    "chosen",
    "comparison_of",
    "history",
    "link_shown",
    "next_open_pair",
    "open_counts",
    "pair_shown",
    "people",
    "queue",
]
