"""The one way an event is written: in the transaction of what it tells, before a byte leaves."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import connection

from salus.audit.models import Agent, Event, EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.prepared import preparing_cursor

# Kinds of organisation that the report counts by.
_CALLERS = {
    "hospital": Agent.HOSPITAL,
    "pharmacy": Agent.PHARMACY,
    "laboratory": Agent.LABORATORY,
    "rescue": Agent.RESCUE,
}

# How long a retry is known as one. Pages send theirs within a session (8 hours), software once its line is
# back: the longest run of holidays that a practice or a pharmacy is closed is four days (Easter).
REMEMBERED = timedelta(days=7)


def record(
    *,
    actor: Actor,
    kind: EventKind,
    at: datetime,
    person: int | None = None,
    persons: Collection[int] | None = None,
    document: int | None = None,
    practitioner: int | None = None,
    denied: bool = False,
    request_id: UUID | None = None,
    repeated: bool | None = None,
) -> None:
    """Write one event for one response.

    ``person`` is the one whose data it is; ``persons`` those of a list; ``practitioner`` the
    professional whose entry was shown, when that is not who acts. The same actor's second event of
    the same kind, person and document with the same ``request_id`` within REMEMBERED is a retry: it is kept as
    repeated, and no figure counts it. A link that went to somebody else is no retry, nor is a request of
    another software, or of the same one for another professional. Who keeps its own answers for retries says
    itself whether it is ``repeated``.
    """
    same = None
    if request_id and not denied and repeated is None:
        same = _same(request_id, actor, kind, person, document)
    with preparing_cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "at": at,
                "kind": kind,
                "agent": _agent(actor, kind),
                "account": actor.account,
                "practitioner": actor.practitioner or practitioner,
                "organization": actor.organization,
                "client": actor.client,
                "purpose": actor.purpose,
                "system": actor.system or None,
                "person": person,
                "persons": sorted(persons) if persons else None,
                "document": document,
                "denied": denied,
                "request": request_id,
                "repeated": bool(repeated),
                "same": same,
            },
        )


# One round trip: every request that is answered waits for it.
_RECORD = """
    with answered as (
        insert into audit_answeredrequest (request_id, at)
        select same, %(at)s from (values (%(same)s::uuid)) asked (same) where same is not null
        on conflict do nothing
        returning request_id
    )
    insert into audit_event (at, kind, agent, account_id, practitioner_id, organization_id, client_id, purpose,
        system, person_id, persons, document_id, denied, repeated, request_id)
    values (%(at)s, %(kind)s, %(agent)s, %(account)s, %(practitioner)s, %(organization)s, %(client)s, %(purpose)s,
        %(system)s, %(person)s, %(persons)s, %(document)s, %(denied)s,
        %(repeated)s or %(same)s::uuid is not null and not exists (select from answered), %(request)s)
"""


def is_answered(*, actor: Actor, kind: EventKind, person: int, request_id: UUID) -> bool:
    """Whether the actor's request of this id left such an event about the person within REMEMBERED."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from audit_answeredrequest where request_id = %s)",
            [_same(request_id, actor, kind, person, None)],
        )
        return bool(cursor.fetchone()[0])


def _same(
    request_id: UUID, actor: Actor, kind: EventKind, person: int | None, document: int | None
) -> UUID:
    """What a retry has in common with what it repeats."""
    same = f"{kind} {actor.account} {actor.system} {person} {document}"
    if actor.client:
        same += f" {actor.client} {actor.organization} {actor.practitioner}"
    return uuid5(request_id, same)


def is_by(*, actor: Actor, kind: EventKind, person: int, at: datetime) -> bool:
    """Whether the event of this moment about the person, who is in view, is the actor's: of the organisation that it
    speaks for, or of the account."""
    whose = (
        {"organization_id": actor.speaks_for, "account_id": None}
        if actor.speaks_for
        else {"account_id": actor.account}
    )
    return Event.objects.filter(at=at, kind=kind, person_id=person, denied=False, **whose).exists()


def is_first(*, request_id: UUID, at: datetime) -> bool:
    """Whether a request is done for the first time within REMEMBERED; to be asked in the transaction of its effect.

    For what must not be done twice although each time by itself would be right, as to change somebody's name. Who
    asks while another does the same waits for its end.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audit_answeredrequest (request_id, at) values (%s, %s) on conflict do nothing",
            [request_id, at],
        )
        return bool(cursor.rowcount)


def _agent(actor: Actor, kind: EventKind) -> Agent:
    """Software is of the kind of its organisation, unless it asks for a person: then of the person's.

    Eligibility is asked by an organisation, whoever stands at its counter.
    """
    if kind is EventKind.ELIGIBILITY_CHECK:
        return _CALLERS.get(actor.organization_type, Agent.SYSTEM)
    match actor.role:
        case Role.PATIENT:
            return Agent.PATIENT
        case Role.PROFESSIONAL:
            return Agent.PROFESSIONAL
        case Role.SOFTWARE:
            return _CALLERS.get(actor.organization_type, Agent.SYSTEM)
        case Role.AGENCY | Role.STEWARD | Role.REGISTRAR | Role.SYSTEM:
            return Agent.SYSTEM


def forget_answered_requests(*, before: datetime) -> None:
    """Delete the ids of requests that nobody retries any more; their events stay.

    Housekeeping: nobody's data is read, so it has no actor and leaves no event. There is no index on ``at``: it
    would cost each request more than it spares the one reading of a week's rows in an hour.
    """
    with connection.cursor() as cursor:
        cursor.execute("delete from audit_answeredrequest where at < %s", [before])
