"""What the nightly files hold of entries that are not as simple as they look: duplicates, silent addresses, values."""

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any

import psycopg
import pytest

from salus.directory.files import MANIFEST, Edition, editions, export, folder
from salus.directory.models import Endpoint, Kind
from salus.kernel.clock import now
from salus.kernel.postgres import login
from tests.directory_pages import DENTIST, EVERY_DAY, dentist, practice, say

AT = now()
HOURS = [{"daysOfWeek": EVERY_DAY, "allDay": True}]
Entries = dict[str, int]


@pytest.fixture(scope="module")
def entries(database: Path) -> Entries:
    root, double = dentist("Ferreira", languages=["pt", "fr"]), dentist("Fereira")
    house, annexe = practice('Cabinet, du "Parc"'), practice("Cabinet du Parc")
    role = say(
        Kind.ROLE,
        since=date(2020, 1, 1),
        practitioner=double,
        organization=annexe,
        new_patients=False,
        hours=HOURS,
    )
    licence = say(Kind.LICENCE, practitioner=double, profession=DENTIST, country="LU")
    left = dentist("Left")
    say(Kind.LICENCE, practitioner=left, profession=DENTIST, country="LU")
    say(Kind.PRACTITIONER, left, status="ended")
    say(Kind.PRACTITIONER, double, same_as=root)
    say(Kind.ORGANIZATION, annexe, same_as=house)
    said: dict[str, Any] = {
        "connection_type": "hl7-fhir-rest",
        "address": "https://parc.example/fhir",
    }
    silent = say(Kind.ENDPOINT, organization=annexe, **said)
    Endpoint.objects.update(failures=9, checked_at=now(), answered_at=now() - timedelta(days=9))
    return {"root": root, "house": house, "role": role, "licence": licence, "silent": silent}


@pytest.fixture(scope="module")
def edition(entries: Entries) -> Iterator[Edition]:
    yield export(at=AT)
    rmtree(folder())


def rows(edition: Edition, name: str) -> list[dict[str, str]]:
    with (edition.folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_what_leads_to_a_duplicate_leads_to_the_one_that_is_in_the_files(
    edition: Edition, entries: Entries
) -> None:
    (role,), (licence,), (address,) = (
        rows(edition, name) for name in ("PractitionerRole", "Licence", "Endpoint")
    )
    root, house = str(entries["root"]), str(entries["house"])
    assert [row["id"] for row in rows(edition, "Practitioner")] == [root]
    assert [row["id"] for row in rows(edition, "Organization")] == [house]
    assert (role["id"], licence["id"]) == (str(entries["role"]), str(entries["licence"]))
    assert (role["practitioner"], role["organization"]) == (root, house)
    assert (licence["practitioner"], address["organization"]) == (root, house)


def test_a_value_is_written_for_programs(edition: Edition) -> None:
    (who,), (house,), (role,) = (
        rows(edition, name) for name in ("Practitioner", "Organization", "PractitionerRole")
    )
    assert who["languages"] == "pt fr"
    assert house["name"] == 'Cabinet, du "Parc"'
    assert role["new_patients"] == "false"
    assert json.loads(role["hours"]) == HOURS


def test_an_address_that_is_silent_is_so_in_each_form(edition: Edition) -> None:
    (address,) = rows(edition, "Endpoint")
    (resource,) = map(json.loads, (edition.folder / "Endpoint.ndjson").read_text().splitlines())
    assert address["status"] == resource["status"] == "error"


def test_a_night_that_is_half_written_is_no_edition(edition: Edition) -> None:
    half = folder() / "2099-01-01T000000Z.new"
    half.mkdir()
    (half / MANIFEST).write_bytes((edition.folder / MANIFEST).read_bytes())
    assert editions() == [edition]


def test_changes_are_asked_for_from_before_whatever_was_under_way(
    entries: Entries, database: Path
) -> None:
    known = login(database, "app")
    with psycopg.connect(
        host=known.host,
        port=known.port,
        user=known.user,
        password=known.password,
        dbname=known.dbname,
    ) as other:
        other.execute("select 1")  # it may yet write what is not in the files
        began = now()
        later = export(at=AT + timedelta(hours=5))
    assert later.since < began
    assert later.instant > began
