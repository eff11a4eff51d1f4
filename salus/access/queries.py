"""Who an account is, and the facts from which rights are decided."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from salus.access.decision import Facts, Purpose, decide
from salus.access.models import AccountPerson, AccountPractitioner, Assistant, TrustedProfessional
from salus.accounts.models import Account, AccountKind, Client
from salus.audit.actions import record
from salus.audit.models import Agent, Event, EventKind
from salus.directory import duplicates
from salus.directory.models import Kind, Organization, Practitioner
from salus.directory.queries import HELD, PRACTISES, ROWS, practising
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import NotFound
from salus.kernel.rows import Scope, acting_as, bindings_of, rows_of
from salus.kernel.scopes import Context
from salus.mpi.identities import IS_LINKED, Identities, humans, identities_of, rows_of_human
from salus.mpi.models import Person

_STAFF = {
    AccountKind.AGENCY: Role.AGENCY,
    AccountKind.STEWARD: Role.STEWARD,
    AccountKind.REGISTRAR: Role.REGISTRAR,
}


def actor_of(account: int, *, at: datetime) -> Actor | None:
    """The actor behind an account; None when it is bound to nobody, or to a professional who may not practise then.

    Staff of the agency are bound to nobody: they decide about software, the patient index or the directory, and have
    no rights on records.
    """
    if known := _patient_behind(account):
        person, linked = known
        human = identities_of(person) if linked else Identities(root=person, all=(person,))
        return Actor(
            role=Role.PATIENT, account=account, person=human.root, others=human.others, bound=person
        )
    practitioner = (
        AccountPractitioner.objects.filter(account=account, practitioner__in=practising(at.date()))
        .values_list("practitioner", flat=True)
        .first()
    )
    if practitioner:
        return Actor(role=Role.PROFESSIONAL, account=account, practitioner=practitioner)
    staff = Account.objects.filter(pk=account, kind__in=_STAFF, deleted_at=None)
    kind = staff.values_list("kind", flat=True).first()
    return Actor(role=_STAFF[AccountKind(kind)], account=account) if kind else None


_BEHIND = f"""
    select person_id, {IS_LINKED.format(person="bound.person_id")}
    from access_accountperson bound where account_id = %s
"""  # noqa: S608  # both parts are ours


def _patient_behind(account: int) -> tuple[int, bool] | None:
    """The person that the account is bound to, and whether the index has it linked to another."""
    with bindings_of([account], scope=Scope.INDEX), connection.cursor() as cursor:
        cursor.execute(_BEHIND, [account])
        found: tuple[int, bool] | None = cursor.fetchone()
    return found


def persons_behind(accounts: Collection[int]) -> dict[int, int]:
    """Account -> person, for those accounts that are a patient's."""
    with bindings_of(accounts):
        return dict(
            AccountPerson.objects.filter(account__in=accounts).values_list("account", "person")
        )


def facts_about(
    *, actor: Actor, human: Identities, at: datetime, organization: int | None = None
) -> Facts:
    """Everything that `decide` looks at, but the state of the record, in one query.

    A right that one of the human being's rows gives is a right to all. For a caller in whose transaction they
    show. ``organization``: in whose name that is, or shall be, what the actor wants to read or file.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            select
                exists (select from access_assistant
                        where person_id = any (%(persons)s) and assistant_id = any (%(own)s)
                          and until is null),
                exists (select from access_trustedprofessional
                        where person_id = any (%(persons)s) and practitioner_id = any ({ROWS})
                          and until is null),
                exists (select from directory_practitioner practitioner
                        where id = %(practitioner)s and {PRACTISES}),
                exists (select from directory_organization
                        where id = %(organization)s and deregistered_at is null),
                exists (select from directory_practitionerrole role
                        where practitioner_id = any ({ROWS})
                          and organization_id = %(organization)s and {HELD})
            """,  # noqa: S608  # its parts are ours
            {
                "day": at.date(),
                "persons": list(human.all),
                "own": list(actor.identities),
                "practitioner": actor.practitioner,
                "organization": actor.organization,
            },
        )
        assistant, trusted, professional, organized, works_there = cursor.fetchone()
    return Facts(
        role=actor.role,
        own=actor.person in human.all,
        assistant=assistant and _lends_out_assistance(actor),
        trusted=trusted,
        registered=organized if actor.role is Role.SOFTWARE else professional,
        vouched=actor.role is Role.PROFESSIONAL and actor.account is None,
        works_there=works_there,
        own_filing=actor.speaks_for is not None and actor.speaks_for == organization,
        emergency=actor.purpose is PurposeOfUse.EMERGENCY,
        elsewhere=actor.patient not in (None, *human.all),
    )


