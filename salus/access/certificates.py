"""Who asks, where there is no token: software by its certificate, or the only user of a line.

What it may do is what its registration says, as if it had asked for a token with all of its scopes.
"""

from cryptography import x509
from django.db import connection

from salus.accounts.oauth.certificates import client_registered_with, client_with
from salus.accounts.rules import split
from salus.kernel.actor import Actor, Assurance, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.errors import Unauthorized


def actor_with_certificate(certificate: x509.Certificate, *, purpose: PurposeOfUse) -> Actor:
    """Of a line: an authority that this server trusts has signed it, or it is trusted itself. Raises Unauthorized.

    ``purpose`` is what the door is for, since its messages have no place to state one; None of a client that is not
    registered for it.
    """
    return _of(client_with(certificate, at=now()), purpose)


def actor_who_signed(certificate: x509.Certificate, *, purpose: PurposeOfUse) -> Actor:
    """Of a message: nobody has looked at the certificate yet, so it must be registered itself. As above."""
    return _of(client_registered_with(certificate, at=now()), purpose)


def actor_of_client(client_id: str, *, purpose: PurposeOfUse) -> Actor:
    """Of a line that only one client reaches. Raises Unauthorized."""
    return _actor(client_id, purpose, Assurance.LOW)


def _of(client: str | None, purpose: PurposeOfUse) -> Actor:
    if client is None:
        raise Unauthorized("the certificate is of no client that is registered here, or of several")
    return _actor(client, purpose, Assurance.SUBSTANTIAL)


_STANDING = """
    select client.id, client.scope, client.purposes, organization.id, organization.type,
        array(select system from access_identifierdomain where organization_id = organization.id)
    from accounts_client client
    join access_clientorganization bound on bound.client_id = client.id
    join directory_organization organization on organization.id = bound.organization_id
        and organization.deregistered_at is null
    where client.client_id = %s and client.approved_at is not null and client.ended_at is null
"""


def _actor(client_id: str, purpose: PurposeOfUse, assurance: Assurance) -> Actor:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [client_id])
        found = cursor.fetchone()
    if found is None:
        raise Unauthorized("the client is not approved, or has ended, or its organisation has")
    client, scope, purposes, organization, organization_type, domains = found
    _, scopes = split(scope)
    return Actor(
        role=Role.SOFTWARE,
        client=client,
        organization=organization,
        domains=frozenset(domains),
        organization_type=organization_type,
        purpose=purpose if purpose in purposes else None,
        scopes=scopes,
        assurance=assurance,
    )
