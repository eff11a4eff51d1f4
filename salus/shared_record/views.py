"""Pages of the shared record: the patient's timeline, one document, closing and reopening."""

from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from salus.access.sign_in import PREVIOUS_VISIT
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.page import actor_of, patient, patient_only, request_id, signed_in
from salus.shared_record import actions
from salus.shared_record.permissions import is_closed
from salus.shared_record.queries import DocumentSummary, documents_of, open_document
from salus.shared_record.reading import read
from salus.shared_record.rules import FILE_SUFFIXES
from salus.terminology import DOCUMENT_TYPES

PER_PAGE = 50


@patient_only
@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    """The patient's own documents, newest first."""
    actor, person = patient(request)
    if is_closed(person):
        return render(request, "shared_record/closed.html")
    try:
        everything = documents_of(
            actor=actor, person=person, at=now(), request_id=request_id(request)
        )
    except NotFound:  # the patient's own, so: no record was opened yet
        everything = []
    return render(request, "shared_record/documents.html", timeline(request, everything))


@signed_in
@require_safe
def document(request: HttpRequest, document: int, person: int | None = None) -> HttpResponse:
    """One document, readable. The link's request id makes a reload count once."""
    actor, whose = _whose(request, person)
    intent = request_id(request)
    opened = open_document(
        actor=actor, person=whose, document=document, at=now(), request_id=intent
    )
    return render(
        request,
        "shared_record/document.html",
        {
            "document": opened.summary,
            "opened": opened,
            "reading": read(opened.summary.format, opened.content) if opened.content else None,
            "another": person,
            "intent": intent,
        },
    )


@signed_in
@require_safe
def original(request: HttpRequest, document: int, person: int | None = None) -> HttpResponse:
    """The bytes as they were filed."""
    actor, whose = _whose(request, person)
    opened = open_document(
        actor=actor, person=whose, document=document, at=now(), request_id=request_id(request)
    )
    if opened.content is None:
        raise NotFound("this document has no content")
    # A foreign file is never interpreted in the site's own name: it is saved, or shown as PDF.
    media_type = opened.media_type
    shown = "inline" if media_type == "application/pdf" else "attachment"
    name = f"salus-document-{document}{FILE_SUFFIXES[opened.summary.format]}"
    return HttpResponse(
        opened.content,
        content_type=media_type,
        headers={"Content-Disposition": f'{shown}; filename="{name}"'},
    )


@patient_only
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    actions.close_record(actor=actor, person=person, at=now(), request_id=request_id(request))
    messages.success(request, _("Your record is closed. You can reopen it at any time."))
    return redirect("portal:settings")


@patient_only
@require_POST
def reopen(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    actions.reopen_record(actor=actor, person=person, at=now(), request_id=request_id(request))
    messages.success(request, _("Your record is open again."))
    return redirect("portal:settings")


def timeline(request: HttpRequest, documents: list[DocumentSummary]) -> dict[str, Any]:
    """What timeline.html shows: documents by year; ``type`` in the address narrows, ``page`` goes on."""
    chosen = request.GET.get("type", "")
    shown = [d for d in documents if not chosen or str(d.type) == chosen]
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    years = groupby(page.object_list, lambda d: d.created_on.year)
    return {
        "years": [(year, list(group)) for year, group in years],
        "page": page,
        "total": len(documents),
        "types": _types(documents),
        "chosen": chosen,
        "new_since": previous_visit(request),
    }


def previous_visit(request: HttpRequest) -> datetime | None:
    """When this account signed in the time before; None at the first visit."""
    text = request.session.get(PREVIOUS_VISIT)
    return datetime.fromisoformat(text) if text else None


def _types(documents: list[DocumentSummary]) -> list[tuple[int, int]]:
    """(type, how many), in the order of the terminology, for the types that occur."""
    return [
        (number, count)
        for number in DOCUMENT_TYPES
        if (count := sum(d.type == number for d in documents))
    ]


def _whose(request: HttpRequest, person: int | None) -> tuple[Actor, int]:
    """The actor, and the person whose record is asked for: the patient's own when none is named."""
    actor = actor_of(request)
    whose = person or (actor.person if actor else None)
    if actor is None or whose is None:
        raise NotFound("no document that you can open")
    return actor, whose
