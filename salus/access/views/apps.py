"""Which apps somebody let in, and the way to end it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from salus.access.actions.apps import end_app
from salus.access.forms import Software
from salus.access.oauth.queries import apps_of
from salus.access.scope_words import permissions
from salus.kernel.clock import now
from salus.kernel.errors import NotFound
from salus.kernel.page import actor_of, signed_in


@signed_in
@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    found = apps_of(actor=actor, at=now()) if actor else []
    shown = [(app, permissions(app.scopes)) for app in found]
    return render(request, "access/apps.html", {"apps": shown})


@signed_in
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    actor, form = actor_of(request), Software(request.POST)
    if actor is None or not form.is_valid():
        raise NotFound("no such app")
    end_app(actor=actor, client=form.cleaned_data["client"], at=now())
    messages.success(request, _("Ended. From now on the app gets nothing more from us."))
    return redirect("access:apps")
