"""`$process-message`: a sender's records as they stand now (IHE PMIR, ITI-93).

https://profiles.ihe.net/ITI/PMIR/ITI-93.html. All entries of a message are taken or none is. Each is known by an
identifier of its sender's, or by its address here; the ids of another server mean nothing here. Nobody is deleted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db import transaction

from salus.fhir.datatypes import row_number
from salus.fhir.dates import instant
from salus.fhir.element import Element
from salus.fhir.refusal import EntryFailed, NotThisWay, Unprocessable
from salus.fhir.resource import Arguments, Body, Call, Input, Operation
from salus.kernel.errors import InvalidInput, SalusError
from salus.kernel.scopes import Interaction
from salus.mpi.fhir import receiving
from salus.mpi.fhir.telling import FEED
from salus.mpi.receiving import hold_the_index

MOST_ENTRIES = 500
RESPONSE = f"{FEED}-response"


def _perform(call: Call, asked: Arguments) -> Body:
    message = asked.one("content")
    header, history = _parts(message)
    entries = history.children("entry")
    if len(entries) > MOST_ENTRIES:
        raise history.wrong("entry", f"more than {MOST_ENTRIES} entries: split it")
    with transaction.atomic():
        hold_the_index()
        for index, entry in enumerate(entries):
            with _told_of(entry):
                _take(replace(call, request_id=_request_id(call, header, index)), entry)
    return _response(call, header)


def _parts(message: Element) -> tuple[Element, Element]:
    """The MessageHeader and what it is about. Raises InvalidInput."""
    if message.value.get("type") != "message":
        raise message.wrong("type", "must be message")
    entries = message.children("entry")
    header = entries[0].child("resource") if entries else message.child("entry")
    if header.value.get("resourceType") != "MessageHeader":
        raise message.wrong("entry[0]", "must be a MessageHeader")
    if header.value.get("eventUri") != FEED:
        raise header.wrong("eventUri", f"only {FEED} is heard here")
    about = {one.text("reference", most=1000) for one in header.children("focus")}
    for entry in entries[1:]:
        history = entry.child("resource")
        names = {entry.text("fullUrl", most=1000), f"Bundle/{history.value.get('id')}"}
        if history.value.get("resourceType") == "Bundle" and names & about:
            if history.value["type"] != "history":
                raise history.wrong("type", "must be history")
            return header, history
    raise header.wrong("focus", "must refer to a Bundle of type history in this message")


def _take(call: Call, entry: Element) -> None:
    method, url = entry.child("request").text("method"), entry.child("request").text("url")
    patient = entry.child("resource")
    if method not in ("POST", "PUT"):
        text = f"{method} is not taken: nobody is deleted from the index"
        raise NotThisWay(HTTPStatus.METHOD_NOT_ALLOWED, text)
    if patient.value.get("resourceType") != "Patient":
        raise entry.wrong("resource", "must be a Patient")
    sent = Element(path="Patient", value=patient.value)
    full_url = entry.text("fullUrl", most=1000)
    if method == "PUT" and full_url.startswith(f"{call.base}/Patient/"):
        receiving.update(call, row_number(url.rpartition("/")[2]), sent, None)
    else:
        receiving.feed(call, sent)


def _request_id(call: Call, header: Element, index: int) -> UUID:
    """The same when a message is sent again, whatever it is sent with."""
    name = header.text("id")
    if not name:
        return uuid5(call.request_id, str(index))
    return uuid5(NAMESPACE_URL, f"{header.child('source').text('endpoint')} {name} {index}")


@contextmanager
def _told_of(entry: Element) -> Iterator[None]:
    """What is refused within is told with the place of the entry."""
    try:
        yield
    except InvalidInput as error:
        wrong = Unprocessable(error.text, at=error.at)
        raise EntryFailed(wrong, place=entry.path) from error
    except SalusError as error:
        raise EntryFailed(error, place=entry.path) from error


def _response(call: Call, header: Element) -> Body:
    name = str(uuid4())
    said = {
        "resourceType": "MessageHeader",
        "id": name,
        "eventUri": RESPONSE,
        "source": {"name": "Salus", "endpoint": f"{call.base}/$process-message"},
        "response": {"identifier": header.text("id") or str(call.request_id), "code": "ok"},
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": instant(call.at),
        "entry": [{"fullUrl": f"urn:uuid:{name}", "resource": said}],
    }


PROCESS_MESSAGE = Operation(
    code="process-message",
    definition="http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
    documentation="A feed of Patients (IHE PMIR, ITI-93): one message, answered at once.",
    inputs=(Input(name="content", types=("Bundle",), least=1),),
    perform=_perform,
    needs=(Interaction.CREATE, Interaction.UPDATE),
    of="Patient",
    changes=True,
)
