"""Clients of the FHIR interface within this process, with tokens that the installation itself signed."""

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http.response import HttpResponseBase
from django.test import Client as Browser

from salus.access.oauth.actions import Registered, register_client
from salus.accounts.models import Account
from salus.accounts.oauth.registration import NewClient
from salus.accounts.oauth.tokens import AccessToken
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now

SYSTEM = Actor(role=Role.SYSTEM, system="test")
ORIGIN = "http://localhost"
BASE = f"{ORIGIN}/fhir"
ALL = "DocumentReference.crs Binary.r Immunization.crs"


def scopes(context: str, of: str = ALL) -> str:
    return " ".join(f"{context}/{one}" for one in of.split())


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    content: bytes

    @property
    def ids(self) -> list[str]:
        """Of the matches of a search."""
        entries = self.body.get("entry", [])
        return [e["resource"]["id"] for e in entries if e["search"]["mode"] == "match"]

    def link(self, relation: str) -> str | None:
        links = {link["relation"]: link["url"] for link in self.body["link"]}
        return links.get(relation)


@dataclass(frozen=True, kw_only=True)
class Fhir:
    """Whoever has this token."""

    token: str

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Answer:
        return self._answer(self._browser.get(_address(path), query, headers=self._with(headers)))

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self._send("POST", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self._send("PUT", path, body, headers)

    def delete(self, path: str) -> Answer:
        return self._answer(self._browser.delete(_address(path), headers=self._with({})))

    def form(self, path: str, **query: str) -> Answer:
        """A search by POST."""
        form = "application/x-www-form-urlencoded"
        content = urlencode(query)
        return self._answer(
            self._browser.post(_address(path), content, content_type=form, headers=self._with({}))
        )

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        return self._answer(
            self._browser.generic(
                method,
                _address(path),
                json.dumps(body),
                content_type="application/fhir+json",
                headers=self._with(headers),
            )
        )

    def everything(self, path: str, query: dict[str, Any]) -> list[str]:
        """The ids of all pages of a search."""
        answer = self.get(path, query)
        assert answer.status == 200, answer.body
        ids = answer.ids
        while url := answer.link("next"):
            answer = self.get(url)
            ids += answer.ids
        return ids

    @property
    def _browser(self) -> Browser:
        return Browser(SERVER_NAME="localhost")

    def _with(self, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        accept = {"Accept": "application/fhir+json"}
        return accept | {"Authorization": f"Bearer {self.token}"} | named

    def _answer(self, response: HttpResponseBase) -> Answer:
        content = getattr(response, "content", b"")
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(
            status=response.status_code,
            body=json.loads(content) if is_json and content else {},
            headers=dict(response.headers),
            content=content,
        )


def _address(path: str) -> str:
    return path.removeprefix(ORIGIN) if path.startswith(ORIGIN) else f"/fhir/{path}"


def software(
    organization: int,
    *,
    scope: str | None = None,
    purpose: PurposeOfUse = PurposeOfUse.TREATMENT,
    professional: str = "",
    domains: Collection[str] = (),
) -> Fhir:
    """Registered for this organisation, with a token that it asked for; ``professional`` as it names one."""
    scope = scope or scopes("system")
    client = _registered(organization, scope, purpose, domains)
    form = {"grant_type": "client_credentials", "scope": scope}
    if professional:
        form["national_provider_identifier"] = professional
    pair = base64.b64encode(f"{client.client_id}:{client.secret}".encode()).decode()
    response = Browser(SERVER_NAME="localhost").post(
        "/oauth/token", form, headers={"Authorization": f"Basic {pair}"}
    )
    assert response.status_code == 200, response.content
    return Fhir(token=response.json()["access_token"])


def app_of(account: Account, *, scope: str, maker: int | None = None) -> Fhir:
    """Of a person who signed in, with the token that such an app is given."""
    client = _registered(maker, scope, PurposeOfUse.TREATMENT)
    at = now()
    token = AccessToken(
        issuer=ORIGIN,
        audience=BASE,
        client_id=client.client_id,
        subject=str(account.subject),
        scope=scope,
        issued_at=at,
        expires_at=at + timedelta(minutes=5),
    )
    return Fhir(token=token.signed())


def _registered(
    organization: int | None, scope: str, purpose: PurposeOfUse, domains: Collection[str] = ()
) -> Registered:
    return register_client(
        actor=SYSTEM,
        at=now(),
        client=NewClient(
            name=f"software {uuid4()}",
            scope=scope,
            purposes=(purpose,),
            redirect_uris=("https://app.example/signed-in",),
        ),
        organization=organization,
        approved=True,
        domains=domains,
    )