def _lends_out_assistance(actor: Actor) -> bool:
    """To an app with `patient/` scopes for the patient whom it was launched for; without one it is the own record."""
    if actor.patient is not None:
        return True  # any other is `elsewhere`
    granted = actor.scopes.granted if actor.scopes else ()
    return all(scope.context is not Context.PATIENT for scope in granted)


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """One professional of a patient's circle of trust."""

    practitioner: int
    name: str
    profession: str
    since: datetime
    can_get_in: bool  # has an activated account: without one a declared professional is locked out
    practises: bool  # may do so today: else the right rests


def circle_of_trust(person: int, *, at: datetime) -> list[Trusted]:
    """By name; whom several of the patient's rows declare is there once, since the first."""
    with rows_of_human(person) as human:
        rows = TrustedProfessional.objects.filter(person__in=human.all, until=None)
        declared = practising(at.date()).filter(pk__in=rows.values("practitioner"))
        able = set(declared.values_list("pk", flat=True))
        rows = rows.select_related("practitioner", "practitioner__accountpractitioner__account")
        first = {
            row.practitioner_id: Trusted(
                practitioner=row.practitioner_id,
                name=row.practitioner.full_name,
                profession=row.practitioner.profession,
                since=row.since,
                can_get_in=_has_active_account(row),
                practises=row.practitioner_id in able,
            )
            for row in rows.order_by(
                "practitioner__family_key", "practitioner__given_key", "-since"
            )
        }
    return list(first.values())


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
    with rows_of_human(person) as human:
        rows = Assistant.objects.filter(person__in=human.all, until=None)
        bound = _by_human(rows.values_list("assistant", "since"))
    with rows_of(bound):
        return sorted(_relations(bound), key=lambda relation: relation.since)


def persons_assisted(actor: Actor) -> set[int]:
    """Whose assistant this patient is, for a caller that tells what of them is shown."""
    return set(_assisted(actor))


def assisted_by(*, actor: Actor, at: datetime) -> list[Relation]:
    """The people whose record this patient may use as assistant; they see that they were listed."""
    return sorted(_listed(actor, at, _assisted(actor)), key=lambda relation: relation.since)


def _assisted(actor: Actor) -> dict[int, datetime]:
    """Person -> since when; never the actor, of whom two rows that named one another may be linked."""
    rows = Assistant.objects.filter(assistant__in=actor.identities, until=None)
    with acting_as(actor):
        found = list(rows.values_list("person", "since"))
    return {person: since for person, since in _by_human(found).items() if person != actor.person}


def patients_of(*, actor: Actor, at: datetime) -> list[Relation]:
    """The patients who declared this professional by any row, by name; they see that they were listed."""
    own = duplicates.rows_of(Kind.PRACTITIONER, actor.practitioner or 0)
    rows = TrustedProfessional.objects.filter(practitioner__in=own, until=None)
    with acting_as(actor, practitioners=own):
        found = list(rows.values_list("person", "since"))
    return _listed(actor, at, _by_human(found))


def _by_human(rows: Iterable[tuple[int, datetime]]) -> dict[int, datetime]:
    """Each human being among these persons -> since when first."""
    rows = list(rows)
    known = humans({person for person, _since in rows})
    latest_first = sorted(rows, key=lambda row: row[1], reverse=True)
    return {known[person].root: since for person, since in latest_first}


def _listed(actor: Actor, at: datetime, since: Mapping[int, datetime]) -> list[Relation]:
    if not since:
        return []
    with rows_of(since):
        relations = _relations(since)
        record(actor=actor, kind=EventKind.PATIENTS_LISTED, at=at, persons=since.keys())
    return relations


def _relations(since: Mapping[int, datetime]) -> list[Relation]:
    """These persons, bound since then, by name; for a caller in whose transaction their rows show."""
    people = Person.objects.filter(pk__in=since).order_by("family_key", "given_key", "id")
    return [
        Relation(
            person=person.pk,
            name=person.full_name,
            birth_date=person.birth_date,
            since=since[person.pk],
        )
        for person in people
    ]


@dataclass(frozen=True, kw_only=True)
class AccessEntry:
    """One line of the patient's access log."""

    event: int
    at: datetime
    kind: EventKind
    agent: Agent
    name: str  # of the professional or person; '' when only an organisation or a system is known
    organization: str  # name of the one on whose behalf; '' when none is known
    organization_type: str  # code of salus.terminology.ORGANIZATION_TYPES
    software: str  # its name; '' for what was done on our own pages
    purpose: PurposeOfUse | None
    own: bool  # the patient's own act
    among_several: bool  # the person was one of several in a list
    document: int | None
    denied: bool
    repeated: bool  # the same request came again: nothing new was told


