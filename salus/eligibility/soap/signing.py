"""Answers as signed messages (WS-Security 1.1.1, X.509 token profile 1.1.1), by this installation's key for them.

DATA/secrets/soap_signing.pem holds the key and its certificate. It is made when it is first needed, signed by itself;
whoever has a certificate of an authority puts that there instead. Read again whenever the file has changed.
"""

import os
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from salus.eligibility.soap.names import (
    BASE64,
    DS,
    WSSE,
    WSU,
    X509,
    ds,
    soap,
    wsa,
    wsse,
    wsu,
)
from salus.kernel.clock import now
from salus.kernel.data_folder import DataFolderDamaged, sync_folder

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_NAME = "soap_signing.pem"
_BITS = 3072  # of our own: RSA is what older software verifies
_LASTS = timedelta(days=3650)  # our own certificate, which callers have put among those they trust
_GOOD_FOR = timedelta(minutes=5)  # an answer, as long as a question


@dataclass(frozen=True, kw_only=True)
class Signer:
    key: Key
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate, for callers."""
        return self.certificate.public_bytes(Encoding.PEM)

    def sign(self, envelope: Any, *, at: datetime) -> None:
        """Add a Security header whose signature is over Body, Timestamp and, where it is, RelatesTo."""
        header = envelope.find(soap("Header"))
        parts = [envelope.find(soap("Body")), header.find(wsa("RelatesTo"))]
        security = etree.SubElement(header, wsse("Security"), nsmap={"wsse": WSSE, "wsu": WSU})
        parts.append(_timestamp(security, at))
        names = [_named(part) for part in parts if part is not None]
        kind = {"ValueType": X509}
        token = etree.SubElement(
            security, wsse("BinarySecurityToken"), {"EncodingType": BASE64, **kind}
        )
        token.text = b64encode(self.certificate.public_bytes(Encoding.DER)).decode()
        info = etree.Element(ds("KeyInfo"), nsmap={"ds": DS})
        refers = etree.SubElement(info, wsse("SecurityTokenReference"), nsmap={"wsse": WSSE})
        etree.SubElement(refers, wsse("Reference"), {"URI": _named(token), **kind})
        signature = XMLSigner(
            method=SignatureConstructionMethod.detached,
            signature_algorithm=(
                SignatureMethod.RSA_SHA256
                if isinstance(self.key, rsa.RSAPrivateKey)
                else SignatureMethod.ECDSA_SHA256
            ),
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        ).sign(envelope, key=self.key, key_info=info, reference_uri=names, id_attribute="Id")
        security.append(signature)


def own_signer() -> Signer:
    """Raises DataFolderDamaged for a file that is no key with its certificate."""
    file = file_of(settings.DATA)
    if not file.exists():
        _make(file)
    return signer_in(file)


def file_of(data: Path) -> Path:
    return data / "secrets" / _NAME


def signer_in(file: Path) -> Signer:
    """Raises DataFolderDamaged."""
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(file: Path, changed: int) -> Signer:
    pem = file.read_bytes()
    try:
        key, certificate = load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Key) or key.public_key() != certificate.public_key():
        raise DataFolderDamaged(
            f"{file} is to hold a private key (RSA or EC, PEM, without passphrase) and its certificate"
        )
    return Signer(key=key, certificate=certificate)


def _named(part: Any) -> str:
    """The part's address in the message."""
    name = etree.QName(part).localname
    part.set(wsu("Id"), name)
    return f"#{name}"


def _timestamp(security: Any, at: datetime) -> Any:
    timestamp = etree.SubElement(security, wsu("Timestamp"))
    for name, instant in (("Created", at), ("Expires", at + _GOOD_FOR)):
        said = instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
        etree.SubElement(timestamp, wsu(name)).text = f"{said}Z"
    return timestamp


def _make(file: Path) -> None:
    """Whole or not at all; of processes that make one at once, the first has made it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with NamedTemporaryFile(dir=file.parent) as made:  # for its owner alone
        made.write(pem + _own_certificate(key).public_bytes(Encoding.PEM))
        made.flush()
        os.fsync(made.fileno())
        try:
            os.link(made.name, file)
        except FileExistsError:
            return
    sync_folder(file.parent)


def _own_certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    host = urlsplit(settings.ORIGIN or "").hostname or "localhost"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Salus eligibility, {host}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    since = now()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + _LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
