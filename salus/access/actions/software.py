"""Software is asked for by its maker and decided about by the agency. Each act leaves one event."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from salus.access.models import Audience, ClientRequest
from salus.access.oauth.actions import Registered, register_client
from salus.access.scope_words import is_choosable
from salus.accounts.models import AuthMethod, Client
from salus.accounts.models.client import hash_of, new_secret
from salus.accounts.oauth.registration import NewClient, purposes_of
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, InvalidInput, NotFound

# No letter or digit that is taken for another when it is read out.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_MAKER = Actor(role=Role.SYSTEM, system="software-desk")  # makers have no account


@dataclass(frozen=True, kw_only=True)
class Receipt:
    number: str
    key: str  # opens the page of the request; kept by its maker alone


def request_client(
    *,
    client: NewClient,
    maker: str,
    audience: Audience,
    organization: int | None,
    domains: Collection[str] = (),
    at: datetime,
) -> Receipt:
    """Put a maker's request on the agency's desk. Nothing is active before the agency has decided."""
    receipt = Receipt(number=_number(), key=new_secret())
    with transaction.atomic():
        ClientRequest.objects.create(
            number=receipt.number,
            key_hash=hash_of(receipt.key),
            audience=audience,
            name=client.name,
            maker=maker,
            contact=client.contact,
            organization_id=organization,
            scope=client.scope,
            purposes=list(client.purposes),
            domains=list(domains),
            auth_method=client.auth_method,
            redirect_uris=list(client.redirect_uris),
            jwks=client.jwks,
            jwks_uri=client.jwks_uri,
            requested_at=at,
        )
        record(actor=_MAKER, kind=EventKind.CLIENT_CHANGED, at=at)
    return receipt


def _number() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(2))


def approve_client(
    *,
    actor: Actor,
    request: int,
    scopes: Collection[str],
    domains: Collection[str] = (),
    reason: str,
    at: datetime,
) -> None:
    """Make the client, with what of the asked scopes and systems of identifiers is granted.

    Its secret is known to nobody yet: the maker takes it (`take_secret`), so that it never lies on the desk.
    """
    with transaction.atomic():
        asked = _undecided(actor, request)
        wanted = asked.scope.split()
        if not scopes or not (set(scopes) <= set(wanted) and set(domains) <= set(asked.domains)):
            raise InvalidInput("the agency grants what was asked for, or less")
        registered = register_client(
            actor=actor,
            at=at,
            client=NewClient(
                name=asked.name,
                contact=asked.contact,
                scope=" ".join(one for one in wanted if one in scopes or not is_choosable(one)),
                redirect_uris=tuple(asked.redirect_uris),
                purposes=purposes_of(asked.purposes),
                is_public=asked.auth_method == AuthMethod.NONE,
                jwks=asked.jwks,
                jwks_uri=asked.jwks_uri,
            ),
            organization=asked.organization_id,
            domains=domains,
            approved=True,
        )
        asked.client = Client.objects.get(client_id=registered.client_id)
        _decide(actor, asked, reason, at)


def refuse_client(*, actor: Actor, request: int, reason: str, at: datetime) -> None:
    if not reason:
        raise InvalidInput("a refusal has a reason")
    with transaction.atomic():
        _decide(actor, _undecided(actor, request), reason, at)
        record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)


def take_secret(*, key: str, at: datetime) -> Registered:
    """The client's secret, made now and shown this once. Raises Conflict when it was shown before."""
    with transaction.atomic():
        asked = ClientRequest.objects.select_for_update().filter(key_hash=hash_of(key)).first()
        if asked is None or asked.client_id is None:
            raise NotFound("no such request")
        if asked.secret_taken_at or asked.auth_method != AuthMethod.BASIC:
            raise Conflict("the secret was shown already; ask for a new client if you lost it")
        client, secret = Client.objects.get(pk=asked.client_id), new_secret()
        asked.secret_taken_at, client.secret_hash = at, hash_of(secret)
        asked.save(update_fields=["secret_taken_at"])
        client.save(update_fields=["secret_hash"])
        record(actor=_MAKER, kind=EventKind.CLIENT_CHANGED, at=at)
    return Registered(client_id=client.client_id, secret=secret)


def _undecided(actor: Actor, request: int) -> ClientRequest:
    if actor.role is not Role.AGENCY:
        raise NotFound("for the agency only")
    asked = ClientRequest.objects.select_for_update().filter(pk=request).first()
    if asked is None:
        raise NotFound("no such request")
    if asked.decided_at:
        raise Conflict("this request has been decided already")
    return asked


def _decide(actor: Actor, asked: ClientRequest, reason: str, at: datetime) -> None:
    asked.decided_at, asked.decided_by_id, asked.reason = at, actor.account, reason
    asked.save(update_fields=["client", "decided_at", "decided_by", "reason"])
