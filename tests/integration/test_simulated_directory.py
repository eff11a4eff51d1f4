"""The directory that the simulation loads is the one that its statements make, and is as rich as a country's."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import reduce
from itertools import groupby
from operator import or_
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.test import Client as Browser

from salus.accounts.models import Account
from salus.directory.actions import change, source_named
from salus.directory.fields import FIELDS
from salus.directory.history import as_of, histories
from salus.directory.lines import Line, checked
from salus.directory.models import (
    ChangeSet,
    HealthcareService,
    How,
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
from salus.directory.queries import roles_held
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.simulation.demo_people import EMAILS, PASSWORD

SYSTEM = Actor(role=Role.SYSTEM, system="test")
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


def test_nearly_everybody_is_licensed_here_and_some_in_the_neighbouring_countries() -> None:
    here = Counter(Licence.objects.filter(country="LU").values_list("practitioner", flat=True))
    assert set(here.values()) == {1}
    abroad = Practitioner.objects.exclude(pk__in=here)
    only = {tuple(one.licences.values_list("country", flat=True)) for one in abroad}
    assert only == {("FR",), ("BE",), ("DE",)}
    for country in ("FR", "BE", "DE"):
        also = Licence.objects.filter(country=country, practitioner__in=here)
        assert also.filter(status="active").exists()


def test_there_is_each_answer_to_whether_somebody_may_prescribe() -> None:
    licences = Licence.objects.filter(practitioner__deregistered_at=None)
    assert licences.filter(status="active").exclude(limits=[]).count() >= 3
    assert licences.filter(status="suspended").exists()
    assert licences.filter(status="ended").count() >= 3
    assert licences.filter(status="ended").exclude(limits=[]).exists()
    said = histories(Kind.LICENCE, list(licences.values_list("pk", flat=True)))
    told = [[one.said for one in of[1:]] for of in said.values()]
    assert {"status": "active"} in [later[-1] for later in told if later]  # suspended in the past
    assert {"limits": []} in [later[-1] for later in told if later]
    assert any(later and later[-1].get("limits") for later in told)
    # Whoever works has one in force.
    works = Practitioner.objects.filter(status="active", deregistered_at=None)
    assert not works.exclude(licences__in=Licence.objects.filter(status="active")).exists()
    assert not works.exclude(out_since=None).exists()


def test_some_work_at_two_places_some_did_and_some_moved_on() -> None:
    held = Counter(roles_held(now().date()).values_list("practitioner", flat=True))
    two = [who for who, times in held.items() if times == 2]
    assert len(two) >= 4
    for who in two:
        places = PractitionerRole.objects.filter(practitioner=who, until=None)
        assert len(set(places.values_list("organization", flat=True))) == 2
    over = PractitionerRole.objects.exclude(until=None)
    assert over.filter(practitioner__deregistered_at=None, successor=None).exists()
    moved = over.exclude(successor=None)
    assert moved.exists()
    for role in moved:
        assert role.successor and role.successor.since == role.until
        assert role.successor.practitioner_id == role.practitioner_id
        assert role.successor.organization_id != role.organization_id


def test_entries_have_versions_that_tell_when_each_began() -> None:
    for kind in (Kind.PRACTITIONER, Kind.LICENCE, Kind.ORGANIZATION, Kind.ROLE):
        rows = TABLES[kind].objects.exclude(version=None)
        assert rows.count() >= 3
        for row in rows:
            assert row.version == len(row.changes) + 1
            assert row.changes == sorted(row.changes)
            assert (row.changed_at, row.registered_at < row.changes[0]) == (row.changes[-1], True)


def test_actions_would_have_written_the_same_rows() -> None:
    """All that was said of whoever's entries have a story is said again, of others, by change sets at their times."""
    licences, roles = Licence.objects.exclude(version=None), PractitionerRole.objects
    who = Practitioner.objects.filter(
        Q(pk__in=licences.values("practitioner"))
        | Q(pk__in=roles.exclude(version=None).values("practitioner"))
        | ~Q(version=None)
    )
    stories = {
        Kind.PRACTITIONER: {row.pk for row in who},
        Kind.LICENCE: set(
            Licence.objects.filter(practitioner__in=who).values_list("pk", flat=True)
        ),
        Kind.ROLE: set(roles.filter(practitioner__in=who).values_list("pk", flat=True)),
    }
    told = Statement.objects.filter(
        reduce(or_, (Q(kind=kind, entry__in=entries) for kind, entries in stories.items()))
    )
    copies: dict[Kind, dict[int, int]] = {kind: {} for kind in stories}
    source = source_named("again", at=END)
    for at, together in groupby(told.order_by("known_at", "pk"), lambda one: one.known_at):
        lines = [_copied(one, copies) for one in together]
        made = change(actor=SYSTEM, at=at, source=source, how=How.FEED, lines=lines)
        for line, entry in zip(lines, made, strict=True):
            if line.entry is None:
                copies[line.kind][int(line.value)] = entry
    differ = {"id", "value", "system", "practitioner_id", "successor_id"}
    for kind, entries in copies.items():
        assert entries.keys() == stories[kind]
        rows = {row["id"]: row for row in TABLES[kind].objects.values()}
        for entry, copy in entries.items():
            ours = {name: value for name, value in rows[copy].items() if name not in differ}
            assert ours == {name: rows[entry][name] for name in ours}
            successor = rows[entry].get("successor_id")
            assert rows[copy].get("successor_id") == (successor and entries[successor])


def _copied(one: Statement, copies: dict[Kind, dict[int, int]]) -> Line:
    """What a change set would have brought, of a copy that is numbered by the row that it is a copy of."""
    kind = Kind(one.kind)
    said = {name: value for name, value in one.said.items() if name != "identifier"}
    for name, of in (("practitioner", Kind.PRACTITIONER), ("successor", Kind.ROLE)):
        if name in said:
            said[name] = copies[of].get(said[name]) or f"urn:again|{said[name]}"
    entry = copies[kind].get(one.entry)
    return Line(
        number=1,
        kind=kind,
        entry=entry,
        system="" if entry else "urn:again",
        value="" if entry else str(one.entry),
        said=said,
        since=one.since,
    )


def test_the_suspended_one_of_the_demo_cannot_get_in() -> None:
    cache.clear()  # failed sign-ins are counted
    email = EMAILS["suspended"]
    row = Practitioner.objects.get(family="Muller", given="Guy", status="suspended")
    # In a nation so small few accounts are activated.
    Account.objects.filter(accountpractitioner__practitioner=row).update(
        email=email, password=make_password(PASSWORD), activated_at=now()
    )
    assert (row.status, row.out_since, row.out_until) == ("suspended", date(2024, 11, 14), None)
    browser = Browser(SERVER_NAME="localhost")
    entered = {"login": email, "password": PASSWORD}
    assert browser.post("/sign-in/", entered)["Location"] == "/sign-in/inactive/"
    assert browser.get("/patients/").status_code == 302
    found = browser.get("/directory/?text=Guy+Muller").content.decode()
    assert f"/directory/professionals/{row.pk}/" not in found
    change(
        actor=SYSTEM,
        at=now(),
        source=Source.objects.get(),
        how=How.AUTHORITY,
        lines=[Line(number=1, kind=Kind.PRACTITIONER, entry=row.pk, said={"status": "active"})],
    )
    assert browser.post("/sign-in/", entered)["Location"] != "/sign-in/inactive/"
    assert browser.get("/patients/").status_code == 200
    found = browser.get("/directory/?text=Guy+Muller").content.decode()
    assert f"/directory/professionals/{row.pk}/" in found


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
