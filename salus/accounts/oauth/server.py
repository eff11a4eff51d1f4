"""Authlib's authorisation server on Django: clients, their authentication, errors; grants come from `access`."""

import json
from typing import Any

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from django.http import HttpRequest, HttpResponse

from salus.accounts.models import Client


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """Framework-neutral Authlib with our tables. It knows no token model: access tokens are signed, not kept."""

    def query_client(self, client_id: str) -> Client | None:
        return Client.objects.filter(
            client_id=client_id, approved_at__isnull=False, ended_at=None
        ).first()

    def save_token(self, token: dict[str, Any], request: DjangoOAuth2Request) -> None:
        """Nothing: a signed token needs no row."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: HttpRequest) -> DjangoOAuth2Request:
        return DjangoOAuth2Request(request)

    def handle_response(
        self, status: int, body: dict[str, Any] | str, headers: list[tuple[str, str]]
    ) -> HttpResponse:
        text = json.dumps(body) if isinstance(body, dict) else body
        return HttpResponse(text, status=status, headers=dict(headers))

    def refuse(self, request: DjangoOAuth2Request, error: OAuth2Error) -> HttpResponse:
        response: HttpResponse = self.handle_error_response(request, error)
        return response
