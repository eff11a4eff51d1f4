"""Registering who may ask, by the agency."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from salus.accounts.models import Client
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.eligibility.models import Caller, Right
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Forbidden, InvalidInput, NotFound


def register_caller(
    *,
    actor: Actor,
    at: datetime,
    organization: int,
    client: int | None,
    rights: Collection[Right],
    per_minute: int,
    per_day: int,
) -> int:
    """Let an organisation ask, with this software or (None) at its own counter, from now on by these rights alone.

    Returns the caller's row id. Raises Forbidden, InvalidInput; NotFound for software of another organisation.
    """
    _check_agency(actor)
    if not 0 < per_minute <= per_day:
        raise InvalidInput("a quota is at least one a minute, and no more a minute than a day")
    if client is not None:
        own = Client.objects.filter(pk=client, clientorganization__organization=organization)
        if not own.exists():
            raise NotFound("the organisation has no such software")
    with transaction.atomic():
        in_force = Caller.objects.filter(organization=organization, client=client, ended_at=None)
        in_force.update(ended_at=at)
        caller = Caller.objects.create(
            organization_id=organization,
            client_id=client,
            rights=sorted(rights),
            per_minute=per_minute,
            per_day=per_day,
            since=at,
        )
        record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)
    return caller.pk


def end_caller(*, actor: Actor, at: datetime, caller: int) -> None:
    """Raises Forbidden, NotFound."""
    _check_agency(actor)
    with transaction.atomic():
        if not Caller.objects.filter(pk=caller, ended_at=None).update(ended_at=at):
            raise NotFound("no such caller")
        record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)


def _check_agency(actor: Actor) -> None:
    if actor.role not in (Role.AGENCY, Role.SYSTEM):
        raise Forbidden("the agency registers who may ask")
