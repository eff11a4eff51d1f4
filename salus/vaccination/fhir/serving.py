"""Immunizations: the vaccinations of one patient at a time."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from django.db import IntegrityError
from django.db.models import QuerySet

from salus.fhir.datatypes import row_number
from salus.fhir.element import Element
from salus.fhir.resource import Call, Page, Resource, Search, Version
from salus.fhir.sources import Found, find
from salus.fhir.subject import page_of_one_record
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.errors import Conflict, NotFound
from salus.mpi.fhir import find_person
from salus.mpi.identities import one_of_each
from salus.vaccination.actions import record_immunization
from salus.vaccination.fhir.parameters import ORDER, PARAMETERS, searched
from salus.vaccination.fhir.recording import Recording, read_recording
from salus.vaccination.fhir.rendering import immunization
from salus.vaccination.models import ActType, Immunization
from salus.vaccination.queries import (
    read_vaccination,
    recorded_by,
    see_vaccinations,
    whose_vaccinations,
)

PURPOSES = frozenset({PurposeOfUse.TREATMENT, PurposeOfUse.PATIENT_REQUEST})


def read(call: Call, id: str) -> Version:
    return immunization(_read(call, id))


def history(call: Call, id: str) -> Sequence[Version]:
    """As it was recorded, and that it was marked as an error."""
    row = _read(call, id)
    versions = [immunization(row)]
    if row.entered_in_error_at:
        versions.append(immunization(row, as_recorded=True))
    return versions


def _read(call: Call, id: str) -> Immunization:
    number = row_number(id)
    persons = whose_vaccinations(vaccinations=[number])
    if not persons:
        raise NotFound("no vaccination that you can open")
    return read_vaccination(
        actor=call.asker,
        person=persons.pop(),
        vaccination=number,
        at=call.at,
        request_id=call.request_id,
    )


def search(call: Call, search: Search) -> Page:
    actor = call.asker

    def seen(person: int, asked: Search) -> Page:
        def page(rows: QuerySet[Immunization]) -> Found[Immunization]:
            return find(asked, searched(rows), parameters=PARAMETERS, order=ORDER)

        found = see_vaccinations(
            actor=actor, person=person, at=call.at, see=page, request_id=call.request_id
        )
        return found.page([immunization(row) for row in found.rows])

    return page_of_one_record(
        search,
        actor=actor,
        find=find_person,
        see=seen,
        whose=lambda rows, identities: whose_vaccinations(
            vaccinations=rows, identifiers=identities
        ),
        one_of_each=one_of_each,
        what="vaccinations",
    )


def create(call: Call, sent: Element) -> Version:
    """Record it, in a record that it opens where there is none. The same identifier is recorded once."""
    actor, recording = call.asker, read_recording(call, sent)
    try:
        number, _ = record_immunization(
            actor=actor,
            at=call.at,
            opening=True,
            request_id=call.request_id,
            **asdict(_by_whom(actor, recording)),
        )
        row = recorded_by(actor=actor, person=recording.person, vaccination=number)
    except IntegrityError:
        row = None  # another person's act has this identifier
    if row is None:
        raise Conflict("another vaccination has this identifier")
    return immunization(row)


def _by_whom(actor: Actor, recording: Recording) -> Recording:
    """Who records what is performed, and names nobody, performs it."""
    if recording.act_type is not ActType.PERFORMED:
        return recording
    return replace(recording, practitioner=recording.practitioner or actor.practitioner)


IMMUNIZATIONS = Resource(
    type="Immunization",
    parameters=PARAMETERS,
    read=read,
    search=search,
    history=history,
    create=create,
    purposes=PURPOSES,
)
