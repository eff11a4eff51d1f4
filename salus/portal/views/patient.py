"""Pages that put several services together around one person."""

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from salus.kernel.actor import Role
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.page import actor_of, patient, patient_only, request_id, signed_in
from salus.mpi.identities import root_of
from salus.mpi.queries import person_summary
from salus.portal.access_log import access_log
from salus.shared_record.permissions import is_closed
from salus.shared_record.queries import documents_of
from salus.shared_record.views import timeline
from salus.vaccination.actions import may_vaccinate
from salus.vaccination.queries import vaccinations_of
from salus.vaccination.views import by_vaccine


@patient_only
@require_safe
def who_looked(request: HttpRequest) -> HttpResponse:
    """The patient's access log by day; ``show=all`` includes the patient's own acts."""
    actor, person = patient(request)
    everything = request.GET.get("show") == "all"
    lines = access_log(actor=actor, person=person, at=now(), request_id=request_id(request))
    shown = [line for line in lines if everything or not line.own]
    days = [(day, list(group)) for day, group in groupby(shown, lambda line: line.at.date())]
    return render(
        request,
        "portal/who_looked.html",
        {"days": days, "everything": everything, "others": sum(not line.own for line in lines)},
    )


@patient_only
@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    card = vaccinations_of(actor=actor, person=person, at=now(), request_id=request_id(request))
    return render(request, "portal/settings.html", {"closed": is_closed(person), "card": card})


@signed_in
@require_safe
def record_of_another(request: HttpRequest, person: int) -> HttpResponse:
    """A person's record as a professional of the circle or an assistant sees it, under the number of today.

    NotFound before anything of the person is shown, whether there is no person, no record or no right.
    """
    actor, intent = actor_of(request), request_id(request)
    if actor is None:
        raise NotFound("no record that you can open")
    documents = documents_of(actor=actor, person=person, at=now(), request_id=intent)
    if (known_as := root_of(person)) != person:
        return redirect(f"{reverse('portal:record', args=[known_as])}?r={intent}")
    card = vaccinations_of(actor=actor, person=person, at=now())
    return render(
        request,
        "portal/record.html",
        {
            "person": person_summary(person),
            "another": person,
            **timeline(request, documents),
            "card": card,
            "vaccines": by_vaccine(card.acts) if card else [],
            "may_vaccinate": actor.role is Role.PROFESSIONAL and may_vaccinate(actor, at=now()),
        },
    )
