"""An app from its maker's request to the patient's last word: SMART standalone launch with npm's `fhirclient`.

The app is a page on an origin of its own, and does what the library does by itself: discovery, PKCE, token, calls.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.conftest import Site
from tests.functional.visitor import visit

LIBRARY = Path(__file__).resolve().parents[2] / "node_modules/fhirclient/build/fhir-client.min.js"
PAGE = """<!doctype html><title>Carnet</title><h1>Carnet</h1><pre id="heard"></pre><pre id="error"></pre>
<script src="/fhir-client.js"></script>
<script>
const [iss, clientId] = decodeURIComponent(location.hash.slice(1)).split(" ");
FHIR.oauth2.settings.refreshTokenWithClientId = true; // RFC 6749, section 6: a public client says who it is
const show = (id, value) => { document.getElementById(id).textContent = JSON.stringify(value); };
const scope = "openid fhirUser launch/patient offline_access patient/Patient.rs patient/Immunization.rs";
const start = new URLSearchParams(location.search).has("state")
  ? FHIR.oauth2.ready().then(async client => {
      window.client = client;
      const answered = await client.request("Measure?_count=1");
      show("heard", {patient: client.patient.id, user: client.user.fhirUser, type: answered.resourceType});
    })
  : FHIR.oauth2.authorize({iss, clientId, scope, redirectUri: location.origin + "/", pkceMode: "required"});
start.catch(error => show("error", String(error)));
</script>"""
REFRESHES = "client.refresh().then(state => state.tokenResponse.scope, error => 'refused')"


@contextmanager
def served_elsewhere() -> Iterator[str]:
    """The app's own server, on a port of its own: for a browser another origin."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path == "/fhir-client.js"
            body = LIBRARY.read_bytes() if script else PAGE.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a code stands in the address."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_from_a_makers_request_to_the_patients_last_word(site: Site, browser: Browser) -> None:
    with served_elsewhere() as app:
        client_id = _is_approved(site, browser, app)
        context = browser.new_context(locale="en")
        page = context.new_page()
        page.goto(f"{app}/#{site.url}/fhir {client_id}")
        _signs_in(page, site)
        assert page.locator("h1").inner_text() == "Let Carnet in?"
        page.get_by_label("See the vaccinations").uncheck()
        page.get_by_role("button", name="Let it in").click()
        page.wait_for_url(f"{app}/**")
        page.locator("#heard:not(:empty), #error:not(:empty)").wait_for()
        assert page.locator("#error").inner_text() == ""
        heard = page.evaluate("JSON.parse(document.getElementById('heard').textContent)")
        assert heard["type"] == "Bundle"
        assert heard["user"] == f"Patient/{heard['patient']}"
        granted = page.evaluate(REFRESHES)
        assert "patient/Patient.rs" in granted
        assert "patient/Immunization.rs" not in granted

        other = context.new_page()
        other.goto(f"{site.url}/apps/")
        assert "Carnet" in other.inner_text("main")
        other.get_by_role("button", name="End access of Carnet").click()
        assert "No app has access" in other.inner_text("main")
        assert page.evaluate(REFRESHES) == "refused"
        context.close()


def _is_approved(site: Site, browser: Browser, app: str) -> str:
    """The maker asks, the agency grants; returns the client id that the maker finds."""
    with visit(browser, site.url, javascript=False) as maker, visit(browser, site.url) as agency:
        maker.goes_to("/software/")
        form = maker.page
        form.get_by_label("Name of the software").fill("Carnet")
        form.get_by_label("Who makes it").fill("Carnet s.à r.l.")
        form.get_by_label("E-mail address for questions").fill("team@carnet.example")
        for label in (
            "Patients, who sign in",
            "See who the patient is",
            "See vaccinations",
            "Stay connected when nobody uses it",
            "Not at all",
        ):
            form.get_by_label(label).check()
        form.get_by_label("Addresses to come back to").fill(f"{app}/")
        form.get_by_role("button", name="Ask the agency").click()
        assert "The agency has not decided yet" in form.inner_text("main")
        agency.signs_in("agency")
        agency.page.get_by_role("link", name="Carnet").click()
        agency.page.get_by_role("button", name="Approve").click()
        assert "Approved" in agency.page.inner_text("main")
        form.reload()
        return form.locator("#client-id").inner_text()


def _signs_in(page: Page, site: Site) -> None:
    """On the way to the app, in demo mode with one click."""
    page.wait_for_url(f"{site.url}/sign-in/**")
    page.get_by_role("button", name="Sign in as Marie Weber").click()
    page.wait_for_url(f"{site.url}/oauth/authorize**")
