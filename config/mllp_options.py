"""Who may speak HL7 v2 with this installation, and where it listens: said by the environment.

docs/how-to/connect-a-hospital-by-hl7-v2.md says how.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from salus.kernel.errors import InvalidInput

PORT = 2575  # IANA: hl7
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class MllpOptions:
    """With the three files: TLS on both sides. With ``client``: plain, on this machine, and all that comes is its."""

    host: str
    port: int
    is_asked_for: bool = False  # a port was named
    certificate: str = ""
    key: str = ""
    clients: str = ""  # authorities of their certificates, or these themselves (PEM)
    client: str = ""  # client_id
    applications: frozenset[str] = frozenset()  # MSH-5 that are meant for this server; none: any is

    @classmethod
    def of(cls, environ: Mapping[str, str], *, port: int | None) -> "MllpOptions":
        def said(name: str) -> str:
            return environ.get(f"SALUS_MLLP_{name}", "")

        return cls(
            host=said("HOST") or "127.0.0.1",
            port=port or PORT,
            is_asked_for=port is not None,
            certificate=said("CERTIFICATE"),
            key=said("KEY"),
            clients=said("CLIENTS"),
            client=said("CLIENT"),
            applications=frozenset(filter(None, said("APPLICATIONS").split(","))),
        )

    @property
    def files(self) -> tuple[str, str, str]:
        return self.certificate, self.key, self.clients

    @property
    def has_tls(self) -> bool:
        return any(self.files)

    @property
    def is_wanted(self) -> bool:
        return self.is_asked_for or self.has_tls or bool(self.client)

    def check(self) -> None:
        """Raises InvalidInput for what would let in who must not come in, or nobody."""
        if self.has_tls and not all(self.files):
            raise InvalidInput(
                "TLS of HL7 v2 needs SALUS_MLLP_CERTIFICATE, SALUS_MLLP_KEY and SALUS_MLLP_CLIENTS"
            )
        if self.has_tls and self.client:
            raise InvalidInput("set SALUS_MLLP_CLIENT or the three files of TLS, not both")
        if not self.has_tls and self.host not in _LOOPBACK:
            raise InvalidInput(
                "HL7 v2 without TLS is for this machine alone: leave SALUS_MLLP_HOST at 127.0.0.1"
            )
        for file in filter(None, self.files):
            if not os.access(file, os.R_OK):
                raise InvalidInput(f"{file}, for TLS of HL7 v2, cannot be read")

    def ends_at(self) -> datetime:
        """Until when the certificate of this server holds."""
        certificate = x509.load_pem_x509_certificate(Path(self.certificate).read_bytes())
        return certificate.not_valid_after_utc

    def __str__(self) -> str:
        shown = "localhost" if self.host in _LOOPBACK else self.host
        how = (
            "by TLS"
            if self.has_tls
            else "for one client alone"
            if self.client
            else "for nobody yet"
        )
        return f"mllp://{shown}:{self.port} ({how})"
