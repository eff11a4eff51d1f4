"""The keys that sign tokens (ES256): the newest signs, the one before it still verifies what it signed.

DATA/secrets/token_signing_key and token_signing_key.before. Read whenever a file has changed, so that
`salus key rotate` needs no restart.
"""

import base64
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from salus.kernel.data_folder import disk_errors, secret, write_whole

ALGORITHM = "ES256"
_NAME = "token_signing_key"
_BEFORE = f"{_NAME}.before"
# Of the group of P-256 (SEC 2, section 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def token_keys(data: Path) -> tuple[ECKey, ...]:
    """The newest first."""
    folder = data / "secrets"
    return tuple(_key(text) for text in _texts(folder, _changed(folder / _NAME)))


def rotate(data: Path) -> str:
    """Make a new key that signs from now on; returns its kid."""
    made, old = secrets.token_urlsafe(32), secret(data, _NAME)
    with disk_errors(data):
        write_whole(data / "secrets" / _BEFORE, old.encode(), mode=0o600)
        write_whole(data / "secrets" / _NAME, made.encode(), mode=0o600)
    return _key(made).thumbprint()


def _changed(file: Path) -> int:
    """Nanoseconds; the newest key is written last, so it tells of both."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=1)
def _texts(folder: Path, changed: int) -> tuple[str, ...]:
    before = folder / _BEFORE
    newest = secret(folder.parent, _NAME)
    return (newest, before.read_text().strip()) if before.exists() else (newest,)


@lru_cache(maxsize=4)
def _key(text: str) -> ECKey:
    """The key of a secret of 32 random bytes."""
    seed = int.from_bytes(base64.urlsafe_b64decode(text + "="))
    raw = ec.derive_private_key(seed % (_ORDER - 1) + 1, ec.SECP256R1())
    kid = ECKey.import_key(raw).thumbprint()
    return ECKey.import_key(raw, {"kid": kid, "use": "sig", "alg": ALGORITHM})
