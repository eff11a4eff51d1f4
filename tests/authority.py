"""A certificate authority, and what it signs."""

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from salus.kernel.clock import now


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path


class Authority:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority")])
        self.file = folder / "authority.pem"
        own = self._built(self.name, self.key.public_key(), [], by=self.key, is_authority=True)
        self.file.write_bytes(own.public_bytes(Encoding.PEM))

    def identity(self, *hosts: str, is_self_signed: bool = False) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        made = self._built(
            name,
            key.public_key(),
            list(hosts),
            by=key if is_self_signed else self.key,
            issuer=name if is_self_signed else None,
        )
        stem = Path(tempfile.mkdtemp(dir=self.folder))
        identity = Identity(certificate=stem / "cert.pem", key=stem / "key.pem")
        identity.certificate.write_bytes(made.public_bytes(Encoding.PEM))
        identity.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return identity

    def mllp_environ(self, host: str) -> dict[str, str]:
        """What `salus serve` is told to speak HL7 v2 with those whom this authority vouches for."""
        ours = self.identity(host)
        return {
            "SALUS_MLLP_CERTIFICATE": str(ours.certificate),
            "SALUS_MLLP_KEY": str(ours.key),
            "SALUS_MLLP_CLIENTS": str(self.file),
        }

    def _built(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        hosts: list[str],
        *,
        by: ec.EllipticCurvePrivateKey,
        issuer: x509.Name | None = None,
        is_authority: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer or self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=1))
            .not_valid_after(now() + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(by, hashes.SHA256())
