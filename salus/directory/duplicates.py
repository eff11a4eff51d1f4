"""Entries of several registers that tell of one professional or organisation.

Nothing is merged: a duplicate says whom it is the same as (``same_as``, its root), and can be taken back. The
directory shows the root, with what only its duplicates say (salus.directory.rules.survived).
"""

from salus.directory.models import Kind
from salus.directory.projecting import TABLES


def rows_of(kind: Kind, entry: int) -> tuple[int, ...]:
    """The rows of the same professional or organisation as this one: the root first, then its duplicates."""
    table = TABLES[kind]
    root = table.objects.filter(pk=entry).values_list("same_as", flat=True).first() or entry
    others = table.objects.filter(same_as=root).order_by("pk")
    return root, *others.values_list("pk", flat=True)
