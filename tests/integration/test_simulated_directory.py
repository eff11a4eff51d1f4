"""The directory that the simulation loads is the one that its statements make, and is as rich as a country's."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from salus.directory.fields import FIELDS
from salus.directory.history import as_of, histories
from salus.directory.lines import Line, checked
from salus.directory.models import (
    ChangeSet,
    HealthcareService,
    Kind,
    Licence,
    Location,
    Organization,
    Practitioner,
    PractitionerRole,
    Source,
    Statement,
)
from salus.directory.projecting import TABLES, project, turn_of_day
from salus.kernel.clock import now

END = datetime(2024, 12, 31, 20, tzinfo=UTC)  # of the simulated time


@pytest.fixture(autouse=True)
def rolled_back(nation: Path) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rows() -> dict[Kind, list[dict[str, Any]]]:
    return {kind: list(table.objects.order_by("pk").values()) for kind, table in TABLES.items()}


@pytest.mark.parametrize("at", [END, None])
def test_its_rows_are_what_follows_from_its_statements(at: datetime | None) -> None:
    """Each row of each kind is written again as change sets would write it, on the last day and today."""
    before = rows()
    assert all(before.values())
    project({kind: [row["id"] for row in of] for kind, of in before.items()}, at=at or now())
    turn_of_day(at=at or now())
    after = rows()
    for kind in Kind:
        assert after[kind] == before[kind]


def test_it_is_one_change_set_of_one_source_that_is_in_force() -> None:
    change_set = ChangeSet.objects.get()
    assert change_set.source == Source.objects.get()
    assert change_set.applied_at == Practitioner.objects.earliest(
        "registered_at"
    ).registered_at or (
        change_set.applied_at == Organization.objects.earliest("registered_at").registered_at
    )
    assert not change_set.rolled_back_at
    assert not Statement.objects.exclude(change_set=change_set).exists()


def test_each_statement_is_one_that_a_change_set_would_take() -> None:
    for kind, entry, said in Statement.objects.values_list("kind", "entry", "said"):
        told = {name: value for name, value in said.items() if name != "identifier"}
        line = Line(number=1, kind=Kind(kind), entry=entry, said=told)
        taken = checked(line)
        assert not taken.problem, (said, taken.problem)
        assert taken.said == told
        if "identifier" in said:
            needed = {name for name, about in FIELDS[Kind(kind)].items() if about.needed}
            assert needed <= said.keys()


def test_statements_stand_in_the_order_in_which_they_became_known() -> None:
    known = list(Statement.objects.order_by("id").values_list("known_at", flat=True))
    assert known == sorted(known)


def test_who_left_was_there_before() -> None:
    gone = Practitioner.objects.exclude(deregistered_at=None).earliest("pk")
    assert gone.status in ("retired", "ended", "deceased")
    assert gone.deregistered_at
    assert gone.out_since == gone.deregistered_at.date()
    assert as_of(Kind.PRACTITIONER, gone.pk, day=gone.registered_at.date())["status"] == "active"
    role = PractitionerRole.objects.get(practitioner=gone)
    assert role.until == gone.out_since
    assert {licence.status for licence in gone.licences.all()} == {"ended"}


def test_some_are_suspended_and_one_may_practise_again() -> None:
    said = histories(Kind.PRACTITIONER, list(Practitioner.objects.values_list("pk", flat=True)))
    ever = {
        pk for pk, of in said.items() if any(one.said.get("status") == "suspended" for one in of)
    }
    now_out = Practitioner.objects.filter(status="suspended", deregistered_at=None)
    assert now_out.exists()
    assert set(now_out.values_list("pk", flat=True)) < ever
    assert all(one.out_since and not one.out_until for one in now_out)


def test_everybody_is_licensed_here_and_some_in_the_neighbouring_countries() -> None:
    here = Counter(Licence.objects.filter(country="LU").values_list("practitioner", flat=True))
    assert set(here) == set(Practitioner.objects.values_list("pk", flat=True))
    assert set(here.values()) == {1}
    assert set(Licence.objects.values_list("country", flat=True)) <= {"LU", "FR", "BE", "DE"}
    assert Licence.objects.exclude(country="LU").exists()
    assert Licence.objects.exclude(limits=[]).exists()


def test_places_have_positions_hours_and_hospitals_departments() -> None:
    for place in Location.objects.all():
        assert 49.4 < (place.latitude or 0) < 50.2
        assert 5.7 < (place.longitude or 0) < 6.6
        assert place.hours
    parts = Organization.objects.exclude(part_of=None)
    assert {part.part_of.type for part in parts if part.part_of} == {"hospital"}
    assert set(HealthcareService.objects.values_list("organization", flat=True)) == set(
        parts.values_list("pk", flat=True)
    )


def test_french_is_what_most_speak_and_not_all() -> None:
    spoken = Counter(
        code
        for languages in Practitioner.objects.values_list("languages", flat=True)
        for code in languages
    )
    assert spoken.most_common(1)[0][0] == "fr"
    assert {"fr", "de", "lb", "en"} <= set(spoken)
    assert not Practitioner.objects.filter(languages=[]).exists()
    assert set(PractitionerRole.objects.values_list("new_patients", flat=True)) == {
        True,
        False,
        None,
    }
