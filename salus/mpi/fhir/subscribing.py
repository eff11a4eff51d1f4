"""Subscription on FHIR: software asks to be told of changes to Patients (IHE PMIR, ITI-94).

A channel of type `message` is sent the message of ITI-93; a `rest-hook` without payload only hears that there is
something new. Both over https. Secrets of its headers are kept sealed, and never shown again.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from django.conf import settings

from salus.fhir import facts
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.datatypes import row_number
from salus.fhir.dates import instant
from salus.fhir.element import Element
from salus.fhir.parameters import DEFINITIONS, by_id
from salus.fhir.resource import Body, Call, Page, Parameter, Resource, Search, Version
from salus.fhir.search import WrongParameter, read_search
from salus.fhir.sources import is_met
from salus.kernel.actor import PurposeOfUse
from salus.kernel.errors import Forbidden, InvalidInput
from salus.kernel.outbound import check_address
from salus.kernel.scopes import Interaction
from salus.mpi.fhir.parameters import PARAMETERS
from salus.mpi.models import Subscription
from salus.mpi.subscriptions import (
    Asked,
    asked_by,
    change,
    subscribe,
    subscription_of,
    subscriptions_of,
    unsubscribe,
)

JSON, XML = "application/fhir+json", "application/fhir+xml"
MESSAGE, REST_HOOK = "message", "rest-hook"
# https://profiles.ihe.net/ITI/PMIR/ITI-94.html#239441211-criteria-constraints
_CRITERIA = ("_id", "identifier", "organization")
_HIDDEN = "***"
_HEADER = re.compile(r"([A-Za-z0-9-]{1,64}): ?([\x21-\x7e][\x20-\x7e]{0,2047})")
# What the connection itself says.
_NOT_THEIRS = {"host", "content-length", "content-type", "transfer-encoding", "connection"}
_PATIENTS = Resource(
    type="Patient", parameters=PARAMETERS, read=lambda _call, _id: Version(body={})
)


def criteria_of(text: str, call: Call) -> Search:
    """Of whom a subscription is told. Raises InvalidInput for what ITI-94 does not know."""
    kind, asks, query = text.partition("?")
    if kind != "Patient" or bool(asks) != bool(query):
        raise InvalidInput("must be Patient, or Patient? with a search", at="Subscription.criteria")
    pairs = parse_qsl(query, keep_blank_values=True)
    if any(name not in _CRITERIA for name, _ in pairs):
        known = ", ".join(_CRITERIA)
        raise InvalidInput(f"is a search by {known}", at="Subscription.criteria")
    try:
        search = read_search(pairs, _PATIENTS, {}, call, strict=True).search
    except WrongParameter as error:
        raise InvalidInput(error.text, at="Subscription.criteria") from None
    if any(one.modifier is not Modifier.NONE or one.missing for one in search.criteria):
        raise InvalidInput("is a search without modifiers", at="Subscription.criteria")
    return search


def tells_of(asked: Asked, bodies: Sequence[Body], call: Call) -> bool:
    search = criteria_of(asked.criteria, call)
    return any(is_met(body, search, PARAMETERS) for body in bodies)


def rendered(row: Subscription) -> Version:
    asked = asked_by(row)
    channel: Body = {"type": asked.channel, "endpoint": asked.endpoint}
    if asked.payload:
        channel["payload"] = asked.payload
    if asked.headers:
        names = (header.partition(":")[0] for header in asked.headers)
        channel["header"] = [f"{name}: {_HIDDEN}" for name in names]
    said: Body = {
        "resourceType": "Subscription",
        "id": str(row.pk),
        "meta": {"versionId": str(row.version), "lastUpdated": instant(row.changed_at)},
        "status": row.status,
        "contact": list(asked.contact),
        "end": instant(row.ends_at) if row.ends_at else None,
        "reason": asked.reason,
        "criteria": asked.criteria,
        "error": row.error,
        "channel": channel,
    }
    return Version(body={name: value for name, value in said.items() if value})


def _read(call: Call, id: str) -> Version:
    return rendered(subscription_of(call.actor, row_number(id)))


def _search(call: Call, search: Search) -> Page:
    own = [rendered(row) for row in subscriptions_of(call.actor)]
    met = [one for one in own if is_met(one.body, search, _OWN_PARAMETERS)]
    return Page(matches=met[: search.count], total=len(met))


def _fetch(call: Call, ids: Collection[str]) -> Sequence[Version]:
    return [rendered(row) for row in subscriptions_of(call.actor) if str(row.pk) in ids]


def _create(call: Call, sent: Element) -> Version:
    _check_may_be_told(call)
    if sent.value["status"] != "requested":
        raise sent.wrong("status", "is requested, until this server says otherwise")
    row = subscribe(
        actor=call.asker,
        at=call.at,
        asked=_asked(call, sent, before=None),
        active=True,
        ends_at=_end(sent, call.at),
    )
    return rendered(row)


def _update(call: Call, id: str, sent: Element, version: str | None) -> Version:
    _check_may_be_told(call)
    before = subscription_of(call.actor, row_number(id))
    if sent.value["status"] == "error":
        raise sent.wrong("status", "is requested, to try again, or off")
    row = change(
        actor=call.asker,
        at=call.at,
        subscription=before.pk,
        version=None if version is None else row_number(version),
        asked=_asked(call, sent, before=asked_by(before)),
        active=sent.value["status"] != "off",
        ends_at=_end(sent, call.at),
    )
    return rendered(row)


def _delete(call: Call, id: str) -> None:
    unsubscribe(actor=call.asker, at=call.at, subscription=row_number(id))


def _check_may_be_told(call: Call) -> None:
    """Who is told of people could as well ask for them."""
    scopes = call.asker.scopes
    reads = scopes.allowing(Interaction.READ, "Patient") if scopes else ()
    if not any(not scope.only for scope in reads):
        raise Forbidden("the token must permit to read Patients, all of them")


def _asked(call: Call, sent: Element, *, before: Asked | None) -> Asked:
    criteria = sent.required("criteria")
    criteria_of(criteria, call)
    channel = sent.child("channel")
    kind, payload = channel.text("type"), channel.text("payload")
    if (kind, payload) not in ((MESSAGE, JSON), (MESSAGE, XML), (REST_HOOK, "")):
        raise channel.wrong(
            "type", f"{MESSAGE} with a payload of {JSON} or {XML}, or {REST_HOOK} without"
        )
    endpoint = channel.text("endpoint", most=1000)
    try:
        check_address(endpoint, what="the endpoint", is_demo=settings.DEMO)
    except InvalidInput as error:
        raise channel.wrong("endpoint", error.text) from None
    contacts = [
        {"system": one.required("system"), "value": one.required("value")}
        for one in sent.children("contact")
    ]
    return Asked(
        criteria=criteria,
        reason=sent.words("reason"),
        channel=kind,
        endpoint=endpoint,
        payload=payload,
        headers=tuple(_headers(channel, before)),
        contact=tuple(contacts),
        base=call.base,
    )


def _headers(channel: Element, before: Asked | None) -> list[str]:
    """A value that is hidden, as a read shows it, is the one that is kept; none may go to another host."""
    kept = {}
    if before and before.endpoint == channel.text("endpoint", most=1000):
        kept = {header.partition(":")[0]: header for header in before.headers}
    found = []
    for index, header in enumerate(channel.value.get("header", ())):
        parts = _HEADER.fullmatch(header)
        place = f"header[{index}]"
        if not parts or parts[1].lower() in _NOT_THEIRS:
            raise channel.wrong(place, "not a header of your own, such as Authorization: Bearer x")
        if parts[2] == _HIDDEN:
            if parts[1] not in kept:
                raise channel.wrong(place, "its value is not known: say it")
            header = kept[parts[1]]
        found.append(header)
    return found


def _end(sent: Element, at: datetime) -> datetime | None:
    if "end" not in sent.value:
        return None
    end = datetime.fromisoformat(sent.value["end"])
    if end <= at:
        raise sent.wrong("end", "lies in the past")
    return end


_OWN_PARAMETERS = {
    "_id": by_id(sort=()),
    "status": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Subscription-status",
        documentation="Whether something is sent.",
        facts=facts.tokens("status", system="http://hl7.org/fhir/subscription-status"),
    ),
}

SUBSCRIPTIONS = Resource(
    type="Subscription",
    parameters=_OWN_PARAMETERS,
    read=_read,
    search=_search,
    fetch=_fetch,
    create=_create,
    update=_update,
    delete=_delete,
    purposes=frozenset({PurposeOfUse.TREATMENT, PurposeOfUse.OPERATIONS}),
)
