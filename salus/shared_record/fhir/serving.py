"""DocumentReference and Binary: the documents of one patient at a time, and the one door to a content."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from django.db import IntegrityError
from django.db.models import QuerySet

from salus.fhir.datatypes import row_number
from salus.fhir.element import Element
from salus.fhir.resource import Call, Page, Resource, Search, Version
from salus.fhir.sources import Found, find
from salus.fhir.subject import page_of_one_record
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import Conflict, Forbidden, NotFound
from salus.mpi.fhir import find_person
from salus.mpi.identities import one_of_each
from salus.shared_record.actions import file_document
from salus.shared_record.fhir.filing import Filing, read_filing
from salus.shared_record.fhir.parameters import ORDER, PARAMETERS, searched
from salus.shared_record.fhir.rendering import binary, document_reference
from salus.shared_record.models import Document
from salus.shared_record.queries import (
    filed_by,
    open_document,
    read_document,
    see_documents,
    whose_documents,
)

PURPOSES = frozenset({PurposeOfUse.TREATMENT, PurposeOfUse.PATIENT_REQUEST})


def read(call: Call, id: str) -> Version:
    return document_reference(call, _read(call, id))


def history(call: Call, id: str) -> Sequence[Version]:
    """As it was filed, and that it was replaced."""
    row = _read(call, id)
    versions = [document_reference(call, row)]
    if row.ended_at:
        versions.append(document_reference(call, row, as_filed=True))
    return versions


def _read(call: Call, id: str) -> Document:
    number = row_number(id)
    return read_document(
        actor=call.asker,
        person=_person_of(number),
        document=number,
        at=call.at,
        request_id=call.request_id,
    )


def search(call: Call, search: Search) -> Page:
    actor = call.asker

    def seen(person: int, asked: Search) -> Page:
        def page(rows: QuerySet[Document]) -> Found[Document]:
            return find(asked, searched(rows), parameters=PARAMETERS, order=ORDER)

        found = see_documents(
            actor=actor, person=person, at=call.at, see=page, request_id=call.request_id
        )
        return found.page([document_reference(call, row) for row in found.rows])

    return page_of_one_record(
        search,
        actor=actor,
        find=find_person,
        see=seen,
        whose=lambda rows, identities: whose_documents(
            documents=rows, master_identifiers=identities
        ),
        one_of_each=one_of_each,
        what="documents",
    )


def create(call: Call, document: Element) -> Version:
    """File it. The same document again, under the same identifier, comes to the one that is there."""
    actor = call.asker
    if actor.role is Role.PATIENT:
        raise Forbidden("documents are filed by professionals and by the software of organisations")
    filing = _in_own_name(call, actor, read_filing(call, document))
    try:
        number, _ = file_document(
            actor=actor, at=call.at, request_id=call.request_id, **asdict(filing)
        )
        row = filed_by(actor=actor, person=filing.person, document=number, content=filing.content)
    except IntegrityError:
        row = None  # another person's document has this identifier
    if row is None:
        raise Conflict("another document has this identifier")
    return document_reference(call, row)


def _in_own_name(call: Call, actor: Actor, filing: Filing) -> Filing:
    """Who names no author is the author; a document without an identifier is called by its request."""
    return replace(
        filing,
        organization=filing.organization or actor.speaks_for,
        practitioner=filing.practitioner or actor.practitioner,
        master_identifier=filing.master_identifier or f"urn:uuid:{call.request_id}",
    )


def read_binary(call: Call, id: str) -> Version:
    number = row_number(id)
    opened = open_document(
        actor=call.asker,
        person=_person_of(number),
        document=number,
        at=call.at,
        replaced=True,
        request_id=call.request_id,
    )
    if opened.content is None:
        raise NotFound("this document has no content")
    return binary(opened, opened.content)


def _person_of(document: int) -> int:
    persons = whose_documents(documents=[document])
    if not persons:
        raise NotFound("no document that you can open")
    return persons.pop()


DOCUMENT_REFERENCES = Resource(
    type="DocumentReference",
    parameters=PARAMETERS,
    read=read,
    search=search,
    history=history,
    create=create,
    purposes=PURPOSES,
)
BINARIES = Resource(type="Binary", parameters={}, read=read_binary, purposes=PURPOSES)
