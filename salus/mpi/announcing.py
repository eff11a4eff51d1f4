"""What happened to people, on its way to the software that subscribed (IHE PMIR): jobs of row ids, done by the worker.

First one job for all that happened, in its transaction, and only while anybody subscribes; then one for each who is
told of it, so that who does not answer keeps nobody else waiting.
"""

from collections.abc import Collection
from datetime import timedelta

from procrastinate.contrib.django import app

from salus.mpi.events import PersonsLinked, PersonsSeparated
from salus.mpi.receipts import confirm_receipt
from salus.mpi.subscriptions import is_anybody_told

QUEUE = "patient_feed"
TELL, NOTIFY = f"{QUEUE}:tell", f"{QUEUE}:notify"
SUBSCRIBER = "patient-feed"  # in receipts of links
ATTEMPTS = 10


def announce(person: int, *, new: bool = False) -> None:
    """Somebody was registered, or what a sender keeps of them has changed."""
    if is_anybody_told():
        app.configure_task(TELL, queue=QUEUE).defer(persons=[person], new=new)


def announce_link(event: PersonsLinked) -> None:
    """Subscriber of salus.kernel.events; may come twice."""
    _announce(event.link, [event.person, event.root], ended=False)
    confirm_receipt(link=event.link, ended=False, receiver=SUBSCRIBER, at=event.at)


def announce_separation(event: PersonsSeparated) -> None:
    """As above."""
    _announce(event.link, [event.person, event.root], ended=True)
    confirm_receipt(link=event.link, ended=True, receiver=SUBSCRIBER, at=event.at)


def _announce(link: int, persons: Collection[int], *, ended: bool) -> None:
    if is_anybody_told():
        app.configure_task(TELL, queue=QUEUE).defer(persons=list(persons), link=link, ended=ended)


def receiver(subscription: int) -> str:
    """Of a link: who subscribed is waited for until it says that it has heard."""
    return f"Subscription/{subscription}"


def wait_after(failures: int) -> timedelta:
    """Until the next attempt: ten seconds, twice as long each time; in all about three hours."""
    return timedelta(seconds=10 * (1 << failures))
