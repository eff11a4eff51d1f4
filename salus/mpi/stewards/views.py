"""Pages of the stewards' desk. Each act is a form, answered by a redirect; no address holds anything personal."""

from dataclasses import asdict
from enum import StrEnum
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salus.accounts.models import Account
from salus.kernel.clock import now
from salus.kernel.page import request_id, steward, steward_only
from salus.mpi.forms import PersonSearch
from salus.mpi.queries import SHOWN_AT_MOST
from salus.mpi.stewards import chart, queries
from salus.mpi.stewards.forms import Chosen
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
@require_safe
def pair(request: HttpRequest, number: int) -> HttpResponse:
    actor = steward(request)
    row, comparison = queries.pair_shown(
        actor=actor, pair=number, at=now(), request_id=request_id(request)
    )
    return render(
        request,
        "mpi/stewards/pair.html",
        {
            "pair": row,
            "comparison": comparison,
            "judge": _name(row.judged_by),
            "confirmer": _name(row.confirmed_by),
            "is_mine": row.judged_by == actor.account,
            **_drawn(comparison),
        },
    )


def _drawn(comparison: Comparison) -> dict[str, Any]:
    explanation = comparison.explanation
    return {"waterfall": chart.drawn(chart.waterfall(explanation)) if explanation else None}


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
