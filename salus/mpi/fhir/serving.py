"""Patients on FHIR: read, history, search, create, update."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from salus.fhir.datatypes import row_number
from salus.fhir.element import Element
from salus.fhir.resource import Call, Page, Resource, Search, Version
from salus.fhir.sources import find
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import InvalidInput
from salus.mpi.fhir import receiving
from salus.mpi.fhir.parameters import (
    ORDER,
    PARAMETERS,
    check_that_somebody_is_meant,
    searched,
)
from salus.mpi.fhir.rendering import rendered
from salus.mpi.golden import Human
from salus.mpi.queries import people_among, people_found, person_read

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

    def person_with(call: Call, id: str, *, history: bool) -> Human:
        return person_read(
            actor=call.asker,
            person=row_number(id),
            assisted=theirs(call),
            at=call.at,
            request_id=call.request_id,
            history=history,
        )

    def read(call: Call, id: str) -> Version:
        return rendered(person_with(call, id, history=False).row)

    def history(call: Call, id: str) -> Sequence[Version]:
        person = person_with(call, id, history=True).row
        earlier = sorted(person.versions.all(), key=lambda one: one.version, reverse=True)
        return [rendered(person), *(Version(body=one.resource) for one in earlier)]

    def search(call: Call, search: Search) -> Page:
        actor = call.asker
        if actor.role is not Role.PATIENT and actor.patient is None:
            check_that_somebody_is_meant(search)
        whole = replace(search, sort=(), position=None, total=False)
        unasked = replace(search, criteria=(), within=())  # of people who are known to fit
        found, people = people_found(
            actor=actor,
            fit=lambda rows, most: (
                find(
                    replace(whole, count=most),
                    searched(rows),
                    parameters=PARAMETERS,
                    order=("id",),
                ).rows
            ),
            page=lambda rows: find(
                unasked,
                searched(rows),
                parameters=PARAMETERS,
                order=ORDER,
            ),
            assisted=theirs(call),
            at=call.at,
            request_id=call.request_id,
        )
        return found.page([rendered(person.row) for person in people])

    def fetch(call: Call, ids: Collection[str]) -> Sequence[Version]:
        people = people_among(
            actor=call.asker,
            persons=[row_number(one) for one in ids],
            assisted=theirs(call),
        )
        return [rendered(person.row) for person in people]

    return Resource(
        type="Patient",
        parameters=PARAMETERS,
        read=read,
        search=search,
        fetch=fetch,
        history=history,
        create=create,
        update=update,
        purposes=PURPOSES,
    )


def create(call: Call, patient: Element) -> Version:
    return _now(call, receiving.create(call, patient))


def update(call: Call, id: str, patient: Element, version: str | None) -> Version:
    person = row_number(id)
    receiving.update(call, person, patient, _version(version))
    return _now(call, person)


def _now(call: Call, person: int) -> Version:
    """What its sender gets back of what it wrote, whose event names it already."""
    (human,) = people_among(actor=call.asker, persons=[person], assisted=())
    return rendered(human.row_of(person))


def _asks_for_others(actor: Actor) -> bool:
    if actor.role is not Role.PATIENT or actor.scopes is None:
        return False
    return actor.patient is not None or actor.scopes.go_beyond_the_patient("Patient")


def _version(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise InvalidInput("If-Match names no version of this resource")
    return int(text)
