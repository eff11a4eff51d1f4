"""The professional's search of the patient index."""

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from salus.kernel.clock import now
from salus.kernel.page import professional, professional_only, request_id
from salus.mpi.forms import PersonSearch
from salus.mpi.queries import SHOWN_AT_MOST, Criteria, search

_LAST_SEARCH = "last_search"  # session key: what a name must not leave in an address or a history


@professional_only
@require_http_methods(["GET", "HEAD", "POST"])
def search_people(request: HttpRequest) -> HttpResponse:
    """The form is sent by POST and answered by a redirect: reload and back repeat, and count, nothing."""
    actor, _practitioner = professional(request)
    if request.method == "POST":
        form = PersonSearch(request.POST)
        if form.is_valid():
            request.session[_LAST_SEARCH] = stored(form.criteria(), request_id(request))
            return redirect("mpi:search")
        return render(request, "mpi/search.html", {"form": form})
    last = request.session.get(_LAST_SEARCH)
    if "new" in request.GET or last is None:
        request.session.pop(_LAST_SEARCH, None)
        return render(request, "mpi/search.html", {"form": PersonSearch()})
    criteria, intent = restored(last)
    people = search(actor=actor, criteria=criteria, at=now(), request_id=intent)
    return render(
        request,
        "mpi/search.html",
        {
            "form": PersonSearch(initial=asdict(criteria)),
            "people": people,
            "more": len(people) == SHOWN_AT_MOST,
        },
    )


def stored(criteria: Criteria, intent: UUID) -> dict[str, Any]:
    """A search as a session keeps it."""
    birth_date = criteria.birth_date.isoformat() if criteria.birth_date else None
    return {**asdict(criteria), "birth_date": birth_date, "r": str(intent)}


def restored(stored: dict[str, Any]) -> tuple[Criteria, UUID]:
    day = stored["birth_date"]
    return (
        Criteria(
            matricule=stored["matricule"],
            family=stored["family"],
            given=stored["given"],
            birth_date=date.fromisoformat(day) if day else None,
        ),
        UUID(stored["r"]),
    )
