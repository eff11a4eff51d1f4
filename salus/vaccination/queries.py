"""Reads of the vaccination record."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet

from salus.access.decision import Purpose
from salus.access.permissions import may
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.terminology import vaccine_name
from salus.vaccination.models import ActType, Immunization, TransferConsent, VaccinationRecord

Seen = TypeVar("Seen")


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

    def card(acts: QuerySet[Immunization]) -> VaccinationCard | None:
        opened = VaccinationRecord.objects.filter(pk=person).first()
        if opened is None:
            return None
        consents = TransferConsent.objects.filter(record=person, withdrawn_at=None)
        valid = acts.filter(entered_in_error_at=None).order_by("-occurred_on", "-id")
        return VaccinationCard(
            opened_at=opened.opened_at,
            transfer_consent=consents.exists(),
            acts=[_act(row) for row in valid],
        )

    return see_vaccinations(actor=actor, person=person, at=at, request_id=request_id, see=card)


def see_vaccinations(
    *,
    actor: Actor,
    person: int,
    at: datetime,
    see: Callable[[QuerySet[Immunization]], Seen],
    request_id: UUID | None = None,
) -> Seen:
    """What ``see`` makes of those of the person's vaccinations that are for this actor, errors included.

    Software in its own name sees what its organisation recorded. NotFound when there is no right.
    """
    with rows_of([person]):
        permit = _may_read(actor, person)
        seen = [see(_for(actor, person))] if permit else []
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=person,
            denied=not permit,
            request_id=request_id,
        )
    if not seen:
        raise NotFound("no record that you can open")
    return seen[0]


def read_vaccination(
    *, actor: Actor, person: int, vaccination: int, at: datetime, request_id: UUID | None = None
) -> Immunization:
    """One act, an error too; NotFound when absent or not for this actor."""
    with rows_of([person]):
        permit = _may_read(actor, person)
        row = _for(actor, person).filter(pk=vaccination).first() if permit else None
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=person,
            denied=row is None,
            request_id=request_id,
        )
    if row is None:
        raise NotFound("no vaccination that you can open")
    return row


def whose_vaccinations(
    *, vaccinations: Collection[int] = (), identifiers: Collection[str] = ()
) -> set[int]:
    """The persons whose vaccinations these are, for a caller who then asks for them in the person's rows."""
    acts = Immunization.objects.order_by()
    by_row = acts.filter(pk__in=vaccinations).values_list("record", flat=True)
    by_identifier = acts.filter(identifier__in=identifiers).values_list("record", flat=True)
    with finding_in(Scope.RECORDS):  # whose they are is the question
        return {*(by_row if vaccinations else ()), *(by_identifier if identifiers else ())}


def recorded_by(*, actor: Actor, person: int, vaccination: int) -> Immunization | None:
    """What the actor just recorded, or had recorded before: None when it is of somebody else.

    The event of the recording tells of it.
    """
    with rows_of([person]):
        row = Immunization.objects.select_related("practitioner").filter(pk=vaccination).first()
    return row if row and row.organization_id == actor.speaks_for else None


def _may_read(actor: Actor, person: int) -> bool:
    return may(actor=actor, person=person, purpose=Purpose.READ, organization=actor.organization)


def _for(actor: Actor, person: int) -> QuerySet[Immunization]:
    """Those that a right to read is a right to: of software what its organisation recorded, else all."""
    acts = Immunization.objects.filter(record=person).select_related("practitioner")
    if actor.role is Role.SOFTWARE:
        acts = acts.filter(organization=actor.organization)
    return acts


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
