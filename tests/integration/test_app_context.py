"""For whom an app is opened, how long it goes on, and how it ends."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client as Browser

from salus.access.oauth.actions import end_client
from salus.accounts.models import Client
from salus.kernel.clock import now
from tests.apps import CALLBACK, SYSTEM, App, answer, error, holds, launched, permitted, registered
from tests.integration.test_page_rights import World, visitor, world

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


@pytest.mark.parametrize(("who", "own"), [("helper", "helper"), ("doctor", None)])
def test_who_has_several_patients_chooses_one(
    world: World, app: App, who: str, own: str | None
) -> None:
    """The helper has the own record and that of the patient, the doctor whoever declared them."""
    browser = visitor(who)
    if own:
        tokens = app.redeems(
            permitted(browser, app.asks(), patient=str(world.patient))["code"]
        ).json()
    else:
        tokens = launched(app, browser)
    assert tokens["patient"] == str(world.patient)
    stranger = browser.post(app.asks(), {"allow": "1", "scopes": [], "patient": "999999"})
    assert stranger.status_code == (200 if own else 302)
    if not own:
        heard = answer(stranger["Location"])
        assert app.redeems(heard["code"]).json()["patient"] == str(world.patient)


@pytest.mark.parametrize("who", ["helper", "doctor"])
def test_an_app_that_was_opened_for_one_patient_reaches_nobody_else(world: World, who: str) -> None:
    """Not the helper's own data, and not whom the doctor would find in the index."""
    scope = "launch/patient patient/Patient.rs patient/AuditEvent.rs user/Patient.rs"
    app, browser = registered(scope=scope, is_public=True), visitor(who)
    tokens = app.redeems(
        permitted(browser, app.asks(scope=scope), patient=str(world.patient))["code"]
    ).json()
    assert tokens["patient"] == str(world.patient)

    def seen(query: str) -> tuple[int, list[str]]:
        said = Browser(SERVER_NAME="localhost").get(
            f"/fhir/{query}", HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}"
        )
        entries = said.json().get("entry", [])
        return said.status_code, [entry["resource"]["id"] for entry in entries]

    assert seen(f"Patient/{world.patient}")[0] == 200
    assert seen(f"Patient/{world.helper}")[0] == 404
    assert seen("Patient?_id=" + f"{world.patient},{world.helper}") == (200, [str(world.patient)])
    assert seen(f"Patient?_id={world.helper}") == (200, [])
    assert seen(f"AuditEvent?patient={world.helper}")[1] == []
    assert bool(seen("AuditEvent")[1]) is (who == "helper")  # the patient's log, for those who may


def test_nobody_without_patients_opens_a_patients_app(world: World, app: App) -> None:
    page = visitor("stranger").get(app.asks())
    assert page.status_code == 403
    assert "No patient has declared you yet." in page.content.decode()
    tokens = launched(app, visitor("stranger"), scope="openid fhirUser user/Patient.rs")
    assert "patient" not in tokens
    assert holds(tokens)


def test_the_patient_ends_it_at_once_and_sees_it_among_who_looked(
    world: World, app: App, patient: Browser
) -> None:
    tokens = launched(app, patient)
    by_helper = app.redeems(
        permitted(visitor("helper"), app.asks(), patient=str(world.patient))["code"]
    ).json()
    page = patient.get("/apps/").content.decode()
    assert "See the vaccinations" in page
    assert "Let in by Paul Schmitz, who helps you." in page
    client = Client.objects.get(client_id=app.client_id).pk
    assert visitor("doctor").post("/apps/end/", {"client": "999"}).status_code == 404
    assert patient.post("/apps/end/", {"client": client}).status_code == 302
    for ended in (tokens, by_helper):
        assert not holds(ended)
        assert error(app.refreshes(ended["refresh_token"])) == "invalid_grant"
    assert f'name="client" value="{client}"' not in patient.get("/apps/").content.decode()
    log = patient.get("/who-looked/?show=all").content.decode()
    assert "gave an app access to the record" in log
    assert "ended an app&#x27;s access" in log


def test_an_app_that_revokes_its_token_is_gone_from_the_list(
    world: World, patient: Browser
) -> None:
    app = replace(registered(is_public=True))
    tokens = launched(app, patient)
    done = Browser(SERVER_NAME="localhost").post(
        "/oauth/revoke", {"client_id": app.client_id, "token": tokens["refresh_token"]}
    )
    assert done.status_code == 200
    assert not holds(tokens)
    assert error(app.refreshes(tokens["refresh_token"])) == "invalid_grant"


def test_an_app_with_online_access_ends_with_the_visit(world: World, app: App) -> None:
    visit = visitor("patient")
    tokens = launched(app, visit, scope="openid launch/patient online_access patient/Patient.rs")
    second = app.refreshes(tokens["refresh_token"]).json()
    visit.post("/sign-out/")
    assert error(app.refreshes(second["refresh_token"])) == "invalid_grant"


def test_without_offline_or_online_access_there_is_nothing_to_refresh(
    app: App, patient: Browser
) -> None:
    tokens = launched(app, patient, scope="openid launch/patient patient/Patient.rs")
    assert "refresh_token" not in tokens


def test_software_that_the_agency_ends_gets_nothing_more(world: World, patient: Browser) -> None:
    app = registered(is_public=True)
    tokens = launched(app, patient)
    end_client(actor=SYSTEM, at=now(), client_id=app.client_id)
    assert not holds(tokens)
    assert error(app.refreshes(tokens["refresh_token"])) == "invalid_client"
    assert patient.get(app.asks()).status_code == 400


def test_an_app_on_a_desktop_has_the_port_that_it_finds(world: World, patient: Browser) -> None:
    app = registered(callback="http://127.0.0.1/cb", is_public=True)
    anywhere = replace(app, callback="http://127.0.0.1:51004/cb")
    assert holds(launched(anywhere, patient))
    for other in (
        "http://127.0.0.1:51004/other",
        "http://localhost:51004/cb",
        "https://127.0.0.1/cb",
    ):
        assert patient.get(app.asks(redirect_uri=other)).status_code == 400


def test_the_visit_ends_when_an_app_asks_and_its_user_agrees(world: World, app: App) -> None:
    visit = visitor("patient")
    tokens = launched(app, visit)
    there = {
        "post_logout_redirect_uri": CALLBACK,
        "state": "s",
        "id_token_hint": tokens["id_token"],
    }
    address = "/oauth/end-session?" + urlencode(there)
    assert "Sign out of Salus?" in visit.get(address).content.decode()
    assert visit.get("/documents/").status_code == 200
    assert visit.post(address)["Location"] == CALLBACK + "?state=s"
    assert visit.get("/documents/").status_code == 302
    evil = urlencode(there | {"post_logout_redirect_uri": "https://evil.example/"})
    assert visit.post("/oauth/end-session?" + evil)["Location"] == "/"
    assert visit.get("/oauth/end-session?id_token_hint=eyJ.x.y").status_code == 400


def test_an_app_in_a_browser_may_ask_from_its_own_address(app: App) -> None:
    origin = {"origin": "https://app.example"}
    preflight = origin | {"access-control-request-method": "POST"}
    for path in (
        "/oauth/token",
        "/oauth/userinfo",
        "/fhir/metadata",
        "/.well-known/openid-configuration",
    ):
        allowed = Browser(SERVER_NAME="localhost", headers=preflight).options(path)
        assert allowed["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in allowed
    for path in ("/oauth/authorize", "/", "/documents/", "/sign-in/"):
        closed = Browser(SERVER_NAME="localhost", headers=origin).get(path)
        assert "Access-Control-Allow-Origin" not in closed
