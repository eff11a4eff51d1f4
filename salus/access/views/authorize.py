"""The page where somebody lets an app in: the authorization endpoint (RFC 6749, section 3.1)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from salus.access.actions.apps import Granted, authorize_app
from salus.access.forms import Authorization
from salus.access.oauth.authorization_code import Code, Permit, with_issuer
from salus.access.oauth.of_users import IDLE, LONGEST
from salus.access.oauth.queries import maker_of, patients_for_app
from salus.access.oauth.server import server
from salus.access.scope_words import OFFLINE, is_choosable
from salus.accounts.models import Client
from salus.accounts.oauth.tokens import LIFETIME
from salus.accounts.redirects import source
from salus.accounts.rules import split
from salus.kernel.actor import STAFF, Actor, Assurance, Role
from salus.kernel.clock import now
from salus.kernel.page import actor_of, public
from salus.kernel.scopes import Context

ONLINE, LAUNCH = "online_access", "launch/patient"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An authorization request that can be trusted: the client is known, and the answer goes to its address."""

    grant: Code
    client: Client
    actor: Actor
    scopes: list[str]  # those that the client may have
    patients: list[tuple[int, str]]  # one of them is in context; none is asked for

    @property
    def redirect_uri(self) -> str:
        return str(self.grant.redirect_uri)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Whoever is wrong about the client or its address reads so here; every other answer goes to that address."""
    try:
        grant = _consent_request(request)
    except OAuth2Error as error:
        return _refused(request, error)
    try:
        if response := _sign_in(request, grant):
            return response
    except OAuth2Error as error:
        return _refused(request, _to_app(error, grant))
    asked = _asked(request, grant)
    if asked is None:
        return _impossible(request, grant, _("This account opens no apps."))
    if _needs_patient(asked.scopes) and not asked.patients:
        return _impossible(request, grant, _("No patient has declared you yet."))
    form = Authorization(request.POST or None, asked=asked.scopes, patients=asked.patients)
    if request.method == "POST" and "deny" in request.POST:
        return _refused(request, _to_app(AccessDeniedError("the user said no"), grant))
    if request.method == "POST" and form.is_valid():
        return _answer(request, asked, form)
    if "none" in _prompts(grant):
        return _refused(request, _to_app(ConsentRequiredError(), grant))
    return _page(request, asked, form)


def _consent_request(request: HttpRequest) -> Code:
    """Raises OAuth2Error, with a redirect URI when that can be trusted."""
    account = request.user if request.user.is_authenticated else None
    try:
        grant: Code = server.get_consent_grant(request, end_user=account)
    except (
        ValueError
    ):  # Authlib repeats what was sent, and refuses its own words when they are not ASCII
        raise OAuth2Error("the request cannot be read", error="invalid_request") from None
    return grant


def _sign_in(request: HttpRequest, grant: Code) -> HttpResponse | None:
    """To the sign-in, when nobody is there, or not recently enough (OpenID Connect Core, section 3.1.2.1)."""
    sent = grant.request.payload.data
    prompts = _prompts(grant)
    if actor_of(request) is None:
        if "none" in prompts:
            raise LoginRequiredError
        return redirect_to_login(request.get_full_path())
    signed_in = _signed_in_at(request)
    longest = sent.get("max_age", "")
    too_old = longest.isdecimal() and (now() - signed_in).total_seconds() > int(longest[:9])
    if "login" not in prompts and not too_old:
        return None
    if "none" in prompts:
        raise LoginRequiredError
    again = request.GET.copy()
    again["prompt"] = " ".join(prompt for prompt in prompts if prompt != "login")
    there = urlencode({"next": f"{request.path}?{again.urlencode()}"})
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{there}")


def _prompts(grant: Code) -> list[str]:
    return str(grant.request.payload.data.get("prompt", "")).split()


def _asked(request: HttpRequest, grant: Code) -> Asked | None:
    """None for staff of the agency, who have no rights that an app could use."""
    actor, scopes = actor_of(request), grant.asked.split()
    if actor is None or actor.role in STAFF:
        return None
    return Asked(
        grant=grant,
        client=grant.request.client,
        actor=actor,
        scopes=scopes,
        patients=patients_for_app(actor=actor, at=now()) if _needs_patient(scopes) else [],
    )


def _needs_patient(scopes: list[str]) -> bool:
    _, resources = split(" ".join(scopes))
    return LAUNCH in scopes or any(one.context is Context.PATIENT for one in resources.granted)


def _page(request: HttpRequest, asked: Asked, form: Authorization) -> HttpResponse:
    organization, maker = maker_of(asked.client)
    response = render(
        request,
        "access/authorize.html",
        {
            "client": asked.client,
            "organization": organization,
            "maker": maker,
            "form": form,
            "is_patient": asked.actor.role is Role.PATIENT,
            "patient": asked.patients[0] if len(asked.patients) == 1 else None,
            "own": asked.actor.person,
            "identifies": "fhirUser" in asked.scopes or "openid" in asked.scopes,
            "stays": OFFLINE in asked.scopes,
            "until_signed_out": ONLINE in asked.scopes,
            "minutes": int(LIFETIME.total_seconds() // 60),
            "idle": IDLE.days,
            "longest": LONGEST.days,
        },
    )
    # Chromium holds a form's redirects against form-action as well, and the answer goes to the app.
    response._csp_update = {"form-action": source(asked.redirect_uri)}  # type: ignore[attr-defined]
    return response


def _answer(request: HttpRequest, asked: Asked, form: Authorization) -> HttpResponse:
    chosen, at = form.cleaned_data["scopes"], now()
    scopes = [one for one in asked.scopes if one in chosen or not is_choosable(one)]
    person = form.cleaned_data.get("patient") or (asked.patients[0][0] if asked.patients else None)
    online = ONLINE in scopes and OFFLINE not in scopes
    asked.grant.permit = Permit(
        authorization=authorize_app(
            actor=asked.actor,
            granted=Granted(
                client=asked.client.pk,
                scope=" ".join(scopes),
                person=person,
                session=(request.session.session_key or "") if online else "",
                until=at + LIFETIME,
            ),
            at=at,
        ),
        authenticated_at=_signed_in_at(request),
        assurance=_assurance(request),
    )
    response: HttpResponse = server.create_authorization_response(
        asked.grant.request, grant_user=request.user, grant=asked.grant
    )
    return response


def _signed_in_at(request: HttpRequest) -> datetime:
    """When the user last proved who they are."""
    records = get_authentication_records(request, request.user)
    return datetime.fromtimestamp(max((one["at"] for one in records), default=0), UTC)


def _assurance(request: HttpRequest) -> Assurance:
    records = get_authentication_records(request, request.user)
    by_second_factor = any(one["method"] == "mfa" for one in records)
    return Assurance.SUBSTANTIAL if by_second_factor else Assurance.LOW


def _to_app(error: OAuth2Error, grant: Code) -> OAuth2Error:
    error.redirect_uri, error.state = grant.redirect_uri, grant.request.payload.state
    return error


def _refused(request: HttpRequest, error: OAuth2Error) -> HttpResponse:
    """To the app, when it is sure that it is the app; else a page, so that nobody is sent to where an attacker likes
    (RFC 6749, section 4.1.2.1; RFC 9700, section 4.11)."""
    if error.redirect_uri:
        _status, _body, ((_name, location),) = error()
        return HttpResponseRedirect(with_issuer(location, request))
    context = {"error": error.error, "description": error.description}
    return render(request, "access/no_app.html", context, status=HTTPStatus.BAD_REQUEST)


def _impossible(request: HttpRequest, grant: Code, why: str | Promise) -> HttpResponse:
    """Said to the user, who goes back by a link: a redirect right after the sign-in form would be held against its
    form-action."""
    error = _to_app(AccessDeniedError(), grant)
    if "none" in _prompts(grant):
        return _refused(request, error)
    _status, _body, ((_name, location),) = error()
    context = {"why": why, "back": with_issuer(location, request)}
    return render(request, "access/no_app.html", context, status=HTTPStatus.FORBIDDEN)
