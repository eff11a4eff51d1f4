"""A Patient that comes in: in a Bundle that is imported, or by itself (IHE PDQm, PIXm)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from http import HTTPStatus
from uuid import UUID

from django.db.transaction import atomic

from salus.country import country
from salus.fhir import datatypes, exact_json
from salus.fhir.bundle import Entry
from salus.fhir.element import Element
from salus.fhir.references import row_meant
from salus.fhir.refusal import NotThisWay, Unprocessable
from salus.fhir.resource import Body, Call
from salus.fhir.transaction import Acceptance, NotUsed, Taken, Transaction
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from salus.mpi.actions import Address, Demographics
from salus.mpi.fhir.rendering import rendered
from salus.mpi.lookups import is_in_index, is_replaced
from salus.mpi.merging import replaced_by
from salus.mpi.models import Person
from salus.mpi.permissions import is_own, is_public
from salus.mpi.queries import person_identified
from salus.mpi.receiving import NO_OWN_NUMBER, Received, receive_change, receive_person


def take_patient(transaction: Transaction, entry: Entry) -> Taken | NotUsed:
    """Register the person, unless one of the identifiers is known."""
    patient = entry.resource
    identifiers = _checked(patient, entry.identifiers(), transaction.at)
    if known := person_identified(identifiers):
        return Taken(row=known, created=False)
    received = receive(transaction.actor, transaction.at, patient, identifiers)
    return Taken(row=received.person, created=received.created)


def create(call: Call, patient: Element) -> int:
    """Register the person as version 1. Raises Conflict when an identifier is somebody's already, Unprocessable when
    none is the sender's."""
    actor = _writer(call)
    identifiers = _identifiers(patient, call.at)
    survivor = _survivor(call, patient)
    # Who has no number yet (a newborn, a visitor) gets a temporary one.
    numbered = all(is_public(system) for system, _value in identifiers)
    if not numbered:
        _check_own(actor, patient, identifiers)
    with atomic():
        received = receive(
            actor, call.at, patient, identifiers, call.request_id, filed=True, numbered=numbered
        )
        if not received.created:  # and what it changed is taken back
            raise Conflict("somebody has one of these identifiers: search for it, and update")
        if survivor:
            _replace(call, received.person, survivor)
    return received.person


def update(call: Call, person: int, patient: Element, version: int | None) -> None:
    """Put the resource in place of the newest version. Raises NotFound, PreconditionFailed, Conflict.

    One that is replaced by another says so alone: what its sender kept of it stays as it was.
    """
    actor = _writer(call)
    if actor.patient not in (None, person):
        raise NotFound("no such person")  # the app was opened for another patient
    if survivor := _survivor(call, patient):
        return _replace(call, person, survivor)
    _check_not_replaced(person)
    receive_change(
        actor=actor,
        at=call.at,
        person=person,
        version=version,
        identifiers=_identifiers(patient, call.at),
        demographics=_demographics(patient, call.at),
        former_names=former_names(patient),
        received=exact_json.plain(patient.value),
        shown=_shown,
        request_id=call.request_id,
    )
    return None


def feed(call: Call, patient: Element) -> int:
    """A record of a sender as it stands now, known by its own identifier or new (IHE ITI-93)."""
    actor = _writer(call)
    identifiers = _identifiers(patient, call.at)
    if not identifiers:
        raise patient.wrong("identifier", "one with system and value is needed")
    _check_own(actor, patient, identifiers)
    known = person_identified(one for one in identifiers if is_own(actor, one[0]))
    if known and (survivor := _survivor(call, patient)):
        _replace(call, known, survivor)
        return known
    if known:
        _check_not_replaced(known)
    if actor.patient is not None:
        raise Forbidden("an app that was opened for one patient feeds none")
    received = receive(actor, call.at, patient, identifiers, call.request_id, filed=True)
    if survivor := _survivor(call, patient):
        _replace(call, received.person, survivor)
    return received.person


def _check_own(actor: Actor, patient: Element, identifiers: Iterable[tuple[str, str]]) -> None:
    if not any(is_own(actor, system) for system, _value in identifiers):
        raise Unprocessable(NO_OWN_NUMBER, at=f"{patient.path}.identifier")


def _survivor(call: Call, patient: Element) -> int | None:
    """The record that this one is replaced by (https://hl7.org/fhir/R4/patient.html#dup-records)."""
    links = [one for one in patient.children("link") if one.text("type") == "replaced-by"]
    if not links:
        return None
    if len(links) > 1:
        raise patient.wrong("link", "is replaced by one")
    other = links[0].child("other")
    found = row_meant(call, patient, other, type="Patient", find=find_person)
    if found is None or not is_in_index(found):
        raise links[0].wrong("other", "no Patient is known by it")
    return found


