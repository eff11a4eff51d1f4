"""People, places and documents of the synthetic nation, for tests of what FHIR says of them."""

from base64 import b64encode
from itertools import count
from typing import Any

from django.test import Client as Browser

from salus.access.queries import actor_of
from salus.accounts.models import Account
from salus.audit.models import Event, EventKind
from salus.directory.models import Organization
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.simulation.demo_people import EMAILS

PDF = b"%PDF-1.7 a report"
_numbers = count(1)


def account(part: str) -> Account:
    return Account.objects.get(email=EMAILS[part])


def person_of(part: str) -> int:
    actor = actor_of(account(part).pk, at=now())
    assert actor and actor.person
    return actor.person


def laboratory() -> int:
    return (
        Organization.objects.filter(type="laboratory")
        .order_by("pk")
        .values_list("pk", flat=True)[0]
    )


def another_laboratory() -> int:
    return (
        Organization.objects.filter(type="laboratory")
        .order_by("pk")
        .values_list("pk", flat=True)[1]
    )


def reference(person: int, content: bytes = PDF, **changed: Any) -> dict[str, Any]:
    """A laboratory report, as its software sends it."""
    attachment = {
        "contentType": "application/pdf",
        "language": "fr-LU",
        "data": b64encode(content).decode(),
        "title": "Formule sanguine",
        "creation": "2024-12-01T08:30:00+01:00",
    }
    document = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": "urn:test:lab", "value": f"report-{next(_numbers)}"},
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "26436-6"}]}],
        "subject": {"reference": f"Patient/{person}"},
        "content": [{"attachment": attachment | changed.pop("attachment", {})}],
    }
    return {name: value for name, value in (document | changed).items() if value is not None}


def events(person: int, kind: EventKind) -> list[Event]:
    with rows_of([person]):
        return list(Event.objects.filter(person_id=person, kind=kind).order_by("-id"))


def signed_in(part: str) -> Browser:
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(account(part))
    return browser
