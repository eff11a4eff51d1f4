"""The only writes of the shared record; each leaves one event."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from salus.access.decision import Decision, Purpose
from salus.access.permissions import own_row
from salus.access.separation import parted_by
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.directory.queries import has_worked_at
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, SalusError
from salus.kernel.rows import rows_of
from salus.mpi.identities import Identities, rows_of_human
from salus.shared_record.models import (
    Closure,
    Document,
    DocumentContent,
    EndReason,
    Format,
    Record,
)
from salus.shared_record.permissions import check_control, decision_on
from salus.shared_record.rules import CONTENT_AT_MOST
from salus.shared_record.store import ContentStore, StoredContent


def open_record(*, actor: Actor, person: int, at: datetime) -> bool:
    """Open the person's record, as the law does for everyone insured; False when it exists."""
    with rows_of([person]):
        return _open(actor, person, at)


def _open(actor: Actor, person: int, at: datetime) -> bool:
    _, created = Record.objects.get_or_create(pk=person, defaults={"opened_at": at})
    if created:
        record(actor=actor, kind=EventKind.RECORD_OPENED, at=at, person=person)
    return created


def close_record(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    """From now on nobody reads or files; what is inside stays. Closed already: stays so.

    Of a human being with several records each counts as closed; a patient who has none of their own gets one to close.
    """
    with _alone_in(person) as human:
        check_control(actor=actor, human=human, at=at)
        row = own_row(actor=actor, human=human, person=person)
        _open(actor, row, at)
        Closure.objects.get_or_create(record_id=row, reopened_at=None, defaults={"closed_at": at})
        _record_consent(actor, human, at, request_id)


def reopen_record(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Readable again; what others made meanwhile was not filed and is not back-filled."""
    with _alone_in(person) as human:
        check_control(actor=actor, human=human, at=at)
        Closure.objects.filter(record__in=human.all, reopened_at=None).update(reopened_at=at)
        _record_consent(actor, human, at, request_id)


def _record_consent(actor: Actor, human: Identities, at: datetime, request_id: UUID | None) -> None:
    record(
        actor=actor,
        kind=EventKind.CONSENT_CHANGED,
        at=at,
        person=human.root,
        persons=human.others,
        request_id=request_id,
    )


def file_document(
    *,
    actor: Actor,
    person: int,
    at: datetime,
    created_on: date,
    type: int,
    format: Format,
    language: str,
    content: bytes,
    title: str = "",
    practitioner: int | None = None,
    organization: int | None = None,
    master_identifier: str | None = None,
    replaces: int | None = None,
    request_id: UUID | None = None,
) -> tuple[int, bool]:
    """File a document; returns (row id, created). The same master identifier is filed once.

    It stays on the row of the patient that its sender names, whichever row's record takes it. ``replaces``: the
    current version that ends with this one, of the same organisation or professional. Raises NotFound without a
    record or a right, Forbidden for software in another organisation's name, Conflict while the patient keeps the
    record closed or when there is no such version to replace.
    """
    if not 0 < len(content) <= CONTENT_AT_MOST:
        raise InvalidInput(f"a document has 1 to {CONTENT_AT_MOST} bytes")
    with _alone_in(person) as human:
        decision = decision_on(
            actor=actor, human=human, at=at, purpose=Purpose.WRITE, organization=organization
        )
        filed = None
        if decision.permit:
            if known := _filed_as(master_identifier):
                return known, False
            _check_author(actor, practitioner, organization)
            filed = _next_id()
            if replaces:
                person = _end(
                    replaces, human, at, practitioner=practitioner, organization=organization
                )
            stored = ContentStore(settings.DATA).file(
                document=filed, person=person, content=content
            )
            Document.objects.create(
                pk=filed,
                person_id=person,
                filed_at=at,
                created_on=created_on,
                type=type,
                format=format,
                language=language,
                title=title,
                practitioner_id=practitioner,
                organization_id=organization,
                master_identifier=master_identifier,
                replaces_id=replaces,
            )
            DocumentContent.objects.create(document_id=filed, **asdict(stored))
        record(
            actor=actor,
            kind=EventKind.DOCUMENT_FILED,
            at=at,
            person=person,
            document=filed,
            denied=filed is None,
            request_id=request_id,
        )
    if filed is None:
        raise _refusal(decision)
    return filed, True


def _check_author(actor: Actor, practitioner: int | None, organization: int | None) -> None:
    """Nobody is made the author of what they have nothing to do with; the agency files what others sent."""
    if actor.role is Role.SYSTEM:
        return
    if actor.role is Role.PROFESSIONAL and actor.account and practitioner != actor.practitioner:
        raise Forbidden("a professional files in the own name alone")
    if practitioner and organization and not has_worked_at(practitioner, organization):
        raise InvalidInput("the author has never worked at the organisation, says the directory")


def _filed_as(master_identifier: str | None) -> int | None:
    if master_identifier is None:
        return None
    known = Document.objects.filter(master_identifier=master_identifier)
    return known.values_list("pk", flat=True).first()


def _end(
    version: int,
    human: Identities,
    at: datetime,
    *,
    practitioner: int | None,
    organization: int | None,
) -> int:
    """The version is replaced from now on, by whoever it was from. Returns the row of the patient that it was
    filed for: whoever is named, the next one stays with it."""
    current = Document.objects.filter(pk=version, person__in=human.all, ended_at=None)
    if organization:
        current = current.filter(organization=organization)
    else:
        current = current.filter(organization=None, practitioner=practitioner)
    person = current.values_list("person", flat=True).first()
    if person is None or not current.update(ended_at=at, ended_reason=EndReason.REPLACED):
        raise Conflict("there is no such version of yours to replace")
    return person


def _refusal(decision: Decision) -> SalusError:
    if decision.rule == "closed":
        return Conflict("the record does not take documents now")
    if decision.rule == "another-name":
        return Forbidden("software files in its own organisation's name alone")
    return NotFound("no record that you can file to")


def assign_document(
    *,
    actor: Actor,
    at: datetime,
    document: int,
    link: int,
    holder: int,
    request_id: UUID | None = None,
) -> None:
    """What was filed for one of two who were taken for one human being is the other's, with all its versions.

    ``link``: the ended one; the document must have been filed while it was in force. Its content is sealed anew for
    the person. ``holder``: with whom it is, by any row of theirs. Raises NotFound unless a steward says so and there is
    such a document, Conflict when it is not with the holder any more, a version is from another time, or the two are
    one.
    """
    with parted_by(actor=actor, link=link) as parted:
        _hold(parted.all)
        found = Document.objects.filter(pk=document, person__in=parted.all).first()
        if found is None:
            raise NotFound("no such document of either")
        of, to = parted.sides_of(found.person_id)
        if holder not in of.all:
            raise Conflict("it is with the other already")
        versions = list(_versions(found, of))
        if not all(parted.since <= version.filed_at <= parted.until for version in versions):
            raise Conflict("it was not filed while the two were one")
        if not Record.objects.filter(pk__in=to.all).exists():
            _open(actor, to.root, at)
        for version in versions:
            _seal_for(to.root, version)
        record(
            actor=actor,
            kind=EventKind.PERSONS_SEPARATED,
            at=at,
            person=to.root,
            persons=parted.all,
            document=document,
            request_id=request_id,
        )


def _versions(document: Document, human: Identities) -> Iterator[Document]:
    """It, those before it and those after it."""
    filed = {row.pk: row for row in Document.objects.filter(person__in=human.all)}
    later = {row.replaces_id: row for row in filed.values() if row.replaces_id}
    first = filed[document.pk]
    while first.replaces_id:
        first = filed[first.replaces_id]
    version: Document | None = first
    while version:
        yield version
        version = later.get(version.pk)


def _seal_for(person: int, document: Document) -> None:
    store, content = ContentStore(settings.DATA), DocumentContent.objects.filter(document=document)
    for row in content:
        plain = store.open(
            document=document.pk, person=document.person_id, stored=StoredContent.of(row)
        )
        sealed = store.file(document=document.pk, person=person, content=plain)
        content.update(pack=sealed.pack, position=sealed.position, wrapped_key=sealed.wrapped_key)
    document.person_id = person
    document.save(update_fields=["person"])


@contextmanager
def _alone_in(person: int) -> Iterator[Identities]:
    """One transaction over the records of a human being that nobody else changes meanwhile: a document is filed
    wholly before a closing or not at all, and the same one by two requests at once is filed once."""
    with rows_of_human(person) as human:
        _hold(human.all)
        yield human


def _hold(persons: Collection[int]) -> None:
    records = Record.objects.select_for_update(no_key=True).filter(pk__in=persons)
    list(records.order_by("pk"))


def _next_id() -> int:
    """The id is bound into the encryption, so it is needed before the row."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('shared_record_document', 'id'))")
        return int(cursor.fetchone()[0])
