"""What all grants of ours share: how a client may prove who it is, and the token that they end in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2.rfc6749 import BaseGrant

from salus.accounts.models import AuthMethod
from salus.accounts.oauth.certificates import shown_thumbprint
from salus.accounts.oauth.tokens import LIFETIME, AccessToken
from salus.kernel.actor import Actor
from salus.kernel.origin import fhir_base, origin


class Grant(BaseGrant):  # type: ignore[misc]  # Authlib has no types
    """Base of the grants; each says who acts with the token, once `validate_token_request` has passed."""

    # The public ones last: Authlib takes the first that fits.
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [
        *(AuthMethod.PRIVATE_KEY, AuthMethod.TLS, AuthMethod.SELF_SIGNED_TLS),
        *(AuthMethod.BASIC, AuthMethod.POST, AuthMethod.NONE),
    ]

    def actor(self) -> Actor:
        """For the event of the token."""
        raise NotImplementedError


def issued(
    request: DjangoOAuth2Request,
    *,
    subject: str,
    scope: str,
    at: datetime,
    claims: Mapping[str, Any],
    family: UUID | None = None,
) -> dict[str, Any]:
    """The token response (RFC 6749, section 5.1) with a new access token for ``request.client``."""
    django = request._request
    token = AccessToken(
        issuer=origin(django),
        audience=fhir_base(django),
        client_id=request.client.client_id,
        subject=subject,
        scope=scope,
        issued_at=at,
        expires_at=at + LIFETIME,
        family=family,
        thumbprint=shown_thumbprint(django),
        claims=claims,
    )
    return {
        "access_token": token.signed(),
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": scope,
    }
