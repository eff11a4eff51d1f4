"""Signatures of published editions.

Ed25519 as a detached JSON Web Signature (RFC 7515, appendix F; RFC 9864) over the document's canonical
JSON (RFC 8785) without its member ``signature``. The key is a secret of the installation; its public half lies beside
the editions, where anyone can fetch it.
"""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from salus.activity_report.edition import Edition
from salus.kernel.data_folder import secret, write_whole
from salus.kernel.errors import InvalidInput

_ALGORITHM = "Ed25519"

Document = dict[str, Any]


class SignatureInvalid(InvalidInput):
    """The document is not as this installation signed it, or another one signed it."""


def keys_file() -> Path:
    """The public keys of this installation, as a JWK Set (RFC 7517)."""
    return Path(settings.DATA / "reports" / "keys.json")


def sign(document: Document) -> Document:
    """The document with its ``signature``."""
    key = _private_key()
    _publish(key)
    header = {"alg": _ALGORITHM, "kid": key.thumbprint()}
    compact = jws.serialize_compact(header, _payload(document), key, algorithms=[_ALGORITHM])
    protected, _, signature = compact.split(".")
    return document | {"signature": f"{protected}..{signature}"}


def check_signature(document: Document) -> None:
    """Raises SignatureInvalid unless a key of this installation signed exactly this."""
    signature = document.get("signature")
    if not isinstance(signature, str) or signature.count("..") != 1:
        raise SignatureInvalid("the edition is not signed")
    if not keys_file().exists():
        raise SignatureInvalid("nothing was published here: this installation has no key yet")
    keys = KeySet.import_key_set(json.loads(keys_file().read_bytes()))
    payload = base64.urlsafe_b64encode(_payload(document)).rstrip(b"=").decode()
    try:
        jws.deserialize_compact(
            signature.replace("..", f".{payload}."), keys, algorithms=[_ALGORITHM]
        )
    except (JoseError, ValueError) as error:
        raise SignatureInvalid(
            "the signature does not hold: the file was changed after it was published, or another"
            " installation published it"
        ) from error


def canonical(body: Any) -> bytes:
    """The one spelling of a JSON value (RFC 8785)."""
    return rfc8785.dumps(body)


def fingerprint(edition: Edition) -> str:
    """SHA-256 in hexadecimal digits of what was counted, however often and whenever it is."""
    body = edition.as_json()
    counted = ("period", "simulated", "protected", "figures", "charts")
    return sha256(canonical({name: body[name] for name in counted})).hexdigest()


def _payload(document: Document) -> bytes:
    return canonical({name: value for name, value in document.items() if name != "signature"})


def _private_key() -> OKPKey:
    seed = base64.urlsafe_b64decode(secret(settings.DATA, "report_signing_key") + "=")
    return OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed))


def _publish(key: OKPKey) -> None:
    """Put the public half among those published before, so that old signatures still hold."""
    file = keys_file()
    known = json.loads(file.read_bytes())["keys"] if file.exists() else []
    ours = key.as_dict(private=False) | {"kid": key.thumbprint(), "use": "sig", "alg": _ALGORITHM}
    if ours not in known:
        write_whole(file, json.dumps({"keys": [*known, ours]}, indent=1).encode())