def who_looked(
    *, actor: Actor, person: int, at: datetime, limit: int = 200, request_id: UUID | None = None
) -> list[AccessEntry]:
    """Who did what with this person's data until then, newest first. Reading the log is itself logged."""
    human, events = events_about(
        actor=actor, person=person, at=at, limit=limit, request_id=request_id
    )
    names = names_in(events)

    def entry(event: Event) -> AccessEntry:
        organization = names.organizations.get(event.organization_id)
        acted = names.people.get(event.account_id)
        return AccessEntry(
            event=event.id,
            at=event.at,
            kind=EventKind(event.kind),
            agent=Agent(event.agent),
            name=names.of_user(event),
            organization=organization.name if organization else "",
            organization_type=organization.type if organization else "",
            software=names.software.get(event.client_id, ""),
            purpose=PurposeOfUse(event.purpose) if event.purpose else None,
            own=acted is not None and acted.pk in human.all,
            among_several=event.person_id is None,
            document=event.document_id,
            denied=event.denied,
            repeated=event.repeated,
        )

    return [entry(event) for event in events]


def events_about(
    *,
    actor: Actor,
    person: int,
    at: datetime,
    limit: int | None = None,
    event: int | None = None,
    request_id: UUID | None = None,
) -> tuple[Identities, list[Event]]:
    """Who the person is, and the events about any of their rows until then, newest first, or the one.

    Reading them is itself logged. Raises NotFound when the actor may not see them, or the one is not among them.
    """
    with rows_of_human(person) as human:
        permit = decide(Purpose.CONTROL, facts_about(actor=actor, human=human, at=at)).permit
        events = _newest_about(human, at=at, limit=limit, event=event) if permit else []
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=human.root,
            persons=human.others,
            denied=not permit,
            request_id=request_id,
        )
    if not permit:
        raise NotFound("no such record")
    if event is not None and not events:
        raise NotFound("no such event")
    return human, events


@dataclass(frozen=True, kw_only=True)
class Names:
    """Who is meant by the numbers of events."""

    practitioners: Mapping[int | None, Practitioner] = field(default_factory=dict)
    organizations: Mapping[int | None, Organization] = field(default_factory=dict)
    software: Mapping[int | None, str] = field(default_factory=dict)
    people: Mapping[int | None, Person] = field(default_factory=dict)  # by account

    def of_user(self, event: Event) -> str:
        """Of the professional or the person who acted; '' when neither is known."""
        if event.practitioner_id in self.practitioners:
            return self.practitioners[event.practitioner_id].full_name
        person = self.people.get(event.account_id)
        return person.full_name if person else ""


def names_in(events: Collection[Event]) -> Names:
    """Patients see by name who used their data, whoever that was."""

    def numbers(column: str) -> set[int]:
        return {number for event in events if (number := getattr(event, column))}

    clients = Client.objects.filter(pk__in=numbers("client_id"))
    return Names(
        practitioners=Practitioner.objects.in_bulk(numbers("practitioner_id")),
        organizations=Organization.objects.in_bulk(numbers("organization_id")),
        software=dict(clients.values_list("pk", "name")),
        people=dict(people_behind(numbers("account_id")).items()),
    )


# The array operator is not leakproof, so the row policy, which asks the same, is what uses the index. Without
# the fence the planner hopes to meet enough of the person's events by reading the whole log from its end;
# without the end in time it plans every month to come.
_ABOUT = """
    with about as materialized (
        select at, id, kind, agent, account_id, practitioner_id, organization_id, client_id, purpose,
            person_id, document_id, request_id, denied, repeated
        from audit_event
        where at <= %(at)s and (person_id = any (%(persons)s) or persons && %(persons)s::bigint[])
            and (%(event)s::bigint is null or id = %(event)s)
    )
    select * from about order by at desc, id desc limit %(limit)s
"""


def _newest_about(
    human: Identities, *, at: datetime, limit: int | None, event: int | None
) -> list[Event]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ABOUT, {"persons": list(human.all), "at": at, "limit": limit, "event": event}
        )
        names = [column.name for column in cursor.description]
        return [Event(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def people_behind(accounts: Collection[int]) -> dict[int, Person]:
    """Account -> person."""
    persons = persons_behind(accounts)
    with rows_of(persons.values()):
        people = Person.objects.in_bulk(persons.values())
    return {account: people[person] for account, person in persons.items()}
