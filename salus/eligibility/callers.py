"""Registering who may ask, and who sees how much an organisation asks, by the agency."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from salus.accounts.models import Account, AccountKind, Client
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.models import Organization
from salus.eligibility.models import Administrator, Caller, Right
from salus.eligibility.permissions import check_agency
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, InvalidInput, NotFound

_OTHERWISE = "the agency registers who may ask"


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
    check_agency(actor, _OTHERWISE)
    if not 0 < per_minute <= per_day:
        raise InvalidInput("a quota is at least one a minute, and no more a minute than a day")
    if not Organization.objects.filter(pk=organization, deregistered_at=None).exists():
        raise NotFound("no such organisation")
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
    check_agency(actor, _OTHERWISE)
    with transaction.atomic():
        if not Caller.objects.filter(pk=caller, ended_at=None).update(ended_at=at):
            raise NotFound("no such caller")
        record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)


def name_administrator(*, actor: Actor, at: datetime, organization: int, email: str) -> int:
    """Let a professional with an account see the organisation's rights, quotas and use. Returns the row id.

    Raises Forbidden; NotFound for an address that is no professional's; Conflict for who is one already.
    """
    check_agency(actor, _OTHERWISE)
    if not Organization.objects.filter(pk=organization, deregistered_at=None).exists():
        raise NotFound("no such organisation")
    account = Account.objects.filter(
        email__iexact=email, kind=AccountKind.PROFESSIONAL, deleted_at=None
    ).first()
    if account is None:
        raise NotFound("no professional has an account with this address")
    with transaction.atomic():
        named, is_new = Administrator.objects.get_or_create(
            organization_id=organization, account=account, until=None, defaults={"since": at}
        )
        if not is_new:
            raise Conflict("this account is an administrator already")
        record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)
    return named.pk


def end_administrator(*, actor: Actor, at: datetime, administrator: int) -> None:
    """Raises Forbidden, NotFound."""
    check_agency(actor, _OTHERWISE)
    with transaction.atomic():
        if not Administrator.objects.filter(pk=administrator, until=None).update(until=at):
            raise NotFound("no such administrator")
        record(actor=actor, kind=EventKind.CLIENT_CHANGED, at=at)
