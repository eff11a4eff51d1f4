"""An app as its maker writes it, and what its user does at the page where it is let in."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client as Browser

from salus.access.oauth.actions import register_client
from salus.accounts.oauth.registration import NewClient
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now

HERE = "http://localhost"
BASE = f"{HERE}/fhir"
CALLBACK = "https://app.example/callback"
SCOPE = (
    "openid fhirUser launch/patient offline_access online_access patient/Patient.rs"
    " patient/DocumentReference.rs patient/Immunization.rs user/Patient.rs"
)
SYSTEM = Actor(role=Role.SYSTEM, system="test")


@dataclass(frozen=True, kw_only=True)
class App:
    """An app as its maker wrote it; each ``asks`` is a launch of its own."""

    client_id: str
    secret: str | None = None
    callback: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def asks(self, **changed: str | None) -> str:
        """The address of an authorization request; None leaves a parameter out."""
        sent: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "scope": SCOPE,
            "state": "af0ifjsldkj",
            "aud": BASE,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "nonce": "n-0S6_WzA2Mj",
            **changed,
        }
        return "/oauth/authorize?" + urlencode({k: v for k, v in sent.items() if v is not None})

    def redeems(self, code: str, **changed: str | None) -> Any:
        return self.posts(
            grant_type="authorization_code",
            code=code,
            **{"redirect_uri": self.callback, "code_verifier": self.verifier, **changed},
        )

    def refreshes(self, token: str, **changed: str | None) -> Any:
        return self.posts(grant_type="refresh_token", refresh_token=token, **changed)

    def posts(self, **fields: str | None) -> Any:
        sent = {"client_id": self.client_id, "client_secret": self.secret, **fields}
        form = {name: value for name, value in sent.items() if value is not None}
        return Browser(SERVER_NAME="localhost").post("/oauth/token", form)


def registered(callback: str = CALLBACK, scope: str = SCOPE, **said: Any) -> App:
    client = NewClient(name="Carnet", scope=scope, redirect_uris=(callback,), **said)
    done = register_client(actor=SYSTEM, at=now(), client=client, organization=None, approved=True)
    return App(client_id=done.client_id, secret=done.secret, callback=callback)


def answer(location: str) -> dict[str, str]:
    """The parameters that the app is sent."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def permitted(browser: Browser, address: str, **form: Any) -> dict[str, str]:
    """What the app hears after the user has let it in, everything ticked unless ``form`` says otherwise."""
    page = browser.get(address)
    assert page.status_code == 200, page.content
    ticked = re.findall(r'name="scopes" value="([^"]+)"', page.content.decode())
    sent = browser.post(address, {"scopes": ticked, "allow": "1", **form})
    assert sent.status_code == 302, sent.content
    return answer(sent["Location"])


def launched(app: App, browser: Browser, **asked: str | None) -> dict[str, Any]:
    """A launch up to the tokens."""
    return dict(app.redeems(permitted(browser, app.asks(**asked))["code"]).json())


def holds(tokens: dict[str, Any]) -> bool:
    """Whether the access token is still taken."""
    header = {"authorization": f"Bearer {tokens['access_token']}"}
    return bool(
        Browser(SERVER_NAME="localhost", headers=header).get("/oauth/userinfo").status_code == 200
    )


def error(response: Any) -> str:
    return str(response.json()["error"])
