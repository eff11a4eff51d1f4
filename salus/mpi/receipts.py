"""Who was told of links and of their ends, and acted.

A receiver is a subscriber (config/subscribers.py), or a system outside that one of them tells: it is expected to
confirm as soon as somebody is known who is told, and confirms in the transaction of what it did.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from salus.kernel.errors import NotFound
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.models import Link, Receipt


@dataclass(frozen=True, kw_only=True)
class Unconfirmed:
    link: int
    person: int
    ended: bool  # the end of the link, or the link
    receiver: str
    since: datetime


def expect_receipts(*, link: int, ended: bool, receivers: Collection[str], since: datetime) -> None:
    """These receivers are waited for since then (the event's time); to say so again changes nothing.

    A link that came back is a later time, for which they confirm once more.
    """
    if not receivers:
        return
    person = _person_of(link)
    with rows_of([person]), connection.cursor() as cursor:
        cursor.executemany(
            _EXPECTED, [(link, person, ended, receiver, since) for receiver in receivers]
        )


_EXPECTED = """
    insert into mpi_receipt as known (link_id, person_id, ended, receiver, since) values (%s, %s, %s, %s, %s)
    on conflict (link_id, ended, receiver) do update set since = excluded.since, confirmed_at = null
        where known.since < excluded.since
"""


def confirm_receipt(*, link: int, ended: bool, receiver: str, at: datetime) -> bool:
    """The receiver has heard of the link, or of its end, and acted. False: it had confirmed before."""
    with rows_of([_person_of(link)]):
        waited_for = Receipt.objects.filter(
            link=link, ended=ended, receiver=receiver, confirmed_at=None
        )
        return bool(waited_for.update(confirmed_at=at))


def unconfirmed(*, before: datetime, most: int = 100) -> list[Unconfirmed]:
    """Those who are waited for since before then, who waits longest first."""
    with finding_in(Scope.INDEX):  # whoever they concern
        rows = Receipt.objects.filter(confirmed_at=None, since__lt=before).order_by("since", "id")
        return [
            Unconfirmed(
                link=row.link_id,
                person=row.person_id,
                ended=row.ended,
                receiver=row.receiver,
                since=row.since,
            )
            for row in rows[:most]
        ]


def _person_of(link: int) -> int:
    with finding_in(Scope.INDEX):  # whose link it is is the question
        person = Link.objects.filter(pk=link).values_list("person", flat=True).first()
    if person is None:
        raise NotFound("no such link")
    return person
