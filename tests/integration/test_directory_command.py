"""`salus directory`: a register's file from its first line to the roll-back, as who keeps the directory types it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from config.cli import _parser
from config.directory import run
from salus.directory.models import ChangeSet, Organization, Practitioner
from salus.kernel.errors import Conflict, InvalidInput, NotFound

COLLEGE = "https://college.example/members"
HEADER = "kind,identifier,family,given,profession,telephone,practitioner,organization,name,type\n"
HOSPITAL = "Organization,H,,,,,,,Clinic,hospital\n"


@pytest.fixture(autouse=True)
def rolled_back(database: Path) -> Any:
    with transaction.atomic():
        directory("add-source", "college", "--title", "The college", "--system", COLLEGE)
        yield
        transaction.set_rollback(True)


def directory(*arguments: str | Path) -> None:
    assert run(_parser().parse_args(["directory", *map(str, arguments)])) == 0


def person(number: int, family: str = "Weber", telephone: str = "") -> str:
    return f"Practitioner,{number},{family},Léa,62247001,{telephone},,,,\n"


def last() -> str:
    return str(ChangeSet.objects.latest("pk").pk)


def brought(file: Path, *rows: str, options: tuple[str, ...] = ()) -> str:
    """Proposed and applied; the number of the change set."""
    file.write_text(HEADER + "".join(rows))
    directory("propose", file, "--source", "college", *options)
    directory("apply", last())
    return last()


def test_a_file_is_previewed_applied_and_taken_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, report = tmp_path / "doctors.csv", tmp_path / "report.csv"
    brought(file, HOSPITAL, person(1), person(2, "Weis"))
    role = f"PractitionerRole,R,,,,,1,{COLLEGE}|H,,\n"
    file.write_text(
        HEADER + person(1, "Weber-Muller", "+352 1") + person(2, "Weis") + role + "x,\n"
    )
    capsys.readouterr()
    directory("propose", file, "--source", "college", "--out", report)
    told = capsys.readouterr().out
    assert Practitioner.objects.get(value="1").family == "Weber"  # nothing is in force yet
    for line in (
        "Practitioner                0        1        1        0        1",
        "  2  Practitioner  https://college.example/members|1",
        "      family: Weber -> Weber-Muller",
        "      telephone: +352 1",
        f"      practitioner: {COLLEGE}|1",
        "      has 2 values, but the first line names 10",
        "waiting",
        f"`salus directory apply {last()}`",
    ):
        assert line in told
    rows = list(csv.DictReader(report.read_text().splitlines()))
    assert {"line": "2", "field": "family", "was": "Weber"}.items() <= rows[0].items()
    assert [row["problem"] for row in rows if row["outcome"] == "refused"] == [
        "has 2 values, but the first line names 10"
    ]
    directory("apply", last())
    assert "1 changed, 1 new, 1 refused, 1 same" in capsys.readouterr().out
    assert Practitioner.objects.get(value="1").family == "Weber-Muller"
    with pytest.raises(Conflict, match="decided before"):
        directory("apply", last())
    directory("roll-back", last(), "--reason", "last year's file")
    assert Practitioner.objects.get(value="1").family == "Weber"
    directory("show", last())
    directory("list")
    told = capsys.readouterr().out
    assert "rolled back: last year's file" in told
    assert "college           file" in told and "doctors.csv" in told


def test_the_same_file_is_told_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "doctors.csv"
    first = brought(file, person(1))
    capsys.readouterr()
    brought(file, person(1))
    told = capsys.readouterr()
    assert f"brought before: change set {first}, applied" in told.err
    assert "in force: 1 same" in told.out


def test_what_was_declined_is_not_applied(tmp_path: Path) -> None:
    (tmp_path / "doctors.csv").write_text(HEADER + person(1))
    directory("propose", tmp_path / "doctors.csv", "--source", "college")
    directory("decline", last(), "--reason", "not theirs")
    with pytest.raises(Conflict):
        directory("apply", last())
    assert not Practitioner.objects.exists()


def test_a_complete_file_that_ends_many_is_applied_only_when_it_is_really_meant(
    tmp_path: Path,
) -> None:
    file, people = tmp_path / "doctors.csv", [person(number) for number in range(20)]
    brought(file, HOSPITAL, *people, options=("--complete",))
    with pytest.raises(Conflict, match="end 6 of 20 entries of type Practitioner"):
        brought(file, *people[6:], options=("--complete",))
    assert not Practitioner.objects.exclude(deregistered_at=None).exists()
    directory("apply", last(), "--really")
    assert Practitioner.objects.filter(deregistered_at=None).count() == 14
    assert Organization.objects.get().deregistered_at is None  # the file tells of no organisation


def test_a_complete_file_with_a_line_that_cannot_be_read_ends_nobody_unasked(
    tmp_path: Path,
) -> None:
    file = tmp_path / "doctors.csv"
    brought(file, person(1), person(2))
    with pytest.raises(Conflict, match="1 of its lines cannot be read"):
        brought(file, person(1), '"2\n', options=("--complete",))
    brought(file, person(1), person(2).replace("62247001", "wizard"), options=("--complete",))
    assert Practitioner.objects.filter(deregistered_at=None).count() == 2  # it is named


def test_a_file_of_resources_is_brought_as_well(tmp_path: Path) -> None:
    file = tmp_path / "places.ndjson"
    place = {
        "resourceType": "Organization",
        "identifier": [{"system": COLLEGE, "value": "H"}],
        "name": "Clinic",
        "type": [{"coding": [{"code": "hospital"}]}],
    }
    file.write_text(json.dumps(place) + "\n")
    directory("propose", file, "--source", "college", "--complete")
    directory("apply", last())
    assert Organization.objects.get().name == "Clinic"


def test_a_cell_of_the_report_is_no_formula(tmp_path: Path) -> None:
    file, report = tmp_path / "doctors.csv", tmp_path / "report.csv"
    file.write_text(HEADER + person(1, "=cmd()", "+352 1"))
    directory("propose", file, "--source", "college", "--out", report)
    shown = {
        row["field"]: row["will_be"] for row in csv.DictReader(report.read_text().splitlines())
    }
    assert (shown["family"], shown["telephone"]) == ("'=cmd()", "+352 1")


@pytest.mark.parametrize(
    ("arguments", "problem", "says"),
    [
        (["propose", "absent.csv", "--source", "college"], InvalidInput, "cannot be read: No such"),
        (["propose", "absent.csv", "--source", "guild"], NotFound, "there is no source guild"),
        (["show", "999999"], NotFound, "there is no such change set"),
        (["add-source", "college", "--title", "x"], Conflict, "there is a source of this name"),
        (["add-source", "two", "--title", "x", "--system", COLLEGE], Conflict, "these numbers"),
        (["add-source", "My College", "--title", "x"], InvalidInput, "a short word"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], problem: type[Exception], says: str
) -> None:
    with pytest.raises(problem, match=says):
        directory(*arguments)
    directory("sources")
