"""The keys that sign this installation's tokens."""

from django.conf import settings
from joserfc.jwk import ECKey, KeySet

from salus.kernel.signing_keys import token_keys


def signing_key() -> ECKey:
    return token_keys(settings.DATA)[0]


def verifying_keys() -> KeySet:
    return KeySet(list(token_keys(settings.DATA)))


def public_keys() -> dict[str, object]:
    """JWK Set (RFC 7517)."""
    return {"keys": [key.as_dict(private=False) for key in token_keys(settings.DATA)]}
