"""Reads of the shared record. `open_document` is the one door to a document's content."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from salus.access.decision import Purpose
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound
from salus.kernel.rows import Scope, finding_in
from salus.mpi.identities import Identities, patient_is, rows_of_human
from salus.shared_record.models import Document, DocumentContent, EndReason, Format
from salus.shared_record.permissions import decision_on
from salus.shared_record.rules import MEDIA_TYPES
from salus.shared_record.store import ContentStore, StoredContent

Seen = TypeVar("Seen")


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
    """The current documents of that human being, whichever row they were filed for, newest first.

    NotFound when absent or not for this actor.
    """
    return see_documents(
        actor=actor,
        person=person,
        at=at,
        request_id=request_id,
        see=lambda documents: [
            _summary(row) for row in documents.filter(ended_at=None).order_by("-created_on", "-id")
        ],
    )


def see_documents(
    *,
    actor: Actor,
    person: int,
    at: datetime,
    see: Callable[[QuerySet[Document]], Seen],
    request_id: UUID | None = None,
) -> Seen:
    """What ``see`` makes of those of the person's documents that are for this actor, replaced versions included.

    NotFound when there is no record, or not for this actor.
    """
    with rows_of_human(person) as human:
        permit = _may_read(actor, human, at)
        seen = [see(_for(actor, human))] if permit else []
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=human.root,
            persons=human.others,
            denied=not permit,
            request_id=request_id,
        )
    if not seen:
        raise NotFound("no record that you can open")
    return seen[0]


def read_document(
    *, actor: Actor, person: int, document: int, at: datetime, request_id: UUID | None = None
) -> Document:
    """What the record says of one document, a replaced one too, without its content; NotFound as above."""
    with rows_of_human(person) as human:
        row = (
            _for(actor, human).filter(pk=document).first() if _may_read(actor, human, at) else None
        )
        record(
            actor=actor,
            kind=EventKind.RECORD_VIEWED,
            at=at,
            person=row.person_id if row else human.root,
            document=document,
            denied=row is None,
            request_id=request_id,
        )
    if row is None:
        raise NotFound("no document that you can open")
    return row


def open_document(
    *,
    actor: Actor,
    person: int,
    document: int,
    at: datetime,
    replaced: bool = False,
    request_id: UUID | None = None,
) -> OpenedDocument:
    """One document with its content, once its event is committed; NotFound as above.

    ``replaced``: also a version that was replaced, for a caller who shows that it was.
    """
    with rows_of_human(person) as human:
        documents = _for(actor, human).filter(pk=document)
        if not replaced:
            documents = documents.filter(ended_at=None)
        row = documents.first() if _may_read(actor, human, at) else None
        opened = _open(row) if row else None
        record(
            actor=actor,
            kind=EventKind.DOCUMENT_OPENED,
            at=at,
            person=row.person_id if row else human.root,
            document=document,
            denied=opened is None,
            request_id=request_id,
        )
    if opened is None:
        raise NotFound("no document that you can open")
    return opened


def whose_documents(
    *, documents: Collection[int] = (), master_identifiers: Collection[str] = ()
) -> set[int]:
    """The persons whose documents these are, for a caller who then asks for them in the person's rows."""
    rows = Document.objects.order_by()
    by_row = rows.filter(pk__in=documents).values_list("person", flat=True)
    by_identifier = rows.filter(master_identifier__in=master_identifiers)
    with finding_in(Scope.RECORDS):  # whose they are is the question
        return {
            *(by_row if documents else ()),
            *(by_identifier.values_list("person", flat=True) if master_identifiers else ()),
        }


def filed_by(*, actor: Actor, person: int, document: int, content: bytes) -> Document | None:
    """What the actor just filed, or had filed before: None when it is of somebody else, or another content.

    The event of the filing tells of it.
    """
    with rows_of_human(person) as human:
        row = _shown(Document.objects.filter(pk=document), human).first()
    if row is None:
        return None
    stored = getattr(row, "documentcontent", None)
    same = stored is not None and bytes(stored.sha256) == sha256(content).digest()
    by = row.organization_id if actor.speaks_for else row.practitioner_id
    return row if same and by == (actor.speaks_for or actor.practitioner) else None


def _may_read(actor: Actor, human: Identities, at: datetime) -> bool:
    return decision_on(
        actor=actor, human=human, at=at, purpose=Purpose.READ, organization=actor.organization
    ).permit


def _for(actor: Actor, human: Identities) -> QuerySet[Document]:
    """Those that a right to read the record is a right to: software's own, for everybody else all.

    What was withdrawn or erased is for nobody.
    """
    documents = Document.objects.filter(person__in=human.all).filter(
        Q(ended_at=None) | Q(ended_reason=EndReason.REPLACED)
    )
    if actor.role is Role.SOFTWARE:
        documents = documents.filter(organization=actor.organization)
    return _shown(documents, human)


def _shown(documents: QuerySet[Document], human: Identities) -> QuerySet[Document]:
    """With all that is shown of them; whichever row they were filed for, they are of the one human being."""
    related = documents.select_related("practitioner", "organization", "documentcontent")
    return related.annotate(**patient_is(human))


def _open(row: Document) -> OpenedDocument:
    stored = DocumentContent.objects.filter(document=row).first()
    content = None
    if stored:
        content = ContentStore(settings.DATA).open(
            document=row.pk,
            person=row.person_id,
            stored=StoredContent.of(stored),
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
