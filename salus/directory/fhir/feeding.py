"""Software that keeps its entries in the directory up to date (IHE mCSD, ITI-130).

A request is one change set of the software's source, a transaction too. It speaks of entries with the numbers of its
source; the authority's software of all. A PUT says all that is shown: what it leaves out has no value any more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

from django.db import transaction

from salus.audit.actions import is_first
from salus.directory.actions import feed, source_fed_by
from salus.directory.actions.changing import hold
from salus.directory.duplicates import rows_of
from salus.directory.fhir.replayed import last_version
from salus.directory.fhir.saying import Saying, sayings
from salus.directory.fields import FIELDS
from salus.directory.history import as_of
from salus.directory.lines import Line
from salus.directory.models import Kind, Licence, PractitionerRole, Source
from salus.directory.models.entries import Entry
from salus.directory.projecting import JOINED, TABLES
from salus.directory.rules import survived
from salus.fhir.datatypes import identifiers, row_number
from salus.fhir.element import Element
from salus.fhir.references import row_meant
from salus.fhir.resource import Call, Version
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import (
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    NotFound,
    PreconditionFailed,
)

_ENDED = {"status": "ended"}
# Nobody says it with a resource: what it leaves out of these stays as it is.
_KEPT = frozenset({"status", "same_as", "apart_from"})
# Where a field stands in a resource, for whoever is told that it is wrong; else it is named as it is.
_PLACES = {
    "family": "name[0].family",
    "given": "name[0].given",
    "prefix": "name[0].prefix",
    "birth_date": "birthDate",
    "profession": "code",
    "languages": "communication",
    "part_of": "partOf",
    "postal_code": "address.postalCode",
    "municipality": "address.city",
    "country": "address.country",
    "line": "address.line",
    "latitude": "position.latitude",
    "longitude": "position.longitude",
    "telephone": "telecom",
    "email": "telecom",
    "website": "telecom",
    "new_patients": "extension",
    "successor": "extension",
    "accessible": "extension",
    "service": "healthcareService",
    "connection_type": "connectionType",
    "payload_type": "payloadType",
    "appointment": "appointmentRequired",
}
_ACTIVE = (Kind.PRACTITIONER, Kind.ORGANIZATION, Kind.ROLE, Kind.SERVICE)  # what has no status
_ORGANIZATIONS = {
    Kind.LOCATION: "managingOrganization",
    Kind.ENDPOINT: "managingOrganization",
    Kind.SERVICE: "providedBy",
}

Read = Callable[[Call, str], Version]


def create(kind: Kind, read: Read, call: Call, sent: Element) -> Version:
    """Raises Conflict when an entry has the number: it is changed by an update."""
    actor, source = _writer(call)
    system, value = _number(sent, source)
    with transaction.atomic():
        hold()
        known = TABLES[kind].objects.filter(system=system, value=value).first()
        if not is_first(request_id=_request(call, actor), at=call.at):
            if known is None:
                raise Conflict("a request of this id did something else")
            return read(call, str(known.pk))
        if known and known.deregistered_at is None:
            raise Conflict("an entry has this identifier: search for it, and update it")
        said = _checked(call, sent, f"{system}|{value}")
        first = replace(said[0], system=system, value=value)
        entry = _fed(call, source, kind, [_line(one) for one in (first, *said[1:])])
        return read(call, str(entry))


def update(
    kind: Kind, read: Read, call: Call, id: str, sent: Element, version: str | None
) -> Version:
    """Raises NotFound, and PreconditionFailed when another version is the newest."""
    actor, source = _writer(call)
    with transaction.atomic():
        hold()
        if not is_first(request_id=_request(call, actor), at=call.at):
            return read(call, id)
        row = _own(kind, id, source)
        _check_version(row, version)
        if (row.system, row.value) not in identifiers(sent):
            raise sent.wrong("identifier", "must hold the number of the entry, which stays")
        said = _checked(call, sent, f"{row.system}|{row.value}")
        lines = [
            *_of_itself(kind, row, said[0], call.at.date()),
            *_of_licences(row, source, said[1:], call.at.date()),
        ]
        _fed(call, source, kind, lines)
        try:
            return read(call, id)
        except Gone:
            return last_version(kind, row.pk)


def delete(kind: Kind, call: Call, id: str) -> None:
    """It ends today, and its history stays."""
    actor, source = _writer(call)
    with transaction.atomic():
        hold()
        if is_first(request_id=_request(call, actor), at=call.at):
            ends = Line(number=1, kind=kind, entry=_own(kind, id, source).pk)
            _fed(call, source, kind, [replace(ends, said=_ENDED, since=call.at.date())])


def _writer(call: Call) -> tuple[Actor, Source]:
    actor = call.actor
    if actor is None or actor.role is not Role.SOFTWARE:
        raise Forbidden("the directory is fed by software in its own name alone")
    return actor, source_fed_by(actor)


def _request(call: Call, actor: Actor) -> UUID:
    return uuid5(call.request_id, f"directory {actor.client}")


def _number(sent: Element, source: Source) -> tuple[str, str]:
    """The identifier by which the source knows the entry."""
    known = identifiers(sent)
    if not known:
        raise sent.wrong("identifier", "one with system and value is needed")
    own = [one for one in known if source.is_authority or one[0] == source.system]
    if not own:
        raise Forbidden("none of the identifiers is of the source that this software feeds")
    return own[0]


def _own(kind: Kind, id: str, source: Source) -> Entry:
    row: Entry | None = TABLES[kind].objects.filter(pk=row_number(id), deregistered_at=None).first()
    if row is None:
        raise NotFound(f"there is no such {kind}")
    if not source.is_authority and row.system != source.system:
        raise Forbidden("the entry is of another source than this software feeds")
    return row


def _check_version(row: Entry, version: str | None) -> None:
    if version is not None and version != str(row.version or 1):
        raise PreconditionFailed("the entry was changed since: read it again")


def _checked(call: Call, sent: Element, own: str) -> list[Saying]:
    def name(reference: Element, kind: Kind) -> str:
        table = TABLES[kind]

        def find(system: str, value: str) -> int | None:
            row: Entry | None = table.objects.filter(system=system, value=value).first()
            return row.pk if row else None

        number = row_meant(call, sent, reference, type=kind, find=find)
        known = table.objects.filter(pk=number).values_list("system", "value").first()
        if known is None:
            raise reference.wrong("reference", f"there is no such {kind}")
        return "|".join(known)

    return list(sayings(sent, own, name))


def _line(said: Saying) -> Line:
    return Line(
        number=1,
        kind=said.kind,
        system=said.system,
        value=said.value,
        said=said.said,
        since=said.since,
        until=said.until,
    )


def _of_itself(kind: Kind, row: Entry, sent: Saying, today: date) -> Iterator[Line]:
    own = as_of(kind, row.pk, day=today)
    shown = survived(own, _of_duplicates(kind, row, today))
    if isinstance(row, PractitionerRole):
        shown = {"profession": row.practitioner.profession} | shown
    gone = {
        name: None
        for name, about in FIELDS[kind].items()
        if about.public and not about.needed and name not in _KEPT and name in own
    }
    said = {
        name: value
        for name, value in sent.said.items()
        if not _is_of_another(kind, name, value, own, shown)
    }
    if kind in _ACTIVE and own.get("status") == "suspended":
        said.pop("status", None)  # it is shown as not active, and to repeat that ends nothing
    kept = sent.said.keys() - said.keys()
    gone = {name: None for name in gone if name not in kept}
    yield Line(number=1, kind=kind, entry=row.pk, said={**gone, **said})
    if kind is Kind.ROLE and "status" not in sent.said:
        yield from _time(row.pk, sent.since, sent.until)


def _of_duplicates(kind: Kind, row: Entry, today: date) -> list[dict[str, object]]:
    if kind not in JOINED:
        return []
    return [as_of(kind, one, day=today) for one in rows_of(kind, row.pk)[1:]]


def _is_of_another(
    kind: Kind, name: str, value: object, own: Mapping[str, object], shown: Mapping[str, object]
) -> bool:
    """Whether it repeats what is shown of the entry, and what others say: a duplicate, or who answers for one."""
    refers = FIELDS[kind][name].refers
    if refers is None:
        return name not in own and shown.get(name) == value
    led = shown.get(name)
    if refers not in JOINED or not isinstance(led, int):
        return False
    root = TABLES[refers].objects.get(pk=rows_of(refers, led)[0])
    same = f"{root.system}|{root.value}" == value
    return same and (name not in own or root.pk != led)


def _time(role: int, since: date | None, until: date | None) -> Iterator[Line]:
    """The time of a role, which its source may lengthen, shorten and move."""
    if since:
        line = Line(number=1, kind=Kind.ROLE, entry=role, said={"status": "active"})
        yield replace(line, since=since, until=until)
    if until:
        yield Line(number=1, kind=Kind.ROLE, entry=role, said=_ENDED, since=until)


def _of_licences(row: Entry, source: Source, said: Sequence[Saying], today: date) -> Iterator[Line]:
    """Those of the source, as they are now; of others it may repeat what is known, and no more."""
    named = {(one.system, one.value) for one in said}
    held = Licence.objects.filter(practitioner=row.pk, deregistered_at=None).order_by("pk")
    known = {(one.system, one.value): one.pk for one in held}
    for one in said:
        if source.is_authority or one.system == source.system:
            yield _line(one)
        elif (one.system, one.value) not in known:
            raise Forbidden("a qualification is of another source than this software feeds")
    for (system, value), pk in known.items():
        mine = source.is_authority or system == source.system
        if mine and (system, value) not in named:
            ended = Line(number=1, kind=Kind.LICENCE, entry=pk, said=_ENDED)
            yield replace(ended, since=today)


def _fed(call: Call, source: Source, kind: Kind, lines: Sequence[Line]) -> int:
    numbered = [replace(line, number=n) for n, line in enumerate(lines, start=1)]
    try:
        return feed(actor=call.asker, at=call.at, source=source, lines=numbered)[0]
    except InvalidInput as error:
        field, _, text = str(error).partition(": ")
        place = _PLACES.get(field, field)
        if field == "organization":
            place = _ORGANIZATIONS.get(kind, field)
        raise InvalidInput(text or str(error), at=f"{kind}.{place}" if text else kind) from error
