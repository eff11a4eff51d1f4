"""Patients on FHIR: read, history, search, create, update, $match, $ihe-pix."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from salus.fhir.datatypes import row_number
from salus.fhir.element import Element
from salus.fhir.resource import Call, Page, Resource, Search, Version
from salus.fhir.sources import find
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import InvalidInput, PreconditionFailed
from salus.mpi.fhir import receiving
from salus.mpi.fhir.crossreferencing import IHE_PIX
from salus.mpi.fhir.finding import (
    check_domains,
    domains_asked,
    numbers_meant,
    of_domains,
    records,
)
from salus.mpi.fhir.linked import linked, people_shown
from salus.mpi.fhir.matching import MATCH
from salus.mpi.fhir.parameters import (
    ORDER,
    PARAMETERS,
    check_that_somebody_is_meant,
    searched,
)
from salus.mpi.golden import Human
from salus.mpi.queries import owners_of, people_among, people_found, person_read

PURPOSES = frozenset(
    {
        PurposeOfUse.TREATMENT,
        PurposeOfUse.EMERGENCY,
        PurposeOfUse.OPERATIONS,
        PurposeOfUse.PATIENT_REQUEST,
    }
)
Assisted = Callable[[Actor], Collection[int]]  # for whom else a patient may act


def patients(assisted: Assisted) -> Resource:
    def theirs(call: Call) -> Collection[int]:
        return assisted(call.asker) if _asks_for_others(call.asker) else ()

    def read_human(call: Call, id: str, *, history: bool = False) -> Human:
        return person_read(
            actor=call.asker,
            person=row_number(id),
            assisted=theirs(call),
            at=call.at,
            request_id=call.request_id,
            history=history,
        )

    def read(call: Call, id: str) -> Version:
        return linked(read_human(call, id)).shown(row_number(id))

    def history(call: Call, id: str) -> Sequence[Version]:
        human, person = read_human(call, id, history=True), row_number(id)
        own = human.row_of(person).versions.all()
        earlier = sorted(own, key=lambda one: one.version, reverse=True)
        return [linked(human).shown(person), *(Version(body=one.resource) for one in earlier)]

    def found_by(call: Call, search: Search) -> Page:
        actor = call.asker
        if actor.role is not Role.PATIENT and actor.patient is None:
            check_that_somebody_is_meant(search)
        domains, asked = domains_asked(search)
        check_domains(domains)
        unasked = replace(search, criteria=(), within=())  # of people who are known to fit
        found, people = people_found(
            actor=actor,
            fit=lambda rows, most: records(asked, rows, domains, most),
            page=lambda rows: find(unasked, searched(rows), parameters=PARAMETERS, order=ORDER),
            assisted=theirs(call),
            at=call.at,
            request_id=call.request_id,
        )
        return found.page([of_domains(one.shown(one.root), domains) for one in map(linked, people)])

    def condition(call: Call, search: Search) -> Page:
        """By its own number a sender means its own record, and no golden one."""
        numbers = numbers_meant(search)
        if numbers is None:
            return found_by(call, search)
        owners = sorted(set(owners_of(numbers).values()))
        return Page(matches=[read(call, str(owner)) for owner in owners[:2]])

    def fetch(call: Call, ids: Collection[str]) -> Sequence[Version]:
        numbers = [row_number(one) for one in ids]
        people = people_among(actor=call.asker, persons=numbers, assisted=theirs(call))
        return [
            linked(human).shown(row.pk)
            for human in people
            for row in human.rows
            if row.pk in numbers
        ]

    return Resource(
        type="Patient",
        parameters=PARAMETERS,
        read=read,
        search=found_by,
        fetch=fetch,
        history=history,
        create=create,
        update=update,
        condition=condition,
        operations=(MATCH, IHE_PIX),
        purposes=PURPOSES,
    )


def create(call: Call, patient: Element) -> Version:
    return _now(call, receiving.create(call, patient))


def update(call: Call, id: str, patient: Element, version: str | None) -> Version:
    person = row_number(id)
    receiving.update(call, person, patient, _version(version, person))
    return _now(call, person)


def _now(call: Call, person: int) -> Version:
    """What its sender gets back of what it wrote, whose event names it already."""
    (human,) = people_among(actor=call.asker, persons=[person], assisted=())
    return linked(human).shown(person)


def _asks_for_others(actor: Actor) -> bool:
    if actor.role is not Role.PATIENT or actor.scopes is None:
        return False
    return actor.patient is not None or actor.scopes.go_beyond_the_patient("Patient")


def _version(text: str | None, person: int) -> int | None:
    """That of the record, out of what a read said: of a human being with several it says more (`Linked`)."""
    if text is None:
        return None
    number, dot, _digest = text.partition(".")
    if not (number.isascii() and number.isdecimal()):
        raise InvalidInput("If-Match names no version of this resource")
    if dot:
        known = people_shown([person]).get(person)
        if known is None or known.shown(person).version != text:
            raise PreconditionFailed("the person was changed since: read it again")
    return int(number)
