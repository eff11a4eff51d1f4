"""What happened to people, on its way to the software that subscribed (IHE PMIR): jobs of row ids, done by the worker.

First one job for all that happened, in its transaction, and only while anybody subscribes; then one for each who is
told of it, so that who does not answer keeps nobody else waiting.
"""

from collections.abc import Collection

from procrastinate.contrib.django import app

from salus.accounts.subscriptions import types_told
from salus.mpi.events import PersonsLinked, PersonsSeparated
from salus.mpi.receipts import confirm_receipt

QUEUE = "patient_feed"
TELL, NOTIFY = f"{QUEUE}:tell", f"{QUEUE}:notify"
SUBSCRIBER = "patient-feed"  # in receipts of links
TYPE = "Patient"


def announce(person: int, *, new: bool = False) -> None:
    """Somebody was registered, or what a sender keeps of them has changed."""
    if TYPE in types_told():
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
    if TYPE in types_told():
        app.configure_task(TELL, queue=QUEUE).defer(persons=list(persons), link=link, ended=ended)


def receiver(subscription: int) -> str:
    """Of a link: who subscribed is waited for until it says that it has heard."""
    return f"Subscription/{subscription}"
