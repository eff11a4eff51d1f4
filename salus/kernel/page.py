"""What every page states: who may ask for it. A view without a rule is refused (salus.portal.middleware)."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from salus.kernel.actor import STAFF, Actor, Role
from salus.kernel.errors import NotFound

View = Callable[..., HttpResponseBase]


class Rule(StrEnum):
    PUBLIC = "public"
    SOFTWARE = "software"
    SIGNED_IN = "signed-in"
    PATIENT_ONLY = "patient-only"
    PROFESSIONAL_ONLY = "professional-only"
    AGENCY_ONLY = "agency-only"
    STEWARD_ONLY = "steward-only"
    REGISTRAR_ONLY = "registrar-only"


_ROLES: dict[Rule, set[Role]] = {
    Rule.SOFTWARE: set(),
    Rule.SIGNED_IN: {Role.PATIENT, Role.PROFESSIONAL, *STAFF},
    Rule.PATIENT_ONLY: {Role.PATIENT},
    Rule.PROFESSIONAL_ONLY: {Role.PROFESSIONAL},
    Rule.AGENCY_ONLY: {Role.AGENCY},
    Rule.STEWARD_ONLY: {Role.STEWARD},
    Rule.REGISTRAR_ONLY: {Role.REGISTRAR},
}


def public(view: View) -> View:
    return _with_rule(view, Rule.PUBLIC)


def software(view: View) -> View:
    """A door for software: nothing there rides on a browser's session, the token in the header decides.

    It answers whatever is raised, and stands before all that pages need (salus.portal.middleware.SoftwareMiddleware).
    """
    return _with_rule(csrf_exempt(view), Rule.SOFTWARE)


def signed_in(view: View) -> View:
    return _with_rule(view, Rule.SIGNED_IN)


def patient_only(view: View) -> View:
    return _with_rule(view, Rule.PATIENT_ONLY)


def professional_only(view: View) -> View:
    return _with_rule(view, Rule.PROFESSIONAL_ONLY)


def agency_only(view: View) -> View:
    return _with_rule(view, Rule.AGENCY_ONLY)


def steward_only(view: View) -> View:
    return _with_rule(view, Rule.STEWARD_ONLY)


def registrar_only(view: View) -> View:
    return _with_rule(view, Rule.REGISTRAR_ONLY)


def rule_of(view: View) -> Rule | None:
    return getattr(view, "page_rule", None)


def permits(rule: Rule, actor: Actor | None) -> bool:
    return rule is Rule.PUBLIC or (actor is not None and actor.role in _ROLES[rule])


def _with_rule(view: View, rule: Rule) -> View:
    view.page_rule = rule  # type: ignore[attr-defined]  # read back by rule_of alone
    return view


def actor_of(request: HttpRequest) -> Actor | None:
    """Who asks, as the middleware found out; None for the public."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor


def patient(request: HttpRequest) -> tuple[Actor, int]:
    """The patient who asks, and the row id of the person; for a view marked `patient_only`."""
    actor = actor_of(request)
    if actor is None or actor.person is None:
        raise NotFound("for patients only")
    return actor, actor.person


def professional(request: HttpRequest) -> tuple[Actor, int]:
    """The professional who asks, and the row id in the directory; for a view marked `professional_only`."""
    actor = actor_of(request)
    if actor is None or actor.practitioner is None:
        raise NotFound("for professionals only")
    return actor, actor.practitioner


def agency(request: HttpRequest) -> Actor:
    """The member of the agency's staff who asks; for a view marked `agency_only`."""
    actor = actor_of(request)
    if actor is None or actor.role is not Role.AGENCY:
        raise NotFound("for the agency only")
    return actor


def steward(request: HttpRequest) -> Actor:
    """The steward of the patient index who asks; for a view marked `steward_only`."""
    actor = actor_of(request)
    if actor is None or actor.role is not Role.STEWARD:
        raise NotFound("for stewards only")
    return actor


def registrar(request: HttpRequest) -> Actor:
    """The registrar of the directory who asks; for a view marked `registrar_only`."""
    actor = actor_of(request)
    if actor is None or actor.role is not Role.REGISTRAR:
        raise NotFound("for registrars only")
    return actor


def request_id(request: HttpRequest) -> UUID:
    """The id that the link or form carries as ``r``: a reload or a retry has the same, and counts once."""
    sent: Any = request.POST.get("r") or request.GET.get("r")
    try:
        return UUID(sent)
    except (TypeError, ValueError):
        return uuid4()
