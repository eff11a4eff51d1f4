"""What a server of lines beside the web needs: where it listens and with which certificate, said by the environment;
and how its process starts as a child of `salus serve`.
"""

import asyncio
import os
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import django
from cryptography import x509

from salus.kernel.errors import InvalidInput, SalusError
from salus.kernel.listener import Listener, tls_of

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Listening:
    """With files of a certificate: by TLS. Without: on this machine alone."""

    PROTOCOL: ClassVar[str]  # as people call it
    PREFIX: ClassVar[str]  # of its variables
    PORT: ClassVar[int]
    FILES: ClassVar[tuple[str, ...]] = ("certificate", "key")

    host: str
    port: int
    is_asked_for: bool = False  # a port was named
    certificate: str = ""
    key: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str], *, port: int | None) -> Self:
        def said(name: str) -> str:
            return environ.get(f"{cls.PREFIX}{name}", "")

        return cls(
            host=said("HOST") or "127.0.0.1",
            port=port or cls.PORT,
            is_asked_for=port is not None,
            certificate=said("CERTIFICATE"),
            key=said("KEY"),
            **cls._more(said),
        )

    @classmethod
    def _more(cls, said: Callable[[str], str]) -> dict[str, Any]:
        """What a protocol has beside these."""
        return {}

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(getattr(self, name) for name in self.FILES)

    @property
    def has_tls(self) -> bool:
        return any(self.files)

    @property
    def is_wanted(self) -> bool:
        return self.is_asked_for or self.has_tls

    @property
    def shown_host(self) -> str:
        return "localhost" if self.host in LOOPBACK else self.host

    def check(self) -> None:
        """Raises InvalidInput for what would send in plain text over a network what is none of its business."""
        if self.has_tls and not all(self.files):
            needed = ", ".join(self.PREFIX + name.upper() for name in self.FILES)
            raise InvalidInput(f"TLS of {self.PROTOCOL} needs all of {needed}")
        if not self.has_tls and self.host not in LOOPBACK:
            raise InvalidInput(
                f"{self.PROTOCOL} without TLS is for this machine alone: leave {self.PREFIX}HOST at 127.0.0.1"
            )
        for file in filter(None, self.files):
            if not os.access(file, os.R_OK):
                raise InvalidInput(f"{file}, for TLS of {self.PROTOCOL}, cannot be read")

    def tls(self) -> ssl.SSLContext | None:
        """None without TLS. Raises OSError when the files do not fit."""
        return tls_of(*self.files) if self.has_tls else None

    def ends_at(self) -> datetime | None:
        """Until when the certificate of this server holds; None without TLS."""
        if not self.has_tls:
            return None
        certificate = x509.load_pem_x509_certificate(Path(self.certificate).read_bytes())
        return certificate.not_valid_after_utc


def listen(
    options: Listening, server: Callable[[], Listener], *, check: Callable[[], object] | None = None
) -> int:
    """Until this process is told to end; 1 when what was said is wrong, of which one line on stderr tells.

    ``check``: of what else is said, for others, that who starts a site is to read here.
    """
    try:
        options.check()
        if check:
            check()
        tls = options.tls()
    except SalusError as error:
        print(f"salus: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"salus: the files for TLS of {options.PROTOCOL} do not fit: {error}", file=sys.stderr
        )
        return 1
    asyncio.run(server().serve(options.host, options.port, tls))
    return 0


def as_child(main: Callable[[int], int]) -> None:
    """The whole process: ``main`` gets the port that is its one argument. Does not return."""
    os.environ["SALUS_ROLE"] = "app"
    os.environ["SALUS_THREADS"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    code = main(int(sys.argv[1]))
    # A thread that waits for the database must not hold up the stop of the site.
    os._exit(code)
