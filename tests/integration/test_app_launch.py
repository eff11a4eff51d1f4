"""Somebody lets an app in: the authorization code flow, as an app and as an attacker sees it (RFC 9700, SMART App Launch)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from django.core.cache import cache
from django.test import Client as Browser

from salus.access.models import AppAuthorization
from salus.access.oauth.actions import register_client
from salus.accounts.models import Account, AuthorizationCode, RefreshToken
from salus.accounts.models.client import hash_of
from salus.accounts.oauth.registration import NewClient
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.rows import bindings_of
from salus.simulation.demo_people import EMAILS, PASSWORD

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


def registered(**said: Any) -> App:
    client = NewClient(name="Carnet", scope=SCOPE, redirect_uris=(CALLBACK,), **said)
    done = register_client(actor=SYSTEM, at=now(), client=client, organization=None, approved=True)
    return App(client_id=done.client_id, secret=done.secret)


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """A public client: it runs in a browser."""
    return registered(is_public=True)


@pytest.fixture(scope="module")
def patient(world: World) -> Browser:
    return visitor("patient")


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
    return bool(Browser(SERVER_NAME="localhost", headers=header).get("/oauth/userinfo").status_code == 200)


def error(response: Any) -> str:
    return str(response.json()["error"])


def test_a_patient_lets_an_app_in(world: World, app: App, patient: Browser) -> None:
    heard = permitted(patient, app.asks())
    assert (heard["state"], heard["iss"]) == ("af0ifjsldkj", HERE)
    tokens = app.redeems(heard["code"]).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
    assert tokens["patient"] == str(world.patient)
    (key,) = (jwt.PyJWK(one).key for one in public_keys()["keys"])
    claims = jwt.decode(tokens["id_token"], key, ["ES256"], audience=app.client_id, issuer=HERE)
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["fhirUser"] == f"{BASE}/Patient/{world.patient}"
    access = jwt.decode(tokens["access_token"], key, ["ES256"], audience=BASE, issuer=HERE)
    assert access["sub"] == claims["sub"] == str(_account("patient").subject)
    assert (access["patient"], access["client_id"]) == (str(world.patient), app.client_id)
    assert holds(tokens)


def test_the_page_names_the_app_and_works_for_its_address_alone(app: App, patient: Browser) -> None:
    page = patient.get(app.asks())
    assert "Carnet" in page.content.decode()
    policy = page["Content-Security-Policy"]
    assert "form-action 'self' https://app.example;" in policy + ";"
    assert "frame-ancestors 'none'" in policy
    assert page["X-Frame-Options"] == "DENY"
    assert "no-store" in page["Cache-Control"]
    assert "https://app.example" not in patient.get("/apps/")["Content-Security-Policy"]


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": CALLBACK + "/more"},
        {"redirect_uri": CALLBACK + "?more=1"},
        {"redirect_uri": CALLBACK + "#more"},
        {"redirect_uri": "https://app.example@evil.example/callback"},
        {"redirect_uri": "https://APP.example/callback"},
        {"redirect_uri": "http://app.example/callback"},
        {"redirect_uri": "http://localhost:1234/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://\u00e9vil.example/\"\r\nLocation: x"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"response_type": "code", "client_id": "\u00e9"},
        {"redirect_uri": "https://evil.example/", "response_type": "token"},
    ],
    ids=repr,
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    app: App, patient: Browser, changed: dict[str, str | None]
) -> None:
    for browser in (patient, visitor()):
        refused = browser.get(app.asks(**changed))
        assert refused.status_code == 400
        assert "This app cannot be opened" in refused.content.decode()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "https://elsewhere.example/fhir"}, "invalid_request"),
        ({"resource": "https://elsewhere.example/fhir"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"scope": "patient/Observation.rs"}, "invalid_scope"),
        ({"scope": "patient/Patient.r\u00e9"}, "invalid_scope"),
        ({"scope": "system/Patient.rs"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
    ids=repr,
)
def test_an_error_goes_to_the_app_with_the_name_of_the_server(
    app: App, changed: dict[str, str | None], expected: str
) -> None:
    sent = visitor().get(app.asks(**changed))
    assert sent["Location"].startswith(CALLBACK + "?")
    heard = answer(sent["Location"])
    assert (heard["error"], heard["iss"]) == (expected, HERE)
    assert heard.get("state") == (None if "state" in changed else "af0ifjsldkj")


def test_a_parameter_that_is_there_twice_is_refused(app: App, patient: Browser) -> None:
    for name in ("code_challenge", "aud", "scope"):
        sent = patient.get(app.asks() + f"&{name}=other")
        assert "error=invalid_request" in sent.get("Location", "") or sent.status_code == 400


def test_who_says_no_or_cannot_be_asked(app: App, patient: Browser) -> None:
    denied = patient.post(app.asks(), {"deny": "1"})
    assert answer(denied["Location"])["error"] == "access_denied"
    silent = patient.get(app.asks(prompt="none"))
    assert answer(silent["Location"])["error"] == "consent_required"
    agency = visitor("agency").get(app.asks())
    assert agency.status_code == 403
    assert "access_denied" in agency.content.decode()


def test_sign_in_comes_first_and_again_where_the_app_wants_it(app: App, patient: Browser) -> None:
    assert visitor().get(app.asks())["Location"].startswith("/sign-in/?next=/oauth/authorize")
    for asked in ({"prompt": "login"}, {"max_age": "0"}):
        assert patient.get(app.asks(**asked))["Location"].startswith("/account/again/")
    assert patient.get(app.asks(max_age="3600")).status_code == 200


def test_a_code_is_good_once_and_its_replay_ends_everything(app: App, patient: Browser) -> None:
    code = permitted(patient, app.asks())["code"]
    tokens = app.redeems(code).json()
    assert holds(tokens)
    assert error(app.redeems(code)) == "invalid_grant"
    assert not holds(tokens)
    assert error(app.refreshes(tokens["refresh_token"])) == "invalid_grant"


def test_a_code_is_good_for_a_minute(app: App, patient: Browser) -> None:
    code = permitted(patient, app.asks())["code"]
    stored = AuthorizationCode.objects.get(code_hash=hash_of(code))
    assert stored.expires_at - stored.issued_at == timedelta(seconds=60)
    AuthorizationCode.objects.filter(pk=stored.pk).update(expires_at=now())
    assert error(app.redeems(code)) == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": "https://app.example/other"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"code": "nonsense"}, "invalid_grant"),
    ],
    ids=repr,
)
def test_a_stolen_code_is_worth_nothing(
    app: App, patient: Browser, changed: dict[str, str | None], expected: str
) -> None:
    code = permitted(patient, app.asks())["code"]
    assert error(app.redeems(**{"code": code, **changed})) == expected
    assert app.redeems(code).status_code == 200  # and the attempt did not spoil it


def test_a_code_belongs_to_its_client(app: App, patient: Browser) -> None:
    confidential = registered()
    code = permitted(patient, app.asks())["code"]
    thief = replace(confidential, verifier=app.verifier)
    assert error(thief.redeems(code)) == "invalid_grant"
    tokens = launched(confidential, patient)
    assert holds(tokens)
    assert error(replace(confidential, secret=None).refreshes(tokens["refresh_token"])) == "invalid_client"
    assert error(app.refreshes(tokens["refresh_token"])) == "invalid_grant"


def test_a_refresh_token_is_good_once(app: App, patient: Browser) -> None:
    first = launched(app, patient)
    second = app.refreshes(first["refresh_token"]).json()
    assert second["patient"] == first["patient"]
    assert holds(second)
    _passes(RefreshToken.objects.get(token_hash=hash_of(first["refresh_token"])))
    assert error(app.refreshes(first["refresh_token"])) == "invalid_grant"
    assert not holds(second)  # nobody knows who of the two is the thief
    assert error(app.refreshes(second["refresh_token"])) == "invalid_grant"


def test_a_lost_answer_to_a_refresh_can_be_asked_for_once_more(app: App, patient: Browser) -> None:
    first = launched(app, patient)
    lost = app.refreshes(first["refresh_token"]).json()
    again = app.refreshes(first["refresh_token"]).json()
    assert holds(again)
    third = app.refreshes(again["refresh_token"]).json()
    assert holds(third)
    assert error(app.refreshes(lost["refresh_token"])) == "invalid_grant"  # it was not lost: somebody has it
    assert not holds(third)


def test_a_refresh_gives_less_when_less_is_asked_never_more(app: App, patient: Browser) -> None:
    tokens = launched(app, patient, scope="openid launch/patient offline_access patient/Patient.rs")
    refused = app.refreshes(tokens["refresh_token"], scope="patient/Immunization.rs")
    assert error(refused) == "invalid_scope"
    less = app.refreshes(tokens["refresh_token"], scope="patient/Patient.rs").json()
    assert less["scope"] == "patient/Patient.rs"


def test_what_is_not_ticked_is_not_granted(app: App, patient: Browser) -> None:
    code = permitted(patient, app.asks(), scopes=["patient/Immunization.rs", "system/Patient.rs"])
    assert "code" not in code
