"""Searches of FHIR by rows of the database against the plain meaning of R4 over the same resources, rendered.

Random queries, pages of any size; what is left out is the grammar's own tests (tests/spec/test_fhir_search.py).
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.directory.fhir import RESOURCES
from salus.fhir.criteria import Criterion, Reference
from salus.fhir.resource import Body, Resource, Search, Version
from salus.fhir.search import Asked
from salus.fhir.searchset import asked_of, searchset
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS, SNOMED_CT, SPECIALTIES
from tests.fhir_directory import CALL, CITIES, FAMILIES, GIVEN, SYSTEMS, fill_directory

SERVED = {resource.type: resource for resource in RESOURCES}


@pytest.fixture(scope="module", autouse=True)
def directory(database: Path) -> None:
    fill_directory()


@pytest.fixture(scope="module")
def every(directory: None) -> dict[str, list[Version]]:
    """All resources that are shown, by type, in the domain's own order."""
    return {
        name: list(resource.search(CALL, Search(type=name, count=10_000)).matches)
        for name, resource in SERVED.items()
    }


# The slow way


def found_slowly(asked: Asked, every: Mapping[str, list[Version]]) -> list[str]:
    resource = SERVED[asked.search.type]
    met = [
        version
        for version in every[resource.type]
        if all(
            is_met(criterion, resource, version.body, every) for criterion in asked.search.criteria
        )
    ]
    return [version.id for version in met]


def is_met(
    criterion: Criterion, resource: Resource, body: Body, every: Mapping[str, list[Version]]
) -> bool:
    if criterion.chain is None:
        return criterion.is_met_by(resource.parameters[criterion.name].facts(body))
    other = SERVED[criterion.of]
    if criterion.name.startswith("_has:"):
        name = criterion.name.split(":")[2]
        ends = [
            version
            for version in every[other.type]
            if (resource.type, body["id"]) in references(other, name, version.body)
        ]
    else:
        targets = references(resource, criterion.name, body)
        ends = [version for version in every[other.type] if (other.type, version.id) in targets]
    return any(is_met(criterion.chain, other, end.body, every) for end in ends)


def references(resource: Resource, name: str, body: Body) -> set[tuple[str, str]]:
    facts = resource.parameters[name].facts(body)
    return {(fact.type, fact.id) for fact in facts if isinstance(fact, Reference)}


# Random queries


def escaped(text: str) -> str:
    for mark in ("\\", ",", "|", "$"):
        text = text.replace(mark, "\\" + mark)
    return text


NUMBERS = st.integers(0, 60).map(str)
CODES = st.sampled_from(list(PROFESSIONS)[:5])
SYSTEM = st.sampled_from([*SYSTEMS, SNOMED_CT, "https://none.example"]).map(escaped)
PARTS = st.sampled_from(
    [*FAMILIES, *filter(None, [*GIVEN, *CITIES]), "jean paul", "L-1234", "LU", "1", "ü"]
)
TEXTS = st.tuples(PARTS, st.integers(1, 12)).map(lambda both: both[0][: both[1]])
WORDS = TEXTS.map(escaped)


def tokens(codes: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        codes,
        st.tuples(SYSTEM, codes).map("|".join),
        codes.map(lambda code: f"|{code}"),
        SYSTEM.map(lambda system: f"{system}|"),
    )


MOMENTS = st.sampled_from(
    [
        *("2024", "2025", "2024-12", "2025-01", "2024-12-31", "2025-01-01", "2025-01-02"),
        *("2025-01-01T00:00:00", "2024-12-31T23:00:00Z", "2025-01-01T10:30Z", "2024-12-30"),
        *("2025-01-01T10:30:00.5Z", "2025-01-01T10:30:00Z", "2023-03-26", "2025-02-01"),
        *("2025-01-01T00:00:00+01:00", "2024-12-31T22:59:59.999999Z", "2025-01-31"),
    ]
)
DATES = st.tuples(
    st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]), MOMENTS
).map("".join)


def valued(
    name: str, values: st.SearchStrategy[str], *modifiers: str
) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(
        st.sampled_from([name, *(f"{name}:{modifier}" for modifier in modifiers)]),
        st.lists(values, min_size=1, max_size=3).map(",".join),
    )


