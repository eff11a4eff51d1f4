"""The stewards' desk in Chromium: a hospital's patients come in, two stewards decide, by the keyboard too."""

import pytest
from playwright.sync_api import Browser

from tests.conftest import Site, salus
from tests.functional.test_axe import DESK, PHONE, found
from tests.functional.visitor import Visitor, visit

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def fed(own_site: Site) -> Site:
    """With entries that were joined by themselves, and pairs that wait."""
    for _again in range(2):
        done = salus("demo-feed", data=own_site.data)
        assert done.returncode == 0, done.stderr
    return own_site


@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [
        pytest.param(DESK, "light", "en", marks=pytest.mark.prove),
        (PHONE, "dark", "fr"),
    ],
)
def test_axe_finds_nothing_at_the_desk(
    fed: Site, browser: Browser, width: int, theme: str, language: str
) -> None:
    with visit(browser, fed.url, width=width, theme=theme, language=language) as anna:
        anna.signs_in("steward")
        faults = found(anna.page)
        for path in ("/stewards/", "/stewards/history/", "/stewards/quality/"):
            anna.goes_to(path)
            faults += found(anna.page)
            assert not anna.is_wider_than_the_screen, path
        for path in ("/stewards/", "/stewards/history/"):
            anna.goes_to(path)
            anna.page.locator("main .row a").first.click()
            assert "/stewards/" in anna.page.url
            faults += found(anna.page)
            assert not anna.is_wider_than_the_screen, anna.page.url
        _searches(anna, "ferreira")
        faults += found(anna.page)
    assert not faults, "\n".join(faults)


def _searches(steward: Visitor, family: str) -> None:
    steward.goes_to("/stewards/search/?new")
    steward.page.locator("#id_family").fill(family)
    steward.page.locator("form[role=search] button").click()
    steward.page.locator("section[aria-labelledby=results] .row").first.wait_for()


def test_two_stewards_join_a_pair_by_the_keyboard(fed: Site, browser: Browser) -> None:
    with visit(browser, fed.url) as anna, visit(browser, fed.url, javascript=False) as luc:
        anna.signs_in("steward")
        anna.goes_to("/stewards/?order=heaviest")
        anna.page.get_by_role("link", name="Paul Weber · Paul Weber").click()
        same = anna.page.get_by_role("button", name="The same person")
        same.wait_for()
        pair = anna.page.url
        assert same.get_attribute("accesskey") == "1"
        same.focus()
        anna.page.keyboard.press("Enter")
        anna.page.get_by_text("Noted as one person.").wait_for()
        luc.signs_in("second_steward")
        luc.page.goto(pair)
        decision = luc.page.get_by_role("complementary", name="Decision")
        assert "anna.reuter@demo.salus.example said on" in decision.inner_text()
        if decision.locator("#id_reason").count():
            decision.locator("#id_reason").fill("a slip in the date, the passport was seen")
        decision.get_by_role("button", name="Confirm and join").click()
        assert luc.heading == "Joined by two stewards"
        luc.page.locator("#id_reason").fill("the passport was another's")
        luc.page.get_by_role("button", name="Part them").click()
        assert "Parted. Whoever keeps something of them is being told." in luc.page.inner_text(
            "main"
        )
        luc.goes_to("/stewards/history/")
        assert "the passport was another's" in luc.page.inner_text("main")


def test_the_drawing_is_told_in_words_beside_it(fed: Site, browser: Browser) -> None:
    with visit(browser, fed.url) as anna:
        anna.signs_in("steward")
        anna.goes_to("/stewards/")
        anna.page.get_by_role("link", name="Anna Ferreira").click()
        drawing = anna.page.locator(".drawing [role=img] svg")
        assert "Date of birth: the same" in (drawing.text_content() or "")
        anna.page.get_by_text("The same as a table").click()
        assert anna.page.get_by_role("row", name="Date of birth the same").is_visible()
