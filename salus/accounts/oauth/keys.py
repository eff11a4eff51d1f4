"""The keys that sign this installation's tokens."""

from datetime import datetime

from django.conf import settings
from joserfc.jwk import ECKey, KeySet

from salus.kernel import signing_keys


def signing_key() -> ECKey:
    return signing_keys.signing_key(settings.DATA)


def known_keys() -> tuple[ECKey, ...]:
    """Of all that was signed here, whether it may still hold or not."""
    return signing_keys.known_keys(settings.DATA)


def verifying_keys(at: datetime) -> KeySet:
    """Of all that was signed here and may still hold."""
    return KeySet(list(signing_keys.published_keys(settings.DATA, at=at)))


def public_keys(at: datetime) -> dict[str, object]:
    """The same as a JWK Set (RFC 7517)."""
    keys = signing_keys.published_keys(settings.DATA, at=at)
    return {"keys": [key.as_dict(private=False) for key in keys]}