def parameter(
    name: str, values: st.SearchStrategy[str], *modifiers: str
) -> st.SearchStrategy[tuple[str, str]]:
    missing = st.tuples(st.just(f"{name}:missing"), st.sampled_from(["true", "false"]))
    return valued(name, values, *modifiers) | missing


def referring(name: str, type: str) -> st.SearchStrategy[tuple[str, str]]:
    values = st.tuples(
        st.sampled_from(["", f"{type}/", f"{CALL.base}/{type}/", "Location/"]), NUMBERS
    ).map("".join)
    return parameter(name, values) | valued(f"{name}:{type}", NUMBERS)


def chained(
    prefix: str, inner: st.SearchStrategy[tuple[str, str]]
) -> st.SearchStrategy[tuple[str, str]]:
    return inner.map(lambda pair: (prefix + pair[0], pair[1]))


ACTIVE = parameter("active", st.sampled_from(["true", "false", "|true", "a|true"]), "not")
LANGUAGES = st.sampled_from(["fr", "de", "pt", "urn:ietf:bcp:47|pt", "x|pt", "lb"])
SPECIALTY = parameter(
    "specialty", st.sampled_from([code for code, _ in SPECIALTIES.values()]), "not"
)
NEW_PATIENTS = parameter("new-patients", st.sampled_from(["true", "false", "x|true"]), "not")
NEARS = st.tuples(
    st.floats(49.4, 49.9).map(lambda one: f"{one:.4f}"),
    st.floats(5.9, 6.5).map(lambda one: f"{one:.4f}"),
    st.sampled_from(["", "|5", "|20|km", "|1500|m", "|10|[mi_us]", "|20000|km", "|0"]),
).map(lambda parts: f"{parts[0]}|{parts[1]}{parts[2]}")
PRACTITIONER = st.one_of(
    parameter("_id", tokens(NUMBERS)),
    parameter("identifier", tokens(NUMBERS), "not"),
    parameter("family", WORDS, "exact", "contains"),
    parameter("given", WORDS, "contains"),
    parameter("name", WORDS, "contains"),
    ACTIVE,
    parameter("_lastUpdated", DATES),
    parameter("communication", LANGUAGES, "not"),
    parameter("licence-country", tokens(st.sampled_from(["LU", "DE", "FR", "BE"])), "not"),
)
ORGANIZATION = st.one_of(
    parameter("_id", tokens(NUMBERS)),
    parameter("identifier", tokens(NUMBERS), "not"),
    parameter("name", WORDS, "exact", "contains"),
    parameter("type", tokens(st.sampled_from(list(ORGANIZATION_TYPES)[:4])), "not"),
    valued("type:text", WORDS),
    parameter("address", WORDS),
    parameter("address-city", WORDS),
    parameter("address-postalcode", WORDS),
    parameter("address-country", WORDS),
    ACTIVE,
    referring("partof", "Organization"),
    referring("endpoint", "Endpoint"),
    parameter("_lastUpdated", DATES),
)
LOCATION = st.one_of(
    parameter("identifier", tokens(NUMBERS), "not"),
    parameter("name", WORDS, "exact", "contains"),
    parameter("address-city", WORDS),
    parameter("status", st.sampled_from(["active", "suspended", "inactive", "x|active"]), "not"),
    parameter("type", tokens(st.sampled_from(list(ORGANIZATION_TYPES)[:4])), "not"),
    referring("organization", "Organization"),
    parameter("near", NEARS),
    chained("organization.", ORGANIZATION),
)
SERVICE = st.one_of(
    parameter("name", WORDS, "exact", "contains"),
    ACTIVE,
    SPECIALTY,
    NEW_PATIENTS,
    parameter("service-type", tokens(CODES), "not"),
    valued("service-type:text", WORDS),
    parameter("communication", LANGUAGES, "not"),
    referring("organization", "Organization"),
    referring("location", "Location"),
    chained("location.", LOCATION),
)
ENDPOINT = st.one_of(
    parameter("identifier", tokens(NUMBERS), "not"),
    parameter("status", st.sampled_from(["active", "off", "error"]), "not"),
    parameter("connection-type", tokens(st.sampled_from(["ihe-xds", "hl7-fhir-rest"])), "not"),
    referring("organization", "Organization"),
    chained("organization.", ORGANIZATION),
)
ROLE = st.one_of(
    parameter("_id", tokens(NUMBERS)),
    referring("practitioner", "Practitioner"),
    referring("organization", "Organization"),
    referring("location", "Location"),
    referring("service", "HealthcareService"),
    parameter("role", tokens(CODES), "not"),
    SPECIALTY,
    NEW_PATIENTS,
    parameter("date", DATES),
    chained("practitioner.", PRACTITIONER),
    chained("organization:Organization.", ORGANIZATION),
)
QUERIES = {
    "Practitioner": PRACTITIONER | chained("_has:PractitionerRole:practitioner:", ROLE),
    "Organization": st.one_of(
        ORGANIZATION,
        chained("_has:PractitionerRole:organization:", ROLE),
        chained("_has:Location:organization:", LOCATION),
        chained("_has:HealthcareService:organization:", SERVICE),
    ),
    "PractitionerRole": ROLE,
    "Location": LOCATION,
    "HealthcareService": SERVICE,
    "Endpoint": ENDPOINT,
}
SORTS = {
    "Practitioner": ["family", "given", "_lastUpdated", "_id", "identifier", "name"],
    "Organization": ["name", "address-city", "address-country", "_lastUpdated", "_id"],
    "PractitionerRole": ["location", "service", "date", "_id"],
    "Location": ["name", "address-city", "_lastUpdated"],
    "HealthcareService": ["name", "location"],
    "Endpoint": ["_lastUpdated", "identifier"],
}


