"""The report of a second, invented country, by configuration alone (tests/arelia)."""

import io
import json
from pathlib import Path
from typing import Any

import pandas
import pdfplumber
import pytest

from salus.kernel import clock
from salus.kernel.month import Month
from tests.conftest import salus
from tests.fhir_bundles import bundle, encoded, visit

HOMES = ("XA",) * 7 + ("XB",) * 5 + ("FR",) * 6


@pytest.fixture
def arelia(installation: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Arelia's installation with a visit, and a dose, of somebody from each of HOMES."""
    monkeypatch.setenv("SALUS_COUNTRY", "tests.arelia")
    files = [tmp_path / f"{number}.json" for number in range(len(HOMES))]
    for file, home in zip(files, HOMES, strict=True):
        resources = visit()
        resources["patient"]["identifier"][0]["value"] = f"P-{file.stem}"
        resources["patient"]["birthDate"] = f"19{60 + int(file.stem)}-02-03"
        resources["patient"]["address"][0]["country"] = home
        for act in ("visit", "dose"):
            resources[act]["identifier"] = [{"system": f"urn:test:{act}s", "value": file.stem}]
        file.write_bytes(encoded(bundle(resources)))
    done = salus("import", *files, data=installation)
    assert done.returncode == 0, done.stderr
    return installation


def report(data: Path, format: str) -> bytes:
    """The running month's, counted provisionally: what was imported is of today."""
    out = data / f"report.{format}"
    month = str(Month.of(clock.now().date()))
    done = salus("report", month, "--lang", "en", "--format", format, "--out", out, data=data)
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


def test_its_report_comes_in_every_format_with_its_own_names(arelia: Path) -> None:
    body: dict[str, Any] = json.loads(report(arelia, "json"))
    figures = {figure["id"]: figure["value"] for figure in body["figures"]}
    people = len(HOMES)
    for added in (
        "professionals_locked_out_total",
        "index_entries_joined_in_month",
        "index_joins_undone_in_month",
    ):
        assert figures.pop(added) == 0
    assert figures == {
        "vaccinations_total": people,
        "records_total": people,
        "documents_total": people,
        "records_residence_xa_share": pytest.approx(100 * 7 / people),
        "records_residence_other_share": pytest.approx(100 * 6 / people),
    }
    assert {chart["id"] for chart in body["charts"]} == {
        "vaccinations_recorded",
        "records_by_residence",
    }

    table = pandas.read_csv(
        io.BytesIO(report(arelia, "csv")), keep_default_na=False, float_precision="round_trip"
    )
    residence = table[table.indicator == "records_by_residence"]
    assert set(residence.dimension) == {"XA", "XB", "other"}

    words = [report(arelia, "html").decode()]
    with pdfplumber.open(io.BytesIO(report(arelia, "pdf"))) as pdf:
        words.append(" ".join(page.extract_text() for page in pdf.pages))
    for text in words:
        for name in (
            "The island health file",
            "Health files",
            "Borelia",
            "Health office of Arelia",
        ):
            assert name in text
        for name in ("Luxembourg", "DSP", "Regimail", "esante.lu"):
            assert name not in text
