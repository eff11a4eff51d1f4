"""Rights that patients gave in a time (salus.kernel.filings)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from salus.access.models import Assistant, TrustedProfessional
from salus.kernel.filings import Filed, filings
from salus.kernel.rows import rows_of


@filings("rights")
def rights(persons: Collection[int], since: datetime, until: datetime) -> Sequence[Filed]:
    """Professionals declared and assistants named, of which some may have ended since."""
    with rows_of(persons):
        return [
            Filed(kind="rights", id=row.pk, person=row.person_id, at=row.since)
            for model in (TrustedProfessional, Assistant)
            for row in model.objects.filter(
                person__in=persons, since__gte=since, since__lt=until
            ).only("person_id", "since")
        ]
