"""The patient's own insurance, as the social-security register told it (EHDS, art. 9: who asked is in the log)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from salus.eligibility.queries import heard, see_affiliations
from salus.eligibility.rules import Period
from salus.kernel.clock import now
from salus.kernel.page import patient, patient_only


@patient_only
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    at = now()
    rows = see_affiliations(actor=actor, person=person, at=at, see=list)
    periods = [Period(since=row.since, until=row.until) for row in rows]
    return render(
        request,
        "eligibility/own.html",
        {
            "periods": [(period, period.covers(at.date())) for period in periods],
            "is_insured": any(period.covers(at.date()) for period in periods),
            "heard": heard(),
        },
    )
