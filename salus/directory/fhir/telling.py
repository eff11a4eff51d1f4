"""Software that subscribed is told what changed in the directory, in the order of the changes, at least once.

With a payload the endpoint is the base of its own server, as R4 has it: what is there is put (PUT Type/id), what left
the directory is deleted (DELETE Type/id), as ITI-91 tells it. Without one, and when it missed much, it hears that
there is something, and where to ask. What is sent is the newest version: of changes in between it may not hear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

from django.db.models import Min, QuerySet

from salus.accounts.models import Subscription
from salus.accounts.notifying import NotHeard, send
from salus.accounts.subscriptions import Asked, actor_of, asked_by, heard, in_force
from salus.directory.announcing import TYPES, follow_on
from salus.directory.fhir.replayed import versions
from salus.directory.fhir.subscribing import TOPICS
from salus.directory.models import Announcement, Kind
from salus.directory.replaying import Moment, moments
from salus.fhir.dates import instant
from salus.fhir.resource import Body, Call, Version

MISSED_MUCH = 500  # announcements that wait: to ask for these is less work, for both
_SOME = 20  # of one job, so that a slow receiver keeps nobody else waiting for long
_NOT_THERE = (404, 410)  # answers to DELETE: what it never had is as it should be


@dataclass(frozen=True, kw_only=True)
class _Changed:
    first: int  # row of its first announcement that waits
    newest: Version
    shown: Sequence[Body]  # since before that announcement; a deletion shows nothing


def follow(subscription: int, *, at: datetime) -> None:
    """Tell one subscription what comes next in the order. Raises NotHeard, which says what to ask for instead."""
    for row in in_force(at, TYPES, [subscription]):
        asked, waiting = asked_by(row), list(_waiting(row)[: MISSED_MUCH + 1])
        try:
            if len(waiting) > MISSED_MUCH:
                last = _waiting(row).reverse()[0].pk
                _ping(row, asked)
            elif asked.payload:
                last = _send_some(row, asked, waiting[:_SOME], at)
            else:
                last = _ping_if_told(row, asked, waiting, at)
        except NotHeard as error:
            raise NotHeard(f"{error}; what it missed: {_history(row)}") from None
        heard(subscription=row.pk, position=last)
        if len(waiting) > _SOME:
            follow_on(row.pk)


def _waiting(row: Subscription) -> QuerySet[Announcement]:
    return Announcement.objects.filter(kind=row.type, pk__gt=row.position).order_by("pk")


def _send_some(
    row: Subscription, asked: Asked, waiting: Sequence[Announcement], at: datetime
) -> int:
    """Put and delete them. Returns the position up to which it has heard."""
    for one in _changed(Kind(row.type), waiting):
        if not _is_told(row, asked, one, at):
            continue
        heard(subscription=row.pk, position=one.first - 1)
        place = f"{one.newest.type}/{one.newest.id}"
        if one.newest.deleted:
            send(asked, method="DELETE", below=place, heard_by=_NOT_THERE)
        else:
            send(asked, one.newest.body, method="PUT", below=place)
    return waiting[-1].pk if waiting else row.position


def _ping_if_told(
    row: Subscription, asked: Asked, waiting: Sequence[Announcement], at: datetime
) -> int:
    """Once for all of them. Returns the position up to which it has heard."""
    for start in range(0, len(waiting), _SOME):
        some = _changed(Kind(row.type), waiting[start : start + _SOME])
        if any(_is_told(row, asked, one, at) for one in some):
            _ping(row, asked)
            break
    return waiting[-1].pk if waiting else row.position


def _ping(row: Subscription, asked: Asked) -> None:
    """An empty POST; what there is the link leads to (rel of RFC 5829)."""
    link = f'<{asked.base}/{_history(row)}>; rel="version-history"'
    send(asked, headers={"Link": link})


def _history(row: Subscription) -> str:
    """The question of ITI-91 whose answer holds all that waits."""
    since = _waiting(row).aggregate(since=Min("at"))["since"]
    return f"{row.type}/_history?{urlencode({'_since': instant(since)})}"


def _changed(kind: Kind, waiting: Sequence[Announcement]) -> list[_Changed]:
    """By entry, in the order of the first announcements."""
    first: dict[int, Announcement] = {}
    for one in waiting:
        first.setdefault(one.entry, one)
    since: dict[int, list[Moment]] = {entry: [] for entry in first}
    for moment in moments(kind, entries=first):  # the newest first
        those = since[moment.entry]
        if not those or those[-1].at >= first[moment.entry].at:
            those.append(moment)
    found: dict[int, list[Version]] = {entry: [] for entry in first}
    every = [moment for those in since.values() for moment in those]
    for moment, version in zip(every, versions(kind, every), strict=True):
        found[moment.entry].append(version)
    return [
        _Changed(
            first=first[entry].pk,
            newest=those[0],
            shown=[version.body for version in those if not version.deleted],
        )
        for entry, those in found.items()
    ]


def _is_told(row: Subscription, asked: Asked, changed: _Changed, at: datetime) -> bool:
    """Whether its search finds it, or found it before: else it would keep what it should forget."""
    call = Call(actor=actor_of(row), at=at, request_id=uuid4(), base=asked.base)
    return TOPICS[row.type].tells_of(asked, changed.shown, call)
