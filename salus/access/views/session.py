"""A visit ends because an app asks for it (OpenID Connect RP-Initiated Logout 1.0)."""

from authlib.common.urls import add_params_to_uri
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from salus.access.oauth.open_id import hinted_client
from salus.access.oauth.server import server
from salus.accounts.models import Client
from salus.accounts.redirects import source
from salus.kernel.errors import InvalidInput
from salus.kernel.page import public


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
