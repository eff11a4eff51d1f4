"""Who is told of changes: what software asked for, kept sealed, how far it has heard, and when it ends (ADR 0041)."""

import base64
import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from salus.accounts.models import Subscription
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.data_folder import secret
from salus.kernel.errors import Forbidden, NotFound, PreconditionFailed
from salus.kernel.scopes import Scopes

_NONCE = 12  # bytes: NIST SP 800-38D, 5.2.1.1
_MOST = 100  # of one client


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a Subscription says: of what, and where it is told."""

    criteria: str  # a type, or a search of it, such as Patient?identifier=urn:oid:1.2|
    reason: str
    channel: str  # message | rest-hook
    endpoint: str
    payload: str  # media type; '': none
    headers: tuple[str, ...]  # as `Authorization: Bearer ...`
    contact: tuple[dict[str, str], ...]
    base: str  # https://host/fhir, as it was asked

    @property
    def type(self) -> str:
        return self.criteria.partition("?")[0]


@dataclass(frozen=True, kw_only=True)
class Software:
    """Whoever subscribes."""

    client_id: int
    organization: int
    organization_type: str
    purpose: str  # '': none was stated


def software(actor: Actor | None) -> Software:
    """Raises Forbidden for people: what they are told of ends with their session."""
    if actor and actor.role is Role.SOFTWARE and actor.client and actor.organization:
        return Software(
            client_id=actor.client,
            organization=actor.organization,
            organization_type=actor.organization_type,
            purpose=actor.purpose or "",
        )
    raise Forbidden("software subscribes in its own name")


def subscribe(
    *,
    actor: Actor,
    at: datetime,
    asked: Asked,
    begin: Callable[[], int],
    active: bool,
    ends_at: datetime | None,
) -> Subscription:
    """``begin``: the position from which on it is told. Raises Forbidden when the software has too many."""
    own = software(actor)
    with transaction.atomic():
        if subscriptions_of(actor).count() >= _MOST:
            raise Forbidden(f"more than {_MOST} subscriptions: delete what is not needed")
        row = Subscription.objects.create(
            **vars(own),
            type=asked.type,
            position=begin(),
            status=Subscription.Status.ACTIVE if active else Subscription.Status.OFF,
            sealed=b"",
            made_at=at,
            changed_at=at,
            ends_at=ends_at,
        )
        row.sealed = _sealed(row, asked)
        row.save(update_fields=["sealed"])
    row.refresh_from_db()  # times as every read has them
    return row


def change(
    *,
    actor: Actor,
    at: datetime,
    subscription: int,
    version: int | None,
    asked: Asked,
    begin: Callable[[], int],
    active: bool,
    ends_at: datetime | None,
) -> Subscription:
    """``version``: that the sender has seen, None whichever. Raises NotFound, PreconditionFailed.

    Who was told nothing, or is told of another type from now on, begins anew.
    """
    with transaction.atomic():
        row = subscription_of(actor, subscription, lock=True)
        if version not in (None, row.version):
            raise PreconditionFailed("the subscription was changed since: read it again")
        if (row.status, row.type) != (Subscription.Status.ACTIVE, asked.type):
            row.type, row.position = asked.type, begin()
        row.sealed, row.ends_at, row.error = _sealed(row, asked), ends_at, ""
        row.status = Subscription.Status.ACTIVE if active else Subscription.Status.OFF
        row.version, row.changed_at = row.version + 1, at
        row.save()
    row.refresh_from_db()
    return row


def unsubscribe(*, actor: Actor, at: datetime, subscription: int) -> None:
    """From now on nothing is sent. Raises NotFound."""
    with transaction.atomic():
        row = subscription_of(actor, subscription, lock=True)
        row.status, row.error, row.deleted_at = Subscription.Status.OFF, "", at
        row.version, row.changed_at = row.version + 1, at
        row.save()


def fail(*, subscription: int, at: datetime, error: str) -> None:
    """Nobody answered there for too long: it is told nothing more until it asks anew."""
    with transaction.atomic():
        row = Subscription.objects.select_for_update().get(pk=subscription)
        if row.status == Subscription.Status.ACTIVE:
            row.status, row.error = Subscription.Status.ERROR, error
            row.version, row.changed_at = row.version + 1, at
            row.save()


def subscriptions_of(actor: Actor | None) -> QuerySet[Subscription]:
    """The software's own."""
    own = software(actor)
    return Subscription.objects.filter(client=own.client_id, deleted_at=None).order_by("id")


def subscription_of(actor: Actor | None, number: int, *, lock: bool = False) -> Subscription:
    """One of the software's own. Raises NotFound."""
    own = subscriptions_of(actor).filter(pk=number)
    row = (own.select_for_update() if lock else own).first()
    if row is None:
        raise NotFound("no such subscription")
    return row


def types_told() -> set[str]:
    """The types of which somebody is told."""
    active = Subscription.objects.filter(status=Subscription.Status.ACTIVE)
    return set(active.values_list("type", flat=True).distinct())


def in_force(
    at: datetime, types: Collection[str], numbers: Iterable[int] | None = None
) -> list[Subscription]:
    """Those that are told of what happens now to resources of these types: of software that may still ask.

    All, or those of these.
    """
    active = Subscription.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        status=Subscription.Status.ACTIVE,
        type__in=types,
        client__ended_at=None,
        client__approved_at__isnull=False,
    ).order_by("id")
    return list(active if numbers is None else active.filter(pk__in=list(numbers)))


def heard(*, subscription: int, position: int) -> None:
    """It need not hear again what stands before; its version stays, since it is not what was asked for."""
    behind = Subscription.objects.filter(pk=subscription, position__lt=position)
    behind.update(position=position)


def actor_of(row: Subscription) -> Actor:
    return Actor(
        role=Role.SOFTWARE,
        client=row.client_id,
        organization=row.organization,
        organization_type=row.organization_type,
        purpose=PurposeOfUse(row.purpose) if row.purpose else None,
        scopes=Scopes(granted=()),
    )


def _sealed(row: Subscription, asked: Asked) -> bytes:
    nonce = os.urandom(_NONCE)
    box = AESGCM(_key()).encrypt(nonce, json.dumps(asdict(asked)).encode(), _bound_to(row))
    return nonce + box


def asked_by(row: Subscription) -> Asked:
    box = bytes(row.sealed)
    text = AESGCM(_key()).decrypt(box[:_NONCE], box[_NONCE:], _bound_to(row))
    said: Mapping[str, object] = json.loads(text)
    return Asked(
        **{  # type: ignore[arg-type]  # as it was sealed
            name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
        }
    )


def _bound_to(row: Subscription) -> bytes:
    return f"subscription {row.pk} of {row.client_id}".encode()


def _key() -> bytes:
    """From the key that opens documents: it is kept and restored with the installation, as these rows are."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"salus subscriptions 1")
    return kdf.derive(base64.urlsafe_b64decode(secret(settings.DATA, "content_kek") + "="))
