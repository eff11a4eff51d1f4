"""Searches of the directory in FHIR go by an index where they are hot, whoever asks: everybody may."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from salus.directory.fhir import RESOURCES
from salus.fhir.resource import Call
from salus.fhir.searchset import asked_of
from salus.kernel.clock import now
from tests.plans import scans

TABLES = (
    *("directory_practitioner", "directory_organization", "directory_practitionerrole"),
    *("directory_location", "directory_healthcareservice", "directory_endpoint"),
)


@pytest.fixture(autouse=True)
def small(nation: Path) -> Iterator[None]:
    """The nation at 1/1000, whose planner reads no table whole if it can do otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        yield
        cursor.execute("reset enable_seqscan")


# What the directory is asked by, of many thousand rows.
SEARCHES = [
    ("Practitioner", "_id=2"),
    ("Practitioner", "identifier=https://salus.example/lu/provider-code|900001"),
    ("Practitioner", "family=we"),
    ("Practitioner", "family:exact=Weber"),
    ("Practitioner", "_has:PractitionerRole:practitioner:organization=1"),
    ("Organization", "_id=2"),
    ("Organization", "identifier=https://salus.example/lu/organization-code|600001"),
    ("Organization", "name=a"),
    ("Organization", "_has:PractitionerRole:organization:practitioner=2"),
    ("PractitionerRole", "_id=2"),
    ("PractitionerRole", "practitioner=2"),
    ("PractitionerRole", "organization=1"),
    (
        "PractitionerRole",
        "practitioner.identifier=https://salus.example/lu/provider-code|900001",
    ),
    ("PractitionerRole", "organization.name=a"),
    ("PractitionerRole", "_lastUpdated=gt2099"),
    ("Practitioner", "_lastUpdated=gt2099"),
    ("Location", "near=49.6|6.1|2"),
    ("Location", "organization=1"),
    ("Location", "name=a"),
    ("HealthcareService", "location=1"),
    ("Endpoint", "organization=1"),
    ("Organization", "partof=1"),
]


@pytest.mark.parametrize(("type", "query"), SEARCHES)
def test_an_index_can_serve_the_directory(type: str, query: str) -> None:
    assert directory_scans(type, query) == []


def test_a_search_that_no_index_serves_is_noticed() -> None:
    assert directory_scans("Practitioner", "family:contains=we")


def directory_scans(type: str, query: str) -> list[str]:
    served = {resource.type: resource for resource in RESOURCES}
    call = Call(actor=None, at=now(), request_id=uuid4(), base="https://salus.example/fhir")
    name, _, value = query.partition("=")
    asked = asked_of([(name, value)], served[type], served, call, strict=True)
    return scans(lambda: served[type].search(call, asked.search), tables=TABLES)
