"""axe finds nothing on any page: WCAG 2.2 A and AA, and the good practices beyond them."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import Site, salus
from tests.functional.test_pages import (
    OF_AGENCY,
    OF_PATIENT,
    OF_PHARMACIST,
    OF_PROFESSIONAL,
    OF_REGISTRAR,
    PUBLIC,
)
from tests.functional.visitor import Visitor, visit

pytestmark = pytest.mark.conformance

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# preload would write a <style>, which our Content-Security-Policy refuses.
RUN = """
    tags => {
        document.querySelectorAll("details").forEach(details => { details.open = true; });
        return axe.run({runOnly: tags, resultTypes: ["violations"], preload: false});
    }
"""
OF_REPORT = [
    "/report/2024-12",
    "/report/2024-12.html",
    "/report/calendar",
    "/report/revisions",
    "/report/indicators/documents_total",
]
DESK, PHONE = 1280, 390
VIEWS = [
    pytest.param(DESK, "light", "en", id="desk", marks=pytest.mark.prove),
    pytest.param(PHONE, "dark", "fr", id="phone-dark"),
    pytest.param(DESK, "dark", "de", id="desk-dark", marks=pytest.mark.prove),
    pytest.param(PHONE, "light", "lb", id="phone", marks=pytest.mark.prove),
]


@pytest.fixture(scope="module")
def reported(site: Site) -> Site:
    """The site with the report of December 2024."""
    done = salus("report", "2024-12", data=site.data)
    assert done.returncode == 0, done.stderr
    return site


def found(page: Page) -> list[str]:
    """What axe objects to on the page as it stands, with every fold open."""
    page.wait_for_load_state()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate(RUN, TAGS)
    assert len(result["passes"]) > 10  # it did look
    return [
        f"{page.url} {violation['id']} at {len(violation['nodes'])} places, as {place['html']}: "
        f"{place['failureSummary']}"
        for violation in result["violations"]
        for place in violation["nodes"][:1]
    ]


def found_on(visitor: Visitor, paths: list[str]) -> list[str]:
    faults = []
    for path in paths:
        visitor.goes_to(path)
        faults += found(visitor.page)
    return faults


@pytest.mark.parametrize(("width", "theme", "language"), VIEWS)
class TestNothingIsFound:
    def test_in_public(
        self, reported: Site, browser: Browser, width: int, theme: str, language: str
    ) -> None:
        with visit(browser, reported.url, width=width, theme=theme, language=language) as anyone:
            faults = found_on(anyone, [*PUBLIC, *OF_REPORT])
        assert not faults, "\n".join(faults)

    def test_by_a_patient(
        self, site: Site, browser: Browser, width: int, theme: str, language: str
    ) -> None:
        with visit(browser, site.url, width=width, theme=theme, language=language) as patient:
            patient.signs_in("patient")
            faults = found_on(patient, OF_PATIENT)
            patient.goes_to("/documents/")
            patient.page.locator(".row a").first.click()
            faults += found(patient.page)
        assert not faults, "\n".join(faults)

    def test_by_a_professional(
        self, site: Site, browser: Browser, width: int, theme: str, language: str
    ) -> None:
        with visit(browser, site.url, width=width, theme=theme, language=language) as doctor:
            doctor.signs_in("physician")
            faults = found_on(doctor, OF_PROFESSIONAL)
            doctor.goes_to("/")
            doctor.page.get_by_role("link", name="Marie Weber").click()
            faults += found(doctor.page)
        assert not faults, "\n".join(faults)

    def test_at_a_counter_and_on_the_desk_that_registers_it(
        self, site: Site, browser: Browser, width: int, theme: str, language: str
    ) -> None:
        with visit(browser, site.url, width=width, theme=theme, language=language) as pharmacist:
            pharmacist.signs_in("pharmacist")
            faults = found_on(pharmacist, OF_PHARMACIST)
            pharmacist.goes_to("/eligibility/counter/")
            for typed in ("1980", "1980010199937"):  # no number, and one that nobody has
                pharmacist.page.keyboard.type(typed)
                with pharmacist.page.expect_navigation():
                    pharmacist.page.keyboard.press("Enter")
                faults += found(pharmacist.page)
        with visit(browser, site.url, width=width, theme=theme, language=language) as agency:
            agency.signs_in("agency")
            faults += found_on(agency, OF_AGENCY)
            agency.page.locator(".row a").first.click()
            faults += found(agency.page)
        assert not faults, "\n".join(faults)

    def test_by_a_registrar(
        self, site: Site, browser: Browser, width: int, theme: str, language: str
    ) -> None:
        with visit(browser, site.url, width=width, theme=theme, language=language) as registrar:
            registrar.signs_in("registrar")
            faults = found_on(registrar, OF_REGISTRAR)
            registrar.page.locator(".row a").first.click()
            faults += found(registrar.page)
            registrar.page.locator("a[href$='/suspend/']").click()
            faults += found(registrar.page)
        assert not faults, "\n".join(faults)


def test_a_fault_is_found(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as anyone:
        anyone.goes_to("/")
        anyone.page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img>')")
        assert [fault.split()[1] for fault in found(anyone.page)] == ["image-alt"]
