"""The endpoints that software asks: no session, no cookie, no redirect."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from salus.access.oauth import discovery
from salus.access.oauth.server import server
from salus.accounts.oauth.keys import public_keys
from salus.kernel.clock import now
from salus.kernel.page import public

# Public, and the same for all.
_described = cache_control(public=True, max_age=300)


@public
@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    return server.create_token_response(request)


@public
@csrf_exempt
@require_POST
def introspect(request: HttpRequest) -> HttpResponse:
    return server.respond("introspection", request)


@public
@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    return server.respond("revocation", request)


@public
@require_safe
@_described
def jwks(request: HttpRequest) -> HttpResponse:
    return JsonResponse(public_keys(now()))


@public
@require_safe
@_described
def authorization_server(request: HttpRequest) -> HttpResponse:
    return JsonResponse(discovery.metadata(request))


@public
@require_safe
@_described
def openid_configuration(request: HttpRequest) -> HttpResponse:
    return JsonResponse(discovery.openid_configuration(request))


@public
@require_safe
@_described
def smart(request: HttpRequest) -> HttpResponse:
    return JsonResponse(discovery.smart_configuration(request))
