"""The check of electronic addresses: called one by one, and what was found is noted."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from salus.directory.calling import Called, call
from salus.directory.endpoints import EVERY, called, health_of, is_silent
from salus.directory.models import Endpoint

_AT_ONCE = 8  # addresses
_MOST = 400  # in a round, those first that wait longest: the next one goes on

Target = tuple[str, str]  # address, connection type


def check_endpoints(*, at: datetime) -> int:
    """Call every address whose turn it is, and note whether it answered. Returns how many were called.

    Safe to be done twice: who was called is not called again for six hours. No transaction is open meanwhile.
    """
    due = called().filter(Q(checked_at=None) | Q(checked_at__lte=at - EVERY))
    rows = list(due.order_by("checked_at", "pk")[:_MOST])
    targets = sorted({(row.address, row.connection_type) for row in rows})
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="endpoints") as pool:
        found = dict(zip(targets, pool.map(_called, targets), strict=True))
    _note([row.pk for row in rows], found, at=at)
    return len(rows)


def _called(target: Target) -> Called:
    address, connection_type = target
    return call(address, connection_type=connection_type)


@transaction.atomic
def _note(rows: list[int], found: Mapping[Target, Called], *, at: datetime) -> None:
    for row in Endpoint.objects.select_for_update().filter(pk__in=rows).order_by("pk"):
        answer = found.get((row.address, row.connection_type))
        if answer is None:
            continue  # somebody gave it another address meanwhile: its turn comes
        before = is_silent(health_of(row))
        row.checked_at = at
        row.fault = answer.fault or ""
        if answer.fault is None:
            row.answered_at, row.failures = at, 0
            row.certificate_until = answer.certificate_until
        else:
            row.failures += 1
        if is_silent(health_of(row)) != before:  # what FHIR shows is another version
            row.version, row.changed_at = (row.version or 1) + 1, at
        row.save()
