"""Every page in Chromium, as each role: it opens, fits the screen, and calls nobody else."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.conftest import Site
from tests.functional.visitor import Visitor, visit

PUBLIC = [
    "/",
    "/sign-in/",
    "/directory/",
    "/directory/?text=m%C3%A9decin+luxembourg",
    "/directory/?text=qwxzk",
    "/directory/professionals/1/",
    "/directory/organizations/1/",
    "/directory/places/1/",
    "/report/",
    "/status",
    "/verify/",
    "/design",
    "/about/",
    "/account/help/",
    "/software/",
]
OF_PATIENT = [
    "/",
    "/documents/",
    "/vaccinations/",
    "/who-looked/",
    "/circle/",
    "/assistants/",
    "/settings/",
    "/apps/",
    "/account/security/",
    "/account/password/",
    "/eligibility/mine/",
]
OF_PROFESSIONAL = [
    "/",
    "/patients/",
    "/directory/?text=a",
    "/report/",
    "/apps/",
    "/account/security/",
    "/directory/me/",
]
OF_PHARMACIST = [
    "/",
    "/eligibility/counter/",  # leads to the only one
    "/eligibility/callers/",
]
OF_AGENCY = ["/", "/desk/", "/account/security/", "/eligibility/desk/"]
OF_STEWARD = [
    "/",
    "/stewards/",
    "/stewards/search/",
    "/stewards/history/",
    "/stewards/quality/",
    "/account/security/",
]
OF_REGISTRAR = [
    "/",
    "/directory/desk/",
    "/directory/desk/?waiting=decided",
    "/directory/desk/upload/",
    "/directory/desk/endpoints/",
    "/directory/desk/duplicates/",
    "/directory/desk/entries/?q=hoffmann",
]
VIEWS = [
    pytest.param(1280, "light", "en", id="desk", marks=pytest.mark.prove),
    pytest.param(1280, "dark", "fr", id="desk-dark", marks=pytest.mark.prove),
    pytest.param(390, "light", "fr", id="phone", marks=pytest.mark.prove),
    pytest.param(320, "dark", "en", id="small-phone-dark"),
]


@pytest.mark.parametrize(("width", "theme", "language"), VIEWS)
@pytest.mark.parametrize(
    ("part", "paths"),
    [
        (None, PUBLIC),
        ("patient", OF_PATIENT),
        ("physician", OF_PROFESSIONAL),
        ("pharmacist", OF_PHARMACIST),
        ("agency", OF_AGENCY),
        ("steward", OF_STEWARD),
        ("registrar", OF_REGISTRAR),
    ],
)
def test_pages_open(
    site: Site,
    browser: Browser,
    part: str | None,
    paths: list[str],
    width: int,
    theme: str,
    language: str,
) -> None:
    with visit(browser, site.url, width=width, theme=theme, language=language) as visitor:
        if part:
            visitor.signs_in(part)
        too_wide = []
        for path in paths:
            visitor.goes_to(path)
            assert visitor.heading
            assert visitor.page.locator("html").get_attribute("lang") == language
            if visitor.is_wider_than_the_screen:
                too_wide.append(path)
        assert too_wide == []


def test_a_document_opens_and_the_patient_sees_who_opened_it(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as doctor:
        doctor.signs_in("physician")
        doctor.page.get_by_role("link", name="Marie Weber").click()
        assert doctor.heading == "Marie Weber"
        doctor.page.locator("section[aria-labelledby=documents] .row a").first.click()
        assert "/documents/" in doctor.page.url
        doctor.page.reload()
    with visit(browser, site.url) as patient:
        patient.signs_in("patient")
        newest = patient.page.locator("section[aria-labelledby=looked] .row")
        texts = newest.all_inner_texts()
        assert any("Claire Hoffmann" in text and "opened a document" in text for text in texts)


def test_a_professional_finds_a_patient_without_a_name_in_the_address(
    site: Site, browser: Browser
) -> None:
    with visit(browser, site.url) as doctor:
        doctor.signs_in("physician")
        doctor.page.get_by_label("Family name").fill("weber")
        doctor.page.get_by_label("Given name").fill("marie")
        doctor.page.get_by_role("button", name="Search").click()
        doctor.page.get_by_role("link", name="Weber, Marie").first.click()
        assert doctor.heading == "Marie Weber"
        assert "weber" not in doctor.page.url.lower()


def test_a_patient_closes_and_reopens_the_record(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as patient:
        patient.signs_in("commuter")
        patient.goes_to("/settings/")
        patient.page.get_by_text("What happens when I close it?").click()
        patient.page.get_by_role("button", name="Close my record").click()
        patient.goes_to("/documents/")
        assert patient.page.get_by_text("You have closed your record").is_visible()
        patient.goes_to("/settings/")
        patient.page.get_by_role("button", name="Reopen my record").click()
        patient.goes_to("/documents/")
        assert patient.page.locator(".row").count() > 0


def test_a_patient_declares_a_professional_found_in_the_directory(
    site: Site, browser: Browser
) -> None:
    with visit(browser, site.url) as patient:
        patient.signs_in("commuter")
        patient.goes_to("/circle/")
        patient.page.get_by_label("Name of the professional").fill("schneider")
        patient.page.get_by_role("button", name="Search the directory").click()
        patient.page.get_by_role("button", name="Add Tom Schneider").click()
        assert "Tom Schneider is now in your circle." in patient.page.inner_text("main")
        patient.page.get_by_role("button", name="Remove Tom Schneider").click()
        assert patient.page.get_by_role("button", name="Remove Tom Schneider").count() == 0


def test_an_assistant_helps(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as partner:
        partner.signs_in("partner")
        partner.page.get_by_role("link", name="Marie Weber").click()
        assert partner.heading == "Marie Weber"


def test_the_pages_work_without_javascript(site: Site, browser: Browser) -> None:
    with visit(browser, site.url, javascript=False) as patient:
        patient.signs_in("patient")
        patient.goes_to("/documents/")
        patient.page.locator(".row a").first.click()
        assert patient.heading
        patient.page.get_by_role("button", name="Dark").click()
        assert patient.page.locator("html").get_attribute("data-theme") == "dark"
        assert patient.heading


def test_the_keyboard_finds_the_content_first(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as visitor:
        visitor.goes_to("/directory/")
        visitor.page.keyboard.press("Tab")
        visitor.page.keyboard.press("Enter")
        assert visitor.page.evaluate("document.activeElement.id") == "main"


def test_what_a_finger_meets_is_large_enough(site: Site, browser: Browser) -> None:
    with visit(browser, site.url, width=390) as patient:
        patient.signs_in("patient")
        too_small = []
        for path in OF_PATIENT:
            patient.goes_to(path)
            for target in patient.page.locator(
                "button:visible, .button:visible, nav a:visible"
            ).all():
                box = target.bounding_box()
                if box and min(box["width"], box["height"]) < 38:
                    too_small.append((path, target.inner_text(), box))
        assert too_small == []


def test_the_language_stays_where_one_is(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as visitor:
        visitor.goes_to("/directory/?kind=pharmacy")
        visitor.page.get_by_role("button", name="FR").click()
        assert visitor.page.url.endswith("/directory/?kind=pharmacy")
        assert visitor.page.locator("html").get_attribute("lang") == "fr"


def query(visitor: Visitor) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visitor.page.url).query)


def test_the_directory_is_searched_by_the_keyboard(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as visitor:
        visitor.goes_to("/directory/")
        page = visitor.page
        page.get_by_label("Whom or what are you looking for?").focus()
        page.keyboard.type("doctor who speaks French")
        page.keyboard.press("Enter")
        page.locator(".hit").first.wait_for()
        assert query(visitor) == {"text": ["doctor who speaks French"]}
        page.get_by_role("link", name="Take away: French").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "French" not in url)
        name = page.locator(".hit h3").first.inner_text()
        marker = page.locator(f'.map__marker[aria-label*="1 {name}"]')
        marker.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("#(map|entry-1)$"))  # closer, or to the list
        assert page.locator(f'.map__marker[aria-label*="1 {name}"]').count() == 1


def test_a_position_is_asked_on_request_and_kept_coarse(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as visitor:
        visitor.page.context.grant_permissions(["geolocation"])
        visitor.page.context.set_geolocation({"latitude": 49.61138, "longitude": 6.13193})
        visitor.goes_to("/directory/?text=doctor")
        assert "km" not in visitor.page.locator(".hit").first.inner_text()
        visitor.page.get_by_role("button", name="Near me").click()
        visitor.page.wait_for_url(lambda url: "near" in url)
        assert query(visitor) == {"text": ["doctor"], "near": ["49.61,6.13"]}
        assert " km" in visitor.page.locator(".hit").first.inner_text()


def test_the_directory_needs_no_script(site: Site, browser: Browser) -> None:
    with visit(browser, site.url, javascript=False) as visitor:
        visitor.goes_to("/directory/")
        assert not visitor.page.get_by_role("button", name="Near me").is_visible()
        visitor.page.get_by_label("Whom or what are you looking for?").fill("doctor")
        visitor.page.get_by_role("button", name="Search").click()
        visitor.page.get_by_role("link", name="Closer").click()
        assert "map" in query(visitor)
        visitor.page.locator(".hit h3 a").first.click()
        assert visitor.page.locator("h1").inner_text().startswith("Dr")
