"""Pages of the stewards' desk. Each act is a form, answered by a redirect; no address holds anything personal."""

from dataclasses import asdict
from enum import StrEnum
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salus.accounts.models import Account
from salus.kernel import filings
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound
from salus.kernel.page import request_id, steward, steward_only
from salus.mpi import merging
from salus.mpi.forms import PersonSearch
from salus.mpi.models import Pair
from salus.mpi.queries import SHOWN_AT_MOST
from salus.mpi.stewards import chart, queries
from salus.mpi.stewards.forms import Chosen, Confirmation, Separation
from salus.mpi.stewards.quality import quality as quality_of_months
from salus.mpi.stewards.queries import Comparison, Order, Waiting
from salus.mpi.views import restored, stored

_SEARCH, _CHOSEN = "stewards_search", "stewards_chosen"  # session keys

Choice = TypeVar("Choice", bound=StrEnum)


@steward_only
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    actor = steward(request)
    found = queries.queue(
        actor=actor,
        at=now(),
        waiting=_chosen(Waiting, request.GET.get("waiting")),
        order=_chosen(Order, request.GET.get("order")),
        page=_number(request.GET.get("page")),
        request_id=request_id(request),
    )
    return render(
        request, "mpi/stewards/queue.html", {"queue": found, "orders": Order, "me": actor.account}
    )


@steward_only
@require_http_methods(["GET", "HEAD", "POST"])
def pair(request: HttpRequest, number: int) -> HttpResponse:
    """``act`` says what was decided."""
    actor, form = steward(request), None
    if request.method == "POST":
        form = Confirmation(request.POST)
        try:
            return _decided(request, actor, number, form)
        except InvalidInput:  # something speaks against it, and no reason was stated
            form.is_valid()
    row, comparison, merge = queries.pair_shown(
        actor=actor, pair=number, at=now(), request_id=request_id(request)
    )
    return render(
        request,
        "mpi/stewards/pair.html",
        {
            "pair": row,
            "comparison": comparison,
            "merge": merge,
            "confirmation": form or Confirmation(),
            "judge": _name(row.judged_by),
            "confirmer": _name(row.confirmed_by),
            "is_mine": row.judged_by == actor.account,
            "waterfall": _drawn(comparison),
        },
    )


def _decided(request: HttpRequest, actor: Actor, number: int, form: Confirmation) -> HttpResponse:
    """Raises NotFound, Conflict when the pair is not in the queue any more, InvalidInput without a reason."""
    act, at, intent = request.POST.get("act"), now(), request_id(request)
    if act == "confirm":
        link = merging.confirm_merge(
            actor=actor,
            at=at,
            pair=number,
            reason=form.cleaned_data["reason"] if form.is_valid() else "",
            request_id=intent,
        )
        messages.success(request, _("Joined. Whoever keeps something of them is being told."))
        return redirect("stewards:link", number=link)
    if act == "decline":
        merging.decline_merge(actor=actor, at=at, pair=number, request_id=intent)
        messages.success(request, _("The pair is back in the queue, as unsure."))
    elif act in Pair.Judgement.values:
        judgement = Pair.Judgement(act)
        merging.judge_pair(actor=actor, at=at, pair=number, judgement=judgement, request_id=intent)
        messages.success(request, _JUDGED[judgement])
    else:
        raise NotFound("no such act")
    following = queries.next_open_pair(actor, after=number)
    return redirect("stewards:pair", number=following) if following else redirect("stewards:queue")


_JUDGED = {
    Pair.Judgement.SAME: _("Noted as one person. Another steward has to confirm it."),
    Pair.Judgement.DIFFERENT: _("Noted as different people. The pair does not come back."),
    Pair.Judgement.UNSURE: _("Noted as unsure. The pair stays in the queue."),
}


def _drawn(comparison: Comparison) -> str:
    explanation = comparison.explanation
    return chart.drawn(chart.waterfall(explanation)) if explanation else ""


@steward_only
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, number: int) -> HttpResponse:
    """A link with its history; sent, the form ends it."""
    actor, form = steward(request), Separation(request.POST or None)
    if request.method == "POST" and form.is_valid():
        merging.separate(
            actor=actor,
            at=now(),
            link=number,
            reason=form.cleaned_data["reason"],
            request_id=request_id(request),
        )
        messages.success(request, _("Parted. Whoever keeps something of them is being told."))
        return redirect("stewards:link", number=number)
    seen = queries.link_shown(actor=actor, link=number, at=now(), request_id=request_id(request))
    judged = seen.pair
    return render(
        request,
        "mpi/stewards/link.html",
        {
            "link": seen.link,
            "seen": seen,
            "comparison": seen.comparison,
            "parting": seen.parting,
            "separation": form,
            "judge": _name(judged.judged_by) if judged else "",
            "confirmer": _name(judged.confirmed_by) if judged else "",
            "waterfall": _drawn(seen.comparison),
        },
    )


