"""Software that subscribed is told: the message of ITI-93, or with a rest-hook that there is something (IHE PMIR).

https://profiles.ihe.net/ITI/PMIR/ITI-93.html. What is told is what a read shows when it is sent; a later message
tells a later state, so that it does not matter in which order they come.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from procrastinate.contrib.django import app

from salus.accounts.fhir import MESSAGE
from salus.accounts.models import Subscription
from salus.accounts.notifying import send
from salus.accounts.subscriptions import Asked, actor_of, asked_by, in_force
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.fhir.dates import instant
from salus.fhir.resource import Body, Call
from salus.kernel.rows import rows_of
from salus.mpi.announcing import NOTIFY, QUEUE, TYPE, receiver
from salus.mpi.fhir.linked import people_shown
from salus.mpi.fhir.subscribing import TOPIC
from salus.mpi.receipts import confirm_receipt, expect_receipts

FEED = "urn:ihe:iti:pmir:2019:patient-feed"
DEFINITION = "https://profiles.ihe.net/ITI/PMIR/MessageDefinition/IHE.PMIR.MessageDefinition"


@dataclass(frozen=True, kw_only=True)
class News:
    persons: tuple[int, ...]  # identities
    new: bool = False  # registered just now
    link: int | None = None  # that was made, or
    ended: bool = False  # has ended


def tell(news: News, *, at: datetime) -> None:
    """A job for each subscription that is told of it."""
    shown = _shown(news.persons)
    for row in in_force(at, [TYPE]):
        asked = asked_by(row)
        if TOPIC.tells_of(asked, shown, _call(row, asked, at)):
            if news.link:
                expect_receipts(
                    link=news.link, ended=news.ended, receivers=[receiver(row.pk)], since=at
                )
            app.configure_task(NOTIFY, queue=QUEUE).defer(
                subscription=row.pk,
                persons=list(news.persons),
                new=news.new,
                link=news.link,
                ended=news.ended,
            )


def notify(subscription: int, news: News, *, at: datetime) -> None:
    """Send it. Raises salus.accounts.notifying.NotHeard. A subscription that is over hears nothing."""
    for row in in_force(at, [TYPE], [subscription]):
        asked, shown = asked_by(row), _shown(news.persons)
        if not TOPIC.tells_of(asked, shown, _call(row, asked, at)):
            return
        _record(row, news.persons, at)
        is_said = asked.channel == MESSAGE
        send(asked, message(asked, shown, new=news.new, at=at) if is_said else None)
        if news.link:
            name = receiver(row.pk)
            confirm_receipt(link=news.link, ended=news.ended, receiver=name, at=at)


def message(asked: Asked, shown: Sequence[Body], *, new: bool, at: datetime) -> Body:
    header, history = f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"
    changed = {
        "resourceType": "Bundle",
        "type": "history",
        "entry": [_entry(asked.base, body, new=new) for body in shown],
    }
    said = {
        "resourceType": "MessageHeader",
        "id": header.removeprefix("urn:uuid:"),
        "eventUri": FEED,
        "destination": [{"endpoint": asked.endpoint}],
        "source": {"name": "Salus", "endpoint": f"{asked.base}/$process-message"},
        "focus": [{"reference": history}],
        "definition": DEFINITION,
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": instant(at),
        "entry": [
            {"fullUrl": header, "resource": said},
            {"fullUrl": history, "resource": changed},
        ],
    }


def _entry(base: str, body: Body, *, new: bool) -> Body:
    address = f"Patient/{body['id']}"
    version = f"{base}/{address}/_history/{body['meta']['versionId']}"
    created = new and "link" not in body
    return {
        "fullUrl": f"{base}/{address}",
        "resource": body,
        "request": {"method": "POST", "url": "Patient"}
        if created
        else {"method": "PUT", "url": address},
        "response": {"status": "201" if created else "200", "location": version},
    }


def _shown(persons: Collection[int]) -> list[Body]:
    """Each of them as a read shows it, and the golden record that it belongs to."""
    bodies: dict[int, Body] = {}
    for person, human in people_shown(persons).items():
        for one in (person, human.root):
            bodies[one] = human.shown(one).body
    return list(bodies.values())


def _call(row: Subscription, asked: Asked, at: datetime) -> Call:
    return Call(actor=actor_of(row), at=at, request_id=uuid4(), base=asked.base)


def _record(row: Subscription, persons: Collection[int], at: datetime) -> None:
    """Before a byte leaves: what is sent and not heard may have been read."""
    everybody = set(persons)
    with rows_of(everybody):
        one = next(iter(everybody)) if len(everybody) == 1 else None
        record(
            actor=actor_of(row),
            kind=EventKind.PERSON_TOLD,
            at=at,
            person=one,
            persons=None if one else everybody,
        )
