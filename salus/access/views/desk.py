"""The agency's desk: which software may connect."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salus.access.actions.software import approve_client, refuse_client
from salus.access.forms import Approval, Refusal, Software
from salus.access.oauth.actions import end_client
from salus.access.oauth.queries import request_on_desk, requests_waiting, software_connected
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.page import agency, agency_only


@agency_only
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "access/desk.html",
        {"waiting": requests_waiting(), "connected": software_connected()},
    )


@agency_only
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """``act`` says which of the two forms was sent."""
    actor, asked = agency(request), request_on_desk(number)
    act = request.POST.get("act")
    scopes = asked.scope.split()
    approval = Approval(
        request.POST if act == "approve" else None, asked=scopes, domains=asked.domains
    )
    refusal = Refusal(request.POST if act == "refuse" else None)
    if act == "approve" and approval.is_valid():
        approve_client(
            actor=actor,
            request=number,
            scopes=approval.cleaned_data["scopes"],
            domains=approval.cleaned_data.get("domains", ()),
            reason=approval.cleaned_data["reason"],
            at=now(),
        )
        messages.success(request, _("Approved. Its maker sees it by the link of the receipt."))
        return redirect("access:desk")
    if act == "refuse" and refusal.is_valid():
        reason = refusal.cleaned_data["reason"]
        refuse_client(actor=actor, request=number, reason=reason, at=now())
        messages.success(request, _("Refused. Its maker reads your reason."))
        return redirect("access:desk")
    return render(
        request,
        "access/decide.html",
        {
            "asked": asked,
            "approval": approval,
            "refusal": refusal,
        },
    )


@agency_only
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    form = Software(request.POST)
    client = next(
        (
            one
            for one in software_connected()
            if form.is_valid() and one.pk == form.cleaned_data["client"]
        ),
        None,
    )
    if client is None:
        raise NotFound("no such software")
    end_client(actor=agency(request), at=now(), client_id=client.client_id)
    messages.success(request, _("Ended. It gets no more tokens, and those it has hold no longer."))
    return redirect("access:desk")
