"""Documents that were filed in a time (salus.kernel.filings)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from salus.kernel.filings import Filed, filings
from salus.kernel.rows import rows_of
from salus.shared_record.models import Document


@filings("documents")
def documents(persons: Collection[int], since: datetime, until: datetime) -> Sequence[Filed]:
    """Each version, whatever became of it."""
    with rows_of(persons):
        rows = Document.objects.filter(person__in=persons, filed_at__gte=since, filed_at__lt=until)
        return [
            Filed(kind="documents", id=number, person=person, at=at)
            for number, person, at in rows.values_list("id", "person", "filed_at")
        ]
