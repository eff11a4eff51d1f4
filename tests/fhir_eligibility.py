"""Callers of the eligibility service on FHIR, with tokens of the real endpoint, and what they send."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Any

from salus.access.oauth.actions import register_client
from salus.accounts.models import Client
from salus.accounts.oauth.registration import NewClient
from salus.country.lu import INSURER
from salus.eligibility.callers import register_caller
from salus.eligibility.fhir.vocabulary import PROOF
from salus.eligibility.models import Right
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi.models import PersonIdentifier
from tests import eligibility, software
from tests.fhir_client import Answer, Fhir
from tests.software import SYSTEM, organization

SCOPE = "system/CoverageEligibilityRequest.c system/Coverage.rs"
_numbers = count(1)


def caller(
    type: str = "pharmacy",
    *,
    rights: Collection[Right] = frozenset(Right),
    per_minute: int = 1_000,
    scope: str = SCOPE,
    purpose: PurposeOfUse = PurposeOfUse.COVERAGE,
) -> tuple[Fhir, int]:
    """Software of a new organisation, and that."""
    where = organization(f"F{next(_numbers)}-{type}", type)
    made = register_client(
        actor=SYSTEM,
        at=now(),
        client=NewClient(name="Counter", scope=scope, contact="", purposes=(purpose,)),
        organization=where,
        domains=(),
        approved=True,
    )
    register_caller(
        actor=SYSTEM,
        at=now(),
        organization=where,
        client=Client.objects.get(client_id=made.client_id).pk,
        rights=rights,
        per_minute=per_minute,
        per_day=10_000,
    )
    return Fhir(token=software.ask(made, scope=scope)["access_token"]), where


def number_of(person: int) -> tuple[str, str]:
    with rows_of([person]):
        known = PersonIdentifier.objects.filter(person=person).first()
    assert known
    return known.system, known.value


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
