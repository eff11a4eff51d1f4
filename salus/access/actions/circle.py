"""The patient's own acts: the circle of trust and the assistants. Each leaves one event."""

from datetime import datetime
from uuid import UUID

from salus.access.models import Assistant, TrustedProfessional
from salus.access.permissions import check_control
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.models import Practitioner
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.models import Person


def declare_professional(
    *, actor: Actor, person: int, practitioner: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Give a professional of the directory the permanent right; one declared already stays so."""
    with rows_of([person]):
        check_control(actor=actor, person=person)
        if not Practitioner.objects.filter(pk=practitioner, deregistered_at=None).exists():
            raise NotFound("no such professional is registered today")
        TrustedProfessional.objects.get_or_create(
            person_id=person, practitioner_id=practitioner, until=None, defaults={"since": at}
        )
        record(
            actor=actor, kind=EventKind.CONSENT_CHANGED, at=at, person=person, request_id=request_id
        )


def end_declaration(
    *, actor: Actor, person: int, practitioner: int, at: datetime, request_id: UUID | None = None
) -> None:
    with rows_of([person]):
        check_control(actor=actor, person=person)
        declared = TrustedProfessional.objects.filter(person=person, practitioner=practitioner)
        declared.filter(until=None).update(until=at)
        record(
            actor=actor, kind=EventKind.CONSENT_CHANGED, at=at, person=person, request_id=request_id
        )


def name_assistant(
    *, actor: Actor, person: int, assistant: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Let another person use this record with the patient's own rights, but for naming assistants."""
    if actor.person != person:
        raise NotFound("only the patient names assistants")
    if assistant == person:
        raise Conflict("you cannot be your own assistant")
    with rows_of([person, assistant]):
        if not Person.objects.filter(pk=assistant, deceased_on=None).exists():
            raise NotFound("no such person")
        Assistant.objects.get_or_create(
            person_id=person, assistant_id=assistant, until=None, defaults={"since": at}
        )
        _record_assistance(actor, person, assistant, at, request_id)


def end_assistance(
    *, actor: Actor, person: int, assistant: int, at: datetime, request_id: UUID | None = None
) -> None:
    if actor.person not in (person, assistant):
        raise NotFound("no such assistant")
    with rows_of([person, assistant]):
        Assistant.objects.filter(person=person, assistant=assistant, until=None).update(until=at)
        _record_assistance(actor, person, assistant, at, request_id)


def _record_assistance(
    actor: Actor, person: int, assistant: int, at: datetime, request_id: UUID | None
) -> None:
    """The assistant's name was used as well: the event names both."""
    record(
        actor=actor,
        kind=EventKind.CONSENT_CHANGED,
        at=at,
        person=person,
        persons=[assistant],
        request_id=request_id,
    )
