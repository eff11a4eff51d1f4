"""private_key_jwt: a client signs that it is the one (RFC 7523, section 2.2; SMART Backend Services)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from salus.accounts.models import AuthMethod, Client, UsedAssertion
from salus.accounts.oauth.credentials import unverified
from salus.accounts.oauth.fetched_keys import keys_at
from salus.accounts.oauth.registration import ALGORITHMS, key_set
from salus.kernel.clock import now
from salus.kernel.errors import SalusError
from salus.kernel.origin import origin

LONGEST = timedelta(minutes=5)  # that an assertion may live: SMART Backend Services, "exp"
LEEWAY = timedelta(seconds=30)  # between two clocks
_LONGEST_JTI = 256  # characters

QueryClient = Callable[[str], Client | None]


def authenticate_by_assertion(query: QueryClient, request: DjangoOAuth2Request) -> Client | None:
    client: Client | None = _Assertion(request)(query, request)
    return client


def claims_of(request: DjangoOAuth2Request) -> dict[str, Any]:
    """What the assertion says beside who signed it; for a request whose client has authenticated by it."""
    found: dict[str, Any] = getattr(request, "assertion_claims", {})
    return found


class _Assertion(JWTBearerClientAssertion):  # type: ignore[misc]  # Authlib has no types
    """One per request: Authlib asks for audiences and keys without saying in which."""

    CLIENT_AUTH_METHOD = AuthMethod.PRIVATE_KEY.value

    def __init__(self, request: DjangoOAuth2Request) -> None:
        super().__init__(leeway=int(LEEWAY.total_seconds()))
        self._request = request
        self._kid: str | None = None

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        unverified(assertion)
        headers, claims = super().extract_assertion(assertion)
        kid = headers.get("kid")
        self._kid = kid if isinstance(kid, str) else None
        if claims.get("sub") != self._request.form.get("client_id", claims.get("sub")):
            raise InvalidClientError(description="client_id is not the subject of the assertion")
        return headers, claims

    def get_audiences(self) -> list[str]:
        issuer = origin(self._request._request)
        return [f"{issuer}/oauth/token", issuer]

    def resolve_client_public_key(self, client: Client) -> KeySet:
        try:
            if client.jwks_uri:
                return keys_at(client.jwks_uri, kid=self._kid)
            return key_set(client.jwks)
        except SalusError as error:
            raise InvalidClientError(description="the keys of the client cannot be had") from error

    def process_assertion_claims(self, assertion: str, key: KeySet) -> dict[str, Any]:
        try:
            claims = jwt.decode(assertion, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidClientError(
                description="the assertion is signed by none of the client's keys"
            ) from error
        self.verify_claims(claims)
        self._request.assertion_claims = claims
        return dict(claims)

    def verify_claims(self, claims: dict[str, Any]) -> None:
        expires = claims.get("exp")
        if not isinstance(expires, int | float):
            raise InvalidClientError(description="the assertion says no exp")
        if expires > (now() + LONGEST + LEEWAY).timestamp():
            raise InvalidClientError(description="the assertion lives longer than 5 minutes")
        super().verify_claims(claims)

    def validate_jti(self, claims: dict[str, Any], jti: object) -> bool:
        """Whether it is new; from now on it is not."""
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI or "\0" in jti:
            raise InvalidClientError(description="jti is a text of at most 256 characters")
        until = datetime.fromtimestamp(claims["exp"], UTC) + LEEWAY
        return is_first_use(self._request.client.pk, jti, until=until)


def is_first_use(client: int, id: str, *, until: datetime) -> bool:
    """Of what holds once, by its ``id`` of at most 256 characters, and not after ``until``."""
    _, is_new = UsedAssertion.objects.get_or_create(
        client_id=client, jti=id, defaults={"expires_at": until}
    )
    return is_new
