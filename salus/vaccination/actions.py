"""The only writes of the vaccination record; each leaves one event."""

from datetime import date, datetime
from uuid import UUID

from salus.access.decision import Purpose
from salus.access.permissions import check_control, may, own_row
from salus.access.separation import parted_by
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.models import Practitioner
from salus.directory.queries import practising
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from salus.mpi.identities import Identities, rows_of_human
from salus.mpi.models import Person
from salus.terminology import PHYSICIANS
from salus.vaccination.models import ActType, Immunization, TransferConsent, VaccinationRecord


def may_vaccinate(actor: Actor, *, at: datetime) -> bool:
    """Vaccinators are physicians who may practise then (the list by profession is data of the country)."""
    return (
        actor.role is Role.PROFESSIONAL
        and practising(at.date())
        .filter(pk=actor.practitioner or 0, profession__in=PHYSICIANS)
        .exists()
    )


def open_vaccination_record(*, actor: Actor, person: int, at: datetime) -> bool:
    """Open the person's vaccination record; False when it exists."""
    with rows_of_human(person) as human:
        permit = _may_write(actor, human, at)
        created = permit and _open(actor, person, at)
        if not permit:
            kind = EventKind.RECORD_OPENED
            record(actor=actor, kind=kind, at=at, person=person, denied=True)
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
    a right. The act stays on the row of the patient that its sender names, which gets a record when another row
    has one. A professional performs in the own name, software in its own name records what others performed.
    """
    if act_type is ActType.PERFORMED:
        if not lot_number:
            raise InvalidInput("a vaccination that you perform needs its lot number")
        if actor.role is Role.PROFESSIONAL and practitioner != actor.practitioner:
            raise Forbidden("who performs a vaccination records it")
    identifier = identifier or (f"urn:uuid:{request_id}" if request_id else None)
    with rows_of_human(person) as human:
        permit = _may_write(actor, human, at) and (
            actor.role is not Role.SOFTWARE or act_type is ActType.HISTORICAL
        )
        recorded = None
        if permit:
            _check_day(person, occurred_on, at)
            _check_performer(practitioner)
            if opening:
                _open(actor, person, at)
            if known := _recorded_as(human, identifier):
                return known, False
            _open(actor, person, at)
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


def _open(actor: Actor, person: int, at: datetime) -> bool:
    _, created = VaccinationRecord.objects.get_or_create(pk=person, defaults={"opened_at": at})
    if created:
        record(actor=actor, kind=EventKind.RECORD_OPENED, at=at, person=person)
    return created


def _check_day(person: int, occurred_on: date, at: datetime) -> None:
    born = Person.objects.values_list("birth_date", flat=True).get(pk=person)
    if not born <= occurred_on <= at.date():
        raise InvalidInput("the date of the vaccination lies before birth or in the future")


def _check_performer(practitioner: int | None) -> None:
    if practitioner and not Practitioner.objects.filter(pk=practitioner).exists():
        raise InvalidInput("the directory does not know who performed it")


def _recorded_as(human: Identities, identifier: str | None) -> int | None:
    """The act that has this identifier. Holds the record until the end of the transaction: the same act by
    two requests at once is recorded once."""
    records = VaccinationRecord.objects.select_for_update(no_key=True)
    if not list(records.filter(pk__in=human.all).order_by("pk")):
        raise NotFound("there is no vaccination record yet: open one first")
    if identifier is None:
        return None
    known = Immunization.objects.filter(identifier=identifier)
    return known.values_list("pk", flat=True).first()


def give_transfer_consent(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Consent to automatic transfer of vaccinations into the shared record; in force already: stays so."""
    with rows_of_human(person) as human:
        check_control(actor=actor, human=human, at=at)
        if not VaccinationRecord.objects.filter(pk__in=human.all).exists():
            raise Conflict("there is no vaccination record yet; a vaccinating doctor opens it")
        row = own_row(actor=actor, human=human, person=person)
        _open(actor, row, at)
        TransferConsent.objects.get_or_create(
            record_id=row, withdrawn_at=None, defaults={"given_at": at}
        )
        _record_consent(actor, human, at, request_id)


def withdraw_transfer_consent(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    with rows_of_human(person) as human:
        check_control(actor=actor, human=human, at=at)
        consents = TransferConsent.objects.filter(record__in=human.all, withdrawn_at=None)
        consents.update(withdrawn_at=at)
        _record_consent(actor, human, at, request_id)


def _record_consent(actor: Actor, human: Identities, at: datetime, request_id: UUID | None) -> None:
    record(
        actor=actor,
        kind=EventKind.CONSENT_CHANGED,
        at=at,
        person=human.root,
        persons=human.others,
        request_id=request_id,
    )


def assign_vaccination(
    *,
    actor: Actor,
    at: datetime,
    vaccination: int,
    link: int,
    holder: int,
    request_id: UUID | None = None,
) -> None:
    """What was recorded for one of two who were taken for one human being is the other's.

    ``link``: the ended one; the act must have been recorded while it was in force. ``holder``: with whom it is, by any
    row of theirs. Raises NotFound unless a steward says so and there is such an act, Conflict when it is not with the
    holder any more, is from another time, or the two are one.
    """
    with parted_by(actor=actor, link=link) as parted:
        acts = Immunization.objects.filter(pk=vaccination, record__in=parted.all)
        found = acts.select_for_update(no_key=True).first()
        if found is None:
            raise NotFound("no such vaccination of either")
        of, to = parted.sides_of(found.record_id)
        if holder not in of.all:
            raise Conflict("it is with the other already")
        if not parted.since <= found.recorded_at <= parted.until:
            raise Conflict("it was not recorded while the two were one")
        _open(actor, to.root, at)
        acts.update(record=to.root)
        record(
            actor=actor,
            kind=EventKind.PERSONS_SEPARATED,
            at=at,
            person=to.root,
            persons=parted.all,
            request_id=request_id,
        )


def _may_write(actor: Actor, human: Identities, at: datetime) -> bool:
    """The agency, software, and the vaccinators among the professionals who have the right."""
    return may(
        actor=actor,
        human=human,
        at=at,
        purpose=Purpose.WRITE,
        organization=actor.organization,
    ) and (actor.role in (Role.SYSTEM, Role.SOFTWARE) or may_vaccinate(actor, at=at))
