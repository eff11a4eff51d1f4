"""The keys that sign tokens and proofs (ES256): one signs; of those before it the public half is published on.

DATA/secrets/token_signing_key, and token_keys_before.json: a JWK Set (RFC 7517) in which each key says until when
something that it signed may hold (`exp`; OpenID Federation 1.0, section 8.7.2). Both are read whenever a file has
changed, so that `salus key rotate` needs no restart.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from salus.kernel.data_folder import disk_errors, secret, write_whole

ALGORITHM = "ES256"
_NAME = "token_signing_key"
_BEFORE = "token_keys_before.json"
# Of the group of P-256 (SEC 2, section 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signing_key(data: Path) -> ECKey:
    return known_keys(data)[0]


def published_keys(data: Path, *, at: datetime) -> list[ECKey]:
    """The key that signs, then those before it of which something may still hold; only the first has a private half."""
    newest, *before = known_keys(data)
    return [newest, *(key for key in before if at.timestamp() < _until(key))]


def rotate(data: Path, *, at: datetime, until: datetime | None) -> str:
    """Make a new key that signs from now on; returns its kid.

    ``until``: when nothing that the one before it signed holds any more. None: it, or one before, was stolen, and
    nothing that any of them signed holds from now on.
    """
    made = secrets.token_urlsafe(32)
    before: list[Mapping[str, Any]] = []
    if until:
        last, *others = published_keys(data, at=at)
        ended = last.as_dict(private=False) | {"exp": int(until.timestamp())}
        # A rotation that died half-way has noted the last one already.
        others = [key for key in others if key.kid != last.kid]
        before = [ended, *(key.as_dict(private=False) for key in others)]
    with disk_errors(data):
        write_whole(data / "secrets" / _BEFORE, json.dumps({"keys": before}).encode(), mode=0o600)
        write_whole(data / "secrets" / _NAME, made.encode(), mode=0o600)
    return _key(made).thumbprint()


def _until(key: ECKey) -> float:
    """POSIX seconds."""
    said: Any = key.get("exp")
    return float(said)


def known_keys(data: Path) -> tuple[ECKey, ...]:
    """The one that signs, then those before it, also those of which nothing may hold any more."""
    folder = data / "secrets"
    return _read(folder, _changed(folder / _NAME))


def _changed(file: Path) -> int:
    """Nanoseconds; the newest key is written last, so it tells of both files."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=1)
def _read(folder: Path, changed: int) -> tuple[ECKey, ...]:
    """The newest first."""
    newest, before = _key(secret(folder.parent, _NAME)), folder / _BEFORE
    known = json.loads(before.read_bytes())["keys"] if before.exists() else []
    return newest, *(ECKey.import_key(key) for key in known)


def _key(text: str) -> ECKey:
    """The key of a secret of 32 random bytes."""
    seed = int.from_bytes(base64.urlsafe_b64decode(text + "="))
    raw = ec.derive_private_key(seed % (_ORDER - 1) + 1, ec.SECP256R1())
    kid = ECKey.import_key(raw).thumbprint()
    return ECKey.import_key(raw, {"kid": kid, "use": "sig", "alg": ALGORITHM})
