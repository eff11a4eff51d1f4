"""Domain events: what happened in one domain, told to those that lie above it (ADR 0028).

An event is published in the transaction of what it tells, as one job per subscriber: both are kept or neither. The
worker delivers each until the subscriber has done its part. It may come twice, later than the next one, and after
what it tells was undone: a subscriber looks at the rows as they stand, and is done when they are as they should be.

An event is a frozen dataclass of row ids and times, so that no job holds anybody's data. Who hears what is listed
in config/subscribers.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, get_type_hints

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app

QUEUE = "events"
TASK = "events:deliver"

_DECODED: Mapping[Any, Callable[[Any], object]] = {
    int: int,
    datetime: datetime.fromisoformat,
    tuple[int, ...]: tuple,
}


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """``subscriber`` is a name that lasts: it stands in jobs and receipts."""

    event: type[Any]
    subscriber: str
    act: Callable[[Any], None]


def subscribers_of(event: type[Any]) -> tuple[str, ...]:
    return tuple(one.subscriber for one in _subscriptions() if one.event is event)


def publish(event: Any) -> None:
    """Tell every subscriber, once the transaction that this stands in is committed."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an event belongs to what it tells")
    kind = type(event)
    jobs: list[dict[str, Any]] = [
        {"event": kind.__name__, "subscriber": subscriber, "said": _encoded(event)}
        for subscriber in subscribers_of(kind)
    ]
    if jobs:
        app.configure_task(TASK, queue=QUEUE).batch_defer(*jobs)


def deliver(*, event: str, subscriber: str, said: Mapping[str, Any]) -> None:
    """Have one subscriber do its part, in one transaction."""
    (subscription,) = (
        one
        for one in _subscriptions()
        if (one.event.__name__, one.subscriber) == (event, subscriber)
    )
    with transaction.atomic():
        subscription.act(_decoded(subscription.event, said))


def wait_after(failures: int) -> timedelta:
    """Until the next delivery: ten seconds, twice as long each time, an hour at most. It is never given up."""
    return timedelta(seconds=min(10 << min(failures, 10), 3600))


def _subscriptions() -> Sequence[Subscription]:
    found: Sequence[Subscription] = import_string(settings.SUBSCRIPTIONS)
    return found


def _encoded(event: Any) -> dict[str, Any]:
    hints = get_type_hints(type(event))
    if unknown := set(hints.values()) - _DECODED.keys():
        raise TypeError(f"an event holds row ids and times, not {unknown}")
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in values.items()
    }


def _decoded(kind: type[Any], said: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    return kind(**{name: _DECODED[hints[name]](value) for name, value in said.items()})
