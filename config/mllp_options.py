"""Who may speak HL7 v2 with this installation, and where it listens: said by the environment.

docs/how-to/connect-a-hospital-by-hl7-v2.md says how.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from config.listening import Listening
from salus.kernel.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class MllpOptions(Listening):
    """With the three files: TLS on both sides. With ``client``: plain, on this machine, and all that comes is its."""

    PROTOCOL = "HL7 v2"
    PREFIX = "SALUS_MLLP_"
    PORT = 2575  # IANA: hl7
    FILES = ("certificate", "key", "clients")

    clients: str = ""  # authorities of their certificates, or these themselves (PEM)
    client: str = ""  # client_id
    applications: frozenset[str] = frozenset()  # MSH-5 that are meant for this server; none: any is

    @classmethod
    def _more(cls, said: Callable[[str], str]) -> dict[str, Any]:
        return {
            "clients": said("CLIENTS"),
            "client": said("CLIENT"),
            "applications": frozenset(filter(None, said("APPLICATIONS").split(","))),
        }

    @property
    def is_wanted(self) -> bool:
        return super().is_wanted or bool(self.client)

    def check(self) -> None:
        """Raises InvalidInput for what would let in who must not come in, or nobody, as well."""
        super().check()
        if self.has_tls and self.client:
            raise InvalidInput("set SALUS_MLLP_CLIENT or the three files of TLS, not both")

    def __str__(self) -> str:
        how = (
            "by TLS"
            if self.has_tls
            else "for one client alone"
            if self.client
            else "for nobody yet"
        )
        return f"mllp://{self.shown_host}:{self.port} ({how})"
