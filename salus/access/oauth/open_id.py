"""Who signed in, told to the app (OpenID Connect Core): the id_token, and the claims that userinfo repeats."""

from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.core.util import create_half_hash
from django.http import HttpRequest
from joserfc import jwt
from joserfc.errors import JoseError

from salus.accounts.models import Account, AuthorizationCode
from salus.accounts.oauth.keys import signing_key, verifying_keys
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput
from salus.kernel.origin import fhir_base, origin
from salus.kernel.signing_keys import ALGORITHM

_LIFETIME = timedelta(hours=1)  # it opens nothing, it tells of one sign-in
LEVEL = "http://eidas.europa.eu/LoA/"  # eIDAS message format, level of assurance


def id_token(
    request: HttpRequest, *, code: AuthorizationCode, actor: Actor, access_token: str, at: datetime
) -> str:
    """Signed (ES256), for the client of the code alone."""
    key = signing_key()
    claims: dict[str, Any] = user_claims(request, code.account, actor, code.scope) | {
        "iss": origin(request),
        "aud": code.client.client_id,
        "iat": int(at.timestamp()),
        "exp": int((at + _LIFETIME).timestamp()),
        "auth_time": int(code.authenticated_at.timestamp()),
        "acr": LEVEL + code.assurance,
        "at_hash": create_half_hash(access_token, ALGORITHM).decode(),
    }
    if code.nonce:
        claims["nonce"] = code.nonce
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def user_claims(request: HttpRequest, account: Account, actor: Actor, scope: str) -> dict[str, Any]:
    """The subject is opaque, and the same for every app; with ``fhirUser`` comes the user's own resource."""
    claims = {"sub": str(account.subject)}
    if "fhirUser" in scope.split():
        claims["fhirUser"] = fhir_user(actor, fhir_base(request))
    return claims


def fhir_user(actor: Actor, base: str) -> str:
    """https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data"""
    if actor.person:
        return f"{base}/Patient/{actor.person}"
    return f"{base}/Practitioner/{actor.practitioner}"


def hinted_client(request: HttpRequest, id_token_hint: str) -> str:
    """The client id of an id_token of ours, of today or of long ago. Raises InvalidInput for anything else."""
    try:
        token = jwt.decode(id_token_hint, verifying_keys(now()), algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise InvalidInput("the id_token_hint is none of ours") from error
    if token.claims.get("iss") != origin(request) or token.header.get("typ") != "JWT":
        raise InvalidInput("the id_token_hint is none of ours")
    return str(token.claims.get("aud"))
