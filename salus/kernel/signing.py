"""What this installation signs, and how anyone can check it.

Ed25519 as a detached JSON Web Signature (RFC 7515, appendix F; RFC 9864) over the document's canonical
JSON (RFC 8785) without its member ``signature``. The key is a secret of the installation; its public half
lies in a file beside what it signs, where anyone can fetch it.
"""

import base64
import json
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from salus.kernel.data_folder import write_whole
from salus.kernel.errors import InvalidInput

_ALGORITHM = "Ed25519"

Document = dict[str, Any]


class SignatureInvalid(InvalidInput):
    """The document is not as this installation signed it, or another one signed it."""


class Signer:
    """A key of this installation. ``secret`` is its seed, ``keys_file`` where its public half is published."""

    def __init__(self, secret: str, keys_file: Path) -> None:
        seed = base64.urlsafe_b64decode(secret + "=")
        self._key = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed))
        self._keys_file = keys_file

    def sign(self, document: Document) -> Document:
        """The document with its ``signature``."""
        self._publish()
        header = {"alg": _ALGORITHM, "kid": self._key.thumbprint()}
        compact = jws.serialize_compact(
            header, _payload(document), self._key, algorithms=[_ALGORITHM]
        )
        protected, _, signature = compact.split(".")
        return document | {"signature": f"{protected}..{signature}"}

    def _publish(self) -> None:
        """Put the public half among those published before, so that old signatures still hold."""
        file, key = self._keys_file, self._key
        known = json.loads(file.read_bytes())["keys"] if file.exists() else []
        ours = key.as_dict(private=False) | {
            "kid": key.thumbprint(),
            "use": "sig",
            "alg": _ALGORITHM,
        }
        if ours not in known:
            write_whole(file, json.dumps({"keys": [*known, ours]}, indent=1).encode())


class PublicKeys:
    """The keys of an installation, as a JWK Set (RFC 7517); none while it has signed nothing."""

    def __init__(self, keys_file: Path) -> None:
        self._keys = (
            KeySet.import_key_set(json.loads(keys_file.read_bytes()))
            if keys_file.exists()
            else None
        )

    def check(self, document: Document) -> None:
        """Raises SignatureInvalid unless one of the keys signed exactly this."""
        signature = document.get("signature")
        if not isinstance(signature, str) or signature.count("..") != 1:
            raise SignatureInvalid("it is not signed")
        if self._keys is None:
            raise SignatureInvalid("nothing was signed here: this installation has no key yet")
        payload = base64.urlsafe_b64encode(_payload(document)).rstrip(b"=").decode()
        try:
            jws.deserialize_compact(
                signature.replace("..", f".{payload}."), self._keys, algorithms=[_ALGORITHM]
            )
        except (JoseError, ValueError) as error:
            raise SignatureInvalid(
                "the signature does not hold: it was changed after it was signed, or another"
                " installation signed it"
            ) from error


def canonical(body: Any) -> bytes:
    """The one spelling of a JSON value (RFC 8785)."""
    return rfc8785.dumps(body)


def _payload(document: Document) -> bytes:
    return canonical({name: value for name, value in document.items() if name != "signature"})
