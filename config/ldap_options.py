"""Where the address book listens: said by the environment. docs/how-to/use-the-address-book.md says how."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from salus.kernel.errors import InvalidInput

PORT = 3890  # ldap and ldaps have 389 and 636, which only root may open
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class LdapOptions:
    """With the two files: by TLS, for everybody. Without: on this machine, for a proxy that speaks TLS."""

    host: str
    port: int
    is_asked_for: bool = False  # a port was named
    certificate: str = ""
    key: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str], *, port: int | None) -> "LdapOptions":
        def said(name: str) -> str:
            return environ.get(f"SALUS_LDAP_{name}", "")

        return cls(
            host=said("HOST") or "127.0.0.1",
            port=port or PORT,
            is_asked_for=port is not None,
            certificate=said("CERTIFICATE"),
            key=said("KEY"),
        )

    @property
    def has_tls(self) -> bool:
        return bool(self.certificate or self.key)

    @property
    def is_wanted(self) -> bool:
        return self.is_asked_for or self.has_tls

    def check(self) -> None:
        """Raises InvalidInput for what would send the words that people look for in plain text over a network."""
        if self.has_tls and not (self.certificate and self.key):
            raise InvalidInput("TLS of LDAP needs SALUS_LDAP_CERTIFICATE and SALUS_LDAP_KEY")
        if not self.has_tls and self.host not in _LOOPBACK:
            raise InvalidInput(
                "LDAP without TLS is for this machine alone: leave SALUS_LDAP_HOST at 127.0.0.1"
            )
        for file in filter(None, (self.certificate, self.key)):
            if not os.access(file, os.R_OK):
                raise InvalidInput(f"{file}, for TLS of LDAP, cannot be read")

    def left(self, *, at: datetime) -> timedelta | None:
        """How long the certificate holds yet; None without TLS. Raises OSError when the two files do not fit."""
        if not self.has_tls:
            return None
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
        certificate = x509.load_pem_x509_certificate(Path(self.certificate).read_bytes())
        return certificate.not_valid_after_utc - at

    def __str__(self) -> str:
        shown = "localhost" if self.host in _LOOPBACK else self.host
        return f"{'ldaps' if self.has_tls else 'ldap'}://{shown}:{self.port}/"
