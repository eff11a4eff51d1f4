"""Who asks, by the access token of a request: what a session is to a page."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.http import HttpRequest

from salus.access.queries import actor_of
from salus.accounts.oauth.certificates import shown_thumbprint
from salus.accounts.oauth.tokens import AccessToken, verified
from salus.accounts.rules import split
from salus.directory.queries import HELD, PRACTISES, ROWS
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.kernel.errors import Unauthorized
from salus.kernel.origin import fhir_base, origin
from salus.kernel.prepared import preparing_cursor
from salus.kernel.scopes import Scopes
from salus.mpi.identities import root_of


def actor_with_token(request: HttpRequest) -> Actor | None:
    """The actor of the token; None without one. Raises Unauthorized for one that does not hold (any more)."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    at = now()
    token = verified(text.strip(), issuer=origin(request), audience=fhir_base(request), at=at)
    if token.thumbprint and token.thumbprint != shown_thumbprint(request):
        raise Unauthorized("the token holds with the client's certificate only")
    return _actor(token, at)


def _actor(token: AccessToken, at: datetime) -> Actor:
    standing = _standing(token, at)
    client, organization, organization_type, domains, practitioner, account, revoked = standing
    if revoked:
        raise Unauthorized("the token was revoked")
    if client is None:
        raise Unauthorized("the client is not approved, or has ended")
    scopes = _scopes(token.scope)
    if token.subject != token.client_id:
        user = actor_of(account, at=at) if account else None
        if user is None:
            raise Unauthorized("the account has ended")
        return replace(
            user,
            client=client,
            organization=organization,
            organization_type=organization_type or "",
            purpose=_OF_USERS.get(user.role),
            scopes=scopes,
            assurance=token.assurance,
            patient=root_of(int(token.claims["patient"])) if "patient" in token.claims else None,
        )
    if organization is None:
        raise Unauthorized("the client's organisation is not registered any more")
    if practitioner is None and _practitioner(token):
        raise Unauthorized("the professional does not work there any more")
    return Actor(
        role=Role.PROFESSIONAL if practitioner else Role.SOFTWARE,
        practitioner=practitioner,
        client=client,
        organization=organization,
        domains=frozenset(domains),
        organization_type=organization_type or "",
        purpose=_purpose(token),
        scopes=scopes,
        assurance=token.assurance,
    )


# What somebody's own app is for; software of an organisation says it itself.
_OF_USERS = {
    Role.PATIENT: PurposeOfUse.PATIENT_REQUEST,
    Role.PROFESSIONAL: PurposeOfUse.TREATMENT,
}

_Standing = tuple[int | None, int | None, str | None, list[str], int | None, int | None, bool]

_STANDING = f"""
    select client.id, organization.id, organization.type,
        array(select system from access_identifierdomain where organization_id = organization.id),
        practitioner.id, account.id,
        exists (select from accounts_revokedtoken where id = any (%(ids)s))
    from (select 1) one
    left join accounts_client client on client.client_id = %(client)s
        and client.approved_at is not null and client.ended_at is null
    left join access_clientorganization bound on bound.client_id = client.id
    left join directory_organization organization on organization.id = bound.organization_id
        and organization.deregistered_at is null
    left join directory_practitioner practitioner on practitioner.id = %(practitioner)s
        and {PRACTISES}
        and exists (select from directory_practitionerrole role
            where role.practitioner_id = any ({ROWS}) and role.organization_id = organization.id
                and {HELD})
    left join accounts_account account on account.subject = %(subject)s
        and account.activated_at is not null and account.deleted_at is null
"""  # noqa: S608  # its parts are ours


def _standing(token: AccessToken, at: datetime) -> _Standing:
    """Whether all whom the token names are still there, in one query."""
    of_user = token.subject != token.client_id
    with preparing_cursor() as cursor:
        cursor.execute(
            _STANDING,
            {
                "day": at.date(),
                "ids": [token.id, token.family] if token.family else [token.id],
                "client": token.client_id,
                "practitioner": None if of_user else _practitioner(token),
                "subject": UUID(token.subject) if of_user else None,
            },
        )
        standing: _Standing = cursor.fetchone()
    return standing


def _practitioner(token: AccessToken) -> int | None:
    """For whom of its organisation's professionals software asks in its own name."""
    _, parted, number = str(token.claims.get("fhirUser", "")).rpartition("/Practitioner/")
    return int(number) if parted else None


def _purpose(token: AccessToken) -> PurposeOfUse | None:
    stated = token.claims.get("extensions", {}).get("ihe_iua", {}).get("purpose_of_use")
    return PurposeOfUse(stated[0]["code"]) if stated else None


@lru_cache(maxsize=1024)
def _scopes(text: str) -> Scopes:
    """Read once: an installation grants few different ones."""
    _, scopes = split(text)
    return scopes
