"""The writes of software clients, each of one transaction and one event."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from salus.access.actions.domains import claim_domains
from salus.access.models import ClientOrganization
from salus.accounts.models import AuthMethod, Client, GrantType
from salus.accounts.models.client import hash_of, new_secret
from salus.accounts.oauth.registration import NewClient
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.models import Organization
from salus.kernel.actor import Actor
from salus.kernel.errors import InvalidInput, NotFound


@dataclass(frozen=True, kw_only=True)
class Registered:
    client_id: str
    secret: str | None  # shown once, kept by nobody


@transaction.atomic
def register_client(
    *,
    actor: Actor,
    at: datetime,
    client: NewClient,
    organization: int | None,
    approved: bool,
    domains: Collection[str] = (),
) -> Registered:
    """Take a client in; ``approved`` lets it ask for tokens at once.

    ``domains`` are systems of identifiers in which the organisation numbers its patients. Raises InvalidInput;
    Conflict when one is another organisation's.
    """
    client.check(is_demo=settings.DEMO)
    if GrantType.CLIENT_CREDENTIALS in client.grant_types and organization is None:
        raise InvalidInput("software that asks in its own name needs its organisation")
    if domains and organization is None:
        raise InvalidInput("patients are numbered by an organisation: name it")
    secret = new_secret() if client.auth_method is AuthMethod.BASIC else None
    kind, subject = client.tls_subject or (None, None)
    row = Client.objects.create(
        name=client.name,
        contact=client.contact,
        grant_types=client.grant_types,
        redirect_uris=list(client.redirect_uris),
        scope=client.scope,
        purposes=list(client.purposes),
        token_endpoint_auth_method=client.auth_method,
        secret_hash=hash_of(secret) if secret else None,
        jwks=client.jwks,
        jwks_uri=client.jwks_uri,
        tls_subject_kind=kind,
        tls_subject=subject,
        tls_thumbprints=client.thumbprints,
        requested_at=at,
        approved_at=at if approved else None,
        approved_by_id=actor.account if approved else None,
    )
    if organization is not None:
        if not Organization.objects.filter(pk=organization, deregistered_at=None).exists():
            raise NotFound("no such organisation is registered today")
        ClientOrganization.objects.create(client=row, organization_id=organization)
        claim_domains(domains, organization=organization, at=at)
    record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)
    return Registered(client_id=row.client_id, secret=secret)


@transaction.atomic
def end_client(*, actor: Actor, at: datetime, client_id: str) -> None:
    """From now on it gets no token, and those that it has hold no more. Raises NotFound."""
    if not Client.objects.filter(client_id=client_id, ended_at=None).update(ended_at=at):
        raise NotFound("no such client, or it has ended already")
    record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)
