"""The examples of the standard itself: https://hl7.org/fhir/R4/search.html, sections by their anchors."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from salus.fhir import facts
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.resource import Body, Call, Parameter
from salus.fhir.search import WrongParameter, read_search
from salus.fhir.sources import in_memory, is_met

CALL = Call(
    actor=None,
    at=datetime(2013, 6, 1, tzinfo=UTC),
    request_id=UUID(int=0),
    base="http://example.org/fhir",
)


def parameter(type: ParameterType, given: facts.Facts, *modifiers: Modifier) -> Parameter:
    return Parameter(
        type=type,
        definition="",
        documentation="",
        facts=given,
        modifiers=frozenset(modifiers),
        targets=("Patient", "Practitioner"),
    )


PARAMETERS = {
    "date": parameter(ParameterType.DATE, facts.times("when")),
    "gender": parameter(
        ParameterType.TOKEN,
        facts.tokens("gender", system="http://hl7.org/fhir/administrative-gender"),
        Modifier.NOT,
    ),
    "identifier": parameter(ParameterType.TOKEN, facts.tokens("identifier"), Modifier.OF_TYPE),
    "code": parameter(ParameterType.TOKEN, facts.tokens("code"), Modifier.TEXT),
    "active": parameter(ParameterType.TOKEN, facts.tokens("active")),
    "given": parameter(
        ParameterType.STRING, facts.strings("name.given"), Modifier.EXACT, Modifier.CONTAINS
    ),
    "family": parameter(
        ParameterType.STRING, facts.strings("name.family"), Modifier.EXACT, Modifier.CONTAINS
    ),
    "subject": parameter(ParameterType.REFERENCE, facts.references("subject"), Modifier.IDENTIFIER),
    "url": parameter(ParameterType.URI, facts.urls("url")),
}
BASIC = in_memory("Basic", parameters=PARAMETERS, ids=list, render=lambda _id: {})


def met(name: str, value: str, body: Body) -> bool:
    asked = read_search([(name, value)], BASIC, {"Basic": BASIC}, CALL, strict=True)
    return is_met(body, asked.search, PARAMETERS)


# #date and #prefix. Times without a zone are the country's, on both sides.
@pytest.mark.parametrize(
    ("asked", "found", "not_found"),
    [
        # "includes all times on 14-Jan 2013; not any on other days"
        (
            "eq2013-01-14",
            ["2013-01-14T00:00:00", "2013-01-14T10:00:00", "2013-01-14"],
            ["2013-01-15T00:00:00", "2013-01-13", "2013-01"],
        ),
        ("ne2013-01-14", ["2013-01-15T00:00:00"], ["2013-01-14T00:00:00", "2013-01-14T10:00"]),
        # all of 14-Jan 2013 is not before ten, a part of it is
        ("lt2013-01-14T10:00", ["2013-01-14", "2013-01-13"], ["2013-01-14T10:00", "2013-01-15"]),
        ("gt2013-01-14T10:00", ["2013-01-14", "2013-01-15"], ["2013-01-14T10:00", "2013-01-13"]),
        # "from 21-Jan 2013 onwards"
        (
            "ge2013-03-14",
            [{"start": "2013-03-21"}, "2013-03-14", "2013-03-14T12:00"],
            ["2013-03-13", {"end": "2013-03-13"}],
        ),
        ("le2013-03-14", ["2013-03-14", "2013-03-13", {"end": "2013-03-21"}], ["2013-03-21"]),
        # "periods that start after"; not one that only goes beyond
        (
            "sa2013-03-14",
            [{"start": "2013-03-15"}, {"start": "2013-03-21", "end": "2013-03-22"}],
            [{"start": "2013-03-14"}, "2013-03-14", {"end": "2013-03-21"}],
        ),
        (
            "eb2013-03-14",
            [{"end": "2013-03-13"}, "2013-03-13"],
            [{"end": "2013-03-14"}, "2013-03-14", {"start": "2013-03-01"}],
        ),
        # "the date 21-Jan 2013 because that is near 14-Jan 2013"
        ("ap2013-03-14", ["2013-03-14", "2013-03-21"], ["2015-06-15", "2012-06-15"]),
        # a year is all of its days
        ("2013", ["2013-01-01", "2013-12-31T23:59:59", "2013-07"], ["2014-01-01", "2012-12-31"]),
        # seconds and fractions
        ("2013-01-14T10:00:00Z", ["2013-01-14T10:00:00.999Z"], ["2013-01-14T10:00:01Z"]),
        ("2013-01-14T10:00:00+01:00", ["2013-01-14T09:00:00Z"], ["2013-01-14T10:00:00Z"]),
    ],
)
def test_dates(asked: str, found: list[Any], not_found: list[Any]) -> None:
    times = [*found, *not_found]
    assert [time for time in times if met("date", asked, {"when": time})] == found


ACME = {"system": "http://acme.org/patient", "value": "2345"}
IN_ROLE = ACME | {
    "value": "446053",
    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
}


# #token
@pytest.mark.parametrize(
    ("name", "value", "body", "expected"),
    [
        ("identifier", "http://acme.org/patient|2345", {"identifier": [ACME]}, True),
        ("identifier", "http://other.org/patient|2345", {"identifier": [ACME]}, False),
        ("identifier", "2345", {"identifier": [ACME]}, True),
        ("identifier", "|2345", {"identifier": [ACME]}, False),
        ("identifier", "|2345", {"identifier": [{"value": "2345"}]}, True),
        ("identifier", "http://acme.org/patient|", {"identifier": [ACME]}, True),
        ("gender", "male", {"gender": "male"}, True),
        ("gender", "http://hl7.org/fhir/administrative-gender|male", {"gender": "male"}, True),
        ("gender:not", "male", {"gender": "male"}, False),
        ("gender:not", "male", {"gender": "female"}, True),
        ("gender:not", "male", {}, True),
        ("gender:not", "male,female", {"gender": "female"}, False),
        ("gender:missing", "true", {}, True),
        ("gender:missing", "false", {}, False),
        ("active", "true", {"active": True}, True),
        ("code", "http://acme.org/conditions/codes|ha125", {"code": {"text": "x"}}, False),
        (
            "code",
            "ha125",
            {"code": {"coding": [{"system": "http://acme.org/codes", "code": "ha125"}]}},
            True,
        ),
        (
            "code:text",
            "headache",
            {"code": {"coding": [{"code": "1", "display": "Headache, acute"}]}},
            True,
        ),
        (
            "identifier:of-type",
            "http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053",
            {"identifier": [IN_ROLE]},
            True,
        ),
        (
            "identifier:of-type",
            "http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053",
            {"identifier": [ACME | {"value": "446053"}]},
            False,
        ),
    ],
)
def test_tokens(name: str, value: str, body: Body, expected: bool) -> None:
    assert met(name, value, body) is expected


# #string
@pytest.mark.parametrize(
    ("name", "value", "found", "not_found"),
    [
        ("given", "eve", ["Eve", "Evelyn"], ["Steve"]),
        ("given:contains", "eve", ["Eve", "Evelyn", "Severine"], ["Adam"]),
        ("given:exact", "Eve", ["Eve"], ["eve", "EVE", "Evelyn"]),
        ("family", "muller", ["Müller", "MULLER", "Müller-Weber"], ["Weber-Müller"]),
    ],
)
def test_strings(name: str, value: str, found: list[str], not_found: list[str]) -> None:
    element = name.partition(":")[0]
    texts = [*found, *not_found]
    assert [text for text in texts if met(name, value, {"name": [{element: text}]})] == found


# #reference
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("subject", "Patient/23", True),
        ("subject", "23", True),
        ("subject:Patient", "23", True),
        ("subject:Practitioner", "23", False),
        ("subject", "Practitioner/23", False),
        ("subject", "http://example.org/fhir/Patient/23", True),
        ("subject", "http://elsewhere.org/fhir/Patient/23", False),
        ("subject:identifier", "http://acme.org/patient|2345", True),
        ("subject:identifier", "http://acme.org/patient|2346", False),
    ],
)
def test_references(name: str, value: str, expected: bool) -> None:
    body = {"subject": {"reference": "Patient/23", "identifier": ACME}}
    assert met(name, value, body) is expected


def test_a_uri_is_matched_whole() -> None:
    body = {"url": "http://acme.org/fhir/ValueSet/123"}
    assert met("url", "http://acme.org/fhir/ValueSet/123", body)
    assert not met("url", "http://acme.org/fhir/ValueSet", body)


# #escaping
def test_escapes() -> None:
    body = {"identifier": {"system": "http://a.example/x|y,z", "value": r"p$q\r"}}
    assert met("identifier", r"http://a.example/x\|y\,z|p\$q\\r", body)
    assert not met("identifier", r"http://a.example/x|y,z|p", body | {"identifier": ACME})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date", "xx2013-01-14"),
        ("date", "2013-01-32"),
        ("date", "9999-12-31T12:00"),
        ("date", "0001-01-01"),
        ("date", "2013-01-14T10"),
        ("date", "2013-01-14T10:00 01:00"),  # a plus that was not escaped
        ("identifier", "|"),
        ("identifier", "a|b|c"),
        ("identifier:of-type", "a|b"),
        ("identifier:exact", "a"),
        ("gender:in", "http://a.example/ValueSet/1"),
        ("family", "-"),
        ("family", ""),
        ("identifier", "a\0b"),
        ("identifier", "a," * 1000 + "a"),
        ("subject", "to nobody"),
        ("subject:Patient", "Practitioner/23"),
        ("subject:Group", "23"),
        ("url:below", "http://a.example"),
        ("colour", "red"),
        ("_include", "*"),
        ("_sort", "family"),
        ("_total", "much"),
        ("_summary", "short"),
        ("_contained", "true"),
    ],
)
def test_what_cannot_be_answered_is_refused_and_its_parameter_named(name: str, value: str) -> None:
    with pytest.raises(WrongParameter) as refused:
        met(name, value, {"identifier": [ACME]})
    assert refused.value.at == f"http.{name}"