@steward_only
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, number: int, kind: str, filed: int) -> HttpResponse:
    """What was filed for one of two who were one is the other's; asked first, and done when it is sent."""
    actor, at, intent = steward(request), now(), request_id(request)
    if request.method == "POST":
        form = Chosen(request.POST)
        if not form.is_valid():
            raise NotFound("nobody is named with whom it is")
        filings.give(
            kind,
            actor=actor,
            at=at,
            filed=filed,
            link=number,
            holder=form.cleaned_data["person"],
            request_id=intent,
        )
        messages.success(request, _("Given to the other of the two."))
        return redirect("stewards:link", number=number)
    seen = queries.link_shown(actor=actor, link=number, at=at, request_id=intent)
    found = [one for one in seen.filed if (one.filed.kind, one.filed.id) == (kind, filed)]
    if not found or not found[0].may_be_given:
        raise NotFound("nothing like that was filed while the two were one")
    return render(request, "mpi/stewards/give.html", {"link": seen.link, "shared": found[0]})


@steward_only
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """As a professional's search: sent by POST, answered by a redirect. Entries are chosen among what it finds."""
    actor = steward(request)
    form = PersonSearch(request.POST or None)
    if request.method == "POST" and form.is_valid():
        request.session[_SEARCH] = stored(form.criteria(), request_id(request))
        return redirect("stewards:search")
    last, at = request.session.get(_SEARCH), now()
    found = None
    if request.method != "POST" and last and "new" not in request.GET:
        criteria, intent = restored(last)
        form = PersonSearch(initial=asdict(criteria))
        found = queries.people(actor=actor, criteria=criteria, at=at, request_id=intent)
    chosen = queries.chosen(
        actor=actor,
        persons=_chosen_entries(request),
        at=at,
        request_id=request_id(request),
    )
    return render(
        request,
        "mpi/stewards/search.html",
        {
            "form": form,
            "found": found,
            "more": found is not None and len(found) == SHOWN_AT_MOST,
            "chosen": chosen,
            "chosen_numbers": [entry.person for entry in chosen],
        },
    )


@steward_only
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Choose an entry, or leave it out again; the last two chosen stay."""
    form, before = Chosen(request.POST), _chosen_entries(request)
    if form.is_valid():
        person = form.cleaned_data["person"]
        kept = [one for one in before if one != person]
        request.session[_CHOSEN] = kept if person in before else [*kept, person][-2:]
    return redirect("stewards:search")


@steward_only
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest) -> HttpResponse:
    """The two chosen entries, side by side; sent, the form says that they are one person."""
    actor, chosen = steward(request), _chosen_entries(request)
    if len(chosen) != 2:  # side by side
        return redirect("stewards:search")
    one, other = chosen
    if request.method == "POST":
        pair = merging.propose_merge(
            actor=actor, at=now(), person=one, target=other, request_id=request_id(request)
        )
        del request.session[_CHOSEN]
        messages.success(request, _JUDGED[Pair.Judgement.SAME])
        return redirect("stewards:pair", number=pair)
    comparison, merge = queries.comparison_of(
        actor=actor, persons=(one, other), at=now(), request_id=request_id(request)
    )
    return render(request, "mpi/stewards/compare.html", {"comparison": comparison, "merge": merge})


def _chosen_entries(request: HttpRequest) -> list[int]:
    return [int(person) for person in request.session.get(_CHOSEN, ())]


@steward_only
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    page = _number(request.GET.get("page"))
    done, has_older = queries.history(
        actor=steward(request), at=now(), page=page, request_id=request_id(request)
    )
    names = _names({one.account for one in done if one.account})
    return render(
        request,
        "mpi/stewards/history.html",
        {
            "done": [(one, names.get(one.account or 0, "")) for one in done],
            "page": page,
            "has_older": has_older,
        },
    )


@steward_only
@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    months = quality_of_months(now())
    return render(
        request,
        "mpi/stewards/quality.html",
        {"months": months[::-1], "drawing": chart.drawn(chart.by_month(months))},
    )


def _chosen(among: type[Choice], text: str | None) -> Choice:
    """The first of them when the address says nothing that is known."""
    first, *_rest = among
    return among(text) if text in set(among) else first


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 1


def _name(account: int | None) -> str:
    return _names({account}).get(account, "") if account else ""


def _names(accounts: set[int]) -> dict[int, str]:
    """How stewards are known to each other: by their e-mail address."""
    rows = Account.objects.filter(pk__in=accounts).values_list("pk", "email")
    return {number: email or "" for number, email in rows}
