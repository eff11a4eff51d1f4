"""Access tokens: signed JWTs (RFC 9068) that live for minutes, bound to the client's certificate if it showed one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from salus.accounts.oauth.keys import keys_named, signing_key, verifying_keys
from salus.kernel.actor import Assurance
from salus.kernel.errors import Unauthorized
from salus.kernel.signing_keys import ALGORITHM

LIFETIME = timedelta(minutes=5)
_TYPE = "at+jwt"
_LONGEST = 8192  # characters; ours have about 1,000


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """``claims`` are the others: ``acr`` (an Assurance), ``extensions`` (IHE IUA), ``fhirUser``, ``patient``."""

    issuer: str
    audience: str  # base URL of the FHIR interface
    client_id: str
    subject: str  # of the account, else of the client
    scope: str
    issued_at: datetime
    expires_at: datetime
    id: UUID = field(default_factory=uuid4)
    family: UUID | None = None  # all that come of one authorisation
    thumbprint: str | None = (
        None  # x5t#S256 of the certificate that must be shown with it (RFC 8705)
    )
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def assurance(self) -> Assurance:
        return Assurance(self.claims.get("acr", Assurance.LOW))

    def signed(self) -> str:
        standing = {
            "iss": self.issuer,
            "aud": self.audience,
            "client_id": self.client_id,
            "sub": self.subject,
            "scope": self.scope,
            "iat": int(self.issued_at.timestamp()),
            "exp": int(self.expires_at.timestamp()),
            "jti": str(self.id),
        }
        if self.family:
            standing["family"] = str(self.family)
        if self.thumbprint:
            standing["cnf"] = {"x5t#S256": self.thumbprint}
        key = signing_key()
        header = {"alg": ALGORITHM, "typ": _TYPE, "kid": key.kid}
        return jwt.encode(header, {**self.claims, **standing}, key, algorithms=[ALGORITHM])


_STANDING = {
    *("iss", "aud", "client_id", "sub", "scope", "iat", "exp", "jti", "family", "cnf"),
}


def verified(text: str, *, issuer: str, audience: str, at: datetime) -> AccessToken:
    """The token, when this installation signed it for this audience and it has not expired.

    Raises Unauthorized. Whether it was revoked is asked of the database (salus.access.tokens).
    """
    if len(text) > _LONGEST:
        raise Unauthorized("the token is none of ours")
    read = _signed(text, frozenset(key.kid for key in verifying_keys(at)))
    if (read.issuer, read.audience) != (issuer, audience):
        raise Unauthorized("the token is for another audience")
    if at >= read.expires_at:
        raise Unauthorized("the token has expired")
    return read


# Whoever asks many times sends the same text, and it stays signed as long as the keys are the same.
@lru_cache(maxsize=4096)
def _signed(text: str, kids: frozenset[str | None]) -> AccessToken:
    """Raises Unauthorized, unless one of the keys with these ids signed it."""
    try:
        token = jwt.decode(text, keys_named(kids), algorithms=[ALGORITHM])
        claims = token.claims
        if token.header.get("typ") != _TYPE:
            raise Unauthorized("the token is not an access token")
        return AccessToken(
            issuer=claims["iss"],
            audience=claims["aud"],
            client_id=claims["client_id"],
            subject=claims["sub"],
            scope=claims["scope"],
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            id=UUID(claims["jti"]),
            family=UUID(claims["family"]) if "family" in claims else None,
            thumbprint=claims["cnf"]["x5t#S256"] if "cnf" in claims else None,
            claims={name: value for name, value in claims.items() if name not in _STANDING},
        )
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unauthorized("the token is none of ours") from error
