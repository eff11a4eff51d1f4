"""What the site's own CapabilityStatement claims of the types that it serves, tried out by a patient's app."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from salus.accounts.models import Account
from salus.simulation.demo_people import EMAILS
from tests.fhir_client import Fhir, app_of

VALUES = {
    "token": "x",
    "uri": "urn:x",
    "date": "ge2024",
    "string": "xyz",
    "reference": "Patient/1",
    "special": "49.6|6.1|5|km",
}


@pytest.fixture(scope="module")
def app(nation: Path) -> Fhir:
    account = Account.objects.get(email=EMAILS["patient"])
    return app_of(account, scope="user/*.cruds")


@pytest.fixture(scope="module")
def resources(app: Fhir) -> list[dict[str, Any]]:
    served: list[dict[str, Any]] = app.get("metadata").body["rest"][0]["resource"]
    return served


def allowed(address: str) -> set[str]:
    answer = Browser(SERVER_NAME="localhost").options(f"/fhir/{address}")
    return {name.strip() for name in answer.headers["Allow"].split(",")} - {"OPTIONS", "HEAD", ""}


def test_methods_are_those_of_the_claimed_interactions(resources: list[dict[str, Any]]) -> None:
    assert {"Patient", "DocumentReference", "Practitioner"} <= {one["type"] for one in resources}
    for one in resources:
        name, claimed = one["type"], {known["code"] for known in one.get("interaction", ())}
        assert ("GET" in allowed(name)) == ("search-type" in claimed), name
        assert ("POST" in allowed(name)) == ("create" in claimed), name
        assert ("PUT" in allowed(name)) == ("update" in claimed) == one["conditionalUpdate"], name
        assert ("PUT" in allowed(f"{name}/1")) == ("update" in claimed), name
        assert ("GET" in allowed(f"{name}/1")) == ("read" in claimed), name
        for address, code in (
            (f"{name}/1/_history", "history-instance"),
            (f"{name}/1/_history/1", "vread"),
            (f"{name}/_history", "history-type"),
        ):
            assert ("GET" in allowed(address)) == (code in claimed), address
        assert ("DELETE" in allowed(f"{name}/1")) == ("delete" in claimed), name
        assert "patch" not in claimed


def test_parameters_are_understood_and_no_others(
    app: Fhir, resources: list[dict[str, Any]]
) -> None:
    for one in resources:
        if "search-type" not in {known["code"] for known in one.get("interaction", ())}:
            continue
        for parameter in one["searchParam"]:
            query = {parameter["name"]: VALUES[parameter["type"]]}
            answer = app.get(one["type"], query, Prefer="handling=strict")
            # A value may be refused, or be of nobody whom this patient may see; the parameter is known.
            assert answer.status in (200, 400, 403, 404), (one["type"], query)
            assert b"is not supported here" not in answer.content, (one["type"], query)
        answer = app.get(one["type"], {"colour": "red"}, Prefer="handling=strict")
        assert answer.status == 403 or b"is not supported here" in answer.content


def test_tokens_come_from_where_it_says(app: Fhir) -> None:
    security = app.get("metadata").body["rest"][0]["security"]
    for endpoint in security["extension"][0]["extension"]:
        path = endpoint["valueUri"].removeprefix("http://localhost")
        assert Browser(SERVER_NAME="localhost").post(path).status_code != 404
