"""What OpenID Connect asks beside the token: who the user is, and the end of a visit that an app asks for."""

from http import HTTPStatus

from authlib.common.urls import add_params_to_uri
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from salus.access.oauth.open_id import hinted_client, user_claims
from salus.access.oauth.server import server
from salus.access.tokens import actor_with_token
from salus.accounts.models import Account, Client
from salus.accounts.oauth.tokens import verified
from salus.accounts.redirects import source
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, Unauthorized
from salus.kernel.origin import fhir_base, origin
from salus.kernel.page import public


@public
@csrf_exempt  # the token in the header is what counts
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    """The claims of the user behind an access token with the scope ``openid`` (OpenID Connect Core, section 5.3)."""
    try:
        return JsonResponse(_claims(request))
    except Unauthorized:
        challenge = 'Bearer error="invalid_token"'
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": challenge})


def _claims(request: HttpRequest) -> dict[str, str]:
    actor = actor_with_token(request)
    if actor is None or actor.account is None:
        raise Unauthorized("there is no user behind the token")
    _, _, text = request.headers["Authorization"].partition(" ")
    token = verified(text.strip(), issuer=origin(request), audience=fhir_base(request), at=now())
    if "openid" not in token.scope.split():
        raise Unauthorized("the token does not tell who its user is")
    return user_claims(request, Account.objects.get(pk=actor.account), actor, token.scope)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest) -> HttpResponse:
    """Asks first: a link must not sign anybody out. Back to the app only to an address that it registered."""
    client = _client(request)
    there = _there(request, client)
    if request.method == "POST" or not request.user.is_authenticated:
        logout(request)
        return HttpResponseRedirect(there or "/")
    response = render(request, "access/end_session.html", {"client": client})
    if there:
        response._csp_update = {"form-action": source(there)}  # type: ignore[attr-defined]  # as at the sign-in
    return response


def _client(request: HttpRequest) -> Client | None:
    """Who asks, when an id_token of ours says so."""
    hint, named = request.GET.get("id_token_hint"), request.GET.get("client_id")
    if not hint:
        return None
    client_id = hinted_client(request, hint)
    if named and named != client_id:
        raise InvalidInput("the id_token_hint is another client's")
    return server.query_client(client_id)


def _there(request: HttpRequest, client: Client | None) -> str | None:
    """Registered among the redirect URIs of the client."""
    uri, state = request.GET.get("post_logout_redirect_uri", ""), request.GET.get("state")
    if client is None or uri not in client.redirect_uris:
        return None
    return str(add_params_to_uri(uri, [("state", state)])) if state else uri
