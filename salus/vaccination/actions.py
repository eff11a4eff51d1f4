"""The only writes of the vaccination record; each leaves one event."""

from datetime import date, datetime
from uuid import UUID

from salus.access.decision import Purpose
from salus.access.permissions import check_control, may
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.models import Practitioner
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.models import Person
from salus.terminology import PHYSICIANS
from salus.vaccination.models import ActType, Immunization, TransferConsent, VaccinationRecord


def may_vaccinate(actor: Actor) -> bool:
    """Vaccinators are physicians registered today (the list by profession is data of the country)."""
    return (
        actor.role is Role.PROFESSIONAL
        and Practitioner.objects.filter(
            pk=actor.practitioner or 0, deregistered_at=None, profession__in=PHYSICIANS
        ).exists()
    )


def open_vaccination_record(*, actor: Actor, person: int, at: datetime) -> bool:
    """Open the person's vaccination record; False when it exists."""
    with rows_of([person]):
        permit = _may_write(actor, person)
        created = permit and _open(person, at)
        if created or not permit:
            kind = EventKind.RECORD_OPENED
            record(actor=actor, kind=kind, at=at, person=person, denied=not permit)
    if not permit:
        raise NotFound("no vaccination record that you can write to")
    return created


def record_immunization(
    *,
    actor: Actor,
    person: int,
    at: datetime,
    act_type: ActType,
    vaccine_system: str,
    vaccine_code: str,
    vaccine_display: str,
    occurred_on: date,
    practitioner: int | None = None,
    lot_number: str = "",
    dose_number: int | None = None,
    identifier: str | None = None,
    opening: bool = False,
    request_id: UUID | None = None,
) -> tuple[int, bool]:
    """Record one act; returns (row id, created). The same identifier is recorded once.

    ``opening``: in a record that is opened with it where there is none; else that is NotFound, as is the want of
    a right. A professional performs in the own name, software in its own name records what others performed.
    """
    if act_type is ActType.PERFORMED:
        if not lot_number:
            raise InvalidInput("a vaccination that you perform needs its lot number")
        if actor.role is Role.PROFESSIONAL and practitioner != actor.practitioner:
            raise Forbidden("who performs a vaccination records it")
    identifier = identifier or (f"urn:uuid:{request_id}" if request_id else None)
    with rows_of([person]):
        permit = _may_write(actor, person) and (
            actor.role is not Role.SOFTWARE or act_type is ActType.HISTORICAL
        )
        recorded = None
        if permit:
            _check_day(person, occurred_on, at)
            _check_performer(practitioner)
            if opening and _open(person, at):
                record(actor=actor, kind=EventKind.RECORD_OPENED, at=at, person=person)
            if known := _recorded_as(person, identifier):
                return known, False
            recorded = Immunization.objects.create(
                record_id=person,
                act_type=act_type,
                vaccine_system=vaccine_system,
                vaccine_code=vaccine_code,
                vaccine_display=vaccine_display,
                occurred_on=occurred_on,
                recorded_at=at,
                practitioner_id=practitioner,
                organization_id=actor.speaks_for,
                lot_number=lot_number,
                dose_number=dose_number,
                identifier=identifier,
            )
        record(
            actor=actor,
            kind=EventKind.VACCINATION_RECORDED,
            at=at,
            person=person,
            denied=not permit,
            request_id=request_id,
        )
    if recorded is None:
        raise NotFound("no vaccination record that you can write to")
    return recorded.pk, True


def _open(person: int, at: datetime) -> bool:
    return VaccinationRecord.objects.get_or_create(pk=person, defaults={"opened_at": at})[1]


def _check_day(person: int, occurred_on: date, at: datetime) -> None:
    born = Person.objects.values_list("birth_date", flat=True).get(pk=person)
    if not born <= occurred_on <= at.date():
        raise InvalidInput("the date of the vaccination lies before birth or in the future")


def _check_performer(practitioner: int | None) -> None:
    if practitioner and not Practitioner.objects.filter(pk=practitioner).exists():
        raise InvalidInput("the directory does not know who performed it")


def _recorded_as(person: int, identifier: str | None) -> int | None:
    """The act that has this identifier. Holds the record until the end of the transaction: the same act by
    two requests at once is recorded once."""
    records = VaccinationRecord.objects.select_for_update(no_key=True)
    if not records.filter(pk=person).first():
        raise NotFound("there is no vaccination record yet: open one first")
    if identifier is None:
        return None
    known = Immunization.objects.filter(identifier=identifier)
    return known.values_list("pk", flat=True).first()


def give_transfer_consent(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Consent to automatic transfer of vaccinations into the shared record; in force already: stays so."""
    with rows_of([person]):
        check_control(actor=actor, person=person)
        if not VaccinationRecord.objects.filter(pk=person).exists():
            raise Conflict("there is no vaccination record yet; a vaccinating doctor opens it")
        TransferConsent.objects.get_or_create(
            record_id=person, withdrawn_at=None, defaults={"given_at": at}
        )
        record(
            actor=actor, kind=EventKind.CONSENT_CHANGED, at=at, person=person, request_id=request_id
        )


def withdraw_transfer_consent(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    with rows_of([person]):
        check_control(actor=actor, person=person)
        TransferConsent.objects.filter(record=person, withdrawn_at=None).update(withdrawn_at=at)
        record(
            actor=actor, kind=EventKind.CONSENT_CHANGED, at=at, person=person, request_id=request_id
        )


def _may_write(actor: Actor, person: int) -> bool:
    """The agency, software, and the vaccinators among the professionals who have the right."""
    return may(
        actor=actor, person=person, purpose=Purpose.WRITE, organization=actor.organization
    ) and (actor.role in (Role.SYSTEM, Role.SOFTWARE) or may_vaccinate(actor))
