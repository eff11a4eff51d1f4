"""A visitor with a browser: signs in as a demo person, and keeps account of what must never happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page

from salus.simulation.demo_people import EMAILS, PASSWORD


@dataclass(kw_only=True)
class Visitor:
    page: Page
    url: str
    faults: list[str] = field(default_factory=list)  # console errors, requests to other hosts

    def goes_to(self, path: str) -> None:
        self.page.goto(self.url + path)

    def signs_in(self, part: str) -> None:
        self.goes_to("/sign-in/")
        self.page.locator("#id_login").fill(EMAILS[part])
        self.page.locator("#id_password").fill(PASSWORD)
        self.page.locator("#id_password").press("Enter")
        self.page.wait_for_url(self.url + "/")

    def hears(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    @property
    def is_wider_than_the_screen(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@contextmanager
def visit(
    browser: Browser,
    url: str,
    *,
    language: str = "en",
    width: int = 1280,
    theme: str = "light",
    javascript: bool = True,
) -> Iterator[Visitor]:
    """A new browser window on the site; leaving it fails when anything went wrong on any page."""
    context = browser.new_context(
        locale=language,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=javascript,
    )
    visitor = Visitor(page=context.new_page(), url=url)
    visitor.page.on("console", visitor.hears)
    visitor.page.on("pageerror", lambda error: visitor.faults.append(str(error)))
    context.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((url, "data:"))
            else visitor.faults.append(f"foreign request: {request.url}")
        ),
    )
    try:
        yield visitor
        assert not visitor.faults, visitor.faults
    finally:
        context.close()
