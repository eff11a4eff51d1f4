"""Where a software maker asks for a client, and sees how the request stands."""

from http import HTTPStatus

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from salus.access.actions.software import request_client, take_secret
from salus.access.forms import SoftwareRequest
from salus.access.models import Audience
from salus.access.oauth.queries import request_of_receipt
from salus.access.scope_words import permissions
from salus.accounts.models import AuthMethod
from salus.kernel.clock import now
from salus.kernel.origin import fhir_base
from salus.kernel.page import public


@public
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = SoftwareRequest(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not ratelimit.consume(request, action="software_request"):
            return _too_many(request)
        receipt = request_client(
            client=form.client,
            maker=form.cleaned_data["maker"],
            audience=Audience(form.cleaned_data["audience"]),
            organization=form.cleaned_data["organization"],
            domains=form.cleaned_data["domains"],
            at=now(),
        )
        return redirect("access:receipt", key=receipt.key)
    return render(request, "access/software.html", {"form": form})


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, key: str) -> HttpResponse:
    """For whoever has the link. By POST its maker takes the client's secret, once."""
    taken = take_secret(key=key, at=now()) if request.method == "POST" else None
    asked = request_of_receipt(key)
    return render(
        request,
        "access/receipt.html",
        {
            "asked": asked,
            "link": request.build_absolute_uri(request.path),
            "permissions": permissions(
                (asked.client.scope if asked.client else asked.scope).split()
            ),
            "secret": taken and taken.secret,
            "can_take": asked.client
            and asked.auth_method == AuthMethod.BASIC
            and not asked.secret_taken_at,
            "base": fhir_base(request),
        },
    )


def _too_many(request: HttpRequest) -> HttpResponse:
    told = {
        "title": _("That was often"),
        "text": _(
            "From here the agency has been asked several times within an hour. Try again later."
        ),
        "code": HTTPStatus.TOO_MANY_REQUESTS.value,
    }
    return render(request, "portal/error.html", told, status=HTTPStatus.TOO_MANY_REQUESTS)
