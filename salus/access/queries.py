"""Who an account is, and the facts from which rights are decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from salus.access.decision import Facts, Purpose, decide
from salus.access.models import AccountPerson, AccountPractitioner, Assistant, TrustedProfessional
from salus.audit.actions import record
from salus.audit.models import Agent, Event, EventKind
from salus.directory.models import Practitioner
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.mpi.models import Person


def actor_of(account: int) -> Actor | None:
    """The actor behind an account; None when it is bound to nobody, or to a professional no longer registered."""
    person = AccountPerson.objects.filter(account=account).values_list("person", flat=True).first()
    if person:
        return Actor(role=Role.PATIENT, account=account, person=person)
    practitioner = (
        AccountPractitioner.objects.filter(account=account, practitioner__deregistered_at=None)
        .values_list("practitioner", flat=True)
        .first()
    )
    if practitioner:
        return Actor(role=Role.PROFESSIONAL, account=account, practitioner=practitioner)
    return None


def facts_about(*, actor: Actor, person: int) -> Facts:
    """Everything that `decide` looks at, but the state of the record, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select
                exists (select from access_assistant
                        where person_id = %(person)s and assistant_id = %(own)s and until is null),
                exists (select from access_trustedprofessional
                        where person_id = %(person)s and practitioner_id = %(practitioner)s
                          and until is null),
                exists (select from directory_practitioner
                        where id = %(practitioner)s and deregistered_at is null)
            """,
            {"person": person, "own": actor.person, "practitioner": actor.practitioner},
        )
        assistant, trusted, registered = cursor.fetchone()
    return Facts(
        role=actor.role,
        own=actor.person == person,
        assistant=assistant,
        trusted=trusted,
        registered=registered,
    )


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """One professional of a patient's circle of trust."""

    practitioner: int
    name: str
    profession: str
    since: datetime
    can_get_in: bool  # has an activated account: without one a declared professional is locked out


def circle_of_trust(person: int) -> list[Trusted]:
    rows = TrustedProfessional.objects.filter(person=person, until=None).select_related(
        "practitioner", "practitioner__accountpractitioner__account"
    )
    return [
        Trusted(
            practitioner=row.practitioner_id,
            name=row.practitioner.full_name,
            profession=row.practitioner.profession,
            since=row.since,
            can_get_in=_has_active_account(row),
        )
        for row in rows.order_by("practitioner__family_key", "practitioner__given_key")
    ]


def _has_active_account(row: TrustedProfessional) -> bool:
    bound = getattr(row.practitioner, "accountpractitioner", None)
    return bool(bound and bound.account.is_active)


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A person bound to another by assistance."""

    person: int
    name: str
    birth_date: date
    since: datetime


def assistants_of(person: int) -> list[Relation]:
    rows = Assistant.objects.filter(person=person, until=None).select_related("assistant")
    return [_relation(row.assistant, row.since) for row in rows.order_by("since")]


def assisted_by(*, actor: Actor, at: datetime) -> list[Relation]:
    """The people whose record this patient may use as assistant; they see that they were listed."""
    rows = Assistant.objects.filter(assistant=actor.person, until=None).select_related("person")
    return _listed(actor, at, rows.order_by("since"))


def patients_of(*, actor: Actor, at: datetime) -> list[Relation]:
    """The patients who declared this professional; they see that they were listed."""
    rows = TrustedProfessional.objects.filter(practitioner=actor.practitioner, until=None)
    rows = rows.select_related("person").order_by("person__family_key", "person__given_key")
    return _listed(actor, at, rows)


def _listed(
    actor: Actor, at: datetime, rows: Iterable[Assistant] | Iterable[TrustedProfessional]
) -> list[Relation]:
    with transaction.atomic():
        relations = [_relation(row.person, row.since) for row in rows]
        if relations:
            persons = [relation.person for relation in relations]
            record(actor=actor, kind=EventKind.PATIENTS_LISTED, at=at, persons=persons)
    return relations


def _relation(person: Person, since: datetime) -> Relation:
    return Relation(
        person=person.pk,
        name=person.full_name,
        birth_date=person.birth_date,
        since=since,
    )


@dataclass(frozen=True, kw_only=True)
class AccessEntry:
    """One line of the patient's access log."""

    at: datetime
    kind: EventKind
    agent: Agent
    name: str  # of the professional or person; '' for systems and organisations
    own: bool  # the patient's own act
    among_several: bool  # the person was one of several in a list
    document: int | None
    denied: bool


def who_looked(
    *, actor: Actor, person: int, at: datetime, limit: int = 200, request_id: UUID | None = None
) -> list[AccessEntry]:
    """Who did what with this person's data, newest first. Reading the log is itself logged."""
    if not decide(Purpose.CONTROL, facts_about(actor=actor, person=person)).permit:
        raise NotFound("no such record")
    with transaction.atomic():
        events = list(
            Event.objects.filter(Q(person_id=person) | Q(persons__contains=[person])).order_by(
                "-at", "-id"
            )[:limit]
        )
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=person,
            request_id=request_id,
        )
    professionals = Practitioner.objects.in_bulk(
        {event.practitioner_id for event in events if event.practitioner_id}
    )
    people = {
        bound.account_id: bound.person
        for bound in AccountPerson.objects.select_related("person").filter(
            account__in={event.account_id for event in events if event.account_id}
        )
    }

    def name(event: Event) -> str:
        if event.practitioner_id in professionals:
            return professionals[event.practitioner_id].full_name
        return people[event.account_id].full_name if event.account_id in people else ""

    def own(event: Event) -> bool:
        return event.account_id in people and people[event.account_id].pk == person

    return [
        AccessEntry(
            at=event.at,
            kind=EventKind(event.kind),
            agent=Agent(event.agent),
            name=name(event),
            own=own(event),
            among_several=event.person_id is None,
            document=event.document_id,
            denied=event.denied,
        )
        for event in events
    ]
