"""Reads of the vaccination record."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from salus.access.decision import Purpose
from salus.access.permissions import may
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.kernel.rows import rows_of
from salus.terminology import vaccine_name
from salus.vaccination.models import ActType, Immunization, TransferConsent, VaccinationRecord


@dataclass(frozen=True, kw_only=True)
class Act:
    id: int
    vaccine: str
    occurred_on: date
    act_type: ActType
    lot_number: str
    dose_number: int | None
    professional: str


@dataclass(frozen=True, kw_only=True)
class VaccinationCard:
    """What a vaccination record shows."""

    opened_at: datetime
    transfer_consent: bool
    acts: list[Act]


def vaccinations_of(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> VaccinationCard | None:
    """The person's vaccination record, None while there is none; NotFound when not for this actor."""
    with rows_of([person]):
        permit = may(actor=actor, person=person, purpose=Purpose.READ)
        card = _card(person) if permit else None
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=person,
            denied=not permit,
            request_id=request_id,
        )
    if not permit:
        raise NotFound("no record that you can open")
    return card


def _card(person: int) -> VaccinationCard | None:
    opened = VaccinationRecord.objects.filter(pk=person).first()
    if opened is None:
        return None
    rows = Immunization.objects.filter(record=person, entered_in_error_at=None).select_related(
        "practitioner"
    )
    return VaccinationCard(
        opened_at=opened.opened_at,
        transfer_consent=TransferConsent.objects.filter(record=person, withdrawn_at=None).exists(),
        acts=[_act(row) for row in rows.order_by("-occurred_on", "-id")],
    )


def _act(row: Immunization) -> Act:
    by = row.practitioner
    return Act(
        id=row.pk,
        vaccine=vaccine_name(row.vaccine_display),
        occurred_on=row.occurred_on,
        act_type=ActType(row.act_type),
        lot_number=row.lot_number,
        dose_number=row.dose_number,
        professional=by.full_name if by else "",
    )
