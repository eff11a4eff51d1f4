"""Callers of the eligibility service on FHIR, with tokens of the real endpoint, and what they send."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from salus.country.lu import INSURER
from salus.eligibility.fhir.vocabulary import PROOF
from salus.kernel.actor import Actor
from salus.kernel.clock import now
from tests import eligibility, software
from tests.fhir_client import Answer, Fhir

SCOPE = "system/CoverageEligibilityRequest.c system/Coverage.rs"


def caller(type: str = "pharmacy", *, scope: str = SCOPE, **how: Any) -> tuple[Fhir, Actor]:
    """Software of a new organisation, and as whom it asks."""
    made = eligibility.Asking.new(type, scope=scope, **how)
    token = software.ask(made.client, scope=scope)["access_token"]
    return Fhir(token=token), made.actor


def number_of(person: int) -> tuple[str, str]:
    asked = eligibility.about(person)
    return asked.system, asked.value


def identifier(number: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("system", "value"), number, strict=True))


def request(number: tuple[str, str], day: date | None = None, **changed: Any) -> dict[str, Any]:
    """None takes a member out."""
    insurer = {"identifier": {"system": INSURER.system, "value": INSURER.value}}
    body: dict[str, Any] = {
        "resourceType": "CoverageEligibilityRequest",
        "status": "active",
        "purpose": ["validation"],
        "patient": {"identifier": identifier(number)},
        "created": now().date().isoformat(),
        "insurer": insurer,
        **({"servicedDate": day.isoformat()} if day else {}),
        **changed,
    }
    return {name: value for name, value in body.items() if value is not None}


def signed(body: dict[str, Any]) -> dict[str, Any]:
    """The same request, with an answer that is to be signed."""
    return body | {"extension": [{"url": PROOF, "valueBoolean": True}]}


def looked_up(
    family: str, given: str, birth_date: str, *, mission: str = "M-1", **changed: Any
) -> dict[str, Any]:
    """As `request`, of whoever has this name and birth date."""
    name = {"family": family, "given": given.split()}
    whom = {"resourceType": "Patient", "id": "who", "name": [name], "birthDate": birth_date}
    identifier = {"system": "urn:test:missions", "value": mission}
    meant: dict[str, Any] = {
        "contained": [whom],
        "patient": {"reference": "#who"},
        "supportingInfo": [{"sequence": 1, "information": {"identifier": identifier}}],
    }
    return request(("", ""), **(meant | changed))


def submit(fhir: Fhir, body: Any, **headers: str) -> Answer:
    return fhir.post("CoverageEligibilityRequest/$submit", body, **headers)


def may_prescribe(
    fhir: Fhir,
    number: tuple[str, str],
    *,
    day: date | None = None,
    product: str = "",
    **headers: str,
) -> Answer:
    parameters: list[dict[str, Any]] = [
        {"name": "prescriber", "valueIdentifier": identifier(number)}
    ]
    if day:
        parameters.append({"name": "day", "valueDate": day.isoformat()})
    if product:
        coding = {"system": "http://www.whocc.no/atc", "code": product}
        parameters.append({"name": "product", "valueCoding": coding})
    return fhir.post(
        "$may-prescribe", {"resourceType": "Parameters", "parameter": parameters}, **headers
    )


def said(resource: dict[str, Any]) -> dict[str, Any]:
    """The answer as every door gives it: of a response, a Coverage, or the parameters of an operation."""
    parts = (
        resource["parameter"] if "parameter" in resource else resource["extension"][0]["extension"]
    )
    found = {}
    for part in parts:
        name = part.get("url") or part["name"]
        (value,) = (held for key, held in part.items() if key.startswith("value"))
        found[name] = value["code"] if isinstance(value, dict) else value
    return found


def where(answer: Answer) -> tuple[int, list[str]]:
    """Status and places of what is wrong."""
    return answer.status, answer.body["issue"][0].get("expression", [])


@contextmanager
def counting(number: int, type: str = "pharmacy") -> Iterator[None]:
    """What happens within counts as so many checks of such callers."""
    before = eligibility.counted_of(type)
    yield
    assert eligibility.counted_of(type) == before + number
