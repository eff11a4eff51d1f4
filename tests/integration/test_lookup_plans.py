"""Who may be meant is looked up by index, as app, whatever is known of them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from salus.kernel.rows import Scope, finding_in
from salus.mpi.candidates import candidates
from salus.mpi.models import NameKey
from salus.mpi.traits import traits_of
from tests.plans import scans
from tests.rare_rows import link_people

SOMEBODY = 21  # linked


@pytest.fixture(scope="module")
def linked(nation: Path) -> None:
    link_people(nation)


@pytest.fixture(autouse=True)
def small(linked: None) -> Iterator[None]:
    """The nation at 1/1000, whose planner reads no table whole if it can do otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        yield
        cursor.execute("reset enable_seqscan")


@pytest.mark.parametrize(
    "said",
    [{}, {"birth_date": None}, {"national_id": ""}, {"given": ""}],
    ids=str,
)
def test_an_index_can_serve_the_look_up(said: dict[str, Any]) -> None:
    traits = replace(traits_of([SOMEBODY])[SOMEBODY], **said)
    found: list[int] = []

    def look_up() -> None:
        with finding_in(Scope.INDEX):
            found.extend(one.identity for one in candidates(traits, [("urn:none", "1")]))

    assert scans(look_up) == []
    assert SOMEBODY in found


def test_an_index_can_serve_what_is_compared() -> None:
    assert scans(lambda: traits_of([SOMEBODY])) == []


def test_a_key_that_no_index_serves_is_noticed() -> None:
    with finding_in(Scope.INDEX):
        assert scans(lambda: list(NameKey.objects.filter(key__contains="mlr")))
