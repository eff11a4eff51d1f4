"""Proofs from the log, as JSON that anyone can check without us (docs/reference/log-proofs.md)."""

import base64
import json
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from salus.audit import log, merkle
from salus.audit.actions import record
from salus.audit.heads import Copies, SignedHead, head_of
from salus.audit.heads import newest_head as newest
from salus.audit.log import Connection, Place
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, NotFound
from salus.kernel.rows import acting_as

Json = dict[str, Any]


class NotInLogYet(Conflict):
    """The event is younger than the newest signed head."""


def inclusion_proof(*, actor: Actor, event: int, request_id: UUID | None = None) -> Json:
    """That this event about the actor's own data is in the log; asking is itself logged.

    Members: ``columns`` and ``row`` (what was hashed, base64; null when the row also names other people),
    ``leaf``, ``index``, ``path`` (hexadecimal hashes), ``head`` (as signed) and ``keys`` (JWK Set). Raises
    NotFound unless the event is about the actor, NotInLogYet in its first seconds.
    """
    with acting_as(actor):
        place, several = _own_event(actor, event)
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=now(),
            person=actor.person,
            request_id=request_id,
        )
        row = log.row_of(_connection(), place)
        if row is None:
            raise NotFound("no such event")
        leaf = merkle.leaf_hash(row)
        index, head = log.leaf_index(_connection(), place, leaf), newest(_connection())
        if index is None or head is None or index >= head.size:
            raise NotInLogYet("the event is not in the log yet: try again in a few seconds")
        path = merkle.inclusion_proof(_tiles(), index, head.size)
    return {
        "columns": list(log.columns_of(row)),
        "row": None if several else base64.b64encode(row).decode(),
        "leaf": leaf.hex(),
        "index": index,
        "path": [hash_.hex() for hash_ in path],
        "head": head.document,
        "keys": public_keys(),
    }


def consistency_proof(*, first: int, second: int | None = None) -> Json:
    """That the log of the head of ``second`` events (the newest) begins with that of the ``first``.

    Members: ``first`` and ``second`` (heads as signed), ``path`` (hexadecimal hashes), ``keys``. Raises
    NotFound when there is no such head.
    """
    with transaction.atomic():
        of_first = head_of(_connection(), first)
        of_second = newest(_connection()) if second is None else head_of(_connection(), second)
        if of_first is None or of_second is None or of_first.size > of_second.size:
            raise NotFound("no such heads")
        path = merkle.consistency_proof(_tiles(), of_first.size, of_second.size)
    return {
        "first": of_first.document,
        "second": of_second.document,
        "path": [hash_.hex() for hash_ in path],
        "keys": public_keys(),
    }


def newest_head() -> SignedHead | None:
    """What the status page shows."""
    with transaction.atomic():
        return newest(_connection())


def public_keys() -> Json:
    """The keys that sign heads, as a JWK Set (RFC 7517)."""
    file = Copies(settings.HEADS).keys_file
    return dict(json.loads(file.read_bytes())) if file.exists() else {"keys": []}


def _own_event(actor: Actor, event: int) -> tuple[Place, bool]:
    """Where the event stands, and whether its row names other people."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select xid::text::bigint, id, persons is not null from audit_event
            where person_id = any (%(persons)s) and id = %(event)s
            union all
            select xid::text::bigint, id, true from audit_event
            where persons && %(persons)s::bigint[] and id = %(event)s
            """,
            {"persons": list(actor.identities), "event": event},
        )
        found = cursor.fetchone()
    if found is None:
        raise NotFound("no such event")
    xid, number, several = found
    return Place(xid, number), several


def _tiles() -> merkle.Tiles:
    return partial(log.hashes_of_tile, _connection())


def _connection() -> Connection:
    """The driver's connection behind Django's, in its transaction."""
    with connection.cursor() as cursor:
        driver: Connection = cursor.connection
    return driver
