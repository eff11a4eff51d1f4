"""Signatures of published editions (salus.kernel.signing); the public keys lie beside the editions."""

from hashlib import sha256
from pathlib import Path

from django.conf import settings

from salus.activity_report.edition import Edition
from salus.kernel.data_folder import secret
from salus.kernel.signing import Document, PublicKeys, Signer, canonical


def keys_file() -> Path:
    """The public keys of this installation, as a JWK Set (RFC 7517)."""
    return Path(settings.DATA / "reports" / "keys.json")


def sign(document: Document) -> Document:
    """The document with its ``signature``."""
    return Signer(secret(settings.DATA, "report_signing_key"), keys_file()).sign(document)


def check_signature(document: Document) -> None:
    """Raises SignatureInvalid unless a key of this installation signed exactly this."""
    PublicKeys(keys_file()).check(document)


def fingerprint(edition: Edition) -> str:
    """SHA-256 in hexadecimal digits of what was counted, however often and whenever it is."""
    body = edition.as_json()
    counted = ("period", "simulated", "protected", "figures", "charts")
    return sha256(canonical({name: body[name] for name in counted})).hexdigest()
