"""`salus client`: software that may ask for tokens."""

import argparse
import json
from pathlib import Path
from typing import Any

from salus.access.oauth.actions import end_client, register_client
from salus.accounts.models import Client, TlsSubject
from salus.accounts.oauth.registration import NewClient, purposes_of
from salus.directory.queries import organization_named
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput

_ACTOR = Actor(role=Role.SYSTEM, system="command line")


def run(options: argparse.Namespace) -> int:
    match options.step:
        case "create":
            return _create(options)
        case "list":
            return _list()
        case _:
            end_client(actor=_ACTOR, at=now(), client_id=options.client_id)
            return 0


def _create(options: argparse.Namespace) -> int:
    """Register a client, approved, and print its id and what it needs to ask for tokens."""
    made = register_client(
        actor=_ACTOR,
        at=now(),
        client=NewClient(
            name=options.name,
            scope=options.scope,
            contact=options.contact,
            redirect_uris=tuple(options.redirect_uri),
            purposes=purposes_of(options.purpose or ["TREAT"]),
            is_public=options.public,
            jwks=_json(options.jwks) if options.jwks else None,
            jwks_uri=options.jwks_uri,
            certificates=tuple(_read(file) for file in options.certificate),
            tls_subject=_subject(options.tls_subject) if options.tls_subject else None,
        ),
        organization=organization_named(options.organization) if options.organization else None,
        domains=options.identifier_system,
        approved=True,
    )
    print(f"client_id      {made.client_id}")
    if made.secret:
        print(f"client_secret  {made.secret}")
    return 0


def _list() -> int:
    """One line for each client: id, state, how it proves who it is, scope, name."""
    for client in Client.objects.order_by("requested_at", "pk"):
        state = "ended" if client.ended_at else "active" if client.is_active else "asked for"
        print(
            f"{client.client_id}  {state:<9}  {client.token_endpoint_auth_method}"
            f"  {client.scope}  {client.name}"
        )
    return 0


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(_read(file))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(f"{file} is no JWK Set")
    return found


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None


def _subject(text: str) -> tuple[TlsSubject, str]:
    kind, _, subject = text.partition(":")
    if kind not in TlsSubject.values or not subject:
        raise InvalidInput(
            f"write KIND:SUBJECT, where KIND is one of {', '.join(TlsSubject.values)}"
        )
    return TlsSubject(kind), subject
