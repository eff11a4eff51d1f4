"""Which organisation numbers its patients in which system of identifiers (ADR 0040)."""

import re
from collections.abc import Collection
from datetime import datetime

from salus.access.models import IdentifierDomain
from salus.kernel.errors import Conflict, InvalidInput
from salus.mpi.permissions import OF_A_HOUSE

_URI = re.compile(r"[a-z][a-z0-9+.-]*:[\x21-\x7e]+")
_MOST = 200  # characters


def check_domains(domains: Collection[str], *, organization: int | None) -> None:
    """Raises InvalidInput for what no organisation can have, Conflict for what another has."""
    for system in domains:
        if not _URI.fullmatch(system) or len(system) > _MOST:
            raise InvalidInput("a system of identifiers is a URI, such as urn:oid:1.2.3")
        if system.startswith(OF_A_HOUSE):
            raise InvalidInput("numbers of this system are their house's without being registered")
    taken = IdentifierDomain.objects.filter(system__in=domains).exclude(organization=organization)
    if taken.exists():
        raise Conflict("another organisation gives out the identifiers of this system")


def claim_domains(domains: Collection[str], *, organization: int, at: datetime) -> None:
    """A part of its caller's action, which leaves the event. Errors as of ``check_domains``."""
    check_domains(domains, organization=organization)
    rows = [
        IdentifierDomain(system=system, organization_id=organization, since=at)
        for system in domains
    ]
    IdentifierDomain.objects.bulk_create(rows, ignore_conflicts=True)
    check_domains(domains, organization=organization)  # nobody was faster
