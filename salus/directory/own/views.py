"""Professionals' own pages. Each act is a form, answered by a redirect."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salus.directory import actions
from salus.directory.actions.correcting import Owned
from salus.directory.models import Kind
from salus.directory.own import queries
from salus.directory.own.forms import form_of
from salus.directory.words import field_name, problem_said
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.page import professional, professional_only

_LONGEST = 19  # digits of a row id


@professional_only
@require_safe
def entry(request: HttpRequest) -> HttpResponse:
    actor, _practitioner = professional(request)
    return render(request, "directory/own/entry.html", {"own": queries.own(actor=actor, at=now())})


@professional_only
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, kind: str, entry: int, field: str) -> HttpResponse:
    """Proposes another value; sent, it waits for the authority."""
    actor, _practitioner = professional(request)
    of, value = queries.own_field(actor=actor, at=now(), kind=kind, entry=entry, field=field)
    form = form_of(field)(field, value, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct(
                actor=actor, at=now(), kind=of, entry=entry, field=field, value=form.said()
            )
            messages.success(request, _("Sent. It is shown once the authority has agreed."))
            return redirect("own:entry")
        except InvalidInput as error:
            form.add_error(None, problem_said(error.text))
    context = {"form": form, "field": field_name(field), "kind": of}
    return render(request, "directory/own/correct.html", context)


@professional_only
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """``seen``: kind, row id, field and mark of what was shown, for each field that is still right."""
    actor, _practitioner = professional(request)
    seen: dict[Owned, dict[str, str]] = {}
    for text in request.POST.getlist("seen"):
        owned, field, mark = _seen(text)
        seen.setdefault(owned, {})[field] = mark
    try:
        actions.confirm(actor=actor, at=now(), seen=seen)
        messages.success(request, _("Thank you. Confirmed as of today."))
    except Conflict:
        messages.error(request, _("Something has changed since. Please look at it again."))
    return redirect("own:entry")


@professional_only
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    actor, _practitioner = professional(request)
    number = request.POST.get("set", "")
    if not number.isdecimal() or len(number) > _LONGEST:
        raise NotFound("no such correction")
    actions.withdraw(actor=actor, at=now(), change_set=int(number))
    messages.success(request, _("Withdrawn. Nothing has changed."))
    return redirect("own:entry")


def _seen(text: str) -> tuple[Owned, str, str]:
    parts = text.split("/")
    if len(parts) != 4 or parts[0] not in Kind.values or not parts[1].isdecimal():
        raise NotFound("no such field")
    kind, entry, field, mark = parts
    if len(entry) > _LONGEST:
        raise NotFound("no such field")
    return (Kind(kind), int(entry)), field, mark
