"""The only writes of the shared record; each leaves one event."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from salus.access.decision import Purpose
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.rows import rows_of
from salus.shared_record.models import Closure, Document, DocumentContent, Format, Record
from salus.shared_record.permissions import check_control, decision_on
from salus.shared_record.rules import CONTENT_AT_MOST
from salus.shared_record.store import ContentStore


def open_record(*, actor: Actor, person: int, at: datetime) -> bool:
    """Open the person's record, as the law does for everyone insured; False when it exists."""
    with rows_of([person]):
        _, created = Record.objects.get_or_create(pk=person, defaults={"opened_at": at})
        if created:
            record(actor=actor, kind=EventKind.RECORD_OPENED, at=at, person=person)
    return created


def close_record(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    """From now on nobody reads or files; what is inside stays. Closed already: stays so."""
    with _alone_in(person):
        check_control(actor=actor, person=person)
        Closure.objects.get_or_create(
            record_id=person, reopened_at=None, defaults={"closed_at": at}
        )
        record(
            actor=actor, kind=EventKind.CONSENT_CHANGED, at=at, person=person, request_id=request_id
        )


def reopen_record(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> None:
    """Readable again; what others made meanwhile was not filed and is not back-filled."""
    with _alone_in(person):
        check_control(actor=actor, person=person)
        Closure.objects.filter(record=person, reopened_at=None).update(reopened_at=at)
        record(
            actor=actor, kind=EventKind.CONSENT_CHANGED, at=at, person=person, request_id=request_id
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
) -> tuple[int, bool]:
    """File a document; returns (row id, created). The same master identifier is filed once.

    Raises NotFound without a record or a right, Conflict while the patient keeps it closed.
    """
    if not 0 < len(content) <= CONTENT_AT_MOST:
        raise InvalidInput(f"a document has 1 to {CONTENT_AT_MOST} bytes")
    with _alone_in(person):
        decision = decision_on(actor=actor, person=person, purpose=Purpose.WRITE)
        if decision.rule == "closed":
            raise Conflict("the record does not take documents now")
        if not decision.permit:
            raise NotFound("no record that you can file to")
        if master_identifier:
            known = Document.objects.filter(master_identifier=master_identifier).first()
            if known:
                return known.pk, False
        number = _next_id()
        stored = ContentStore(settings.DATA).file(document=number, person=person, content=content)
        Document.objects.create(
            pk=number,
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
        )
        DocumentContent.objects.create(document_id=number, **asdict(stored))
        record(actor=actor, kind=EventKind.DOCUMENT_FILED, at=at, person=person, document=number)
    return number, True


@contextmanager
def _alone_in(person: int) -> Iterator[None]:
    """One transaction over a record that nobody else changes meanwhile: a document is filed wholly before
    a closing or not at all, and the same one by two requests at once is filed once."""
    with rows_of([person]):
        Record.objects.select_for_update(no_key=True).filter(pk=person).first()
        yield


def _next_id() -> int:
    """The id is bound into the encryption, so it is needed before the row."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('shared_record_document', 'id'))")
        return int(cursor.fetchone()[0])
