"""A Bundle at the base: a batch, each entry by itself, or a transaction, all or nothing (https://hl7.org/fhir/R4/http.html#transaction).

Each entry goes through the same interactions as a request of its own, with the same rights. `salus import` takes in
Bundles for which nobody says what is to be done with each entry: `salus.fhir.transaction`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid5

from django.db import transaction
from django.utils.http import http_date

from salus.fhir import interactions
from salus.fhir.exchange import Answer, Request, Return, Target
from salus.fhir.outcome import outcome_of
from salus.fhir.refusal import EntryFailed, refusal_of
from salus.fhir.resource import Body, Call, Served
from salus.fhir.rewriting import Entry, Names
from salus.fhir.validation import check
from salus.kernel.errors import InvalidInput, SalusError

MOST_ENTRIES = 500

# What is done before what: https://hl7.org/fhir/R4/http.html#trules
_ORDER = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")


def process(bundle: Any, call: Call, served: Served, *, preferred: Return | None) -> Answer:
    """Raises InvalidInput when it is no Bundle to be processed, and what makes a transaction fail."""
    kind = bundle.get("type") if isinstance(bundle, dict) else None
    whole = kind == "transaction"
    # The resources of a batch are checked one by one: what is wrong with one concerns no other.
    check(bundle if whole else _frame(bundle), type="Bundle")
    if kind not in ("batch", "transaction"):
        raise InvalidInput("must be batch or transaction", at="Bundle.type")
    entries = bundle.get("entry", [])
    if len(entries) > MOST_ENTRIES:
        raise InvalidInput(f"more than {MOST_ENTRIES} entries: split it", at="Bundle.entry")
    preferred = preferred or Return.MINIMAL
    if whole:
        responses = _together(
            [_entry(index, entry, call, preferred) for index, entry in enumerate(entries)],
            call,
            served,
        )
    else:
        responses = [
            _alone(index, entry, call, served, preferred) for index, entry in enumerate(entries)
        ]
    body: Body = {"resourceType": "Bundle", "type": f"{kind}-response"}
    return Answer(status=HTTPStatus.OK, body=body | ({"entry": responses} if responses else {}))


def _frame(bundle: Any) -> Any:
    """The Bundle without its resources."""
    if not isinstance(bundle, dict) or not isinstance(bundle.get("entry"), list):
        return bundle
    entries = [
        {name: value for name, value in entry.items() if name != "resource"}
        if isinstance(entry, dict)
        else entry
        for entry in bundle["entry"]
    ]
    return bundle | {"entry": entries}


def _entry(index: int, entry: Body, call: Call, preferred: Return) -> Entry:
    asked = entry.get("request")
    place = f"Bundle.entry[{index}].request"
    if asked is None:
        raise InvalidInput("missing: it says what to do", at=place)
    address, _, query = asked["url"].removeprefix(f"{call.base}/").partition("?")
    try:
        target = Target.of(address)
    except SalusError:
        raise InvalidInput("not an address such as Patient/1", at=f"{place}.url") from None
    resource = entry.get("resource")
    return Entry(
        index=index,
        full_url=entry.get("fullUrl", ""),
        resource=resource,
        request=Request(
            method=asked["method"],
            target=target,
            query=parse_qsl(query, keep_blank_values=True),
            read_body=lambda: resource,
            if_match=asked.get("ifMatch", ""),
            if_none_match=asked.get("ifNoneMatch", ""),
            if_none_exist=asked.get("ifNoneExist"),
            if_modified_since=_http_date(asked.get("ifModifiedSince")),
            preferred=preferred,
        ),
    )


def _http_date(instant: str | None) -> str:
    return http_date(datetime.fromisoformat(instant).timestamp()) if instant else ""


def _alone(index: int, entry: Body, call: Call, served: Served, preferred: Return) -> Body:
    try:
        read = _entry(index, entry, call, preferred)
        return responded(_answer(read, call, served))
    except Exception as error:  # of this entry alone
        return failed(error)


def _answer(entry: Entry, call: Call, served: Served) -> Answer:
    if entry.request.target.type == "":
        raise InvalidInput("not an address such as Patient/1", at=f"{entry.place}.request.url")
    # Each counts once, when the whole is sent again.
    own = replace(call, request_id=uuid5(call.request_id, str(entry.index)))
    return interactions.answer(entry.request, own, served)


def _together(entries: Sequence[Entry], call: Call, served: Served) -> list[Body]:
    """All of them, in the standard's order, in one transaction of the database; answers in the order sent."""
    _check_once_each(entries)
    answers: dict[int, Answer] = {}
    names = Names(call=call, served=served)
    with transaction.atomic():
        for entry in entries:
            with _told_of(entry):
                names.learn(entry)
        for entry in _ordered(entries, names):
            with _told_of(entry):
                answers[entry.index] = _answer(names.resolved(entry), call, served)
                names.made(entry, answers[entry.index])
    return [responded(answers[entry.index]) for entry in entries]


def _ordered(entries: Sequence[Entry], names: Names) -> Iterator[Entry]:
    """By what is done; and what is made before what refers to it, since only then it has an id."""
    by_order = sorted(entries, key=lambda entry: _ORDER.index(entry.request.method))
    waits_for = {entry.index: names.needed_by(entry) for entry in by_order}
    try:
        for index in TopologicalSorter(waits_for).static_order():
            yield entries[index]
    except CycleError as error:
        place = entries[error.args[1][0]].place
        raise InvalidInput(
            "entries that are made refer to each other in a circle", at=place
        ) from None


def _check_once_each(entries: Sequence[Entry]) -> None:
    """No two entries are of one resource: https://hl7.org/fhir/R4/http.html#trules"""
    seen: set[object] = set()
    for entry in entries:
        keys: list[object] = [entry.full_url] if entry.full_url else []
        if entry.request.method in ("PUT", "DELETE", "PATCH") and entry.request.target.id:
            keys.append(entry.request.target)
        if seen.intersection(keys):
            raise InvalidInput("another entry is of the same resource", at=entry.place)
        seen.update(keys)


@contextmanager
def _told_of(entry: Entry) -> Iterator[None]:
    """What fails within is told with the place of the entry."""
    try:
        yield
    except SalusError as error:
        raise EntryFailed(error, place=entry.place) from error


def failed(error: Exception) -> Body:
    """An entry of the response to a batch: why nothing came of this one."""
    refusal = refusal_of(error)
    return {
        "response": {"status": _line(refusal.status), "outcome": outcome_of(refusal.issues)},
    }


def responded(answer: Answer) -> Body:
    """An entry of the response to a batch or transaction."""
    response: Body = {"status": _line(answer.status)}
    if answer.location:
        response["location"] = answer.location
    if answer.version:
        response["etag"] = answer.etag
        if answer.version.updated:
            response["lastModified"] = answer.version.body["meta"]["lastUpdated"]
    shown = answer.body
    if shown and shown["resourceType"] == "OperationOutcome":
        return {"response": response | {"outcome": shown}}
    return ({"resource": shown} if shown else {}) | {"response": response}


def _line(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"
