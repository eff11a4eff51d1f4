"""The endpoints that software asks: no session, no cookie, no redirect."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from salus.access.oauth.server import server
from salus.kernel.page import public


@public
@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = server.create_token_response(request)
    return response
