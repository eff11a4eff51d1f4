"""The patient's own insurance, as the social-security register told it (EHDS, art. 9: who asked is in the log)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from salus.eligibility.queries import heard, own_periods
from salus.kernel.clock import now
from salus.kernel.page import patient, patient_only


@patient_only
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    at = now()
    periods = own_periods(actor=actor, person=person, at=at)
    return render(
        request,
        "eligibility/own.html",
        {
            "periods": [(period, period.covers(at.date())) for period in periods],
            "is_insured": any(period.covers(at.date()) for period in periods),
            "heard": heard(),
        },
    )
