"""What `salus doctor` looks at of services beside the web: HL7 v2, the address book, others' electronic addresses."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import django

from config.finding import Finding
from config.ldap_options import LdapOptions
from config.mllp_options import MllpOptions
from salus.hl7v2.server import tls_of
from salus.kernel.errors import SalusError

_SOON = timedelta(days=30)


def hl7v2(options: MllpOptions) -> Iterator[Finding]:
    """Whether who may speak HL7 v2 is said rightly, and how long the certificate of this server holds."""
    if not options.is_wanted:
        return
    try:
        options.check()
        if options.has_tls:
            tls_of(*options.files)
    except (SalusError, OSError) as error:
        yield Finding(what="HL7 v2", problem=f"{error}; see SALUS_MLLP_CERTIFICATE")
    else:
        left = options.ends_at() - datetime.now(UTC) if options.has_tls else _SOON
        problem = f"its certificate ends in {left.days} days" if left < _SOON else None
        yield Finding(what=f"HL7 v2 at {options}", problem=problem, is_warning=left > timedelta())


def ldap(options: LdapOptions) -> Iterator[Finding]:
    """Whether the address book listens where it may, and how long its certificate holds."""
    if not options.is_wanted:
        return
    try:
        options.check()
        left = options.left(at=datetime.now(UTC))
    except (SalusError, OSError, ValueError) as error:
        yield Finding(what="address book", problem=f"{error}; see SALUS_LDAP_CERTIFICATE")
    else:
        problem = (
            f"its certificate ends in {left.days} days"
            if left is not None and left < _SOON
            else None
        )
        is_warning = left is not None and left > timedelta()
        yield Finding(what=f"address book at {options}", problem=problem, is_warning=is_warning)


def endpoints() -> Finding:
    """Which addresses of the directory have gone stale: its keepers' to mend, no fault of the installation."""
    django.setup()
    from django.db import connection

    from salus.directory.endpoints import called, stale

    found = Counter(one.why for one in stale(at=datetime.now(UTC)))
    active = called().count()
    connection.close()
    told = ", ".join(f"{number} {why}" for why, number in sorted(found.items()))
    return Finding(
        what=f"{active} electronic addresses of the directory",
        problem=f"stale are {told}: `salus directory endpoints`" if told else None,
        is_warning=True,
    )
