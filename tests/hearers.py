"""Who hears of an event in the tests of delivery, in this process and in the worker's."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.sessions.models import Session

from salus.kernel.events import Subscription
from salus.mpi.events import PersonsLinked, PersonsSeparated
from salus.mpi.receipts import confirm_receipt

LATER = datetime(2100, 1, 1, tzinfo=UTC)
SAID = "Anna Weber, 1980"  # which no log may repeat


@dataclass(frozen=True, kw_only=True)
class Happened:
    row: int
    rows: tuple[int, ...]
    at: datetime


def diligent(event: Happened) -> None:
    """Has an effect, which once or twice is the same."""
    key = f"{event.row} {sum(event.rows)} {event.at:%Y}"
    Session.objects.get_or_create(session_key=key, defaults={"expire_date": LATER})


def moody(event: Happened) -> None:
    """Fails until somebody mended it, after it had written something."""
    Session.objects.create(session_key="half", expire_date=LATER)
    if not Session.objects.filter(session_key="mended").exists():
        raise LookupError(SAID)
    Session.objects.filter(session_key="half").update(session_key="whole")


SUBSCRIPTIONS = [
    Subscription(event=Happened, subscriber="diligent", act=diligent),
    Subscription(event=Happened, subscriber="moody", act=moody),
]


def forgetful(event: PersonsLinked) -> None:
    """Does not confirm."""


def reliable(event: PersonsSeparated) -> None:
    confirm_receipt(link=event.link, ended=True, receiver="house", at=event.at)


HOUSE = [
    Subscription(event=PersonsLinked, subscriber="house", act=forgetful),
    Subscription(event=PersonsSeparated, subscriber="house", act=reliable),
]
