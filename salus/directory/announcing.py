"""What changed in the directory, on its way to the software that subscribed (ADR 0041); done by the worker.

Each new version is one row, written with the change, and only while somebody subscribes to its type. A job then has
each subscription follow the rows from where it stands; of the jobs of one only one runs, and one more waits at most.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models.functions import Coalesce
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from salus.accounts.subscriptions import in_force, types_told
from salus.directory.models import Announcement, Kind

QUEUE = "directory_feed"
TELL, NOTIFY = f"{QUEUE}:tell", f"{QUEUE}:notify"
TYPES = tuple(kind for kind in Kind if kind is not Kind.LICENCE)  # it is shown with its holder
_AT_ONCE = 1_000  # rows in one statement of SQL


def announce(tables: Mapping[Kind, type[Any]], *, at: datetime) -> None:
    """All that got a new version at this instant. The caller holds the directory."""
    told = types_told()
    changed = [
        Announcement(kind=kind, entry=entry, at=at)
        for kind in TYPES
        if kind in told
        for entry in _updated(tables[kind], at)
    ]
    if changed:
        Announcement.objects.bulk_create(changed, batch_size=_AT_ONCE)
        app.configure_task(TELL, queue=QUEUE).defer()


def tell(*, at: datetime) -> None:
    """Have each subscription follow; by a job of its own, so that who does not answer keeps nobody waiting."""
    waiting = set(
        ProcrastinateJob.objects.filter(
            queue_name=QUEUE, task_name=NOTIFY, status="todo"
        ).values_list("lock", flat=True)
    )
    for row in in_force(at, TYPES):
        if lock(row.pk) not in waiting:  # which reads what is committed by now
            follow_on(row.pk)


def follow_on(subscription: int) -> None:
    """By a job that waits for those of the same subscription before it, also while they wait to be tried again."""
    job = app.configure_task(NOTIFY, queue=QUEUE, lock=lock(subscription))
    job.defer(subscription=subscription)


def lock(subscription: int) -> str:
    return f"Subscription/{subscription}"


def newest() -> int:
    """The last row. The caller holds the directory, so that all that comes later stands behind it."""
    row = Announcement.objects.order_by("-pk").values_list("pk", flat=True)
    return row.first() or 0


def forget_heard(*, at: datetime) -> None:
    """Delete what everybody has heard who is told of it. The caller holds the directory."""
    positions: dict[str, int] = {}
    for row in in_force(at, TYPES):
        positions[row.type] = min(row.position, positions.get(row.type, row.position))
    for kind in TYPES:
        heard = Announcement.objects.filter(kind=kind)
        (heard.filter(pk__lte=positions[kind]) if kind in positions else heard).delete()


def _updated(table: type[Any], at: datetime) -> Collection[int]:
    updated = Coalesce("changed_at", "registered_at")
    rows = table.objects.annotate(updated=updated).filter(updated=at).order_by("pk")
    return list(rows.values_list("pk", flat=True))
