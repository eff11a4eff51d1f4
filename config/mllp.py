"""The child `mllp` of `salus serve`: HL7 v2 for hospitals' systems. What is answered: TRANSACTIONS of the domains."""

import os

from cryptography import x509
from django.conf import settings

from config.listening import as_child, listen
from config.mllp_options import MllpOptions
from salus.hl7v2.edge import Authenticator, Edge
from salus.hl7v2.server import Server
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.errors import Unauthorized

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
    from config.pix_updates import receivers_named  # whom the worker tells

    options = MllpOptions.of(os.environ, port=port)
    return listen(options, lambda: Server(edge(options).answer), check=receivers_named)


if __name__ == "__main__":
    as_child(main)
