"""FHIR AuditEvent: a patient's own access log (IHE BALP), rendered from events. Reading it is itself logged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from salus.access.queries import Names, events_about, names_in, persons_assisted
from salus.audit.models import Event, EventKind
from salus.fhir import facts
from salus.fhir.criteria import Named, ParameterType, Value
from salus.fhir.datatypes import row_number
from salus.fhir.dates import instant
from salus.fhir.parameters import DEFINITIONS, by_id
from salus.fhir.resource import Body, Call, Page, Parameter, Position, Resource, Search, Version
from salus.fhir.sources import is_met
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import NotFound
from salus.mpi.identities import humans

_TERMS = "http://terminology.hl7.org/CodeSystem"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
# What was done, as an interaction of FHIR's REST and as an action (C, R, U, E), whatever the interface was.
_DONE = {
    EventKind.RECORD_VIEWED: ("search-type", "E"),
    EventKind.DOCUMENT_OPENED: ("read", "R"),
    EventKind.DOCUMENT_FILED: ("create", "C"),
    EventKind.INDEX_REQUEST: ("search-type", "E"),
    EventKind.ELIGIBILITY_CHECK: ("operation", "E"),
    EventKind.VACCINATION_RECORDED: ("create", "C"),
    EventKind.CONSENT_CHANGED: ("update", "U"),
    EventKind.PERSON_REGISTERED: ("create", "C"),
    EventKind.PERSON_CHANGED: ("update", "U"),
    EventKind.PERSON_TOLD: ("operation", "R"),
    EventKind.RECORD_OPENED: ("create", "C"),
    EventKind.PATIENTS_LISTED: ("search-type", "E"),
}
_SUCCESS, _REFUSED = "0", "4"  # https://hl7.org/fhir/R4/valueset-audit-event-outcome.html


def rendered(event: Event, *, about: int, names: Names) -> Version:
    """The event as it is about this person: of several in a list the others are not told."""
    return Version(
        body={
            "resourceType": "AuditEvent",
            "id": str(event.id),
            "meta": {"versionId": "1", "lastUpdated": instant(event.at)},
            **_what(event),
            "recorded": instant(event.at),
            "outcome": _REFUSED if event.denied else _SUCCESS,
            **({"purposeOfEvent": [_purpose(event.purpose)]} if event.purpose else {}),
            "agent": list(_agents(event, names)),
            "source": {
                "observer": {"display": "Salus"},
                "type": [_coding(f"{_TERMS}/security-source-type", "4", "Application Server")],
            },
            "entity": list(_entities(event, about)),
        }
    )


def _what(event: Event) -> Body:
    if event.kind not in _DONE:  # a sign-in, a token
        return {"type": _coding(_DICOM, "110114", "User Authentication"), "action": "E"}
    interaction, action = _DONE[EventKind(event.kind)]
    return {
        "type": _coding(f"{_TERMS}/audit-event-type", "rest", "RESTful Operation"),
        "subtype": [
            _coding("http://hl7.org/fhir/restful-interaction", interaction),
            _coding("https://salus.example/CodeSystem/event-kind", event.kind),
        ],
        "action": action,
    }


def _agents(event: Event, names: Names) -> Sequence[Body]:
    """The person who asked, the organisation on whose behalf, and the software: those that are known."""
    found: list[Body] = []
    user = names.of_user(event)
    if event.practitioner_id:
        who = {"reference": f"Practitioner/{event.practitioner_id}", "display": user}
        found.append(_agent(f"{_TERMS}/v3-ParticipationType", "IRCP", who))
    elif event.account_id:
        found.append(_agent(f"{_TERMS}/v3-ParticipationType", "IRCP", {"display": user}))
    if event.organization_id:
        organization = names.organizations.get(event.organization_id)
        whose = {
            "reference": f"Organization/{event.organization_id}",
            "display": organization.name if organization else "",
        }
        found.append(_agent(f"{_TERMS}/v3-RoleClass", "PROV", whose))
    if event.client_id:
        software = {
            "identifier": {"value": str(event.client_id)},
            "display": names.software.get(event.client_id, ""),
        }
        found.append(_agent(_DICOM, "110150", software))
    if not found:
        found.append(_agent(_DICOM, "110150", {"display": event.system or str(event.agent)}))
    # Exactly who asked is the requestor: https://hl7.org/fhir/R4/auditevent-definitions.html#AuditEvent.agent.requestor
    first, *others = found
    return [first | {"requestor": True}, *others]


def _agent(system: str, code: str, who: dict[str, Any]) -> Body:
    told = {name: value for name, value in who.items() if value}
    agent: Body = {"type": {"coding": [_coding(system, code)]}, "requestor": False}
    return agent | ({"who": told} if told else {})


def _entities(event: Event, about: int) -> Sequence[Body]:
    found: list[Body] = [
        {
            "what": {"reference": f"Patient/{about}"},
            "type": _coding(f"{_TERMS}/audit-entity-type", "1", "Person"),
            "role": _coding(f"{_TERMS}/object-role", "1", "Patient"),
        }
    ]
    if event.document_id:
        found.append(
            {
                "what": {"reference": f"DocumentReference/{event.document_id}"},
                "type": _coding(f"{_TERMS}/audit-entity-type", "2", "System Object"),
                "role": _coding(f"{_TERMS}/object-role", "3", "Report"),
            }
        )
    if event.request_id:
        found.append(
            {
                "what": {"identifier": {"value": str(event.request_id)}},
                "type": _coding(
                    "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
                    "XrequestId",
                ),
            }
        )
    return found


def _purpose(code: str) -> Body:
    return {"coding": [_coding(f"{_TERMS}/v3-ActReason", code)]}


def _coding(system: str, code: str, display: str = "") -> Body:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def _reference(of: str, path: str, documentation: str, *targets: str) -> Parameter:
    return Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/AuditEvent-{of}",
        documentation=documentation,
        facts=facts.references(path),
        targets=targets,
    )


def _patients(body: Body) -> list[Any]:
    return [
        one
        for one in facts.references("entity.what")(body)
        if getattr(one, "type", "") == "Patient"
    ]


_RECORDED = Parameter(
    type=ParameterType.DATE,
    definition=f"{DEFINITIONS}/AuditEvent-date",
    documentation="When it happened.",
    facts=facts.times("recorded"),
    sort=("at",),
)
PARAMETERS = {
    "_id": by_id(),
    "_lastUpdated": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/Resource-lastUpdated",
        documentation="When it happened: an event never changes.",
        facts=facts.times("meta.lastUpdated"),
        sort=("at",),
    ),
    "date": _RECORDED,
    "patient": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/AuditEvent-patient",
        documentation="Whose log: your own, unless you name somebody whose assistant you are.",
        facts=_patients,
        targets=("Patient",),
    ),
    "agent": _reference("agent", "agent.who", "Who did it.", "Practitioner", "Organization"),
    "entity": _reference(
        "entity", "entity.what", "Whose data, and which document.", "Patient", "DocumentReference"
    ),
}


def read(call: Call, id: str) -> Version:
    actor, event = _patient(call), row_number(id)
    for person in _theirs(actor):
        try:
            (found,) = _events(call, person, event=event)
        except NotFound:
            continue
        return rendered(found, about=person, names=names_in([found]))
    raise NotFound("no such event")


def search(call: Call, search: Search) -> Page:
    """All events about a person are few; they are read whole, and what is asked is found among them."""
    search = _as_known(search)
    found = [
        (event, person)
        for person in _asked(search, _patient(call))
        for event in _events(call, person)
        if is_met(rendered(event, about=person, names=Names()).body, search, PARAMETERS)
    ]
    newest_first = not search.sort or search.sort[0].descending
    found.sort(key=lambda one: _place(one[0]), reverse=newest_first)
    if search.count == 0:
        return Page(matches=[], total=len(found))
    start, end = _cut(found, search, newest_first=newest_first)
    page = found[start:end]
    names = names_in([event for event, _ in page])
    return Page(
        matches=[rendered(event, about=person, names=names) for event, person in page],
        next=_position(page[-1][0]) if page and end < len(found) else None,
        previous=_position(page[0][0], backwards=True) if page and start else None,
        total=len(found),
    )


def _cut(
    found: Sequence[tuple[Event, int]], search: Search, *, newest_first: bool
) -> tuple[int, int]:
    """Where the page begins and before which it ends."""
    position = search.position
    if position is None:
        return 0, min(search.count, len(found))
    at, number = datetime.fromisoformat(position.keys[0]), position.keys[1]

    def comes_before(event: Event) -> bool:
        return _place(event) > (at, number) if newest_first else _place(event) < (at, number)

    before = sum(comes_before(event) for event, _ in found)
    if position.backwards:
        return max(before - search.count, 0), before
    start = before + sum(_place(event) == (at, number) for event, _ in found)
    return start, min(start + search.count, len(found))


def _place(event: Event) -> tuple[datetime, int]:
    return event.at, event.id


def _position(event: Event, *, backwards: bool = False) -> Position:
    return Position(keys=(event.at.isoformat(), event.id), backwards=backwards)


def _events(call: Call, person: int, event: int | None = None) -> list[Event]:
    _human, events = events_about(
        actor=_patient(call), person=person, at=call.at, event=event, request_id=call.request_id
    )
    return events


def _patient(call: Call) -> Actor:
    if call.actor is None or call.actor.role is not Role.PATIENT or call.actor.person is None:
        raise NotFound("a log is shown to the patient whose it is")
    return call.actor


def _theirs(actor: Actor) -> list[int]:
    """The patient's own person, then those assisted, unless the app is let in for one patient alone."""
    if actor.patient is not None:
        return [actor.patient]
    beyond = actor.scopes is not None and actor.scopes.go_beyond_the_patient("AuditEvent")
    return [actor.person or 0, *(sorted(persons_assisted(actor)) if beyond else ())]


def _asked(search: Search, actor: Actor) -> list[int]:
    """The persons whom the search names, else the actor: a person who is nobody's business is found empty."""
    named = [row_number(value.id) for value in _people_named(search)]
    return [one for one in _theirs(actor) if one in named] if named else _theirs(actor)[:1]


def _as_known(search: Search) -> Search:
    """The same with the number of today for whoever is named by an earlier one."""
    known = humans({number for one in _people_named(search) if (number := row_number(one.id))})

    def renamed(value: Value) -> Value:
        human = known.get(row_number(value.id)) if isinstance(value, Named) else None
        return replace(value, id=str(human.root)) if human and isinstance(value, Named) else value

    criteria = tuple(
        replace(one, values=tuple(map(renamed, one.values))) if one.name == "patient" else one
        for one in search.criteria
    )
    return replace(search, criteria=criteria)


def _people_named(search: Search) -> list[Named]:
    return [
        value
        for criterion in search.of("patient")
        for value in criterion.values
        if isinstance(value, Named) and not value.url
    ]


AUDIT_EVENTS = Resource(
    type="AuditEvent",
    parameters=PARAMETERS,
    read=read,
    search=search,
    purposes=frozenset({PurposeOfUse.PATIENT_REQUEST}),
)
