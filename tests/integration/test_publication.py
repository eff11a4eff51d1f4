"""A published month is frozen, signed, checked, and can be counted again; a correction is a revision."""

import json
import shutil
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.test import override_settings
from django.utils.timezone import get_default_timezone

from salus.activity_report.archive import corrections, edition_of, folder_of, revisions
from salus.activity_report.calendar import release_of
from salus.activity_report.edition import Edition, Status
from salus.activity_report.publication import ChecksFailed, Draft, count_anew, publish
from salus.activity_report.run import NothingToRevise, report
from salus.activity_report.verify import verify
from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.kernel.month import Month
from salus.kernel.signing import SignatureInvalid
from tests.conftest import as_role, salus

MONTH = Month(2024, 12)
RELEASED = datetime(2025, 3, 20, tzinfo=get_default_timezone())

pytestmark = pytest.mark.usefixtures("reporter")


@pytest.fixture(scope="module")
def published(nation: Path) -> Edition:
    with as_role("reporter"), override_settings(LANGUAGES=settings.LANGUAGES[:1]):
        shutil.rmtree(nation / "reports", ignore_errors=True)
        (nation / "reports").mkdir()
        return publish(count_anew(MONTH, now=RELEASED))


def late_request(rows: psycopg.Connection) -> None:
    """An event of the published month that arrives after its publication."""
    rows.execute(
        "insert into audit_event (at, kind, agent)"
        " values ('2024-12-31 23:59:59+01', 'index_request', 'hospital')"
    )


def contents(edition: Edition) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder_of(edition).iterdir()}


def test_every_file_is_as_the_signed_document_says(published: Edition) -> None:
    files = contents(published)
    document = json.loads(files.pop("edition.json"))
    assert {"report.fr.pdf", "report.fr.html", "report.fr.json", "report.csv"} <= files.keys()
    assert document["files"] == {n: sha256(content).hexdigest() for n, content in files.items()}
    fingerprint = document["data"].encode()
    assert fingerprint in files["report.fr.html"]
    assert Edition.from_json(document["edition"]) == published == edition_of(MONTH)


def test_all_checks_were_made_and_passed(published: Edition) -> None:
    assert {check.outcome for check in published.checks} <= {"passed", "not judged"}
    checked = {check.indicator for check in published.checks}
    assert {"documents_total", "vaccinations_by_type", "uses_pharmacy_in_month"} <= checked


def test_a_published_edition_can_be_counted_again(published: Edition) -> None:
    verdict = verify(folder_of(published) / "edition.json")
    assert verdict.differences == ()
    assert verdict.changed_files == ()
    assert verdict.recounted == len(published.cells)


def test_a_forged_edition_is_found_out(published: Edition, tmp_path: Path) -> None:
    text = (folder_of(published) / "edition.json").read_text()
    total = published.figure("documents_total").value
    forged = tmp_path / "edition.json"
    for changed in (
        text.replace(f'"value": {total}', f'"value": {total + 1}', 1),  # type: ignore[operator]
        text.replace('"title": "Documents"', '"title": "Papers"', 1),
        text.replace('"signature": "', '"signature": "x', 1),
        text.replace('"signature"', '"seal"', 1),
    ):
        assert changed != text
        forged.write_text(changed)
        with pytest.raises(SignatureInvalid):
            verify(forged)
    for nonsense in ("", "[]", '{"edition": 1}'):
        forged.write_text(nonsense)
        with pytest.raises(InvalidInput):
            verify(forged)


def test_a_file_that_was_changed_is_named(published: Edition, tmp_path: Path) -> None:
    copy = shutil.copytree(folder_of(published), tmp_path / "copy")
    (copy / "report.csv").write_bytes(b"period,indicator\n")
    assert verify(copy / "edition.json").changed_files == ("report.csv",)


def test_the_doctor_misses_a_file_that_was_changed(published: Edition, nation: Path) -> None:
    file = folder_of(published) / "report.csv"
    before = file.read_bytes()
    says = "files of the activity report are as they were published"
    assert f"{says}\n" in salus("doctor", data=nation).stdout
    file.write_bytes(before + b"\n")
    assert f"{says}: 1 are not, {file}" in salus("doctor", data=nation).stdout
    file.write_bytes(before)


def test_before_its_release_a_month_is_provisional_and_not_kept(nation: Path) -> None:
    month = Month(2025, 2)
    release = release_of(month)
    early = count_anew(month, now=release.replace(hour=release.hour - 1)).edition
    assert early.provisional == release.date().isoformat()
    assert {figure.status for figure in early.figures} == {Status.PROVISIONAL}
    assert count_anew(month, now=release).edition.provisional == ""
    with pytest.raises(NotFound):
        edition_of(month)


def test_nobody_publishes_the_same_revision_twice(published: Edition) -> None:
    with pytest.raises(Conflict):
        publish(Draft(edition=published))
    assert len(revisions(MONTH)) == 1


def test_what_a_killed_publication_left_is_made_anew(published: Edition) -> None:
    month = Month(2024, 11)
    counted = count_anew(month, now=RELEASED)
    half = folder_of(counted.edition)
    half.mkdir(parents=True)
    (half / "report.csv").write_text("half a fi")
    publish(counted)
    assert verify(half / "edition.json").changed_files == ()


def test_a_failed_check_refuses_and_an_override_is_printed(
    published: Edition, rows: psycopg.Connection
) -> None:
    month = Month(2025, 1)
    rows.execute(
        "delete from audit_event where at >= '2025-01-13' and at < '2025-01-27'"
        " and kind = 'eligibility_check' and agent = 'pharmacy'"
    )
    counted = count_anew(month, now=RELEASED)
    with pytest.raises(ChecksFailed) as refusal:
        publish(counted)
    assert "Uses by pharmacies" in str(refusal.value)
    with pytest.raises(NotFound):
        edition_of(month)
    edition = publish(counted, despite="The register was closed for two weeks")
    assert b"The register was closed for two weeks" in contents(edition)["report.fr.html"]


def test_a_correction_is_a_revision_with_its_reason(
    published: Edition, rows: psycopg.Connection, tmp_path: Path
) -> None:
    before = contents(published)
    with pytest.raises(NothingToRevise):
        report(month=MONTH, language="fr", format="csv", reason="no reason")
    late_request(rows)
    unchanged = report(month=MONTH, language="fr", format="csv", out=tmp_path / "report.csv")
    assert unchanged.path.read_bytes() == before["report.csv"]
    assert "1 cells would differ" in unchanged.note
    differing = verify(folder_of(published) / "edition.json").differences
    value = published.figure("index_requests_in_month").value
    assert [(d.indicator, d.published, d.recounted) for d in differing] == [
        ("index_requests_in_month", value, (value or 0) + 1)
    ]

    revised = report(month=MONTH, language="fr", format="html", reason="A hospital was late")
    assert revised.note == ""
    edition = edition_of(MONTH)
    assert (edition.revision, edition.reason) == (2, "A hospital was late")
    assert b"A hospital was late" in revised.path.read_bytes()
    marked = [f.id for f in edition.figures if f.status is Status.REVISED]
    assert marked == ["index_requests_in_month"]
    assert contents(published) == before
    assert edition_of(MONTH, 1) == published
    (correction,) = (c for c in corrections() if c.edition == edition)
    cell = ("index_requests_in_month", "2024-12", "")
    assert correction.cells == ((cell, value, (value or 0) + 1),)
