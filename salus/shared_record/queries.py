"""Reads of the shared record. `open_document` is the one door to a document's content."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from salus.access.decision import Purpose
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor
from salus.kernel.errors import NotFound
from salus.kernel.rows import rows_of
from salus.shared_record.models import Document, DocumentContent, Format
from salus.shared_record.permissions import decision_on
from salus.shared_record.rules import MEDIA_TYPES
from salus.shared_record.store import ContentStore, StoredContent


@dataclass(frozen=True, kw_only=True)
class DocumentSummary:
    """What a list shows of one current document."""

    id: int
    created_on: date
    filed_at: datetime
    type: int  # salus.terminology.DOCUMENT_TYPES
    title: str
    format: Format
    language: str
    professional: str
    organization: str


@dataclass(frozen=True, kw_only=True)
class OpenedDocument:
    summary: DocumentSummary
    media_type: str
    content: bytes | None  # None: a simulated document whose content was not simulated


def documents_of(
    *, actor: Actor, person: int, at: datetime, request_id: UUID | None = None
) -> list[DocumentSummary]:
    """The person's current documents, newest first; NotFound when absent or not for this actor."""
    with rows_of([person]):
        decision = decision_on(actor=actor, person=person, purpose=Purpose.READ)
        documents = [_summary(row) for row in _current(person)] if decision.permit else []
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=person,
            denied=not decision.permit,
            request_id=request_id,
        )
    if not decision.permit:
        raise NotFound("no record that you can open")
    return documents


def open_document(
    *, actor: Actor, person: int, document: int, at: datetime, request_id: UUID | None = None
) -> OpenedDocument:
    """One document with its content, once its event is committed; NotFound as above."""
    with rows_of([person]):
        decision = decision_on(actor=actor, person=person, purpose=Purpose.READ)
        row = _current(person).filter(pk=document).first() if decision.permit else None
        opened = _open(row) if row else None
        record(
            actor=actor,
            kind=EventKind.DOCUMENT_OPENED,
            at=at,
            person=person,
            document=document,
            denied=opened is None,
            request_id=request_id,
        )
    if opened is None:
        raise NotFound("no document that you can open")
    return opened


def _current(person: int) -> QuerySet[Document]:
    return (
        Document.objects.filter(person=person, ended_at=None)
        .select_related("practitioner", "organization")
        .order_by("-created_on", "-id")
    )


def _open(row: Document) -> OpenedDocument:
    stored = DocumentContent.objects.filter(document=row).first()
    content = None
    if stored:
        content = ContentStore(settings.DATA).open(
            document=row.pk,
            person=row.person_id,
            stored=StoredContent(
                pack=stored.pack,
                position=stored.position,
                size=stored.size,
                sha256=bytes(stored.sha256),
                wrapped_key=bytes(stored.wrapped_key),
            ),
        )
    return OpenedDocument(
        summary=_summary(row), media_type=MEDIA_TYPES[Format(row.format)], content=content
    )


def _summary(row: Document) -> DocumentSummary:
    author = row.practitioner
    return DocumentSummary(
        id=row.pk,
        created_on=row.created_on,
        filed_at=row.filed_at,
        type=row.type,
        title=row.title,
        format=Format(row.format),
        language=row.language,
        professional=author.full_name if author else "",
        organization=row.organization.name if row.organization else "",
    )
