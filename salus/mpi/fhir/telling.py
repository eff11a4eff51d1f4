"""Software that subscribed is told: the message of ITI-93, or with a rest-hook that there is something (IHE PMIR).

https://profiles.ihe.net/ITI/PMIR/ITI-93.html. What is told is what a read shows when it is sent; a later message
tells a later state, so that it does not matter in which order they come.
"""

import http.client
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import uuid4

from procrastinate.contrib.django import app

from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.fhir import exact_json, xml
from salus.fhir.dates import instant
from salus.fhir.resource import Body, Call
from salus.kernel.errors import SalusError
from salus.kernel.outbound import connection_to, path_of
from salus.kernel.rows import rows_of
from salus.mpi.announcing import NOTIFY, QUEUE, receiver
from salus.mpi.fhir.linked import people_shown
from salus.mpi.fhir.subscribing import MESSAGE, XML, tells_of
from salus.mpi.models import Subscription
from salus.mpi.receipts import confirm_receipt, expect_receipts
from salus.mpi.subscriptions import Asked, actor_of, asked_by, in_force

FEED = "urn:ihe:iti:pmir:2019:patient-feed"
DEFINITION = "https://profiles.ihe.net/ITI/PMIR/MessageDefinition/IHE.PMIR.MessageDefinition"
_TIMEOUT = 10.0  # seconds, of each step
_MOST_BYTES = 65_536  # of an answer, which nobody reads


class NotHeard(SalusError):
    """The endpoint did not say that it has heard; the text names no address and nobody."""


@dataclass(frozen=True, kw_only=True)
class News:
    persons: tuple[int, ...]  # identities
    new: bool = False  # registered just now
    link: int | None = None  # that was made, or
    ended: bool = False  # has ended


def tell(news: News, *, at: datetime) -> None:
    """A job for each subscription that is told of it."""
    shown = _shown(news.persons)
    for row in in_force(at):
        asked = asked_by(row)
        if tells_of(asked, shown, _call(row, asked, at)):
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
    """Send it; whoever answers with a 2xx has heard. Raises NotHeard. A subscription that is over hears nothing."""
    for row in in_force(at, [subscription]):
        asked, shown = asked_by(row), _shown(news.persons)
        if not tells_of(asked, shown, _call(row, asked, at)):
            return
        _record(row, news.persons, at)
        _send(asked, shown if asked.channel == MESSAGE else (), new=news.new, at=at)
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


def _send(asked: Asked, shown: Sequence[Body], *, new: bool, at: datetime) -> None:
    headers = dict(
        header.split(": ", 1) if ": " in header else header.split(":", 1)
        for header in asked.headers
    )
    content = b""
    if shown:
        body = message(asked, shown, new=new, at=at)
        packed = xml.dump(body) if asked.payload == XML else exact_json.dump(body)
        content = packed.encode()
        headers["Content-Type"] = f"{asked.payload}; charset=utf-8"
    parts = urlsplit(asked.endpoint)
    try:
        with connection_to(parts, timeout=_TIMEOUT) as connection:
            connection.request("POST", path_of(parts), body=content, headers=headers)
            answer = connection.getresponse()
            answer.read(_MOST_BYTES)
            status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotHeard(f"nobody answers at the endpoint ({type(error).__name__})") from None
    except SalusError as error:
        raise NotHeard(str(error)) from None
    if not 200 <= status < 300:
        raise NotHeard(f"the endpoint answers {status}")
