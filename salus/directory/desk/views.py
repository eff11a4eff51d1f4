"""Pages of the authority's desk. Each act is a form, answered by a redirect to what came of it."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from salus.directory.desk import actions, queries
from salus.directory.desk.forms import (
    Application,
    AsOf,
    EndOfSuspension,
    EntrySearch,
    Joining,
    Leaving,
    NewName,
    Pair,
    Parting,
    Reason,
    RegisterFile,
    Succession,
    Suspension,
)
from salus.directory.desk.queries import Waiting
from salus.directory.endpoints import stale
from salus.directory.lines import Line, checked
from salus.directory.models import Kind
from salus.directory.projecting import JOINED
from salus.directory.rules import History, state_on
from salus.directory.statuses import end_of_suspension, leaving, succession, suspension
from salus.directory.words import problem_said
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.page import registrar, registrar_only, request_id

NAME = {"prefix": "honorific", "given": "given", "family": "family"}  # fields of entry and form
WITH_LICENCE = (Kind.PRACTITIONER, Kind.LICENCE)
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@registrar_only
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    waiting = request.GET.get("waiting", "")
    found = queries.queue(
        actor=registrar(request),
        waiting=Waiting(waiting) if waiting in set(Waiting) else Waiting.CORRECTIONS,
        page=_number(request.GET.get("page")) or 1,
    )
    return render(request, "directory/desk/queue.html", {"queue": found})


@registrar_only
@_GET_OR_POST
def change_set(request: HttpRequest, number: int) -> HttpResponse:
    """``act`` says what is decided."""
    application, reason = Application(), Reason()
    if request.method == "POST":
        act = request.POST.get("act")
        application = Application(request.POST if act == "apply" else None)
        reason = Reason(None if act == "apply" else request.POST)
        if _decided(request, number, act, application, reason):
            return redirect("registrars:set", number=number)
    shown = queries.set_shown(
        actor=registrar(request),
        change_set=number,
        at=now(),
        outcome=request.GET.get("outcome", ""),
        line=_number(request.GET.get("line")),
        page=_number(request.GET.get("page")) or 1,
        request_id=request_id(request),
    )
    ends = actions.ended_by(number) if shown.waits else 0
    context = {"shown": shown, "application": application, "reason": reason, "ends": ends}
    return render(request, "directory/desk/set.html", context)


def _decided(
    request: HttpRequest, number: int, act: str | None, application: Application, reason: Reason
) -> bool:
    """Whether it was done; else a form says why not. Raises NotFound, and Conflict when somebody was faster."""
    actor, at = registrar(request), now()
    if act == "apply":
        # Asked for only where something would end.
        ends = application.cleaned_data["ends"] if application.is_valid() else 0
        try:
            actions.apply_set(actor=actor, at=at, change_set=number, ends=ends)
        except InvalidInput as error:
            if not application.has_error("ends"):
                application.add_error("ends", error.text)
            return False
        messages.success(request, _("In force. Each line below says what became of it."))
        return True
    if act not in ("decline", "roll-back"):
        raise NotFound("no such act")
    if not reason.is_valid():
        return False
    because = reason.cleaned_data["reason"]
    if act == "decline":
        actions.decline_set(actor=actor, at=at, change_set=number, reason=because)
        messages.success(request, _("Declined. Nothing has changed."))
    else:
        actions.roll_back_set(actor=actor, at=at, change_set=number, reason=because)
        messages.success(request, _("Taken back as a whole, as if it had never been said."))
    return True


@registrar_only
@_GET_OR_POST
def upload(request: HttpRequest) -> HttpResponse:
    """A register's file, of which a change set is made that waits."""
    actor = registrar(request)
    form = RegisterFile(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = actions.propose_file(
                actor=actor,
                at=now(),
                source=form.cleaned_data["source"],
                file=file.file,
                file_name=file.name,
                kind=Kind(form.cleaned_data["kind"]) if form.cleaned_data["kind"] else None,
                complete=form.cleaned_data["complete"],
            )
            return redirect("registrars:set", number=made)
        except InvalidInput as error:
            form.add_error("file", problem_said(str(error)))
    return render(request, "directory/desk/upload.html", {"form": form})


@registrar_only
@_GET_OR_POST
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that may be one; sent, a form says that they are, as a change set that waits, or that they are not."""
    actor, form = registrar(request), Pair(request.POST or None)
    if request.method == "POST":
        if not form.is_valid():
            raise NotFound("no such pair")
        kind, said = Kind(form.cleaned_data["kind"]), form.cleaned_data
        if said["act"] == "same":
            line = Line(
                number=1, kind=kind, entry=said["duplicate"], said={"same_as": said["root"]}
            )
            made = actions.propose_lines(actor=actor, at=now(), lines=[line])
            return redirect("registrars:set", number=made)
        actions.keep_apart(
            actor=actor, at=now(), kind=kind, one=said["root"], other=said["duplicate"]
        )
        messages.success(request, _("Noted as two. They are not proposed again."))
        return redirect("registrars:duplicates")
    found = queries.alike(actor=actor)
    return render(request, "directory/desk/duplicates.html", {"pairs": found})


@registrar_only
@require_safe
def endpoints(request: HttpRequest) -> HttpResponse:
    """Electronic addresses that do not answer, or soon will not."""
    registrar(request)
    return render(request, "directory/desk/endpoints.html", {"stale": stale(at=now())})


@registrar_only
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    form = EntrySearch(request.GET or None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = queries.find_entries(actor=registrar(request), text=text)
    return render(
        request, "directory/desk/search.html", {"form": form, "found": found, "asked": bool(text)}
    )


@registrar_only
@require_safe
def entry(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    form = AsOf(request.GET or None)
    asked = form.is_valid()
    shown = queries.entry_shown(
        actor=registrar(request),
        kind=kind,
        entry=entry,
        at=now(),
        day=form.cleaned_data["day"] if asked else None,
        known=form.known_at() if asked else None,
        request_id=request_id(request),
    )
    return render(
        request,
        "directory/desk/entry.html",
        {
            "shown": shown,
            "form": form,
            "with_licence": shown.kind in WITH_LICENCE,
            "can_be_joined": shown.kind in JOINED,
        },
    )


@registrar_only
@_GET_OR_POST
def suspend(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    def lines(of: Kind, history: History, said: dict[str, Any]) -> Sequence[Line]:
        return suspension(
            of,
            entry,
            history,
            since=said["since"],
            until=said["until"],
            reason=said["status_reason"],
        )

    return _proposal(request, kind, entry, _("Suspend"), WITH_LICENCE, Suspension, lines)


@registrar_only
@_GET_OR_POST
def resume(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    def lines(of: Kind, history: History, said: dict[str, Any]) -> Sequence[Line]:
        return end_of_suspension(of, entry, history, since=said["since"])

    title = _("End the suspension")
    return _proposal(request, kind, entry, title, WITH_LICENCE, EndOfSuspension, lines)


@registrar_only
@_GET_OR_POST
def leave(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    def lines(of: Kind, _history: History, said: dict[str, Any]) -> Sequence[Line]:
        return leaving(of, entry, status=said["status"], since=said["since"])

    title = _("Leave the register")
    return _proposal(request, kind, entry, title, (Kind.PRACTITIONER,), Leaving, lines)


@registrar_only
@_GET_OR_POST
def rename(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    def lines(of: Kind, _history: History, said: dict[str, Any]) -> Sequence[Line]:
        name = {field: said[of_form] or None for field, of_form in NAME.items()}
        return [Line(number=1, kind=of, entry=entry, said=name, since=said["since"])]

    title = _("Change the name")
    return _proposal(request, kind, entry, title, (Kind.PRACTITIONER,), NewName, lines)


@registrar_only
@_GET_OR_POST
def succeed(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    def form(*data: Any, **more: Any) -> forms.Form:
        found = queries.successors(actor=registrar(request), role=entry)
        return Succession(*data, successors=found, **more)

    def lines(_of: Kind, _history: History, said: dict[str, Any]) -> Sequence[Line]:
        return succession(entry, successor=said["successor"], since=said["since"])

    return _proposal(request, kind, entry, _("Name a successor"), (Kind.ROLE,), form, lines)


@registrar_only
@_GET_OR_POST
def join(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    def lines(of: Kind, _history: History, said: dict[str, Any]) -> Sequence[Line]:
        root = queries.named(actor=registrar(request), kind=of, text=said["other"], but=entry)
        return [Line(number=1, kind=of, entry=entry, said={"same_as": root})]

    return _proposal(request, kind, entry, _("The same as another entry"), JOINED, Joining, lines)


@registrar_only
@_GET_OR_POST
def part(request: HttpRequest, kind: str, entry: int) -> HttpResponse:
    def lines(of: Kind, history: History, _said: dict[str, Any]) -> Sequence[Line]:
        if state_on(history, now().date()).get("same_as") is None:
            raise InvalidInput("the entry is joined with no other")
        return [Line(number=1, kind=of, entry=entry, said={"same_as": None})]

    return _proposal(request, kind, entry, _("Not the same after all"), JOINED, Parting, lines)


def _proposal(
    request: HttpRequest,
    kind: str,
    entry: int,
    title: Any,
    kinds: tuple[Kind, ...],
    form_of: Callable[..., forms.Form],
    lines: Callable[[Kind, History, dict[str, Any]], Sequence[Line]],
) -> HttpResponse:
    """A form of which a change set is made that waits: its page says what it would do."""
    actor = registrar(request)
    of, history = queries.history_of(actor=actor, kind=kind, entry=entry)
    if of not in kinds:
        raise NotFound("no such act on an entry of this kind")
    form = form_of(request.POST) if request.method == "POST" else form_of(initial=_today(history))
    if request.method == "POST" and form.is_valid():
        try:
            said = lines(of, history, form.cleaned_data)
            for line in said:
                if problem := checked(line).problem:
                    raise InvalidInput(problem)
            made = actions.propose_lines(actor=actor, at=now(), lines=said)
            return redirect("registrars:set", number=made)
        except InvalidInput as error:
            form.add_error(error.at or None, problem_said(error.text))
    context = {"form": form, "title": title, "kind": of, "entry": entry}
    return render(request, "directory/desk/proposal.html", context)


def _today(history: History) -> dict[str, Any]:
    """What the entry says today, to be changed."""
    today = now().date()
    state = state_on(history, today)
    return {**{of_form: state.get(field, "") for field, of_form in NAME.items()}, "since": today}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
