"""The whole directory in files: of one instant, whole or not there, with hashes that anyone can check, few kept."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from django.test import Client

from salus.directory.files import (
    KEPT,
    MANIFEST,
    Edition,
    editions,
    export,
    folder,
    is_due,
    keys_file,
)
from salus.directory.models import Licence, Organization, Practitioner
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput
from salus.kernel.signing import PublicKeys

AT = now()


@pytest.fixture(scope="module")
def edition(nation: Path) -> Iterator[Edition]:
    yield export(at=AT)
    rmtree(folder())


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def get(edition: Edition, name: str, **headers: str) -> Any:
    client = Client(headers={"host": "localhost"} | headers)
    return client.get(f"/directory/files/{edition.name}/{name}")


def table(edition: Edition, name: str) -> list[dict[str, str]]:
    with (edition.folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_file_is_what_its_manifest_says(edition: Edition) -> None:
    document = json.loads((edition.folder / MANIFEST).read_bytes())
    PublicKeys(keys_file()).check(document)
    assert {file["name"] for file in document["files"]} | {MANIFEST} == {
        path.name for path in edition.folder.iterdir()
    }
    for file in document["files"]:
        held = (edition.folder / file["name"]).read_bytes()
        head = file["name"].endswith(".csv")
        assert (len(held), held.count(b"\n") - head) == (file["size"], file["rows"])
        assert hashlib.sha256(held).hexdigest() == file["sha256"]
    document["files"][0]["rows"] += 1
    with pytest.raises(InvalidInput):
        PublicKeys(keys_file()).check(document)


def test_they_hold_what_is_shown(edition: Edition) -> None:
    lines = (edition.folder / "Practitioner.ndjson").read_text().splitlines()
    resources = {resource["id"]: resource for resource in map(json.loads, lines)}
    shown = Practitioner.objects.filter(deregistered_at=None, same_as=None)
    assert resources.keys() >= {str(pk) for pk in shown.values_list("pk", flat=True)}
    gone = Practitioner.objects.exclude(deregistered_at=None)
    assert not resources.keys() & {str(pk) for pk in gone.values_list("pk", flat=True)}
    rows = {row["id"]: row for row in table(edition, "Practitioner.csv")}
    assert rows.keys() == resources.keys()
    one = shown.order_by("pk").first()
    assert one
    row = rows[str(one.pk)]
    assert (row["family"], row["given"], row["profession"]) == (
        one.family,
        one.given,
        one.profession,
    )
    assert row["languages"] == " ".join(one.languages)
    assert resources[str(one.pk)]["name"][0]["family"] == one.family
    organizations = Organization.objects.filter(deregistered_at=None, same_as=None).count()
    assert len(table(edition, "Organization.csv")) == organizations
    licences = Licence.objects.filter(deregistered_at=None, practitioner__deregistered_at=None)
    assert len(table(edition, "Licence.csv")) == licences.count()


def test_what_is_restricted_is_in_none(edition: Edition) -> None:
    heads = {path.name: path.read_text().splitlines()[0] for path in edition.folder.glob("*.csv")}
    assert heads["Practitioner.csv"].startswith("id,system,value,family,given,prefix")
    for head in heads.values():
        assert not {"birth_date", "private_telephone", "private_address", "status_reason"} & set(
            head.split(",")
        )


def test_a_file_is_loaded_whole_in_part_or_not_again(edition: Edition) -> None:
    held = (edition.folder / "Organization.csv").read_bytes()
    whole = get(edition, "Organization.csv")
    assert (whole.status_code, content(whole)) == (200, held)
    assert whole["Content-Type"] == "text/csv; charset=utf-8"
    assert whole["ETag"] == f'"{hashlib.sha256(held).hexdigest()}"'
    part = get(edition, "Organization.csv", range="bytes=5-24")
    assert (part.status_code, content(part)) == (206, held[5:25])
    assert part["Content-Range"] == f"bytes 5-24/{len(held)}"
    again = get(edition, "Organization.csv", **{"if-none-match": whole["ETag"]})
    assert (again.status_code, content(again)) == (304, b"")
    beyond = get(edition, "Organization.csv", range=f"bytes={len(held)}-")
    assert beyond.status_code == 416
    newest: Any = Client(headers={"host": "localhost"}).get(
        "/directory/files/latest/Organization.csv"
    )
    assert content(newest) == held
    assert whole["Cache-Control"] == "public, max-age=86400"
    assert newest["Cache-Control"] == "public, no-cache"  # another one tomorrow
    assert whole["Content-Disposition"] == 'attachment; filename="Organization.csv"'
    head = Client(headers={"host": "localhost"}).head(
        f"/directory/files/{edition.name}/Organization.csv"
    )
    assert (head.status_code, head["Content-Length"]) == (200, str(len(held)))


@pytest.mark.parametrize(
    "path", ["nothing.csv", "../../secrets/app", "%2e%2e%2fmanifest.json", ".new"]
)
def test_nothing_else_is_loaded(edition: Edition, path: str) -> None:
    assert get(edition, path).status_code == 404
    assert (
        Client(headers={"host": "localhost"})
        .get(f"/directory/files/2020-01-01T000000Z/{MANIFEST}")
        .status_code
        == 404
    )


def test_the_page_lists_them_with_their_hashes(edition: Edition) -> None:
    page = Client(headers={"host": "localhost"}).get("/directory/files/").content.decode()
    keys: Any = Client(headers={"host": "localhost"}).get("/directory/files/keys.json")
    assert json.loads(content(keys)) == json.loads(keys_file().read_bytes())
    for file in edition.files:
        assert file.name in page
        assert file.sha256 in page
    assert f"/directory/files/{edition.name}/{MANIFEST}" in page


def test_few_are_kept_and_a_half_one_goes(edition: Edition) -> None:
    (folder() / "2020-01-01T000000Z.new").mkdir()
    days = [AT + timedelta(days=day) for day in range(1, KEPT + 2)]
    made = [export(at=day).name for day in days]
    assert [one.name for one in editions()] == made[:0:-1][:KEPT]
    assert {path.name for path in folder().iterdir()} == {*made[1:], "keys.json"}
    newest = editions()[0]
    assert export(at=days[-1]) == newest  # twice is once


def test_one_a_day_is_due(edition: Edition) -> None:
    newest = editions()[0].instant.astimezone(AT.tzinfo)
    assert not is_due(newest)
    midnight = datetime.combine(newest.date() + timedelta(days=1), datetime.min.time(), AT.tzinfo)
    assert not is_due(midnight - timedelta(seconds=1))
    assert is_due(midnight)


def test_changes_are_asked_for_from_before_the_instant(edition: Edition) -> None:
    assert AT - edition.since >= timedelta(minutes=1) - timedelta(seconds=1)
