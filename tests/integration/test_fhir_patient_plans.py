"""Searches of Patients on FHIR go by an index, former names included, however they are narrowed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from salus.fhir.sources import find
from salus.kernel.rows import Scope, finding_in
from salus.mpi.fhir.parameters import PARAMETERS, searched
from salus.mpi.models import Person
from tests.conftest import as_role
from tests.fhir_patients import asked, found
from tests.plans import scans
from tests.rare_rows import link_people


@pytest.fixture(scope="module")
def names(nation: Path) -> None:
    """Nobody has a former one in the simulation, nor is linked, and of an empty table all plans cost the same."""
    with as_role("superuser"), connection.cursor() as cursor:
        cursor.execute(
            "insert into mpi_formername (person_id, family, given, family_key, given_key)"
            " select id, family, given, family_key, given_key from mpi_person"
        )
        cursor.execute("analyze mpi_formername")
    link_people(nation)


@pytest.fixture(autouse=True)
def small(names: None) -> Iterator[None]:
    """The nation at 1/1000, whose planner reads no table whole if it can do otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        yield
        cursor.execute("reset enable_seqscan")


@pytest.mark.parametrize(
    "query",
    [
        "_id=3",
        "identifier=urn:oid:1.3.182.4.4|1976042655995,urn:none|1",
        "identifier=1976042655995",
        "birthdate=1976-04-26",
        "birthdate=1976-04-26&name=we&deceased=false&active=true",
        "family=weber&given=an&gender:not=other",
        "family:exact=Weber&birthdate=1976-04-26&_lastUpdated=gt2000",
    ],
)
def test_an_index_can_serve_the_search(query: str) -> None:
    assert scans(lambda: found(query)) == []


def test_a_search_that_no_index_serves_is_noticed() -> None:
    def walk() -> object:
        with finding_in(Scope.INDEX):
            everybody = searched(Person.objects.all())
            return find(asked("given=a"), everybody, parameters=PARAMETERS, order=("id",))

    assert scans(walk)