def answered(query: list[tuple[str, str]], resource: Resource) -> Body:
    asked = asked_of(query, resource, SERVED, CALL, strict=True)
    return searchset(asked, resource.search(CALL, asked.search), resource, SERVED, CALL)


def ids(bundle: Body) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", ())]


def following(bundle: Body, relation: str) -> list[tuple[str, str]] | None:
    for link in bundle["link"]:
        if link["relation"] == relation:
            return parse_qsl(urlsplit(link["url"]).query)
    return None


ASKED = st.one_of(
    [
        st.tuples(st.just(name), st.lists(one, min_size=1, max_size=3))
        for name, one in QUERIES.items()
    ]
)


@settings(max_examples=100)
@given(query_of_type=ASKED)
def test_rows_are_found_as_their_resources_would_be(
    query_of_type: tuple[str, list[tuple[str, str]]], every: dict[str, list[Version]]
) -> None:
    name, query = query_of_type
    resource = SERVED[name]
    asked = asked_of(query, resource, SERVED, CALL, strict=True)
    expected = found_slowly(asked, every)
    assert ids(answered([*query, ("_count", "200")], resource)) == expected
    assert answered([*query, ("_count", "0")], resource)["total"] == len(expected)


@pytest.mark.parametrize("type", QUERIES)
@settings(max_examples=15)
@given(data=st.data())
def test_pages_of_any_size_are_one_page(type: str, data: st.DataObject) -> None:
    """Forwards and back again; sorted by anything, with equal and with absent values."""
    resource = SERVED[type]
    keys = data.draw(st.lists(st.sampled_from(SORTS[type]), max_size=3, unique=True))
    signed = [data.draw(st.sampled_from(["", "-"])) + key for key in keys]
    query = [("_sort", ",".join(signed))] if keys else []
    whole = ids(answered([*query, ("_count", "200")], resource))
    size = data.draw(st.integers(1, len(whole) + 1))
    pages = [answered([*query, ("_count", str(size))], resource)]
    while link := following(pages[-1], "next"):
        pages.append(answered(link, resource))
    assert [one for page in pages for one in ids(page)] == whole
    back = pages[-1]
    for page in reversed(pages[:-1]):
        link = following(back, "previous")
        assert link is not None
        back = answered(link, resource)
        assert ids(back) == ids(page)
    assert following(back, "previous") is None


@pytest.mark.parametrize("type", QUERIES)
def test_a_sort_is_in_the_order_of_its_keys(type: str, every: dict[str, list[Version]]) -> None:
    resource = SERVED[type]
    whole = {version.id for version in every[type]}
    for key in SORTS[type]:
        up = ids(answered([("_sort", key), ("_count", "200")], resource))
        down = ids(answered([("_sort", f"-{key}"), ("_count", "200")], resource))
        assert {*up} == {*down} == whole
    by_id = ids(answered([("_sort", "-_id"), ("_count", "200")], resource))
    assert by_id == sorted(whole, key=int, reverse=True)
