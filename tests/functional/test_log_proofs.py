"""A patient proves who looked: from an opened document to a verdict that the browser reaches alone."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import Site
from tests.functional.visitor import Visitor, visit
from tests.generative.test_check_proof import Agency, lies
from tests.tampering import HARMLESS, Json, tampered

PATIENCE = 60  # seconds; a sequencer's round takes ten
# The checker of the page, asked directly: whether any step fails, or the document is refused.
REFUSED = """
    async ([documents, keys]) => {
        const { check } = await import("/static/portal/log_proof.js");
        const refused = held => check(held, keys).then(
            found => Object.values(found.steps).includes(false), () => true);
        return Promise.all(documents.map(refused));
    }
"""


@pytest.fixture(scope="module")
def proof(site: Site, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The proof that the patient has just opened a document, as a browser saves it."""
    with visit(browser, site.url) as patient:
        patient.signs_in("patient")
        patient.goes_to("/documents/")
        patient.page.locator(".row a").first.click()
        patient.goes_to("/who-looked/?show=all")
        opened = patient.page.locator(".row", has_text="opened a document").first
        if opened.get_by_text("Proofs").count():  # several acts of this hour
            opened.get_by_text("Proofs").click()
        link = opened.get_by_role("link", name="Proof of").first
        _wait_until_in_log(patient, str(link.get_attribute("href")))
        with patient.page.expect_download() as download:
            link.click()
        file = tmp_path_factory.mktemp("proofs") / download.value.suggested_filename
        download.value.save_as(file)
        yield file


def _wait_until_in_log(patient: Visitor, address: str) -> None:
    end = time.monotonic() + PATIENCE
    while (answer := patient.page.request.get(patient.url + address)).status != 200:
        assert answer.status == 409
        assert time.monotonic() < end
        time.sleep(1)


def verdict(page: Page, step: str) -> str:
    return page.locator(f"#result [data-step={step}] .tag").inner_text()


def paste(page: Page, document: Json) -> None:
    if not page.locator("#pasted").is_visible():
        page.get_by_text("Paste it instead").click()
    page.locator("#pasted").fill(json.dumps(document))
    page.get_by_role("button", name="Check", exact=True).click()


def test_a_proof_holds_in_a_browser_that_is_cut_off(
    site: Site, browser: Browser, proof: Path
) -> None:
    with visit(browser, site.url) as anyone:
        anyone.goes_to("/verify/")
        anyone.page.wait_for_load_state("networkidle")
        left: list[str] = []
        anyone.page.on("request", lambda request: left.append(request.url))
        anyone.page.context.set_offline(True)
        anyone.page.locator("#file").set_input_files(proof)
        anyone.page.locator("#result .callout--success").wait_for()
        assert (
            "unchanged since it was signed" in anyone.page.locator("#result .callout").inner_text()
        )
        for step in ("row", "path", "signature", "key"):
            assert verdict(anyone.page, step) == "Holds"
        told = anyone.page.locator("#result dl").inner_text()
        assert "opened a document" in told and "Patient or assistant" in told
        assert proof.stem.rpartition("-")[2] in told  # the event's number
        # The icon of the window is the browser's own affair, at a time of its own.
        assert [url for url in left if not url.endswith("/favicon.svg")] == []


@pytest.mark.parametrize(
    ("member", "step"),
    [("row", "row"), ("leaf", "row"), ("columns", "row"), ("index", "path"), ("path", "path")],
)
def test_a_change_is_shown_at_its_step(
    site: Site, browser: Browser, proof: Path, member: str, step: str
) -> None:
    document = json.loads(proof.read_text())
    name, changed = next(
        (name, changed) for name, changed in tampered(document) if name.startswith(f"{member} ")
    )
    with visit(browser, site.url) as anyone:
        anyone.goes_to("/verify/")
        paste(anyone.page, changed)
        anyone.page.locator("#result .callout--error").wait_for()
        assert verdict(anyone.page, step) == "Does not hold", name
        assert verdict(anyone.page, "signature") == "Holds"


