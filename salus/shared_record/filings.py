"""Documents that were filed in a time, and how one is given to another (salus.kernel.filings)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from salus.kernel.actor import Actor
from salus.kernel.filings import Filed, filings, giving
from salus.kernel.rows import rows_of
from salus.shared_record.actions import assign_document
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


@giving("documents")
def give_document(
    *, actor: Actor, at: datetime, filed: int, link: int, holder: int, request_id: UUID | None
) -> None:
    """With all its versions."""
    assign_document(
        actor=actor, at=at, document=filed, link=link, holder=holder, request_id=request_id
    )
