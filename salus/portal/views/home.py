"""The home page: one for the public, one for each role."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from salus.access.oauth.queries import requests_waiting
from salus.access.queries import assisted_by, circle_of_trust, patients_of
from salus.audit.models import EventKind
from salus.directory.desk.queries import open_counts as sets_that_wait
from salus.directory.own.queries import fields_due
from salus.eligibility.queries import administered_by, counters_of
from salus.kernel.actor import Role
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.page import actor_of, patient, professional, public
from salus.mpi.forms import PersonSearch
from salus.mpi.stewards.quality import quality
from salus.mpi.stewards.queries import open_counts
from salus.portal.access_log import access_log
from salus.shared_record.permissions import is_closed
from salus.shared_record.queries import documents_of
from salus.shared_record.views import previous_visit
from salus.vaccination.queries import vaccinations_of

SHOWN = 4  # rows of each list: what one sees in five seconds


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if actor is None:
        return render(request, "portal/home.html")
    if actor.role is Role.PROFESSIONAL:
        return _of_professional(request)
    if actor.role is Role.AGENCY:
        return render(request, "portal/home_agency.html", {"waiting": requests_waiting()})
    if actor.role is Role.STEWARD:
        return render(
            request,
            "mpi/stewards/home.html",
            {"counts": open_counts(), "months": quality(now())[-2:][::-1]},
        )
    if actor.role is Role.REGISTRAR:
        return render(request, "directory/desk/home.html", {"counts": sets_that_wait()})
    return _of_patient(request)


def _of_patient(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    at, since = now(), previous_visit(request)
    try:
        documents = documents_of(actor=actor, person=person, at=at)
    except NotFound:  # no record yet, or closed by the patient
        documents = []
    card = vaccinations_of(actor=actor, person=person, at=at)
    # Being listed at each visit of one's doctor would push out who really looked; the full log has it.
    looked = [
        line
        for line in access_log(actor=actor, person=person, at=at)
        if not line.own and line.kind is not EventKind.PATIENTS_LISTED
    ]
    return render(
        request,
        "portal/home_patient.html",
        {
            "closed": is_closed(person),
            "documents": documents[:SHOWN],
            "total": len(documents),
            "fresh_documents": sum(since is not None and d.filed_at > since for d in documents),
            "new_since": since,
            "acts": card.acts[:SHOWN] if card else [],
            "looked": looked[:SHOWN],
            "trusted": circle_of_trust(person, at=now()),
            "assisted": assisted_by(actor=actor, at=at),
        },
    )


def _of_professional(request: HttpRequest) -> HttpResponse:
    actor, _practitioner = professional(request)
    at = now()
    return render(
        request,
        "portal/home_professional.html",
        {
            "form": PersonSearch(),
            "patients": patients_of(actor=actor, at=at),
            "due": fields_due(actor=actor, at=at),
            "counters": counters_of(actor, at=at),
            "administered": administered_by(actor),
        },
    )
