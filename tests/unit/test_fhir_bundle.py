"""Reading a Bundle: what is wrong is said with its place, and a Reference finds what it means."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from salus.fhir.bundle import Absent, Bundle, Entry, read_bundle
from salus.fhir.element import Element
from salus.kernel.errors import InvalidInput
from tests.fhir_bundles import Resource, bundle, encoded, url, visit


def read(resources: dict[str, Resource], **members: Any) -> Bundle:
    return read_bundle(encoded(bundle(resources, **members)))


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset"])
def test_reads_every_kind_of_export(kind: str) -> None:
    assert [entry.type for entry in read(visit(), type=kind).entries][:3] == [
        "Patient",
        "Organization",
        "Practitioner",
    ]


@pytest.mark.parametrize("document", [[], 1, "Bundle", None, {}, {"resourceType": "Patient"}])
def test_what_is_no_bundle_is_refused(document: Any) -> None:
    with pytest.raises(InvalidInput, match="not a FHIR Bundle"):
        read_bundle(encoded(document))


def _no_full_url(body: Resource) -> None:
    del body["entry"][1]["fullUrl"]


def _relative_full_url(body: Resource) -> None:
    body["entry"][1]["fullUrl"] = "Organization/1"


def _same_full_url(body: Resource) -> None:
    body["entry"][2]["fullUrl"] = body["entry"][1]["fullUrl"]


def _no_resource(body: Resource) -> None:
    del body["entry"][1]["resource"]


def _resource_is_a_text(body: Resource) -> None:
    body["entry"][1]["resource"] = "Organization"


def _no_resource_type(body: Resource) -> None:
    del body["entry"][1]["resource"]["resourceType"]


def _entry_is_an_object(body: Resource) -> None:
    body["entry"] = {}


def _reference_to_nothing(body: Resource) -> None:
    body["entry"][3]["resource"]["subject"]["reference"] = url("nobody")


def _of_another_type(body: Resource) -> None:
    body["type"] = "history"


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (_no_full_url, r"entry\[1\]\.fullUrl: missing"),
        (_relative_full_url, r"entry\[1\]\.fullUrl: must be an absolute URL"),
        (_same_full_url, r"entry\[2\]\.fullUrl: the same as that of entry\[1\]"),
        (_no_resource, r"entry\[1\]\.resource: missing"),
        (_resource_is_a_text, r"entry\[1\]\.resource: an object is expected"),
        (_no_resource_type, r"entry\[1\]\.resource\.resourceType: missing"),
        (_entry_is_an_object, r"Bundle\.entry: an array is expected"),
        (_reference_to_nothing, r"entry\[3\]\.resource: refers to urn:uuid:.*not in this Bundle"),
        (_of_another_type, r"Bundle\.type: must be one of"),
    ],
)
def test_damage_is_named_with_its_place(damage: Callable[[Resource], None], complaint: str) -> None:
    body = bundle(visit())
    damage(body)
    with pytest.raises(InvalidInput, match=complaint):
        read_bundle(encoded(body))


def _found(reference: Resource, *, type: str) -> Entry | Absent | None:
    resources = visit()
    resources["doctor"]["id"] = "d1"
    return read(resources).find(Element(path="here", value=reference), type=type)


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": url("doctor")},
        {"reference": "Practitioner/d1"},
        {"reference": "Practitioner/d1/_history/3"},
        {"reference": "Practitioner?identifier=urn:test:doctors|D-1"},
        {"reference": "Practitioner?identifier=urn%3Atest%3Adoctors%7CD-1"},
        {"identifier": {"system": "urn:test:doctors", "value": "D-1"}},
    ],
)
def test_each_way_to_refer_finds_the_entry(reference: Resource) -> None:
    found = _found(reference, type="Practitioner")
    assert isinstance(found, Entry) and found.full_url == url("doctor")


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"display": "somebody"},
        {"reference": "#contained"},
        {"reference": "https://elsewhere.example/Practitioner/1"},
        {"reference": url("hospital")},
        {"reference": "Organization?identifier=urn:test:places|H-1"},
    ],
)
def test_a_reference_that_nobody_can_look_up_means_nothing(reference: Resource) -> None:
    assert _found(reference, type="Practitioner") is None


def test_an_identifier_that_is_not_in_the_bundle_is_looked_up_elsewhere() -> None:
    found = _found({"reference": "Practitioner?identifier=urn:x|9"}, type="Practitioner")
    assert found == Absent(type="Practitioner", system="urn:x", value="9")


@pytest.mark.parametrize(
    "wrong",
    ["Practitioner/none", "urn:uuid:none", "Practitioner?name=x", "Practitioner?identifier=x"],
)
def test_a_reference_to_nothing_is_an_error(wrong: str) -> None:
    with pytest.raises(InvalidInput, match=r"here\.reference: "):
        _found({"reference": wrong}, type="Practitioner")


def test_identity_is_the_business_identifier_before_the_url() -> None:
    resources = visit()
    resources["dose"]["identifier"] = [{"system": "urn:test:doses", "value": "7"}]
    entries = {entry.type: entry for entry in read(resources).entries}
    assert entries["Immunization"].identity() == "urn:test:doses|7"
    assert entries["Encounter"].identity() == url("visit")


def test_content_of_an_encounter_is_what_says_so() -> None:
    resources = visit()
    resources["pressure"]["status"] = "entered-in-error"
    resources["letter"] = {
        "resourceType": "DocumentReference",
        "context": {"encounter": [{"reference": url("visit")}]},
    }
    bundle = read(resources)
    (contents,) = bundle.by_encounter.values()
    assert [entry.type for entry in contents] == [
        "Condition",
        "CarePlan",
        "Immunization",
        "DocumentReference",
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1980-02-29", date(1980, 2, 29)),
        ("2020-03-01T23:30:00-05:00", date(2020, 3, 1)),
        ("2020-03-01T23:30:00.123Z", date(2020, 3, 1)),
        ("1980-02", None),
        ("1980", None),
        ("", None),
    ],
)
def test_day_is_that_of_the_sender(text: str, day: date | None) -> None:
    assert Element(path="p", value={"birthDate": text}).day("birthDate") == day


@pytest.mark.parametrize(
    "text",
    [
        "0000-13-45",
        "0000",
        "1980-02-30",
        "80-02-28",
        "1980-2-28",
        "yesterday",
        "1980-02-28 10:00",
        "1980-02-28T25:00:00Z",
        "1980-02-28T10:00:00",
        "١٩٨٠-٠٢-٢٨",
    ],
)
def test_wrong_dates_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"p\.birthDate: (not a date of FHIR|no such day)"):
        Element(path="p", value={"birthDate": text}).day("birthDate")


@pytest.mark.parametrize("number", [0, -1, True, 1.5, "1", 2**15])
def test_positive_numbers_are_positive_and_small(number: Any) -> None:
    with pytest.raises(InvalidInput, match=r"p\.dose: not a positive number"):
        Element(path="p", value={"dose": number}).positive("dose")


@pytest.mark.parametrize("value", [7, ["x"], {"x": "y"}, True])
def test_a_text_is_a_text(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"p\.family: a text is expected"):
        Element(path="p", value={"family": value}).text("family")


def test_a_text_that_is_too_long_is_not_quoted() -> None:
    with pytest.raises(InvalidInput) as refused:
        Element(path="p", value={"family": "Braun" * 100}).text("family")
    assert str(refused.value) == "p.family: longer than 250 characters"
