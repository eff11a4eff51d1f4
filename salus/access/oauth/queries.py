"""Reads about software: which apps somebody let in, what waits on the agency's desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.contrib.sessions.models import Session

from salus.access.models import AppAuthorization, ClientOrganization, ClientRequest
from salus.access.queries import assisted_by, patients_of, people_behind
from salus.accounts.models import AccountKind, Client, RevokedToken
from salus.accounts.models.client import hash_of
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.kernel.rows import acting_as, bindings_of, rows_of
from salus.mpi.models import Person


@dataclass(frozen=True, kw_only=True)
class App:
    """An app that somebody let act with their own rights, with all that it was given for one patient."""

    account: int  # whose rights it has
    client: int
    name: str
    person: int | None  # the patient it was opened for
    by: str  # the assistant who let it in; '' for the reader
    scopes: tuple[str, ...]
    since: datetime
    last_used_at: datetime
    expires_at: datetime
    families: tuple[UUID, ...]


def apps_of(*, actor: Actor, at: datetime) -> list[App]:
    """The apps that this account let in, and those that an assistant let in to the reader's own record."""
    going_on = AppAuthorization.objects.filter(ended_at=None, expires_at__gt=at)
    with bindings_of([actor.account or 0]):
        rows = list(going_on.filter(account=actor.account).select_related("client"))
    if actor.person:
        with acting_as(actor):
            others = going_on.filter(person__in=actor.identities, account__kind=AccountKind.PATIENT)
            rows += others.exclude(account=actor.account).select_related("client")
    revoked = set(  # by the app itself
        RevokedToken.objects.filter(id__in=[row.family for row in rows]).values_list(
            "id", flat=True
        )
    )
    rows = [row for row in rows if row.family not in revoked]
    names = people_behind({row.account_id for row in rows} - {actor.account or 0})
    rows.sort(key=lambda row: (row.client.name, row.client_id, row.person_id or 0, row.account_id))
    return [
        _app(list(group), names)
        for _same, group in groupby(
            rows, lambda row: (row.client_id, row.person_id, row.account_id)
        )
    ]


def _app(rows: Sequence[AppAuthorization], names: Mapping[int, Person]) -> App:
    scopes = dict.fromkeys(scope for row in rows for scope in row.scope.split())
    first = rows[0]
    return App(
        account=first.account_id,
        client=first.client_id,
        name=first.client.name,
        person=first.person_id,
        by=names[first.account_id].full_name if first.account_id in names else "",
        scopes=tuple(scopes),
        since=min(row.since for row in rows),
        last_used_at=max(row.last_used_at for row in rows),
        expires_at=max(row.expires_at for row in rows),
        families=tuple(row.family for row in rows),
    )


def authorization_in_force(*, account: int, family: UUID, at: datetime) -> AppAuthorization | None:
    """What a code or refresh token goes back to; None when it was ended or revoked, or its session is over."""
    with bindings_of([account]):
        found = AppAuthorization.objects.filter(family=family, ended_at=None).first()
    if found is None or RevokedToken.objects.filter(id=family).exists():
        return None
    session = Session.objects.filter(session_key=found.session, expire_date__gt=at)
    return found if not found.session or session.exists() else None


def patients_for_app(*, actor: Actor, at: datetime) -> list[tuple[int, str]]:
    """The patients for whom this actor can open an app: the own record first, then by name."""
    if actor.practitioner:
        return [(one.person, one.name) for one in patients_of(actor=actor, at=at)]
    people = [(one.person, one.name) for one in assisted_by(actor=actor, at=at)]
    if actor.person:
        with rows_of([actor.person]):
            people.insert(0, (actor.person, Person.objects.get(pk=actor.person).full_name))
    return people


def requests_waiting() -> list[ClientRequest]:
    """On the agency's desk, the oldest first."""
    waiting = ClientRequest.objects.filter(decided_at=None).select_related("organization")
    return list(waiting.order_by("requested_at"))


def request_on_desk(number: int) -> ClientRequest:
    found = ClientRequest.objects.select_related("organization", "client").filter(pk=number).first()
    if found is None:
        raise NotFound("no such request")
    return found


def request_of_receipt(key: str) -> ClientRequest:
    """What the holder of the link of a receipt sees."""
    asked = ClientRequest.objects.select_related("organization", "client")
    found = asked.filter(key_hash=hash_of(key)).first()
    if found is None:
        raise NotFound("no such request")
    return found


def software_connected() -> list[Client]:
    """Every client that may ask for tokens, by name, with its organisation."""
    clients = Client.objects.filter(approved_at__isnull=False, ended_at=None)
    return list(clients.select_related("clientorganization__organization").order_by("name", "id"))


def maker_of(client: Client) -> tuple[str, str]:
    """Who answers for the software, as it was checked: its organisation, and its maker; each may be ''."""
    bound = ClientOrganization.objects.filter(client=client).select_related("organization").first()
    asked = ClientRequest.objects.filter(client=client).first()
    return bound.organization.name if bound else "", asked.maker if asked else ""
