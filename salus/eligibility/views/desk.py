"""The agency's desk: which organisations may ask about insurance, what, how often, and who sees that there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from salus.directory.models import Organization
from salus.eligibility.callers import (
    end_administrator,
    end_caller,
    name_administrator,
    register_caller,
)
from salus.eligibility.forms import (
    Ended,
    NewAdministrator,
    OrganizationByName,
    Registration,
    Reviewed,
)
from salus.eligibility.misuse import review
from salus.eligibility.models import Right
from salus.eligibility.queries import (
    administrators_of,
    askable_software,
    open_findings,
    organizations_asking,
)
from salus.eligibility.views.callers import callers_shown
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.page import agency, agency_only


@agency_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    form = OrganizationByName(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("eligibility:of_organization", form.cleaned_data["organization"])
    waiting = open_findings()
    organizations = [(one, waiting.get(one.pk, 0)) for one in organizations_asking()]
    return render(request, "eligibility/desk.html", {"form": form, "organizations": organizations})


@agency_only
@require_http_methods(["GET", "HEAD", "POST"])
def of_organization(request: HttpRequest, organization: int) -> HttpResponse:
    """``act`` says which of the page's forms was sent."""
    actor, act = agency(request), request.POST.get("act")
    row = Organization.objects.filter(pk=organization, deregistered_at=None).first()
    if row is None:
        raise NotFound("no such organisation")
    registration = Registration(
        request.POST if act == "register" else None, clients=askable_software(organization)
    )
    administrator = NewAdministrator(request.POST if act == "name" else None)
    done = (
        (act == "register" and _registered(actor, organization, registration))
        or (act == "name" and _named(actor, organization, administrator))
        or (act == "review" and _reviewed(actor, request))
        or (act in _ENDINGS and _ended(actor, act, request))
    )
    if done:
        messages.success(request, done)
        return redirect("eligibility:of_organization", organization)
    return render(
        request,
        "eligibility/desk_organization.html",
        {
            "organization": row,
            "callers": callers_shown(row, today=now().date()),
            "is_desk": True,
            "administrators": administrators_of(organization),
            "registration": registration,
            "administrator": administrator,
        },
    )


def _registered(actor: Actor, organization: int, form: Registration) -> str:
    """What to say; '' when the form has to be mended."""
    if not form.is_valid():
        return ""
    register_caller(
        actor=actor,
        at=now(),
        organization=organization,
        client=form.cleaned_data["software"],
        rights=[Right(right) for right in form.cleaned_data["rights"]],
        per_minute=form.cleaned_data["per_minute"],
        per_day=form.cleaned_data["per_day"],
    )
    return gettext("Registered. It may ask from now on.")


def _named(actor: Actor, organization: int, form: NewAdministrator) -> str:
    if not form.is_valid():
        return ""
    try:
        name_administrator(
            actor=actor, at=now(), organization=organization, email=form.cleaned_data["email"]
        )
    except (NotFound, Conflict) as error:
        form.add_error("email", gettext(str(error)))
        return ""
    return gettext("Named. The page is on their home page from now on.")


def _reviewed(actor: Actor, request: HttpRequest) -> str:
    form = Reviewed(request.POST)
    if not form.is_valid():
        raise InvalidInput(gettext("Say what came out of it."))
    review(
        actor=actor,
        at=now(),
        finding=form.cleaned_data["row"],
        outcome=form.cleaned_data["outcome"],
    )
    return gettext("Written down. The organisation reads it too.")


def _ended(actor: Actor, act: str, request: HttpRequest) -> str:
    form = Ended(request.POST)
    if not form.is_valid():
        raise NotFound("no such row")
    if act == "end-caller":
        end_caller(actor=actor, at=now(), caller=form.cleaned_data["row"])
    else:
        end_administrator(actor=actor, at=now(), administrator=form.cleaned_data["row"])
    return gettext("Ended.")


_ENDINGS = ("end-caller", "end-administrator")
