"""The patient's own acts: the circle of trust and the assistants. Each leaves one event.

What somebody gives stands on one row of the patient (`own_row`); what they take back is taken from all.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from salus.access.models import Assistant, TrustedProfessional
from salus.access.permissions import check_control, own_row
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.queries import practising
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.rows import rows_of
from salus.mpi.identities import Identities, identities_of, rows_of_human
from salus.mpi.models import Person


def declare_professional(
    *, actor: Actor, person: int, practitioner: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Give a professional of the directory the permanent right; one declared already stays so."""
    with rows_of_human(person) as human:
        check_control(actor=actor, human=human, at=at)
        if not practising(at.date()).filter(pk=practitioner).exists():
            raise NotFound("no such professional may practise today")
        TrustedProfessional.objects.get_or_create(
            person_id=own_row(actor=actor, human=human, person=person),
            practitioner_id=practitioner,
            until=None,
            defaults={"since": at},
        )
        _record(actor, human, at, request_id)


def end_declaration(
    *, actor: Actor, person: int, practitioner: int, at: datetime, request_id: UUID | None = None
) -> None:
    with rows_of_human(person) as human:
        check_control(actor=actor, human=human, at=at)
        declared = TrustedProfessional.objects.filter(person__in=human.all)
        declared.filter(practitioner=practitioner, until=None).update(until=at)
        _record(actor, human, at, request_id)


def name_assistant(
    *, actor: Actor, person: int, assistant: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Let another person use this record with the patient's own rights, but for naming assistants."""
    if person not in actor.identities:
        raise NotFound("only the patient names assistants")
    if assistant in actor.identities:
        raise Conflict("you cannot be your own assistant")
    with rows_of([*actor.identities, assistant]):
        if not Person.objects.filter(pk=assistant, deceased_on=None).exists():
            raise NotFound("no such person")
        human = Identities(root=actor.identities[0], all=actor.identities)
        Assistant.objects.get_or_create(
            person_id=own_row(actor=actor, human=human, person=person),
            assistant_id=assistant,
            until=None,
            defaults={"since": at},
        )
        _record(actor, human, at, request_id, assistants=[assistant])


def end_assistance(
    *, actor: Actor, person: int, assistant: int, at: datetime, request_id: UUID | None = None
) -> None:
    with rows_of_human(person) as human:
        helper = identities_of(assistant)
        if actor.person not in (human.root, helper.root):
            raise NotFound("no such assistant")
        with rows_of([*human.all, *helper.all]):
            named = Assistant.objects.filter(person__in=human.all, assistant__in=helper.all)
            named.filter(until=None).update(until=at)
            _record(actor, human, at, request_id, assistants=helper.all)


def _record(
    actor: Actor,
    human: Identities,
    at: datetime,
    request_id: UUID | None,
    *,
    assistants: Collection[int] = (),
) -> None:
    """An assistant's name was used as well: the event names all."""
    record(
        actor=actor,
        kind=EventKind.CONSENT_CHANGED,
        at=at,
        person=human.root,
        persons=[*human.others, *assistants],
        request_id=request_id,
    )
