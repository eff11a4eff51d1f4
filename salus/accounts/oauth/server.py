"""Authlib's authorisation server on Django: how clients fail, one event for each token; grants come from `access`."""

import json
from collections import Counter
from typing import Any

from authlib.integrations.django_oauth2.requests import DjangoOAuth2Request
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from django.http import HttpRequest, HttpResponse

from salus.accounts.models import Client
from salus.accounts.oauth.throttle import TooManyFailures, count_failure, refuse_when_too_many
from salus.audit.actions import record
from salus.audit.models import EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.scopes import Scopes


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """Framework-neutral Authlib with our tables. It knows no token model: access tokens are signed, not kept."""

    def query_client(self, client_id: str) -> Client | None:
        if "\0" in client_id:
            return None
        return Client.objects.filter(
            client_id=client_id, approved_at__isnull=False, ended_at=None
        ).first()

    def authenticate_client(
        self, request: DjangoOAuth2Request, methods: list[str], endpoint: str = "token"
    ) -> Client:
        """Raises InvalidClientError; after too many of them TooManyFailures, which asks no database."""
        _check_form(request)
        _check_one_way(request)
        try:
            refuse_when_too_many(request)
            client: Client = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError as error:
            count_failure(request)
            why = error.description if request.form.get("client_assertion") else _UNKNOWN
            raise InvalidClientError(description=why, status_code=401) from error
        return client

    def create_token_response(self, request: HttpRequest) -> HttpResponse:
        """One event for each token, issued or refused, before the answer leaves."""
        asked = self.create_oauth2_request(request)
        try:
            grant = self.get_token_grant(asked)
            grant.validate_token_request()
            answer = grant.create_token_response()
        except OAuth2Error as error:
            if not isinstance(error, TooManyFailures):
                record(actor=_refused(asked), kind=EventKind.TOKEN_ISSUED, at=now(), denied=True)
            refusal: HttpResponse = self.handle_error_response(asked, error)
            return refusal
        record(actor=grant.actor(), kind=EventKind.TOKEN_ISSUED, at=now())
        return self.handle_response(*answer)

    def respond(self, name: str, request: HttpRequest) -> HttpResponse:
        """The answer of one of the other endpoints."""
        response: HttpResponse = self.create_endpoint_response(name, request)
        return response

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


_UNKNOWN = "unknown client, or not its secret or its certificate"


def _check_form(request: DjangoOAuth2Request) -> None:
    """What is secret or personal stands in the body, which no proxy logs; each parameter once (RFC 6749, 3.2)."""
    if request.args:
        raise InvalidRequestError("parameters go into the body, none into the address")
    if any(len(values) > 1 for _, values in request.form.lists()):
        raise InvalidRequestError("a parameter is there more than once")


def _check_one_way(request: DjangoOAuth2Request) -> None:
    """RFC 6749, section 2.3: no more than one method in a request."""
    ways = Counter(
        bool(way)
        for way in (
            request.headers.get("Authorization"),
            request.form.get("client_secret"),
            request.form.get("client_assertion"),
        )
    )
    if ways[True] > 1:
        raise InvalidRequestError("the client authenticates in more than one way")


def _refused(request: DjangoOAuth2Request) -> Actor:
    """The client when it has proved who it is, or has only said so; else nobody by name."""
    client = request.client
    return Actor(
        role=Role.SYSTEM,
        system="authorization server",
        client=client.pk if client else None,
        scopes=Scopes(granted=()) if client else None,
    )
