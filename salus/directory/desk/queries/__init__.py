"""Reads of the desk, for registrars alone. An answer that shows what is not public of a professional is an event."""

from salus.directory.desk.queries.duplicates import Alike, alike
from salus.directory.desk.queries.entries import (
    EntryShown,
    FieldShown,
    Related,
    Told,
    entry_shown,
    find_entries,
    history_of,
    named,
    successors,
)
from salus.directory.desk.queries.sets import (
    AT_A_TIME,
    LineShown,
    Queue,
    SetShown,
    Waiting,
    Waits,
    open_counts,
    queue,
    set_shown,
)

__all__ = [
    "AT_A_TIME",
    "Alike",
    "EntryShown",
    "FieldShown",
    "LineShown",
    "Queue",
    "Related",
    "SetShown",
    "Told",
    "Waiting",
    "Waits",
    "alike",
    "entry_shown",
    "find_entries",
    "history_of",
    "named",
    "open_counts",
    "queue",
    "set_shown",
    "successors",
]
