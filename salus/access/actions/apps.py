"""Somebody lets an app act with their own rights, and takes it back. Each act leaves one event."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from salus.access.models import AppAuthorization
from salus.access.oauth.queries import apps_of
from salus.accounts.actions import revoke_token
from salus.accounts.oauth.tokens import LIFETIME
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.kernel.rows import bindings_of, rows_of
from salus.kernel.scopes import Scopes


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What of an app's wishes was granted, for which patient, and until when it holds unless it is used."""

    client: int
    scope: str
    person: int | None  # the patient in context
    session: str  # its key, when the app may go on no longer than it does
    until: datetime


def authorize_app(*, actor: Actor, granted: Granted, at: datetime) -> AppAuthorization:
    """All codes and tokens that come of it carry its family."""
    about = granted.person or actor.person
    with rows_of([about] if about else []):
        with _writing(actor.account or 0, granted.person):
            made = AppAuthorization.objects.create(
                account_id=actor.account or 0,
                client_id=granted.client,
                person_id=granted.person,
                scope=granted.scope,
                session=granted.session,
                since=at,
                last_used_at=at,
                expires_at=granted.until,
            )
        record(
            actor=_with(actor, granted.client),
            kind=EventKind.APP_AUTHORIZED,
            at=at,
            person=about,
        )
    return made


def use_authorization(
    *, account: int, person: int | None, family: UUID, at: datetime, until: datetime
) -> None:
    """The app got a token; what it may go on for is told anew. The token's own event is its issue."""
    with _writing(account, person):
        AppAuthorization.objects.filter(family=family).update(last_used_at=at, expires_at=until)


def end_app(*, actor: Actor, client: int, at: datetime) -> None:
    """Take back what was given to an app, by oneself or by an assistant for one's own record: at once."""
    ended = [app for app in apps_of(actor=actor, at=at) if app.client == client]
    if not ended:
        raise NotFound("no such app")
    people = {app.person or actor.person for app in ended}
    with rows_of([person for person in people if person]):
        for app in ended:
            for family in app.families:
                end_family(account=app.account, family=family, at=at)
        for person in people:
            record(actor=_with(actor, client), kind=EventKind.APP_ENDED, at=at, person=person)


def end_family(*, account: int, family: UUID, at: datetime) -> None:
    """Nothing holds any more that came of one launch: its access tokens neither, though they are signed.

    Called when its holder ends it, and when a code or a refresh token came twice: then somebody has it who should
    not, and it is the refusal of the token endpoint that leaves the event.
    """
    going_on = AppAuthorization.objects.filter(family=family, ended_at=None)
    with bindings_of([account]):
        person = going_on.values_list("person", flat=True).first()
    with _writing(account, person):
        going_on.update(ended_at=at)
        revoke_token(family, until=at + LIFETIME)


def _writing(account: int, person: int | None) -> AbstractContextManager[None]:
    """A row is written as its patient's; one without a patient as its account's."""
    return rows_of([person]) if person else bindings_of([account])


def _with(actor: Actor, client: int) -> Actor:
    """So that the event names the app."""
    return replace(actor, client=client, scopes=actor.scopes or Scopes(granted=()))
