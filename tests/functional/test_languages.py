"""Every page that the public, a patient, a professional or a registrar can reach, in every language: no English."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pdfplumber
import pytest
from django.utils.translation import gettext, ngettext, override, pgettext
from playwright.sync_api import Browser

from tests.conftest import Site, salus
from tests.functional.test_pages import (
    OF_AGENCY,
    OF_PATIENT,
    OF_PHARMACIST,
    OF_PROFESSIONAL,
    OF_REGISTRAR,
    PUBLIC,
)
from tests.functional.visitor import visit
from tools.messages import collected, packaged

# What one catalogue leaves out all do, as far as a test of theirs does not find it.
LANGUAGES = [
    *(pytest.param(language, marks=pytest.mark.prove) for language in ("fr", "de")),
    "lb",
]
MONTH = "2024-12"
# Each text of a page by itself, and the words in attributes that are shown or read out; no code, no
# language's own name.
WORDS = """() => {
  const words = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest("script, style, code, [lang]:not(html)"))
      words.push(walker.currentNode.data);
  for (const name of ["title", "label", "placeholder", "aria-label", "alt"])
    for (const element of document.querySelectorAll(`[${name}]`))
      if (!element.closest("[lang]:not(html)"))
        words.push(element.getAttribute(name));
  return words.map(word => word.trim().replace(/\\s+/g, " ")).filter(Boolean);
}"""
LINKS = "links => links.map(link => link.pathname)"
SQL = re.compile(
    r"%\(\w+\)s|\bAS \w+$|\b(SELECT|FROM|WHERE|AND|UNION|COUNT|CASE|WHEN|THEN|ELSE|END|GROUP BY|JOIN|LATERAL)\b"
)  # speaks English
FILE = re.compile(r"\.[a-z]+$|/original$|/download/$")


@pytest.fixture(scope="module")
def reported(site: Site) -> Site:
    """The site with a report."""
    done = salus("report", MONTH, data=site.data)
    assert done.returncode == 0, done.stderr
    return site


@cache
def english(language: str) -> frozenset[str]:
    """Every English text, ours or a package's, that reads otherwise in the language."""
    texts: set[str] = set()
    of_packages = ((message, context) for message, context, _ in packaged("en"))
    with override(language):
        for message, context in (*collected(), *of_packages):
            if isinstance(message, str):
                shown = {pgettext(context, message) if context else gettext(message)}
                texts |= {message} - shown
            else:
                singular, plural = message
                texts |= set(message) - {ngettext(singular, plural, count) for count in (1, 5)}
    return frozenset(texts)


@cache
def is_english(language: str) -> Callable[[str], re.Match[str] | None]:
    """Whether a text is one of them, whatever stands in its places."""
    patterns = []
    for text in english(language):
        parts = re.split(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}", " ".join(text.split()))
        if re.search("[a-z]{3}", "".join(parts)):
            patterns.append(".+".join(re.escape(part) for part in parts))
    return re.compile("|".join(patterns)).fullmatch


def shape(path: str) -> str:
    """Pages that differ by a number or a name alone are one."""
    return re.sub(r"\d+|(?<=/indicators/)\w+", "#", path)


@pytest.mark.prove
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_left_in_english(reported: Site, browser: Browser, language: str) -> None:
    left: dict[str, str] = {}  # each with a page that shows it
    seen: set[str] = set()
    for part, start in (
        (None, PUBLIC),
        ("patient", OF_PATIENT),
        ("physician", OF_PROFESSIONAL),
        ("pharmacist", OF_PHARMACIST),
        ("agency", OF_AGENCY),
        ("registrar", OF_REGISTRAR),
    ):
        with visit(browser, reported.url, language=language) as visitor:
            if part:
                visitor.signs_in(part)
            seen -= {shape(path) for path in start}  # each role has its own
            paths = [*start, f"/no-such-page-for-{part}"]
            while paths:
                path = paths.pop(0)
                if shape(path) in seen or FILE.search(path):
                    continue
                seen.add(shape(path))
                visitor.goes_to(path)
                assert visitor.page.locator("html").get_attribute("lang") == language, path
                words = visitor.page.evaluate(WORDS)
                left |= {word: path for word in words if is_english(language)(word)}
                paths += visitor.page.locator("a[href^='/']").evaluate_all(LINKS)
            visitor.faults = [fault for fault in visitor.faults if "404" not in fault]
    assert left == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_printed_report_is_not_left_in_english(
    reported: Site, language: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.pdf"
    options = ("--lang", language, "--format", "pdf", "--out", file)
    done = salus("report", MONTH, *options, data=reported.data)
    assert done.returncode == 0, done.stderr
    with pdfplumber.open(file) as pdf:
        printed = [line["text"] for page in pdf.pages for line in page.extract_text_lines()]
    lines = [line for line in printed if not SQL.search(line)]
    whole = " ".join(lines)
    assert [line for line in lines if is_english(language)(line)] == []
    assert [text for text in english(language) if " " in text and text in whole] == []


def test_each_page_offers_every_language_and_stays(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as visitor:
        visitor.goes_to("/directory/?kind=pharmacy")
        for code, name in (
            ("fr", "français"),
            ("de", "Deutsch"),
            ("en", "English"),
            ("lb", "Lëtzebuergesch"),
        ):
            visitor.page.get_by_role("button", name=f"{code.upper()} {name}").click()
            assert visitor.page.url.endswith("/directory/?kind=pharmacy")
            assert visitor.page.locator("html").get_attribute("lang") == code
            current = visitor.page.locator(".language [aria-current=true]")
            assert current.get_attribute("value") == code
        assert visitor.page.locator(".language button").count() == 4
