"""The child `mllp` of `salus serve`: HL7 v2 for hospitals' systems. What is answered: TRANSACTIONS of the domains."""

import asyncio
import os
import sys

import django
from cryptography import x509
from django.conf import settings

from config.mllp_options import MllpOptions
from salus.hl7v2.edge import Authenticator, Edge
from salus.hl7v2.server import Server, tls_of
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.errors import SalusError, Unauthorized

# A synthetic nation takes what is sent for training and debugging as well (HL7 table 0103).
_PRODUCTION, _DEMO = frozenset("P"), frozenset("PTD")


def edge(options: MllpOptions) -> Edge:
    from salus.mpi.hl7v2 import TRANSACTIONS

    return Edge(
        transactions=TRANSACTIONS,
        authenticate=_authenticator(options),
        processing=_DEMO if settings.DEMO else _PRODUCTION,
        applications=options.applications,
    )


def _authenticator(options: MllpOptions) -> Authenticator:
    from salus.access.certificates import actor_of_client, actor_with_certificate

    def who(certificate: x509.Certificate | None) -> Actor:
        if certificate:
            return actor_with_certificate(certificate, purpose=PurposeOfUse.TREATMENT)
        if not options.client:
            raise Unauthorized("nobody may speak here yet: set SALUS_MLLP_CLIENT, or TLS")
        return actor_of_client(options.client, purpose=PurposeOfUse.TREATMENT)

    return who


def main(port: int) -> int:
    from config.pix_updates import receivers_named

    options = MllpOptions.of(os.environ, port=port)
    try:
        options.check()
        receivers_named()  # told by the worker, but who starts a site is to read here what is wrong
        tls = tls_of(*options.files) if options.has_tls else None
    except SalusError as error:
        print(f"salus: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"salus: the files for TLS of HL7 v2 do not fit: {error}", file=sys.stderr)
        return 1
    asyncio.run(Server(edge(options).answer).serve(options.host, options.port, tls))
    return 0


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "app"
    os.environ["SALUS_THREADS"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    code = main(int(sys.argv[1]))
    # A thread that waits for the database must not hold up the stop of the site.
    os._exit(code)
