"""What `salus doctor` looks at of services beside the web: HL7 v2, the address book, others' electronic addresses."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

from config.finding import Finding
from config.listening import Listening
from salus.eligibility.soap import signing
from salus.kernel.errors import SalusError

_SOON = timedelta(days=30)


def listening(what: str, options: Listening) -> Iterator[Finding]:
    """Whether a server beside the web listens where it may and to whom, and how long its certificate holds."""
    if not options.is_wanted:
        return
    try:
        options.check()
        options.tls()
        ends_at = options.ends_at()
    except (SalusError, OSError, ValueError) as error:
        yield Finding(what=what, problem=f"{error}; see {options.PREFIX}CERTIFICATE")
    else:
        left = ends_at - datetime.now(UTC) if ends_at else _SOON
        problem = f"its certificate ends in {left.days} days" if left < _SOON else None
        yield Finding(what=f"{what} at {options}", problem=problem, is_warning=left > timedelta())


def answers_by_soap(data: Path) -> Iterator[Finding]:
    """How long the certificate holds by which they are signed, if any ever were."""
    file = signing.file_of(data)
    if not file.exists():
        return
    what = "answers by SOAP can be signed"
    try:
        left = signing.signer_in(file).certificate.not_valid_after_utc - datetime.now(UTC)
    except SalusError as error:
        yield Finding(what=what, problem=str(error))
    else:
        problem = f"the certificate in {file} ends in {left.days} days" if left < _SOON else None
        yield Finding(what=what, problem=problem, is_warning=left > timedelta())


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
