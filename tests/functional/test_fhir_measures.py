"""The published report over HTTP: as FHIR to an independent client, and the catalogue that lists its files."""

import hashlib
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pandas
import pytest
import rdflib
from fhir.resources.R4B import get_fhir_model_class
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from rdflib import DCTERMS, RDF, Graph, URIRef

from tests.conftest import Site, salus

ADDRESS = "https://salus.example/lu"
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")  # version 3; rdflib carries an older one
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
LANGUAGES = {"fr", "de", "en", "lb"}


@pytest.fixture(scope="module", autouse=True)
def _published(site: Site) -> None:
    for month in ("2024-12", "2025-01"):
        done = salus("report", month, data=site.data)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def client(site: Site) -> SyncFHIRClient:
    return SyncFHIRClient(f"{site.url}/fhir")


def asked(
    site: Site, path: str, *, method: str = "GET", **headers: str
) -> tuple[int, Any, Message]:
    """Status, body as JSON, headers. Underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(site.url + path, method=method, headers=named)
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        body = answer.read()
        return answer.status, json.loads(body) if body else None, answer.headers


def issues(body: Any) -> list[tuple[str, str]]:
    assert body["resourceType"] == "OperationOutcome"
    get_fhir_model_class("OperationOutcome").model_validate(body)
    return [(issue["severity"], issue["code"]) for issue in body["issue"]]


# Reading


def test_the_report_says_what_the_csv_says(site: Site, client: SyncFHIRClient) -> None:
    report = client.reference("MeasureReport", "2024-12-r1").to_resource()
    with urllib.request.urlopen(f"{site.url}/report/2024-12/r1.csv") as answer:
        table = pandas.read_csv(
            io.BytesIO(answer.read()), keep_default_na=False, float_precision="round_trip"
        )
    rows: Iterator[Any] = table.itertuples()
    expected = {(row.indicator, row.period, row.dimension): float(row.value) for row in rows}
    assert dict(values(report)) == expected
    assert report["status"] == "complete"
    assert report["period"] == {"start": "2024-12-01", "end": "2024-12-31"}
    assert report["measure"] == f"{ADDRESS}/fhir/Measure/activity-report"


def values(report: dict[str, Any]) -> Iterator[tuple[tuple[str, str, str], float]]:
    for group in report["group"]:
        indicator = group["code"]["coding"][0]["code"]
        if "stratifier" not in group:
            yield (indicator, "2024-12", ""), measured(group)
            continue
        for stratum in group["stratifier"][0]["stratum"]:
            month, *code = (component["value"] for component in stratum["component"])
            name = code[0]["coding"][0]["code"] if code else ""
            yield (indicator, month["text"], name), measured(stratum)


def measured(part: dict[str, Any]) -> float:
    if "population" in part:
        return float(part["population"][0]["count"])
    return float(part["measureScore"]["value"])


@pytest.mark.conformance
@pytest.mark.parametrize("type", ["Measure", "MeasureReport", "CodeSystem", "StructureDefinition"])
def test_every_resource_is_well_formed(client: SyncFHIRClient, type: str) -> None:
    found = client.resources(type).fetch_all()
    assert found
    for body in map(dict, found):
        get_fhir_model_class(type).model_validate(body)
        assert ID.fullmatch(body["id"])
        assert body["text"]["div"].startswith('<div xmlns="http://www.w3.org/1999/xhtml" lang="fr"')
        if type != "MeasureReport":
            assert body["url"] == f"{ADDRESS}/fhir/{type}/{body['id']}"
            said = {
                extension["extension"][0]["valueCode"] for extension in body["_title"]["extension"]
            }
            assert said | {body["language"]} == LANGUAGES


def test_a_measure_carries_the_query_that_counts(site: Site, client: SyncFHIRClient) -> None:
    edition = asked(site, "/report/2024-12/r1.edition.json")[1]
    for name, known in edition["indicators"].items():
        measure = client.reference("Measure", name.replace("_", "-")).to_resource()
        (population,) = measure["group"][0]["population"]
        assert population["criteria"]["expression"] == known["sql"]
        assert population["criteria"]["language"] == "application/sql"
        scoring = measure["scoring"]["coding"][0]["code"]
        assert scoring == ("proportion" if known["measure"] == "share" else "cohort")


def test_the_report_is_composed_of_every_measure(client: SyncFHIRClient) -> None:
    whole = client.reference("Measure", "activity-report").to_resource()
    parts = {part["resource"] for part in whole["relatedArtifact"]}
    every = {measure["url"] for measure in client.resources("Measure").fetch_all()}
    assert parts == every - {whole["url"]}
    report = client.reference("MeasureReport", "2024-12-r1").to_resource()
    codes = [[group["code"] for group in resource["group"]] for resource in (whole, report)]
    assert sorted(map(str, codes[0])) == sorted(map(str, codes[1]))


# Searching


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, ["2025-01-r1", "2024-12-r1"]),
        ({"_id": "2024-12-r1"}, ["2024-12-r1"]),
        ({"_id": "2024-12-r1,2025-01-r1"}, ["2025-01-r1", "2024-12-r1"]),
        ({"_id": "nothing"}, []),
        ({"period": "2024-12"}, ["2024-12-r1"]),
        ({"period": "2024"}, ["2024-12-r1"]),
        ({"period": "ge2025-01-01"}, ["2025-01-r1"]),
        ({"period": "lt2025-01-01"}, ["2024-12-r1"]),
        ({"period": ["ge2024-12", "le2024-12"]}, ["2024-12-r1"]),
        ({"period": "2024-12-31"}, []),  # no report lies within one day
        ({"measure": "Measure/activity-report"}, ["2025-01-r1", "2024-12-r1"]),
        ({"measure": f"{ADDRESS}/fhir/Measure/activity-report"}, ["2025-01-r1", "2024-12-r1"]),
        ({"measure": "Measure/documents-total"}, []),
    ],
)
def test_reports_are_found(
    client: SyncFHIRClient, wanted: dict[str, str | list[str]], ids: list[str]
) -> None:
    search = client.resources("MeasureReport").search(**wanted)
    assert [report["id"] for report in search.fetch_all()] == ids


def test_measures_are_found_by_url(client: SyncFHIRClient) -> None:
    url = f"{ADDRESS}/fhir/Measure/documents-total"
    (measure,) = client.resources("Measure").search(url=url).fetch_all()
    assert measure["id"] == "documents-total"


def test_pages_lead_through_everything_once(site: Site) -> None:
    whole = asked(site, "/fhir/Measure?_count=200")[1]
    every = [entry["resource"]["id"] for entry in whole["entry"]]
    assert whole["total"] == len(every) > 30
    page = asked(site, "/fhir/Measure?_count=7")[1]
    seen = [entry["resource"]["id"] for entry in page["entry"]]
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = asked(site, following[0].removeprefix(site.url))[1]
        assert page["total"] == len(every)
        seen += [entry["resource"]["id"] for entry in page["entry"]]
    assert seen == every
    get_fhir_model_class("Bundle").model_validate(page)


def test_count_zero_only_counts(site: Site) -> None:
    page = asked(site, "/fhir/Measure?_count=0")[1]
    assert page["total"] > 30
    assert "entry" not in page
    assert [link["relation"] for link in page["link"]] == ["self", "first"]


def test_what_is_not_understood_is_said(site: Site) -> None:
    _, page, _ = asked(site, "/fhir/MeasureReport?period=2024-12&colour=red")
    *matches, warning = page["entry"]
    assert [entry["search"]["mode"] for entry in matches] == ["match"]
    assert warning["search"]["mode"] == "outcome"
    assert issues(warning["resource"]) == [("warning", "not-supported")]
    (link,) = (link["url"] for link in page["link"] if link["relation"] == "self")
    assert "period=2024-12" in link and "colour" not in link


# Refusals, each in FHIR's own words


@pytest.mark.parametrize(
    ("path", "status", "code", "headers"),
    [
        ("/fhir/MeasureReport/2024-12-r2", 404, "not-found", {}),
        ("/fhir/MeasureReport/2024-13-r1", 404, "not-found", {}),
        ("/fhir/Measure/nothing", 404, "not-found", {}),
        ("/fhir/Patient", 401, "login", {}),
        ("/fhir/Observation", 404, "not-found", {}),
        ("/fhir/Measure/documents-total/_history", 404, "not-found", {}),
        ("/fhir/MeasureReport?period=yesterday", 400, "invalid", {}),
        ("/fhir/MeasureReport?period=2024-02-30", 400, "invalid", {}),
        ("/fhir/MeasureReport?period:above=2024", 400, "invalid", {}),
        ("/fhir/MeasureReport?period=", 400, "invalid", {}),
        ("/fhir/Measure?_count=many", 400, "invalid", {}),
        ("/fhir/Measure?colour=red", 400, "invalid", {"Prefer": "handling=strict"}),
        ("/fhir/Measure", 406, "not-supported", {"Accept": "text/turtle"}),
        ("/fhir/Measure?_format=ttl", 406, "not-supported", {}),
        (
            "/fhir/Measure",
            406,
            "not-supported",
            {"Accept": "application/fhir+json; fhirVersion=5.0"},
        ),
    ],
)
def test_refusals(site: Site, path: str, status: int, code: str, headers: dict[str, str]) -> None:
    answered, body, told = asked(site, path, **headers)
    assert (answered, issues(body)) == (status, [("error", code)])
    assert told["Content-Type"] == "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(site: Site, method: str) -> None:
    status, body, headers = asked(site, "/fhir/Measure/documents-total", method=method)
    assert (status, issues(body)) == (405, [("error", "not-supported")])
    assert headers["Allow"] == "GET, HEAD"


def test_an_independent_client_understands_refusals(client: SyncFHIRClient) -> None:
    with pytest.raises(ResourceNotFound):
        client.reference("Measure", "nothing").to_resource()
    with pytest.raises(OperationOutcome):
        client.resources("MeasureReport").search(period="yesterday").fetch()


def test_what_a_client_has_is_not_sent_again(site: Site) -> None:
    status, body, headers = asked(site, "/fhir/MeasureReport/2024-12-r1")
    assert (status, body["id"]) == (200, "2024-12-r1")
    again = asked(site, "/fhir/MeasureReport/2024-12-r1", If_None_Match=headers["ETag"])
    assert again[:2] == (304, None)
    assert asked(site, "/fhir/MeasureReport/2025-01-r1", If_None_Match=headers["ETag"])[0] == 200


def test_the_server_says_what_it_can(site: Site) -> None:
    body = asked(site, "/fhir/metadata", Accept="application/fhir+json")[1]
    get_fhir_model_class("CapabilityStatement").model_validate(body)
    assert body["fhirVersion"] == "4.0.1"
    offered = {resource["type"] for resource in body["rest"][0]["resource"]}
    assert {"Measure", "MeasureReport"} <= offered


# The catalogue


@pytest.fixture(scope="module")
def graph(site: Site, _published: None) -> Graph:
    with urllib.request.urlopen(f"{site.url}/report/catalog.jsonld") as answer:
        return Graph().parse(data=answer.read(), format="json-ld")


# rdflib's own reader of JSON-LD uses what rdflib will drop.
parses = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")


@parses
@pytest.mark.conformance
def test_the_catalogue_lists_every_month_in_every_language(graph: Graph) -> None:
    (catalog,) = graph.subjects(RDF.type, DCAT.Catalog)
    (series,) = graph.subjects(RDF.type, DCAT.DatasetSeries)
    months = {URIRef(f"{ADDRESS}/report/{month}") for month in ("2024-12", "2025-01")}
    assert set(graph.subjects(DCAT.inSeries, series)) == months
    assert set(graph.objects(catalog, DCAT.dataset)) == {series, *months}
    for described in (catalog, series, *months):
        for wording in (DCTERMS.title, DCTERMS.description):
            texts = graph.objects(described, wording)
            assert {text.language for text in texts} == LANGUAGES  # type: ignore[attr-defined]
        assert set(graph.objects(described, DCTERMS.publisher)) == {URIRef(f"{ADDRESS}/agency")}


@parses
@pytest.mark.conformance
def test_each_file_of_the_catalogue_is_what_it_says(site: Site, graph: Graph) -> None:
    dataset = URIRef(f"{ADDRESS}/report/2024-12")
    (period,) = graph.objects(dataset, DCTERMS.temporal)
    assert str(graph.value(period, DCAT.startDate)) == "2024-12-01"
    assert str(graph.value(period, DCAT.endDate)) == "2024-12-31"
    files = list(graph.objects(dataset, DCAT.distribution))
    assert len(files) == 4 * len(("pdf", "html", "json")) + len(("csv", "sdmx.csv"))
    for file in files:
        address = str(graph.value(file, DCAT.downloadURL))
        with urllib.request.urlopen(address.replace(ADDRESS, site.url)) as answer:
            content, media_type = answer.read(), answer.headers.get_content_type()
        hashed = graph.value(graph.value(file, SPDX.checksum), SPDX.checksumValue)
        assert str(hashed) == hashlib.sha256(content).hexdigest(), address
        assert str(graph.value(file, DCAT.mediaType)).endswith(f"/media-types/{media_type}")
        licence = str(graph.value(file, DCTERMS.license))
        assert licence == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("schema.json", "application/schema+json"),
        ("structure.json", "application/vnd.sdmx.structure+json"),
        ("catalog.jsonld", "application/ld+json"),
        ("2024-12.csv-metadata.json", "application/csvm+json"),
        ("2024-12/r1.csv-metadata.json", "application/csvm+json"),
        ("2024-12.sdmx.csv", "application/vnd.sdmx.data+csv"),
    ],
)
def test_descriptions(site: Site, name: str, media_type: str) -> None:
    with urllib.request.urlopen(f"{site.url}/report/{name}") as answer:
        assert answer.headers.get_content_type() == media_type
        body = answer.read()
    if "csv-metadata" in name:
        assert json.loads(body)["url"] == name.removesuffix("-metadata.json").rpartition("/")[2]
