"""Pages of the vaccination record."""

from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salus.kernel.clock import now
from salus.kernel.errors import NotFound, SalusError
from salus.kernel.page import (
    patient,
    patient_only,
    professional,
    professional_only,
    request_id,
)
from salus.mpi.queries import person_summary
from salus.terminology import ATC, VACCINES
from salus.vaccination import actions
from salus.vaccination.forms import NewImmunization
from salus.vaccination.models import ActType
from salus.vaccination.queries import Act, vaccinations_of

_DISPLAYS = {vaccine.atc: vaccine.display for vaccine in VACCINES}


@patient_only
@require_safe
def card(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    shown = vaccinations_of(actor=actor, person=person, at=now(), request_id=request_id(request))
    return render(
        request,
        "vaccination/card.html",
        {"card": shown, "vaccines": by_vaccine(shown.acts) if shown else []},
    )


@patient_only
@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Give or withdraw the consent to transfer, as the button says."""
    actor, person = patient(request)
    give = request.POST.get("consent") == "give"
    act = actions.give_transfer_consent if give else actions.withdraw_transfer_consent
    act(actor=actor, person=person, at=now(), request_id=request_id(request))
    messages.success(
        request,
        _("From now on your vaccinations also go into your shared record.")
        if give
        else _("From now on your vaccinations stay in the vaccination record alone."),
    )
    return redirect("portal:settings")


@professional_only
@require_POST
def open_record(request: HttpRequest, person: int) -> HttpResponse:
    actor, _practitioner = professional(request)
    actions.open_vaccination_record(actor=actor, person=person, at=now())
    messages.success(request, _("The vaccination record is open."))
    return redirect("portal:record", person)


@professional_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, person: int) -> HttpResponse:
    """The physician records one act; the form's request id makes a second press record nothing."""
    actor, practitioner = professional(request)
    form = NewImmunization(request.POST or None, initial={"occurred_on": now().date()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        performed = data["act_type"] == ActType.PERFORMED
        try:
            actions.record_immunization(
                actor=actor,
                person=person,
                at=now(),
                act_type=ActType(data["act_type"]),
                vaccine_system=ATC,
                vaccine_code=data["vaccine"],
                vaccine_display=_DISPLAYS[data["vaccine"]],
                occurred_on=data["occurred_on"],
                practitioner=practitioner if performed else None,
                lot_number=data["lot_number"],
                dose_number=data["dose_number"],
                request_id=request_id(request),
            )
        except NotFound:
            raise
        except SalusError as error:
            form.add_error(None, gettext(str(error)))
        else:
            messages.success(request, _("The vaccination is recorded."))
            return redirect("portal:record", person)
    shown = vaccinations_of(actor=actor, person=person, at=now())  # the right, before any name
    if shown is None or not actions.may_vaccinate(actor, at=now()):
        raise NotFound("no vaccination record that you can write to")
    return render(
        request,
        "vaccination/new.html",
        {"form": form, "person": person_summary(person)},
    )


def by_vaccine(acts: list[Act]) -> list[tuple[str, list[Act]]]:
    """(vaccine, its acts newest first); the vaccine given last comes first."""
    latest = {act.vaccine: act.occurred_on for act in reversed(acts)}
    ordered = sorted(acts, key=lambda act: act.vaccine)
    groups = [(name, list(group)) for name, group in groupby(ordered, lambda act: act.vaccine)]
    return sorted(groups, key=lambda group: latest[group[0]], reverse=True)
