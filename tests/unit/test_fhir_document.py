"""The FHIR document of an encounter."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from salus.fhir import exact_json
from salus.fhir.bundle import Bundle, read_bundle
from salus.fhir.document import contents_of, encounter_document
from salus.fhir.element import Element
from salus.fhir.narrative import quantity, table, what
from tests.fhir_bundles import bundle, concept, encoded, reference, url, visit


def document(received: Bundle) -> bytes:
    encounter = next(received.of_type("Encounter"))
    return encounter_document(
        bundle=received,
        encounter=encounter,
        patient=next(received.of_type("Patient")),
        authors=[next(received.of_type("Practitioner"))],
        contents=contents_of(received, encounter),
    )


@pytest.fixture
def filed() -> Any:
    return json.loads(document(read_bundle(encoded(bundle(visit())))))


def test_is_a_document_bundle_with_its_composition_first(filed: Any) -> None:
    assert filed["type"] == "document"
    assert filed["identifier"]["value"] == url("visit")
    assert filed["timestamp"] == "2020-03-01T09:15:00+01:00"
    composition = filed["entry"][0]["resource"]
    assert composition["resourceType"] == "Composition"
    assert composition["type"]["coding"][0]["code"] == "34133-9"
    assert composition["subject"] == reference("patient")
    assert composition["encounter"] == reference("visit")
    assert composition["author"] == [reference("doctor")]
    assert composition["title"] == "Check up"


def test_each_resource_is_in_it_once_and_as_received(filed: Any) -> None:
    entries = {entry["fullUrl"]: entry["resource"] for entry in filed["entry"][1:]}
    assert len(entries) == len(filed["entry"]) - 1
    received = visit()
    expected = received.keys() - {"allergy", "claim"}
    assert entries == {url(name): received[name] for name in expected}


def test_everything_that_the_composition_names_is_there(filed: Any) -> None:
    there = {entry["fullUrl"] for entry in filed["entry"]}
    composition = filed["entry"][0]["resource"]
    named = [composition["subject"], composition["encounter"], *composition["author"]]
    named += [entry for section in composition["section"] for entry in section["entry"]]
    assert {ref["reference"] for ref in named} <= there


def test_sections_are_readable(filed: Any) -> None:
    sections = filed["entry"][0]["resource"]["section"]
    assert [section["title"] for section in sections] == [
        "Problems",
        "Immunizations",
        "Vital signs",
        "Plan of care",
        "Goals",
    ]
    tables = {s["title"]: ElementTree.fromstring(s["text"]["div"]) for s in sections}
    cells = {
        title: [cell.text or "" for cell in table.findall(".//{*}td")]
        for title, table in tables.items()
    }
    assert cells["Problems"] == ["Hypertension <severe>", "", "active", "2020-03-01"]
    assert cells["Vital signs"] == ["Blood pressure", "Systolic 150.5 mmHg", "final", "2020-03-01"]
    assert cells["Plan of care"][0] == "Less salt"
    assert cells["Goals"][0] == "Pressure below 140"


def test_same_encounter_same_bytes() -> None:
    content = encoded(bundle(visit()))
    assert document(read_bundle(content)) == document(read_bundle(content))


def test_decimals_keep_their_digits() -> None:
    content = encoded(bundle(visit())).replace(b"150.5", b"150.500")
    assert b'"value":150.500' in document(read_bundle(content))


def test_an_encounter_without_content_is_still_a_document() -> None:
    names = ("patient", "hospital", "doctor", "visit")
    received = read_bundle(encoded(bundle({name: visit()[name] for name in names})))
    (section,) = json.loads(document(received))["entry"][0]["resource"]["section"]
    assert "nothing but the encounter" in section["text"]["div"]


def test_a_diagnosis_of_another_encounter_goes_along_without_a_section() -> None:
    resources = visit()
    resources["later"] = resources["visit"] | {"period": {"start": "2021-01-01"}}
    resources["plan"]["encounter"] = reference("later")
    received = read_bundle(encoded(bundle(resources)))
    later = list(received.of_type("Encounter"))[1]
    contents = contents_of(received, later)
    assert [entry.type for entry in contents] == ["CarePlan", "Goal"]
    filed = json.loads(
        encounter_document(
            bundle=received,
            encounter=later,
            patient=received.entries[0],
            authors=[],
            contents=contents,
        )
    )
    assert filed["timestamp"] == "2021-01-01T00:00:00Z"
    types = [entry["resource"]["resourceType"] for entry in filed["entry"]]
    assert types[:5] == ["Composition", "Patient", "Encounter", "CarePlan", "Goal"]
    assert sorted(types[5:]) == ["Condition", "Organization", "Practitioner"]


def test_details_say_what_was_found_and_never_too_much() -> None:
    div = table(
        [
            Element(
                path="r",
                value={
                    "resourceType": "DiagnosticReport",
                    "code": {"text": "Panel"},
                    "result": [{"display": "Iron"}, {}],
                    "conclusion": "x" * 5000,
                    "effectivePeriod": {"start": "2020-01-02T03:04:05Z"},
                },
            ),
            Element(
                path="m",
                value={
                    "medicationCodeableConcept": {"text": "Aspirin"},
                    "dosageInstruction": [{"text": "one a day"}],
                    "reasonCode": [{"text": "fever & pain\x01"}],
                    "authoredOn": "2020-01-02",
                },
            ),
        ]
    )
    cells = [cell.text for cell in ElementTree.fromstring(div).findall(".//{*}td")]
    assert cells[0] == "Panel" and cells[3] == "2020-01-02"
    assert cells[1] == "Iron; " + "x" * 999 + "…"
    assert cells[4:] == ["Aspirin", "one a day; fever & pain ", None, "2020-01-02"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueCodeableConcept": {"text": "Never smoker"}}, "Never smoker"),
        ({"valueString": "clear"}, "clear"),
        ({"valueInteger": 4}, "4"),
        ({"valueBoolean": True}, "yes"),
        ({"valueBoolean": False}, "no"),
        ({"valueQuantity": {"value": 7, "comparator": "<", "code": "mg"}}, "<7 mg"),
        ({"valueQuantity": {"unit": "mg"}}, None),
    ],
)
def test_each_kind_of_value_is_shown(value: dict[str, Any], words: str | None) -> None:
    div = table([Element(path="r", value={"code": {"text": "Test"}} | value)])
    assert ElementTree.fromstring(div).findall(".//{*}td")[1].text == words


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("171.10313868899456", "171.1 kg"),
        ("0.0012346", "0.001235 kg"),
        ("5.00", "5 kg"),
        ("12345.678", "12345.68 kg"),
        ("0", "0 kg"),
        ("100", "100 kg"),
        ("-3.14159", "-3.142 kg"),
    ],
)
def test_quantities_are_rounded_for_reading_only(written: str, read: str) -> None:
    value = exact_json.parse(f'{{"value": {written}, "unit": "kg"}}'.encode())
    assert quantity(Element(path="q", value=value)) == read


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ({"code": concept("", "1", "Test")}, "Test"),
        ({"code": {"text": "Words", "coding": [{"code": "1"}]}}, "Words"),
        ({"medicationCodeableConcept": concept("", "1", "")}, "1"),
        ({"resourceType": "Device"}, "Device"),
        ({"series": [{"bodySite": {"display": "Chest"}}]}, "Imaging of chest"),
    ],
)
def test_what_a_resource_is_about(resource: dict[str, Any], words: str) -> None:
    assert what(Element(path="r", value=resource)) == words
