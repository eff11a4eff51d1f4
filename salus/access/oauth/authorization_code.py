"""Somebody who signs in lets an app act for them: authorization code with PKCE (RFC 6749, section 4.1; RFC 9700)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.errors import RequestNotSupportedError, RequestURINotSupportedError
from django.http import HttpRequest

from salus.access.actions.apps import end_family
from salus.access.models import AppAuthorization
from salus.access.oauth.grant import Grant
from salus.access.oauth.of_users import acting, tokens_for
from salus.access.oauth.queries import authorization_in_force
from salus.accounts.models import Account, AuthorizationCode, Client
from salus.accounts.models.client import hash_of
from salus.accounts.redirects import is_registered
from salus.accounts.rules import granted
from salus.kernel.actor import Actor, Assurance
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput
from salus.kernel.origin import fhir_base, origin
from salus.kernel.scopes import Context

LIFETIME = timedelta(seconds=60)  # of a code
_CONTEXTS = frozenset([Context.PATIENT, Context.USER])
_ONCE = ("code_challenge", "code_challenge_method", "aud", "resource", "nonce", "prompt", "max_age")


@dataclass(frozen=True, kw_only=True)
class Permit:
    """What somebody permitted, and how sure it is that it was them."""

    authorization: AppAuthorization
    authenticated_at: datetime
    assurance: Assurance


class Code(Grant, AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib has no types
    permit: Permit  # set by the page, before it asks for the answer
    authorization: AppAuthorization  # behind a code that came

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Client) -> str:
        """Always to be sent, so that an app never depends on how many it has registered."""
        uri = request.payload.redirect_uri or ""
        if not is_registered(uri, client.redirect_uris):
            raise InvalidRequestError("the redirect_uri is not one that this client registered")
        return str(uri)

    def validate_requested_scope(self) -> None:
        """Runs before Authlib takes ``request.scope`` from the client, and once the redirect URI is trusted."""
        _check_once(self.request)
        if not self.request.payload.state:
            raise InvalidRequestError("state is missing (SMART App Launch 2.2)")
        for name, error in (
            ("request", RequestNotSupportedError),
            ("request_uri", RequestURINotSupportedError),
        ):
            if self.request.payload.data.get(name):
                raise error
        if self.request.payload.data.get("response_mode", "query") != "query":
            raise InvalidRequestError("the only response_mode is query")
        try:
            self.asked = granted(
                self.request.payload.scope or "",
                registered=self.request.client.scope,
                contexts=_CONTEXTS,
            )
        except InvalidInput as error:
            raise InvalidScopeError(str(error)) from error
        if not self.asked:
            raise InvalidScopeError("none of these scopes is granted to the client")
        _check_audience(self.request)

    def create_authorization_response(
        self, redirect_uri: str, grant_user: Account | None
    ) -> tuple[int, str, list[tuple[str, str]]]:
        """With ``iss`` (RFC 9207): an app that knows several servers sees which one answered."""
        status, body, ((name, location),) = super().create_authorization_response(
            redirect_uri, grant_user
        )
        return status, body, [(name, with_issuer(location, self.request._request))]

    def generate_authorization_code(self) -> str:
        return secrets.token_urlsafe(32)

    def save_authorization_code(self, code: str, request: Any) -> None:
        at, allowed = now(), self.permit.authorization
        AuthorizationCode.objects.create(
            code_hash=hash_of(code),
            client_id=allowed.client_id,
            account_id=allowed.account_id,
            redirect_uri=request.payload.redirect_uri,
            scope=allowed.scope,
            nonce=request.payload.data.get("nonce", ""),
            code_challenge=request.payload.data["code_challenge"],
            authenticated_at=self.permit.authenticated_at,
            assurance=self.permit.assurance,
            family=allowed.family,
            issued_at=at,
            expires_at=at + LIFETIME,
        )

    def query_authorization_code(self, code: str, client: Client) -> AuthorizationCode | None:
        found = (
            AuthorizationCode.objects.filter(code_hash=hash_of(code), client=client)
            .select_related("account", "client")
            .first()
        )
        if found is None:
            return None
        if found.used_at:
            _replayed(found)
        authorization = authorization_in_force(
            account=found.account_id, family=found.family, at=now()
        )
        if authorization is None or found.expires_at <= now():
            return None
        self.authorization = authorization
        return found

    def authenticate_user(self, authorization_code: AuthorizationCode) -> Account:
        """Takes the code: of two that come at once one is too late."""
        unused = AuthorizationCode.objects.filter(pk=authorization_code.pk, used_at=None)
        if not unused.update(used_at=now()):
            _replayed(authorization_code)
        return authorization_code.account

    def generate_token(self, **_: Any) -> dict[str, Any]:
        code = self.request.authorization_code
        return tokens_for(
            self.request,
            credential=code,
            authorization=self.authorization,
            scope=code.scope,
            at=now(),
        )

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """It stays until it has expired, so that a second use is noticed (housekeeping deletes it)."""

    def actor(self) -> Actor:
        code = self.request.authorization_code
        return acting(code, self.request.client, code.scope, at=now())


class S256(CodeChallenge):  # type: ignore[misc]  # as above
    """PKCE for every client, and never ``plain`` (RFC 9700, section 2.1.1)."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Code, redirect_uri: str) -> None:
        sent = grant.request.payload.data
        if not sent.get("code_challenge") or sent.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: code_challenge with the method S256")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge_method(self, code: AuthorizationCode) -> str:
        return "S256"


def with_issuer(location: str, request: HttpRequest) -> str:
    return str(add_params_to_uri(location, [("iss", origin(request))]))


def _replayed(code: AuthorizationCode) -> None:
    """A second use: somebody has the code who should not, so nothing that came of it holds (RFC 6749, 4.1.2)."""
    end_family(account=code.account_id, family=code.family, at=now())
    raise InvalidGrantError("the code was used before")


def _check_once(request: Any) -> None:
    for name in _ONCE:
        if len(request.payload.datalist.get(name, [])) > 1:
            raise InvalidRequestError(f"{name} is there more than once")


def _check_audience(request: Any) -> None:
    """A token for our FHIR interface goes to nobody who took us for another server (SMART: aud; RFC 8707: resource)."""
    sent, base = request.payload.data, fhir_base(request._request)
    named = [sent[name].rstrip("/") for name in ("aud", "resource") if sent.get(name)]
    if not named and any(
        "/" in one and one != "launch/patient" for one in request.payload.scope.split()
    ):
        raise InvalidRequestError("aud is missing: the base address of the FHIR interface")
    if any(name != base for name in named):
        raise InvalidRequestError("aud is not the base address of this FHIR interface")
