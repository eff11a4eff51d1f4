"""The keys that sign this installation's tokens."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from joserfc.jwk import ECKey, KeySet

from salus.kernel import signing_keys


def signing_key() -> ECKey:
    return signing_keys.signing_key(settings.DATA)


def verifying_keys(at: datetime) -> KeySet:
    """Of all that was signed here and may still hold."""
    return KeySet(list(signing_keys.published_keys(settings.DATA, at=at)))


def keys_named(kids: Collection[str | None]) -> KeySet:
    """Of all that are known here, those with these ids."""
    return KeySet([key for key in signing_keys.known_keys(settings.DATA) if key.kid in kids])


def public_keys(at: datetime) -> dict[str, object]:
    """The same as a JWK Set (RFC 7517)."""
    keys = signing_keys.published_keys(settings.DATA, at=at)
    return {"keys": [key.as_dict(private=False) for key in keys]}
