"""Subscription on FHIR R4: software asks to be told of changes (https://hl7.org/fhir/R4/subscription.html).

Of which types, by which searches and over which channels the domains say, each with its Topic; config lists them.
Secrets of a channel's headers are kept sealed, and never shown again.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import parse_qsl

from django.conf import settings

from salus.accounts.models import Subscription
from salus.accounts.subscriptions import (
    Asked,
    asked_by,
    change,
    subscribe,
    subscription_of,
    subscriptions_of,
    unsubscribe,
)
from salus.fhir import facts
from salus.fhir.criteria import ParameterType
from salus.fhir.datatypes import row_number
from salus.fhir.dates import instant
from salus.fhir.element import Element
from salus.fhir.parameters import DEFINITIONS, by_id
from salus.fhir.resource import Body, Call, Page, Parameter, Resource, Search, Version
from salus.fhir.search import WrongParameter, read_search
from salus.fhir.sources import is_met
from salus.kernel.actor import Actor
from salus.kernel.errors import Forbidden, InvalidInput
from salus.kernel.outbound import check_address
from salus.kernel.scopes import Interaction

JSON, XML = "application/fhir+json", "application/fhir+xml"
MESSAGE, REST_HOOK = "message", "rest-hook"
_HIDDEN = "***"
_HEADER = re.compile(r"([A-Za-z0-9-]{1,64}): ?([\x21-\x7e][\x20-\x7e]{0,2047})")
# What the connection itself says.
_NOT_THEIRS = {"host", "content-length", "content-type", "transfer-encoding", "connection"}


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A type of which software may be told: all of them, or what a search by the resource's parameters finds."""

    resource: Resource
    channels: Collection[tuple[str, str]]  # type and payload; '': none
    # Who may be told, beyond the scope to read all of the type; raises Forbidden.
    check: Callable[[Actor], None] = lambda _actor: None
    # The position from which on a subscription is told, in its transaction; where the domain keeps an order.
    begin: Callable[[], int] = lambda: 0

    def search(self, asked: Asked, call: Call) -> Search:
        """What it asks to be told of. Raises InvalidInput, for what leads beyond the resource (chains) too."""
        _type, asks, query = asked.criteria.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        known = self.resource.parameters
        if bool(asks) != bool(pairs) or any(
            name.partition(":")[0] not in known for name, _ in pairs
        ):
            raise InvalidInput(
                f"is {asked.type}, or a search of it by {', '.join(known)}", at=_CRITERIA
            )
        try:
            return read_search(pairs, self.resource, {}, call, strict=True).search
        except WrongParameter as error:
            raise InvalidInput(error.text, at=_CRITERIA) from None

    def tells_of(self, asked: Asked, bodies: Sequence[Body], call: Call) -> bool:
        search = self.search(asked, call)
        return any(is_met(body, search, self.resource.parameters) for body in bodies)


_CRITERIA = "Subscription.criteria"
_Topics = dict[str, Topic]  # by type


def subscriptions(topics: Sequence[Topic]) -> Resource:
    """The type, for software that asks to be told of these."""
    known = {topic.resource.type: topic for topic in topics}
    return Resource(
        type="Subscription",
        parameters=_PARAMETERS,
        read=_read,
        search=_search,
        fetch=_fetch,
        create=partial(_create, known),
        update=partial(_update, known),
        delete=_delete,
    )


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
    met = [one for one in own if is_met(one.body, search, _PARAMETERS)]
    return Page(matches=met[: search.count], total=len(met))


def _fetch(call: Call, ids: Collection[str]) -> Sequence[Version]:
    return [rendered(row) for row in subscriptions_of(call.actor) if str(row.pk) in ids]


def _create(topics: _Topics, call: Call, sent: Element) -> Version:
    topic, asked = _asked(topics, call, sent, before=None)
    if sent.value["status"] != "requested":
        raise sent.wrong("status", "is requested, until this server says otherwise")
    row = subscribe(
        actor=call.asker,
        at=call.at,
        asked=asked,
        begin=topic.begin,
        active=True,
        ends_at=_end(sent, call.at),
    )
    return rendered(row)


def _update(topics: _Topics, call: Call, id: str, sent: Element, version: str | None) -> Version:
    before = subscription_of(call.actor, row_number(id))
    topic, asked = _asked(topics, call, sent, before=asked_by(before))
    if sent.value["status"] == "error":
        raise sent.wrong("status", "is requested, to try again, or off")
    row = change(
        actor=call.asker,
        at=call.at,
        subscription=before.pk,
        version=None if version is None else row_number(version),
        asked=asked,
        begin=topic.begin,
        active=sent.value["status"] != "off",
        ends_at=_end(sent, call.at),
    )
    return rendered(row)


def _delete(call: Call, id: str) -> None:
    unsubscribe(actor=call.asker, at=call.at, subscription=row_number(id))


def _check_may_be_told(topic: Topic, call: Call) -> None:
    """Who is told of resources could as well ask for them."""
    kind, scopes = topic.resource.type, call.asker.scopes
    reads = scopes.allowing(Interaction.READ, kind) if scopes else ()
    if not any(not scope.only for scope in reads):
        raise Forbidden(f"the token must permit to read {kind} resources, all of them")
    topic.check(call.asker)


def _asked(
    topics: _Topics, call: Call, sent: Element, *, before: Asked | None
) -> tuple[Topic, Asked]:
    channel = sent.child("channel")
    contacts = [
        {"system": one.required("system"), "value": one.required("value")}
        for one in sent.children("contact")
    ]
    asked = Asked(
        criteria=sent.required("criteria"),
        reason=sent.words("reason"),
        channel=channel.text("type"),
        endpoint=channel.text("endpoint", most=1000),
        payload=channel.text("payload"),
        headers=tuple(_headers(channel, before)),
        contact=tuple(contacts),
        base=call.base,
    )
    topic = topics.get(asked.type)
    if topic is None:
        raise sent.wrong("criteria", f"is about {', '.join(topics)}")
    _check_may_be_told(topic, call)
    topic.search(asked, call)
    if (asked.channel, asked.payload) not in topic.channels:
        known = (f"{kind} {payload}".strip() for kind, payload in topic.channels)
        raise channel.wrong("type", f"with its payload one of: {', '.join(known)}")
    try:
        check_address(asked.endpoint, what="the endpoint", is_demo=settings.DEMO)
    except InvalidInput as error:
        raise channel.wrong("endpoint", error.text) from None
    return topic, asked


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


_PARAMETERS = {
    "_id": by_id(sort=()),
    "status": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Subscription-status",
        documentation="Whether something is sent.",
        facts=facts.tokens("status", system="http://hl7.org/fhir/subscription-status"),
    ),
}
