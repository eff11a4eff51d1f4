"""Vaccinations that were recorded in a time, and how one is given to another (salus.kernel.filings)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from salus.kernel.actor import Actor
from salus.kernel.filings import Filed, filings, giving
from salus.kernel.rows import rows_of
from salus.vaccination.actions import assign_vaccination
from salus.vaccination.models import Immunization


@filings("vaccinations")
def vaccinations(persons: Collection[int], since: datetime, until: datetime) -> Sequence[Filed]:
    """Those entered in error too."""
    with rows_of(persons):
        acts = Immunization.objects.filter(
            record__in=persons, recorded_at__gte=since, recorded_at__lt=until
        )
        return [
            Filed(kind="vaccinations", id=number, person=person, at=at)
            for number, person, at in acts.values_list("id", "record", "recorded_at")
        ]


@giving("vaccinations")
def give_vaccination(
    *, actor: Actor, at: datetime, filed: int, link: int, holder: int, request_id: UUID | None
) -> None:
    assign_vaccination(
        actor=actor, at=at, vaccination=filed, link=link, holder=holder, request_id=request_id
    )
