"""What users of the eligibility service do, for the test of every figure."""

import json
from collections.abc import Callable
from urllib.request import Request
from uuid import uuid4

from tests.functional.world import World, answer_to


def asks_at_the_counter(part: str) -> Callable[[World], Callable[[], None]]:
    """Types a number at the counter; the very same form comes again when the button is clicked twice."""

    def prepare(world: World) -> Callable[[], None]:
        user = world.user(part)
        user.page.goto("/eligibility/counter/")
        user.page.locator("form.search-panel").evaluate(
            "form => form.setAttribute('action', location.pathname)"
        )
        path = user.page.evaluate("location.pathname")
        return user.shown_form(path, number=_number(world))

    return prepare


def laboratory_software_asks(world: World) -> Callable[[], None]:
    """Over REST with a token of its own, once the agency has registered it."""
    laboratory = int(
        world.value(
            "select id from directory_organization where type = 'laboratory'"
            " and deregistered_at is null order by id limit 1"
        )
    )
    scope = "system/CoverageEligibilityRequest.c"
    token = world.token(organization=laboratory, scope=scope, purpose="COVERAGE")
    desk = world.user("agency").page
    desk.goto(f"/eligibility/desk/{laboratory}/")
    desk.get_by_label("its", exact=True).check()
    desk.get_by_role("button", name="Register", exact=True).click()
    headers = {
        "Authorization": f"Bearer {token()}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid4()),
    }
    body = json.dumps({"identifier": {"value": _number(world)}}).encode()

    def send() -> None:
        said = answer_to(Request(f"{world.site.url}/eligibility/v1/affiliation", body, headers))
        assert said["status"]

    return send


def _number(world: World) -> str:
    return str(
        world.value(
            "select value from mpi_personidentifier where person_id = %(person)s"
            " and system like 'urn:oid:%%'",
            person=world.person("patient"),
        )
    )