def _replace(call: Call, person: int, survivor: int) -> None:
    if person == survivor:
        raise InvalidInput("a record is not replaced by itself", at="Patient.link")
    actor = _writer(call)
    request_id = call.request_id
    replaced_by(actor=actor, at=call.at, person=person, target=survivor, request_id=request_id)


def _check_not_replaced(person: int) -> None:
    """Unmerge is nothing that a sender does: https://profiles.ihe.net/ITI/PMIR/ITI-93.html#23934113-expected-actions"""
    if is_replaced(person):
        raise NotThisWay(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "this record was replaced by another of yours: only stewards take that back",
            headers={"Allow": "GET, HEAD"},
        )


def _writer(call: Call) -> Actor:
    """Software of a provider, in its own name or a professional's: what it files are its own demographics."""
    if call.actor is None or call.actor.role is Role.PATIENT:
        raise Forbidden("patients do not write the patient index")
    return call.actor


def receive(
    actor: Actor,
    at: datetime,
    patient: Element,
    identifiers: Sequence[tuple[str, str]],
    request_id: UUID | None = None,
    *,
    filed: bool = False,
    numbered: bool = False,
) -> Received:
    """Take in a Patient as its sender keeps it. Errors as of ``receive_person``."""
    return receive_person(
        actor=actor,
        at=at,
        identifiers=identifiers,
        demographics=_demographics(patient, at),
        former_names=former_names(patient),
        received=exact_json.plain(patient.value),
        shown=_shown,
        filed=filed,
        numbered=numbered,
        request_id=request_id,
    )


def _shown(row: Person) -> Body:
    return rendered(row).body


def _demographics(patient: Element, at: datetime) -> Demographics:
    name = datatypes.human_name(patient)
    birth_date = patient.day("birthDate")
    if birth_date is None:
        raise patient.wrong("birthDate", "a full date is needed")
    if birth_date > at.date():
        raise patient.wrong("birthDate", "lies in the future")
    return Demographics(
        family=name.family,
        given=name.given,
        birth_family=maiden_name(patient),
        birth_date=birth_date,
        gender=patient.code("gender", datatypes.GENDERS, default="unknown"),
        deceased_on=_deceased_on(patient, born=birth_date),
        multiple_birth=patient.positive("multipleBirthInteger"),
        address=_address(patient),
    )


def find_person(system: str, value: str) -> int | None:
    return person_identified([(system, value)])


ACCEPTS = (Acceptance(type="Patient", becomes="person", take=take_patient),)
FINDS = {"Patient": find_person}


def _identifiers(patient: Element, at: datetime) -> list[tuple[str, str]]:
    return _checked(patient, datatypes.identifiers(patient), at)


def _checked(
    patient: Element, identifiers: Iterable[tuple[str, str]], at: datetime
) -> list[tuple[str, str]]:
    return list(dict.fromkeys(_kept(patient, system, value, at) for system, value in identifiers))


def _kept(patient: Element, system: str, value: str, at: datetime) -> tuple[str, str]:
    """An identifier as the index keeps it: of a system that we know in its one spelling, and checked."""
    known = country().identifier_system(system)
    try:
        return system, known.check(value, at.date()) if known else value
    except InvalidInput as error:
        raise patient.wrong("identifier", str(error)) from None


def former_names(patient: Element) -> list[tuple[str, str]]:
    names = (name for name in patient.children("name") if name.text("use") == "old")
    return [(n.text("family"), " ".join(n.texts("given"))) for n in names if n.text("family")]


def maiden_name(patient: Element) -> str:
    names = (name for name in patient.children("name") if name.text("use") == "maiden")
    return next((name.text("family") for name in names), "")


def _deceased_on(patient: Element, *, born: date) -> date | None:
    """None also when only the fact, or a less exact date, is known; ``received`` keeps it."""
    day = patient.day("deceasedDateTime")
    if day and day < born:
        raise patient.wrong("deceasedDateTime", "lies before birth")
    return day


def _address(patient: Element) -> Address | None:
    home = datatypes.address(patient)
    if home is None or not home.country:
        return None  # without a country nobody can say whether the person lives in ours
    return Address(
        country=home.country,
        postal_code=home.postal_code,
        municipality=home.city,
        line=home.line,
    )
