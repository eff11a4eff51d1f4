"""Somebody lets an app in: the authorization code flow as an app and as an attacker sees it (RFC 9700)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.core.cache import cache
from django.test import Client as Browser

from salus.access.oauth.refresh_token import GRACE
from salus.accounts.models import Account, AuthorizationCode, RefreshToken
from salus.accounts.models.client import hash_of
from salus.accounts.oauth.keys import public_keys
from salus.kernel.clock import now
from tests.apps import (
    BASE,
    CALLBACK,
    HERE,
    App,
    answer,
    error,
    holds,
    launched,
    permitted,
    registered,
)
from tests.integration.test_page_rights import World, account_of_agency, visitor, world

__all__ = ["world"]


@pytest.fixture(autouse=True)
def _no_rate_limit_of_another_test() -> None:
    cache.clear()


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """A public client: it runs in a browser."""
    return registered(is_public=True)


@pytest.fixture(scope="module")
def patient(world: World) -> Browser:
    return visitor("patient")


def _grace_is_over(tokens: dict[str, Any]) -> None:
    used = RefreshToken.objects.filter(token_hash=hash_of(tokens["refresh_token"]))
    assert used.update(used_at=now() - GRACE) == 1


def test_a_patient_lets_an_app_in(world: World, app: App, patient: Browser) -> None:
    heard = permitted(patient, app.asks())
    assert (heard["state"], heard["iss"]) == ("af0ifjsldkj", HERE)
    tokens = app.redeems(heard["code"]).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
    assert tokens["patient"] == str(world.patient)
    key = jwt.PyJWKSet.from_dict(public_keys(now())).keys[0].key
    claims = jwt.decode(tokens["id_token"], key, ["ES256"], audience=app.client_id, issuer=HERE)
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["fhirUser"] == f"{BASE}/Patient/{world.patient}"
    access = jwt.decode(tokens["access_token"], key, ["ES256"], audience=BASE, issuer=HERE)
    assert (
        access["sub"]
        == claims["sub"]
        == str(Account.objects.get(email="patient@example.org").subject)
    )
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
        {"redirect_uri": 'https://\u00e9vil.example/"\r\nLocation: x'},
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
    account_of_agency()
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
    tried = {"code": code} | {k: v for k, v in changed.items() if k == "code" and v}
    others = {name: value for name, value in changed.items() if name != "code"}
    assert error(app.redeems(tried["code"], **others)) == expected
    assert app.redeems(code).status_code == 200  # and the attempt did not spoil it


def test_a_code_belongs_to_its_client(app: App, patient: Browser) -> None:
    confidential = registered()
    code = permitted(patient, app.asks())["code"]
    thief = replace(confidential, verifier=app.verifier)
    assert error(thief.redeems(code)) == "invalid_grant"
    tokens = launched(confidential, patient)
    assert holds(tokens)
    assert (
        error(replace(confidential, secret=None).refreshes(tokens["refresh_token"]))
        == "invalid_client"
    )
    assert error(app.refreshes(tokens["refresh_token"])) == "invalid_grant"


def test_a_refresh_token_is_good_once(app: App, patient: Browser) -> None:
    first = launched(app, patient)
    second = app.refreshes(first["refresh_token"]).json()
    assert second["patient"] == first["patient"]
    assert holds(second)
    _grace_is_over(first)
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
    assert (
        error(app.refreshes(lost["refresh_token"])) == "invalid_grant"
    )  # it was not lost: somebody has it
    assert not holds(third)


def test_a_refresh_gives_less_when_less_is_asked_never_more(app: App, patient: Browser) -> None:
    tokens = launched(app, patient, scope="openid launch/patient offline_access patient/Patient.rs")
    refused = app.refreshes(tokens["refresh_token"], scope="patient/Immunization.rs")
    assert error(refused) == "invalid_scope"
    less = app.refreshes(tokens["refresh_token"], scope="patient/Patient.rs").json()
    assert less["scope"] == "patient/Patient.rs"


def test_what_is_not_ticked_is_not_granted(world: World, app: App, patient: Browser) -> None:
    heard = permitted(patient, app.asks(), scopes=["patient/Immunization.rs"])
    tokens = app.redeems(heard["code"]).json()
    kept = "openid fhirUser launch/patient online_access patient/Immunization.rs"
    assert tokens["scope"] == kept
    more = patient.post(app.asks(), {"allow": "1", "scopes": ["patient/*.cruds"]})
    assert more.status_code == 200  # the page again, no code
