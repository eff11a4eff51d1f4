"""The keys of an installation on their own way, apart from the backups: sealed by a passphrase.

A key opens or signs something and cannot be made anew, unlike passwords. Its sealed copy is an age file
(https://age-encryption.org/v1, scrypt), which any age program opens should Salus be gone.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

from pyrage import DecryptError, passphrase

from salus.kernel.data_folder import SECRETS, disk_errors, secret, write_whole
from salus.kernel.errors import InvalidInput
from salus.kernel.postgres import ROLES

# What these open or sign is asked for anew.
_MADE_ANEW = ("superuser", "django_secret_key", "token_signing_key", *ROLES)
KEYS = tuple(name for name in SECRETS if name not in _MADE_ANEW)
CONTENT_KEY = "content_kek"
SHORTEST = 15  # characters of a passphrase; NIST SP 800-63B-4, 3.1.1.2


class KeyCopyUnusable(InvalidInput):
    """The copy of the keys does not open, or is of another installation."""


def fingerprint(key: str) -> str:
    """What people compare, as 5F0C-93A1-7D42-E6B8; says nothing about the key itself."""
    digest = hashlib.sha256(b"salus key fingerprint 1\0" + key.encode()).hexdigest().upper()
    return "-".join(digest[place : place + 4] for place in range(0, 16, 4))


def fingerprints(keys: Mapping[str, str]) -> dict[str, str]:
    return {name: fingerprint(key) for name, key in keys.items()}


def keys_of(data: Path) -> dict[str, str]:
    return {name: secret(data, name) for name in KEYS}


def seal(keys: Mapping[str, str], file: Path, phrase: str) -> None:
    """Write the sealed copy; a file that is there is never overwritten."""
    if len(phrase) < SHORTEST:
        raise InvalidInput(f"the passphrase is too short: at least {SHORTEST} characters")
    if file.exists():
        raise InvalidInput(f"{file} is there already: choose another name")
    sealed = passphrase.encrypt(json.dumps(dict(keys)).encode(), phrase, armored=True)
    with disk_errors(file.parent):
        write_whole(file, sealed, mode=0o600)


def unseal(file: Path, phrase: str) -> dict[str, str]:
    try:
        keys = json.loads(_decrypted(file.read_bytes(), phrase))
    except OSError as error:
        raise KeyCopyUnusable(
            f"the copy of the keys {file} cannot be read: {error.strerror}"
        ) from None
    except (DecryptError, ValueError) as error:
        if _TOO_SLOW in str(error):
            raise KeyCopyUnusable(
                f"this machine is too busy to open {file} now: try again when it is idle"
            ) from None
        raise KeyCopyUnusable(
            f"{file} does not open: the passphrase is wrong, or it is no copy that `salus key export` made"
        ) from None
    return dict(keys)


def _decrypted(sealed: bytes, phrase: str) -> bytes:
    """age measures for a moment how fast the machine is, and refuses what would take it too long: on a busy
    one the moment deceives, so it is asked again."""
    for _ in range(_TRIES):
        try:
            return bytes(passphrase.decrypt(sealed, phrase))
        except DecryptError as error:
            if _TOO_SLOW not in str(error):
                raise
            time.sleep(0.2)
    return bytes(passphrase.decrypt(sealed, phrase))


_TOO_SLOW = "xcessive work"
_TRIES = 50


def check(keys: Mapping[str, str], expected: Mapping[str, str], *, source: Path) -> None:
    """Raises KeyCopyUnusable unless every expected key is there, and is the one."""
    for name, wanted in expected.items():
        if name not in keys:
            raise KeyCopyUnusable(
                f"{source} lacks {name}, fingerprint {wanted}: take a newer copy of the keys"
            )
        if (found := fingerprint(keys[name])) != wanted:
            raise KeyCopyUnusable(
                f"wrong key: {name} in {source} has the fingerprint {found}, needed is {wanted}; take the "
                "copy of the keys that shows that one"
            )
