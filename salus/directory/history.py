"""Reading what was said of entries, as it stands now or as it was known at an instant."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from salus.directory.models import Kind, Statement
from salus.directory.rules import Said, state_on


def histories(
    kind: Kind, entries: Collection[int], *, known: datetime | None = None
) -> dict[int, list[Said]]:
    """By entry, what stands of what was said of it, the oldest first; ``known``: as it stood at that instant."""
    standing = Q(change_set__rolled_back_at=None)
    if known:
        standing = Q(known_at__lte=known) & (standing | Q(change_set__rolled_back_at__gt=known))
    found: dict[int, list[Said]] = {entry: [] for entry in entries}
    rows = Statement.objects.filter(standing, kind=kind, entry__in=entries).order_by("id")
    for entry, said, again, since, until, known_at in rows.values_list(
        "entry", "said", "again", "since", "until", "known_at"
    ):
        found[entry].append(
            Said(said=said, again=again, since=since, until=until, known_at=known_at)
        )
    return found


def as_of(kind: Kind, entry: int, *, day: date, known: datetime | None = None) -> dict[str, Any]:
    """Every field of the entry that has a value on the day, as far as it was known at the instant (default: today).

    Restricted fields too: the caller shows what may be shown (salus.directory.fields). Empty: nothing was known.
    """
    return state_on(histories(kind, [entry], known=known)[entry], day)
