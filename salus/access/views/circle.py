"""The patient's circle of trust and assistants."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from salus.access import actions
from salus.access.forms import Assistant, NewAssistant, Professional, ProfessionalSearch
from salus.access.queries import assistants_of, assisted_by, circle_of_trust
from salus.country.identifiers import WrongIdentifier
from salus.directory.finding import Question, find
from salus.directory.models import Kind
from salus.directory.queries import professional
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound, SalusError
from salus.kernel.page import patient, patient_only, request_id
from salus.mpi.queries import person_by_matricule

_SHOWN = 50  # professionals; who has more before them says more of whom they mean


@patient_only
@require_http_methods(["GET", "HEAD", "POST"])
def circle(request: HttpRequest) -> HttpResponse:
    """Who may open the record. A search comes by POST: the name of one's doctor stays out of addresses."""
    _actor, person = patient(request)
    form = ProfessionalSearch(request.POST or None)
    trusted = circle_of_trust(person, at=now())
    found = None
    if request.method == "POST" and form.is_valid():
        declared = {row.practitioner for row in trusted}
        question = Question(text=form.cleaned_data["name"], kind=Kind.PRACTITIONER)
        found = [(hit, hit.entry in declared) for hit in find(question, at=now(), size=_SHOWN).hits]
    return render(request, "access/circle.html", {"trusted": trusted, "form": form, "found": found})


@patient_only
@require_POST
def declare(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    practitioner = _number(Professional(request.POST), "practitioner")
    actions.declare_professional(
        actor=actor,
        person=person,
        practitioner=practitioner,
        at=now(),
        request_id=request_id(request),
    )
    name = professional(practitioner).name
    messages.success(request, _("%(name)s is now in your circle.") % {"name": name})
    return redirect("access:circle")


@patient_only
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    actions.end_declaration(
        actor=actor,
        person=person,
        practitioner=_number(Professional(request.POST), "practitioner"),
        at=now(),
        request_id=request_id(request),
    )
    messages.success(request, _("Removed. From now on this professional cannot open your record."))
    return redirect("access:circle")


@patient_only
@require_http_methods(["GET", "HEAD", "POST"])
def assistants(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    at = now()
    form = NewAssistant(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            assistant = person_by_matricule(
                form.cleaned_data["matricule"], family=form.cleaned_data["family"], at=at
            )
            if assistant is None:
                raise InvalidInput("no person has this number and this name")
            actions.name_assistant(
                actor=actor,
                person=person,
                assistant=assistant,
                at=at,
                request_id=request_id(request),
            )
        except WrongIdentifier as error:
            form.add_error("matricule", error.in_words())
        except SalusError as error:
            form.add_error(None, gettext(str(error)))
        else:
            messages.success(request, _("Your assistant can now use your record."))
            return redirect("access:assistants")
    return render(
        request,
        "access/assistants.html",
        {
            "assistants": assistants_of(person),
            "assisted": assisted_by(actor=actor, at=at),
            "form": form,
        },
    )


@patient_only
@require_POST
def end_assistant(request: HttpRequest) -> HttpResponse:
    actor, person = patient(request)
    actions.end_assistance(
        actor=actor,
        person=person,
        assistant=_number(Assistant(request.POST), "assistant"),
        at=now(),
        request_id=request_id(request),
    )
    messages.success(request, _("Removed. This person cannot use your record any more."))
    return redirect("access:assistants")


def _number(form: Professional | Assistant, name: str) -> int:
    if not form.is_valid():
        raise NotFound("no such entry")
    return int(form.cleaned_data[name])
