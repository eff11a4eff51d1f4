"""Software of hospitals that talks to the patient index, and people whom it knows, for the tests of IHE's profiles."""

from datetime import date, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from salus.audit.models import EventKind
from salus.country.lu import MATRICULE_SYSTEM, matricule
from salus.directory.models import Organization
from salus.fhir.resource import Body
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.clock import now
from salus.mpi.actions import Address, register_person
from tests.fhir_client import Answer, Fhir, software
from tests.fhir_patients import events

SCOPE = "system/Patient.crus system/Subscription.cruds"
RED, BLUE = "urn:oid:2.999.1", "urn:oid:2.999.2"  # where two hospitals number their patients
REGISTER = Actor(role=Role.SYSTEM, system="register")
_NUMBERS = count(1)
_STARTS = ("Vand", "Quar", "Zimm", "Okon", "Brzez", "Font", "Xhaf", "Lauw", "Dierk", "Purr", "Gwen")
_ENDS = (
    "enbroek",
    "esma",
    "erling",
    "kwo",
    "icki",
    "anelle",
    "aj",
    "eryssen",
    "sulte",
    "otti",
    "hael",
)


def hospital(scope: str = SCOPE, purpose: PurposeOfUse = PurposeOfUse.TREATMENT) -> Fhir:
    number = Organization.objects.filter(type="hospital").values_list("pk", flat=True)[0]
    return software(number, scope=scope, purpose=purpose, domains=[RED, BLUE])


def somebody(**changed: Any) -> Body:
    """Nobody whom the index knows."""
    number = next(_NUMBERS)
    born = date(1940, 1, 1) + timedelta(days=397 * number)
    one, other, third = number % 11, number * 3 % 11, number * 7 % 11
    return {
        "resourceType": "Patient",
        "identifier": [{"system": RED, "value": str(uuid4())}],
        "name": [
            {
                "use": "official",
                "family": f"{_STARTS[one]}{_ENDS[other]}",
                "given": [f"{_STARTS[other]}{_ENDS[third]}", f"{_STARTS[third]}{_ENDS[one]}"],
            }
        ],
        "gender": "female",
        "birthDate": born.isoformat(),
        "address": [
            {
                "use": "home",
                "line": [f"{number}, rue des Trois Cantons"],
                "city": "Dudelange",
                "postalCode": f"L-{3400 + number}",
                "country": "LU",
            }
        ],
        **changed,
    }


def registered(body: Body) -> int:
    """The same human being in the national register; returns the row."""
    (name,), (home,) = body["name"], body["address"]
    born = date.fromisoformat(body["birthDate"])
    person, created = register_person(
        actor=REGISTER,
        at=now(),
        identifiers=[(MATRICULE_SYSTEM, matricule(born, next(_NUMBERS)))],
        family=name["family"],
        given=" ".join(name["given"]),
        birth_date=born,
        gender=body["gender"],
        address=Address(
            country=home["country"],
            postal_code=home["postalCode"],
            municipality=home["city"],
            line=home["line"][0],
        ),
    )
    assert created
    return person


def number(body: Body, system: str = RED) -> str:
    """As a token: system|value."""
    (value,) = (one["value"] for one in body["identifier"] if one["system"] == system)
    return f"{system}|{value}"


def fed(client: Fhir, body: Body, system: str = RED) -> Answer:
    """By ITI-104: a conditional update by the sender's own number."""
    return client.put(f"Patient?{urlencode({'identifier': number(body, system)})}", body)


def also_known(body: Body, system: str = BLUE) -> Body:
    """The same human being, as another hospital keeps them."""
    return {**body, "identifier": [{"system": system, "value": str(uuid4())}]}


def links(body: Body) -> dict[str, str]:
    return {one["other"].get("reference", ""): one["type"] for one in body.get("link", ())}


def requests() -> int:
    """That the index answered, as the report counts them."""
    return events(EventKind.INDEX_REQUEST)
