"""Where the address book listens: said by the environment. docs/how-to/use-the-address-book.md says how."""

from dataclasses import dataclass

from config.listening import Listening


@dataclass(frozen=True, kw_only=True)
class LdapOptions(Listening):
    """With the two files: by TLS, for everybody. Without: on this machine, for a proxy that speaks TLS."""

    PROTOCOL = "LDAP"
    PREFIX = "SALUS_LDAP_"
    PORT = 3890  # ldap and ldaps have 389 and 636, which only root may open

    def __str__(self) -> str:
        return f"{'ldaps' if self.has_tls else 'ldap'}://{self.shown_host}:{self.port}/"
