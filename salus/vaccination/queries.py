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
from salus.kernel.rows import Scope, finding_in
from salus.mpi.identities import Identities, patient_is, rows_of_human
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
    """The person's vaccination record, None while there is none; NotFound when not for this actor.

    Those of all rows of one human being are one, opened when the first was.
    """

    def card(acts: QuerySet[Immunization], human: Identities) -> VaccinationCard | None:
        records = VaccinationRecord.objects.filter(pk__in=human.all)
        opened = records.order_by("opened_at").first()
        if opened is None:
            return None
        consents = TransferConsent.objects.filter(record__in=human.all, withdrawn_at=None)
        valid = acts.filter(entered_in_error_at=None).order_by("-occurred_on", "-id")
        return VaccinationCard(
            opened_at=opened.opened_at,
            transfer_consent=consents.exists(),
            acts=[_act(row) for row in valid],
        )

    return _see(actor, person, at, request_id, card)


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
    return _see(actor, person, at, request_id, lambda acts, _human: see(acts))


def _see(
    actor: Actor,
    person: int,
    at: datetime,
    request_id: UUID | None,
    see: Callable[[QuerySet[Immunization], Identities], Seen],
) -> Seen:
    with rows_of_human(person) as human:
        permit = _may_read(actor, human, at)
        seen = [see(_for(actor, human), human)] if permit else []
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=human.root,
            persons=human.others,
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
    with rows_of_human(person) as human:
        permit = _may_read(actor, human, at)
        row = _for(actor, human).filter(pk=vaccination).first() if permit else None
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=row.record_id if row else human.root,
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
    with rows_of_human(person) as human:
        row = _shown(Immunization.objects.filter(pk=vaccination), human).first()
    return row if row and row.organization_id == actor.speaks_for else None


def _may_read(actor: Actor, human: Identities, at: datetime) -> bool:
    return may(
        actor=actor, human=human, at=at, purpose=Purpose.READ, organization=actor.organization
    )


def _for(actor: Actor, human: Identities) -> QuerySet[Immunization]:
    """Those that a right to read is a right to: of software what its organisation recorded, else all."""
    acts = Immunization.objects.filter(record__in=human.all)
    if actor.role is Role.SOFTWARE:
        acts = acts.filter(organization=actor.organization)
    return _shown(acts, human)


def _shown(acts: QuerySet[Immunization], human: Identities) -> QuerySet[Immunization]:
    """With who gave them; whichever row they were recorded for, they are of the one human being."""
    related = acts.select_related("practitioner")
    return related.annotate(**patient_is(human))


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
