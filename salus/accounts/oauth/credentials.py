"""What a request brings to prove who asks, read before anything of it is believed."""

import json
from typing import Any

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from joserfc import jws
from joserfc.errors import JoseError

LONGEST = 16_384  # characters of an assertion


def basic_credentials(request: DjangoOAuth2Request) -> tuple[str | None, str | None]:
    """Id and secret of HTTP Basic. Raises InvalidClientError for what cannot be read."""
    try:
        client_id, secret = extract_basic_authorization(request.headers)
    except ValueError as error:
        raise InvalidClientError(
            description="the header Authorization cannot be read", status_code=401
        ) from error
    return client_id, secret


def unverified(assertion: str) -> dict[str, Any]:
    """The claims of a signed JWT whose signature nobody has looked at. Raises InvalidClientError."""
    try:
        if len(assertion) > LONGEST:
            raise ValueError("too long")
        claims = json.loads(jws.extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError, RecursionError) as error:
        raise InvalidClientError(
            description="the assertion is no signed JWT", status_code=401
        ) from error
    if not isinstance(claims, dict):
        raise InvalidClientError(description="the assertion is no signed JWT", status_code=401)
    return claims
