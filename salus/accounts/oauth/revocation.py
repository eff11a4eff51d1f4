"""Tokens that are taken back (RFC 7009), and what is still known of a token (RFC 7662)."""

from typing import Any, ClassVar

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from django.db import transaction

from salus.accounts.actions import revoke_token
from salus.accounts.models import AuthMethod, Client, RefreshToken, RevokedToken
from salus.accounts.models.client import hash_of
from salus.accounts.oauth.tokens import AccessToken, verified
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import Unauthorized
from salus.kernel.origin import fhir_base, origin
from salus.kernel.scopes import Scopes

CONFIDENTIAL: list[str] = [
    *(AuthMethod.PRIVATE_KEY, AuthMethod.TLS, AuthMethod.SELF_SIGNED_TLS),
    *(AuthMethod.BASIC, AuthMethod.POST),
]


class Known:
    """A token that was ours and has not expired, as Authlib asks of it."""

    def __init__(self, token: AccessToken | RefreshToken) -> None:
        self.token = token

    @property
    def client_id(self) -> str:
        token = self.token
        return token.client_id if isinstance(token, AccessToken) else token.client.client_id

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.client_id

    def is_expired(self) -> bool:
        return self.token.expires_at <= now()

    def is_revoked(self) -> bool:
        token = self.token
        ids = [token.family, token.id] if isinstance(token, AccessToken) else [token.family]
        used = isinstance(token, RefreshToken) and token.used_at is not None
        ended = not Client.objects.filter(client_id=self.client_id, ended_at=None).exists()
        return used or ended or RevokedToken.objects.filter(id__in=ids).exists()

    def claims(self) -> dict[str, Any]:
        token = self.token
        shown = {
            "client_id": self.client_id,
            "scope": token.scope,
            "exp": int(token.expires_at.timestamp()),
            "iat": int(token.issued_at.timestamp()),
        }
        if isinstance(token, RefreshToken):
            return shown | {"sub": str(token.account.subject), "token_type": "refresh_token"}
        if token.thumbprint:
            shown["cnf"] = {"x5t#S256": token.thumbprint}
        return shown | {
            **token.claims,
            "token_type": "Bearer",
            "iss": token.issuer,
            "aud": token.audience,
            "sub": token.subject,
            "jti": str(token.id),
        }


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib has no types
    """Any client that proves who it is may ask: whoever has a token can read in it what is answered here."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = CONFIDENTIAL

    def authenticate_token(self, request: DjangoOAuth2Request, client: Client) -> Known | None:
        known = _sent(request)
        if known and isinstance(known.token, RefreshToken) and not known.check_client(client):
            return None
        return known

    def introspect_token(self, token: Known) -> dict[str, Any]:
        return token.claims()


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # as above
    """A refresh token takes its whole family with it; what is no token any more needs no revoking."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = [*CONFIDENTIAL, AuthMethod.NONE]

    def authenticate_token(self, request: DjangoOAuth2Request, client: Client) -> Known | None:
        known = _sent(request)
        if known and not known.check_client(client):
            raise InvalidGrantError("the token is another client's")
        return known

    def revoke_token(self, token: Known, request: DjangoOAuth2Request) -> None:
        kept = token.token
        with transaction.atomic():
            revoke_token(
                kept.id if isinstance(kept, AccessToken) else kept.family, until=kept.expires_at
            )
            record(
                actor=Actor(
                    role=Role.SYSTEM,
                    system="authorization server",
                    client=request.client.pk,
                    scopes=Scopes(granted=()),
                ),
                kind=EventKind.TOKEN_REVOKED,
                at=now(),
            )


def _sent(request: DjangoOAuth2Request) -> Known | None:
    text = request.form.get("token")
    if not text:
        raise InvalidRequestError("token is missing")
    django = request._request
    try:
        return Known(verified(text, issuer=origin(django), audience=fhir_base(django), at=now()))
    except Unauthorized:
        kept = RefreshToken.objects.filter(token_hash=hash_of(text), expires_at__gt=now())
        refresh = kept.select_related("client", "account").first()
        return Known(refresh) if refresh else None
