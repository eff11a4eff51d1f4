"""For the administrator of an organisation's callers: what they may ask, how often, and how much they did."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from salus.directory.models import Organization
from salus.eligibility.models import Caller, Finding, Usage
from salus.eligibility.queries import administered_by, callers_of, findings_of, use_of
from salus.eligibility.words import FINDINGS, RIGHTS
from salus.kernel.clock import now
from salus.kernel.page import professional, professional_only

_DAYS = 30  # that are shown


@dataclass(frozen=True, kw_only=True)
class Day:
    """What was asked on one day."""

    day: date
    asked: int = 0
    repeated: int = 0
    refused: int = 0
    percent: int = 0  # asked, of the quota of a day


@dataclass(frozen=True, kw_only=True)
class CallerShown:
    caller: Caller
    rights: list[str | Promise]
    findings: list[tuple[Finding, Promise]]  # what looked like misuse, in words
    days: list[Day]  # since it may ask, the newest first; those without a question too


@professional_only
@require_safe
def callers(request: HttpRequest) -> HttpResponse:
    actor, _practitioner = professional(request)
    today = now().date()
    shown = [(one, callers_shown(one, today=today)) for one in administered_by(actor)]
    return render(request, "eligibility/callers.html", {"organizations": shown})


def callers_shown(organization: Organization, *, today: date) -> list[CallerShown]:
    """For a page that shows this organisation's callers to whom they are for."""
    callers = callers_of(organization.pk)
    ids = [caller.pk for caller in callers]
    used = use_of(ids, until=today, days=_DAYS)
    found = findings_of(ids, since=today - timedelta(days=_DAYS))
    return [
        CallerShown(
            caller=caller,
            rights=[words for right, words in RIGHTS.items() if right in caller.rights],
            findings=[
                (row, FINDINGS[Finding.Rule(row.rule)])
                for row in found
                if row.caller_id == caller.pk
            ],
            days=_days(caller, [row for row in used if row.caller_id == caller.pk], today),
        )
        for caller in callers
    ]


def _days(caller: Caller, used: Collection[Usage], today: date) -> list[Day]:
    by_day = {row.day: row for row in used}
    shown = (today - timedelta(days=number) for number in range(_DAYS))
    return [
        _day(by_day.get(day), day, caller.per_day) for day in shown if day >= caller.since.date()
    ]


def _day(row: Usage | None, day: date, quota: int) -> Day:
    if row is None:
        return Day(day=day)
    return Day(
        day=day,
        asked=row.asked,
        repeated=row.repeated,
        refused=row.refused,
        percent=min(100, -(-100 * row.asked // quota)),  # rounded up: a little use is seen
    )
