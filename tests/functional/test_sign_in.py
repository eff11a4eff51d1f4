"""Signing in and out, as each of the demo people."""

from collections.abc import Iterator
from dataclasses import asdict

import psycopg
import pytest
from playwright.sync_api import Browser, CDPSession

from salus.kernel.postgres import login
from salus.simulation.demo_people import EMAILS, PASSWORD
from tests.conftest import Site
from tests.functional.visitor import Visitor, visit

# So small a nation has accounts for three professionals, of the five among the demo people.
HERE = [part for part in EMAILS if part not in ("suspended", "laboratory")]


@pytest.mark.parametrize("part", HERE)
def test_each_demo_person_signs_in_and_out(site: Site, browser: Browser, part: str) -> None:
    with visit(browser, site.url) as visitor:
        visitor.signs_in(part)
        desks = {
            "agency": "The agency's desk",
            "steward": "The stewards' desk",
            "registrar": "The directory's desk",
        }
        kind = "steward" if "steward" in part else part
        assert visitor.heading.startswith(desks.get(kind, "Hello, "))
        visitor.page.locator(".account-menu > summary").click()
        visitor.page.get_by_role("button", name="Sign out").click()
        visitor.page.wait_for_url(site.url + "/")
        assert visitor.page.get_by_role("link", name="Sign in").count() > 0
        visitor.goes_to(
            "/documents/" if part not in ("physician", "pharmacist", "rescuer") else "/patients/"
        )
        assert "/sign-in/" in visitor.page.url


def test_in_demo_mode_a_demo_person_is_one_click_away(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as visitor:
        visitor.goes_to("/sign-in/")
        assert visitor.page.locator("section .row").count() == len(HERE)
        visitor.page.get_by_role("button", name="Sign in as Marie Weber").click()
        visitor.page.wait_for_url(site.url + "/")
        assert visitor.heading == "Hello, Marie Weber"


def test_a_wrong_password_stays_at_the_door(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as visitor:
        visitor.goes_to("/sign-in/?next=/documents/")
        visitor.page.locator("#id_login").fill(EMAILS["patient"])
        visitor.page.locator("#id_password").fill("wrong")
        visitor.page.locator("#id_password").press("Enter")
        assert visitor.page.get_by_role("alert").is_visible()
        visitor.page.locator("#id_password").fill(PASSWORD)
        visitor.page.locator("#id_password").press("Enter")
        visitor.page.wait_for_url(site.url + "/documents/")


@pytest.fixture
def _without_passkeys(site: Site) -> Iterator[None]:
    """Whoever signs in after the test has a password alone, as before."""
    yield
    with psycopg.connect(**asdict(login(site.data, "superuser"))) as connection:
        connection.execute("delete from mfa_authenticator")


@pytest.mark.usefixtures("_without_passkeys")
def test_a_passkey_is_added_and_opens_the_door_without_a_password(
    site: Site, browser: Browser
) -> None:
    with visit(browser, site.url) as visitor:
        _has_a_device(visitor)
        visitor.signs_in("pharmacist")
        visitor.goes_to("/account/security/passkeys/add/")
        visitor.page.locator("#id_password").fill(PASSWORD)
        visitor.page.locator("#id_password").press("Enter")
        visitor.page.get_by_label("Passwordless").check()
        visitor.page.locator("#mfa_webauthn_add").click()
        visitor.page.wait_for_url("**/account/security/**codes/**")
        visitor.page.context.clear_cookies()
        visitor.goes_to("/sign-in/")
        visitor.page.locator("#passkey_login").click()
        visitor.page.wait_for_url(site.url + "/")
        assert visitor.heading == "Hello, Tom Schneider"


def _has_a_device(visitor: Visitor) -> CDPSession:
    """A device that holds keys and confirms its owner, as Chromium simulates one."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session