def test_a_changed_head_and_a_strange_key_are_shown(
    site: Site, browser: Browser, proof: Path
) -> None:
    document = json.loads(proof.read_text())
    with visit(browser, site.url) as anyone:
        anyone.goes_to("/verify/")
        head = document["head"] | {"at": "2020-01-01T00:00:00.000000+00:00"}
        paste(anyone.page, document | {"head": head})
        anyone.page.locator("#result .callout--error").wait_for()
        assert verdict(anyone.page, "signature") == "Does not hold"
        [key] = document["keys"]["keys"]
        strange = key | {"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}  # RFC 8037, A.1
        paste(anyone.page, document | {"keys": {"keys": [strange]}})
        anyone.page.locator("#result [data-step=key] .tag--danger").wait_for()
        paste(anyone.page, {"nothing": "of the kind"})
        anyone.page.get_by_text("neither a proof nor a head").wait_for()


def test_no_change_of_a_proof_or_of_what_joins_heads_gets_through(
    site: Site, browser: Browser, proof: Path
) -> None:
    document = json.loads(proof.read_text())
    with visit(browser, site.url) as anyone:
        anyone.goes_to("/verify/")
        newest = anyone.page.request.get(site.url + "/verify/head.json").json()["head"]["size"]
        joined = _joined(anyone, document["head"]["size"], newest)
        whole = [document, joined]
        keys = document["keys"]
        assert anyone.page.evaluate(REFUSED, [whole, keys]) == [False, False]
        for each in whole:
            names, changed = zip(*tampered(each), strict=True)
            refused = anyone.page.evaluate(REFUSED, [changed, keys])
            through = {name for name, no in zip(names, refused, strict=True) if not no}
            assert through == HARMLESS & set(names)


def test_the_browser_judges_lies_as_the_program_does(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    agency = Agency(600, tmp_path)
    told = dict(lies(agency))
    pairs = [(0, 1), (0, 2), (2, 3), (3, 7), (254, 256), (256, 600), (598, 600), (599, 600)]
    right = [agency.inclusion(index, size) for index, size in pairs]
    right += [agency.consistency(index + 1, size) for index, size in pairs]
    with visit(browser, site.url) as anyone:
        anyone.goes_to("/verify/")
        documents = [*right, *told.values()]
        refused = anyone.page.evaluate(REFUSED, [documents, agency.keys])
    assert refused[: len(right)] == [False] * len(right)
    assert [name for name, no in zip(told, refused[len(right) :], strict=True) if not no] == []


def _joined(anyone: Visitor, first: int, second: int) -> Json:
    """What joins two heads; the log grows until there are two."""
    end = time.monotonic() + PATIENCE
    while second == first:
        assert time.monotonic() < end
        with visit(anyone.page.context.browser, anyone.url) as patient:  # type: ignore[arg-type]
            patient.signs_in("patient")
        time.sleep(1)
        second = anyone.page.request.get(anyone.url + "/verify/head.json").json()["head"]["size"]
    answer = anyone.page.request.get(f"{anyone.url}/verify/{first}-{second}.json")
    assert answer.status == 200
    return dict(answer.json())


def test_a_kept_head_is_compared_with_the_log_of_today(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    with visit(browser, site.url) as anyone:
        anyone.goes_to("/verify/")
        with anyone.page.expect_download() as download:
            anyone.page.get_by_role("link", name="Keep this head").click()
        kept = tmp_path / download.value.suggested_filename
        download.value.save_as(kept)
        size = json.loads(kept.read_text())["head"]["size"]
        _joined(anyone, size, size)
        anyone.goes_to("/verify/")
        anyone.page.locator("#file").set_input_files(kept)
        anyone.page.get_by_text("This head was signed by the agency.").wait_for()
        assert verdict(anyone.page, "today") == "Not checked"
        anyone.page.get_by_role("button", name="Compare").click()
        anyone.page.locator("#result [data-step=today] .tag--success").wait_for()


def test_a_browser_that_knows_no_ed25519_says_so(site: Site, browser: Browser, proof: Path) -> None:
    with visit(browser, site.url) as anyone:
        anyone.page.add_init_script("""
            SubtleCrypto.prototype.importKey = () =>
                Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
        """)
        anyone.goes_to("/verify/")
        anyone.page.locator("#file").set_input_files(proof)
        anyone.page.locator("#result .callout--warning").wait_for()
        assert verdict(anyone.page, "signature") == "Not checked"
        assert verdict(anyone.page, "path") == "Holds"
        assert (
            "Signature not checked by this browser" in anyone.page.locator("#result").inner_text()
        )


def test_without_javascript_the_page_leads_to_the_program(site: Site, browser: Browser) -> None:
    with visit(browser, site.url, javascript=False) as anyone:
        anyone.goes_to("/verify/")
        assert not anyone.page.locator("#file").is_visible()
        assert anyone.page.get_by_text("Your browser runs no scripts here").is_visible()
        with anyone.page.expect_download() as download:
            anyone.page.get_by_role("link", name="check_proof.py").click()
        assert "shares no code" in anyone.page.inner_text("main")
        assert Path(download.value.path()).read_text().startswith("#!/usr/bin/env python3")
