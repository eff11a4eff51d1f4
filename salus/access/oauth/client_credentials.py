"""Software in its own name (RFC 6749, section 4.4; SMART Backend Services)."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError, TokenEndpointMixin, UnauthorizedClientError

from salus.access.oauth.grant import Grant, issued
from salus.access.oauth.iua import Statement, stated
from salus.accounts.models import Client
from salus.accounts.models.client import SHARED_SECRET
from salus.accounts.rules import granted, split
from salus.kernel.actor import Actor, Assurance, Role
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput
from salus.kernel.scopes import Context

_CONTEXTS = frozenset([Context.SYSTEM])


class ClientCredentials(Grant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
    GRANT_TYPE = "client_credentials"

    scope: str
    statement: Statement

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        self.request.client = client
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("the client is not registered for client_credentials")
        try:
            self.scope = granted(
                self.request.payload.scope or client.scope,
                registered=client.scope,
                contexts=_CONTEXTS,
            )
        except InvalidInput as error:
            raise InvalidScopeError(str(error)) from error
        if not self.scope:
            raise InvalidScopeError("none of these scopes is granted to the client")
        self.statement = stated(self.request, client, at=now())

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        answer = issued(
            self.request,
            subject=self.client.client_id,
            scope=self.scope,
            at=now(),
            claims=self.statement.claims(self.request._request)
            | {"acr": assurance_of(self.client).value},
        )
        return 200, answer, self.TOKEN_RESPONSE_HEADER

    def actor(self) -> Actor:
        _, scopes = split(self.scope)
        return Actor(
            role=Role.PROFESSIONAL if self.statement.practitioner else Role.SOFTWARE,
            client=self.client.pk,
            organization=self.statement.organization,
            organization_type=self.statement.organization_type,
            practitioner=self.statement.practitioner,
            purpose=self.statement.purpose,
            scopes=scopes,
            assurance=assurance_of(self.client),
        )


def assurance_of(client: Client) -> Assurance:
    """A key that never leaves the software says more than a secret that both sides know."""
    shared = client.token_endpoint_auth_method in SHARED_SECRET
    return Assurance.LOW if shared else Assurance.SUBSTANTIAL
