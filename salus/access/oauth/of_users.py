"""Tokens for somebody who signed in and let an app act with their own rights."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2.rfc6749 import InvalidGrantError

from salus.access.actions.apps import use_authorization
from salus.access.models import AppAuthorization
from salus.access.oauth.grant import issued
from salus.access.oauth.open_id import fhir_user, id_token
from salus.access.queries import actor_of
from salus.access.scope_words import OFFLINE
from salus.accounts.models import AuthorizationCode, Client, RefreshToken
from salus.accounts.models.client import hash_of
from salus.accounts.oauth.tokens import LIFETIME
from salus.accounts.rules import split
from salus.kernel.actor import STAFF, Actor, Assurance
from salus.kernel.origin import fhir_base
from salus.mpi.identities import root_of

IDLE = timedelta(days=90)  # an app that nobody has used for so long asks again
LONGEST = timedelta(days=365)  # and any app after so long


def tokens_for(
    request: DjangoOAuth2Request,
    *,
    credential: AuthorizationCode | RefreshToken,
    authorization: AppAuthorization,
    scope: str,
    at: datetime,
) -> dict[str, Any]:
    """The token response: access token, launch context, and the next refresh token if the app may go on."""
    actor = user_of(credential, at=at)
    base = fhir_base(request._request)
    patient = authorization.person_id
    context = {"patient": str(root_of(patient))} if patient else {}
    answer = issued(
        request,
        subject=str(credential.account.subject),
        scope=scope,
        at=at,
        family=credential.family,
        claims=context
        | {
            "fhirUser": fhir_user(actor, base),
            "auth_time": int(credential.authenticated_at.timestamp()),
            "acr": credential.assurance,
        },
    )
    if isinstance(credential, AuthorizationCode) and "openid" in scope.split():
        answer["id_token"] = id_token(
            request._request,
            code=credential,
            actor=actor,
            access_token=answer["access_token"],
            at=at,
        )
    until = at + LIFETIME
    if goes_on(authorization):
        until = refreshable_until(authorization, at)
        answer["refresh_token"] = _refresh_token(credential, authorization.scope, at, until)
    use_authorization(
        account=credential.account_id,
        person=authorization.person_id,
        family=credential.family,
        at=at,
        until=until,
    )
    return answer | context


def user_of(credential: AuthorizationCode | RefreshToken, *, at: datetime) -> Actor:
    """Raises InvalidGrantError when the account has ended, or its professional may not practise then."""
    actor = actor_of(credential.account_id, at=at) if credential.account.is_active else None
    if actor is None or actor.role in STAFF:
        raise InvalidGrantError("the account has ended")
    return actor


def acting(
    credential: AuthorizationCode | RefreshToken, client: Client, scope: str, *, at: datetime
) -> Actor:
    """Whom the event of the token names."""
    _, scopes = split(scope)
    return replace(
        user_of(credential, at=at),
        client=client.pk,
        scopes=scopes,
        assurance=Assurance(credential.assurance),
    )


def goes_on(authorization: AppAuthorization) -> bool:
    """Whether the app may go on after its first token: as long as the session, or until it is ended."""
    return bool(authorization.session) or OFFLINE in authorization.scope.split()


def refreshable_until(authorization: AppAuthorization, at: datetime) -> datetime:
    return min(at + IDLE, authorization.since + LONGEST)


def _refresh_token(
    credential: AuthorizationCode | RefreshToken, scope: str, at: datetime, until: datetime
) -> str:
    text = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        token_hash=hash_of(text),
        client_id=credential.client_id,
        account_id=credential.account_id,
        scope=scope,
        authenticated_at=credential.authenticated_at,
        assurance=credential.assurance,
        family=credential.family,
        issued_at=at,
        expires_at=until,
    )
    return text
