"""The counter of a pharmacy, a laboratory or a rescue crew without software: scan or type, Enter, the answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import uuid5

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from salus.directory.models import Organization
from salus.eligibility.actions import check
from salus.eligibility.forms import AtCounter, Insurance, LookUp, Prescribing
from salus.eligibility.models import Right
from salus.eligibility.permissions import at_counter, caller_of
from salus.eligibility.queries import counters_of
from salus.eligibility.questions import Answer, hash_of
from salus.eligibility.words import ANSWERS, ICONS, REASONS, TONES
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from salus.kernel.errors import Forbidden, InvalidInput, NotFound, TooMany
from salus.kernel.page import professional, professional_only, request_id

_SHOWN = 4  # last characters of a number: enough to compare with the card in the hand


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An answer as it stands on the page: nothing of the person but yes or no."""

    answer: Answer
    word: str | Promise
    reason: str | Promise
    icon: str
    tone: str  # of the colour, which only repeats the word
    ending: str  # of the number or code that was asked about
    product: str


@dataclass(frozen=True, kw_only=True)
class Door:
    """One of the questions that the counter's page offers to who has the right."""

    right: Right
    url: str
    name: str | Promise


_DOORS = (
    Door(right=Right.AFFILIATION, url="eligibility:insurance", name=_("Insurance")),
    Door(right=Right.LOOK_UP, url="eligibility:look_up", name=_("Without a card")),
    Door(right=Right.PRESCRIBING, url="eligibility:prescribing", name=_("Right to prescribe")),
)


@professional_only
@require_safe
def counters(request: HttpRequest) -> HttpResponse:
    """At which counter; who works at one alone stands there at once."""
    actor, _practitioner = professional(request)
    mine = counters_of(actor, at=now())
    if len(mine) == 1:
        return redirect("eligibility:insurance", mine[0].pk)
    return render(request, "eligibility/counters.html", {"counters": mine})


@professional_only
@require_http_methods(["GET", "HEAD", "POST"])
def insurance(request: HttpRequest, organization: int) -> HttpResponse:
    """Is somebody insured. The number comes by POST: it stands in no address."""
    return _counter(request, organization, Insurance, Right.AFFILIATION)


@professional_only
@require_http_methods(["GET", "HEAD", "POST"])
def prescribing(request: HttpRequest, organization: int) -> HttpResponse:
    """May somebody prescribe."""
    return _counter(request, organization, Prescribing, Right.PRESCRIBING)


@professional_only
@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest, organization: int) -> HttpResponse:
    """Is somebody insured who cannot show a card, in rescue."""
    return _counter(request, organization, LookUp, Right.LOOK_UP)


def _counter(
    request: HttpRequest, organization: int, asking: type[AtCounter], right: Right
) -> HttpResponse:
    """The field, and below it the answer to what was sent; the field is empty again for the next scan."""
    at = now()
    actor, rights = _rights(request, organization, at)
    if right not in rights:
        raise NotFound("no such counter")
    historic = Right.HISTORIC in rights
    form = asking(request.POST or None, historic=historic)
    shown, again = None, None
    if request.method == "POST" and form.is_valid():
        try:
            shown = _asked(request, actor, form, at)
        except InvalidInput as error:
            form.add_error(error.at, form.NO_DAY)
        except TooMany as error:
            again = localtime(at + timedelta(seconds=error.wait))
        else:
            form = asking(historic=historic)
    response = render(
        request,
        "eligibility/counter.html",
        {
            "organization": Organization.objects.get(pk=organization),
            "several": len(counters_of(actor, at=at)) > 1,
            "right": right,
            "doors": [door for door in _DOORS if door.right in rights],
            "form": form,
            "shown": shown,
            "again": again,
            "today": at.date(),
        },
    )
    if again:
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        response["Retry-After"] = str(int((again - at).total_seconds()))
    return response


def _rights(
    request: HttpRequest, organization: int, at: datetime
) -> tuple[Actor, frozenset[Right]]:
    """Who asks for the counter, and what it may ask. Raises NotFound also for one that is not registered."""
    actor = at_counter(professional(request)[0], organization, at=at)
    try:
        return actor, caller_of(actor).rights
    except Forbidden:
        raise NotFound("no such counter") from None


def _asked(request: HttpRequest, actor: Actor, form: AtCounter, at: datetime) -> Shown:
    """A double click and a reload send the form's id with the same question again: a retry. The same form with
    another number in it, as after going back, is another question."""
    question, sent = form.question, request_id(request)
    request_of_question = uuid5(sent, hash_of(question).hex())
    answer = check(actor=actor, question=question, at=at, request_id=request_of_question)
    return Shown(
        answer=answer,
        word=ANSWERS[answer.status],
        reason=REASONS[answer.reason],
        icon=ICONS[answer.status],
        tone=TONES[answer.status],
        ending=form.asked[-_SHOWN:],
        product=getattr(question, "product", ""),
    )
