"""A resource is checked against HL7's definitions, and every fault is told with its place."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.fhir import exact_json, validation, xml
from salus.fhir.outcome import InvalidResource
from salus.fhir.validation import MOST_FAULTS, check, faults
from salus.kernel.errors import InvalidInput
from tests.unit.test_fhir_xml import CHOSEN, example, known

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Braun", "given": ["Ada"]}],
    "gender": "female",
    "birthDate": "1980-02-29",
}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def told(**members: Any) -> list[tuple[str, str]]:
    return [(issue.code, issue.expression) for issue in faults(PATIENT | members)]


@pytest.mark.parametrize("name", known(CHOSEN))
def test_examples_of_hl7_have_no_fault(name: str) -> None:
    assert faults(example(name)) == []


@pytest.mark.parametrize(
    ("members", "code", "place"),
    [
        ({"colour": "red"}, "structure", "Patient.colour"),
        ({"_name": {"id": "x"}}, "structure", "Patient._name"),
        ({"a b": 1}, "structure", "Patient"),
        ({"gender": "woman"}, "code-invalid", "Patient.gender"),
        ({"gender": ["female"]}, "value", "Patient.gender"),
        ({"gender": ""}, "value", "Patient.gender"),
        ({"gender": None}, "structure", "Patient.gender"),
        ({"active": "true"}, "value", "Patient.active"),
        ({"birthDate": "29.2.1980"}, "value", "Patient.birthDate"),
        ({"birthDate": "1981-02-29"}, "value", "Patient.birthDate"),
        ({"name": {"family": "Braun"}}, "structure", "Patient.name"),
        ({"name": []}, "structure", "Patient.name"),
        ({"name": [{}]}, "structure", "Patient.name[0]"),
        ({"name": ["Braun"]}, "structure", "Patient.name[0]"),
        ({"name": [{"given": ["A", None]}]}, "structure", "Patient.name[0].given[1]"),
        ({"name": [{"given": ["A"], "_given": [None, {"id": "x"}]}]}, "structure", "Patient.name[0].given"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "structure", "Patient.deceased.ofType(dateTime)"),
        ({"multipleBirthInteger": 1.5}, "value", "Patient.multipleBirth.ofType(integer)"),
        ({"multipleBirthInteger": True}, "value", "Patient.multipleBirth.ofType(integer)"),
        ({"multipleBirthInteger": 2**31}, "value", "Patient.multipleBirth.ofType(integer)"),
        ({"communication": [{"preferred": True}]}, "required", "Patient.communication[0].language"),
        ({"managingOrganization": {"reference": "Patient/1"}}, "invalid", "Patient.managingOrganization"),
        ({"managingOrganization": {"type": "Patient", "display": "x"}}, "invalid", "Patient.managingOrganization"),
        ({"managingOrganization": {"reference": "#x"}}, "invariant", "Patient.managingOrganization"),
        ({"photo": [{"data": "no base64!"}]}, "value", "Patient.photo[0].data"),
        ({"photo": [{"data": "aGk="}]}, "invariant", "Patient.photo[0]"),
        ({"extension": [{"valueString": "x"}]}, "required", "Patient.extension[0].url"),
        ({"extension": [{"url": "urn:x"}]}, "invariant", "Patient.extension[0]"),
        ({"telecom": [{"value": "1"}]}, "invariant", "Patient.telecom[0]"),
        ({"contained": [{"resourceType": "Nonsense", "id": "x"}]}, "structure", "Patient.contained[0]"),
        ({"contained": [{"resourceType": "Basic", "id": "x"}]}, "required", "Patient.contained[0].code"),
        ({"id": "a_b"}, "value", "Patient.id"),
        ({"language": "a\x01"}, "value", "Patient.language"),
    ],
)  # fmt: skip
def test_a_fault_has_a_place(members: dict[str, Any], code: str, place: str) -> None:
    assert (code, place) in told(**members)


@pytest.mark.parametrize(
    "members",
    [
        {"name": [{"given": ["A", None], "_given": [None, {"id": "x"}]}]},
        {"_birthDate": {"extension": [{"url": "urn:x", "valueTime": "12:00:00"}]}},
        {"managingOrganization": {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}},
        {"managingOrganization": {"reference": "https://else.example/fhir/Organization/1/_history/2"}},
        {"managingOrganization": {"reference": "Organization?identifier=a|b"}},
        {
            "managingOrganization": {"reference": "#x"},
            "contained": [{"resourceType": "Organization", "id": "x"}],
        },
        {"birthDate": "1980"},
        {"name": [{"text": "nbsp\u00a0inside"}]},
    ],
)  # fmt: skip
def test_what_is_right_is_let_through(members: dict[str, Any]) -> None:
    assert told(**members) == []


@pytest.mark.parametrize(
    ("inner", "right"),
    [
        ('<p style="color:red">x<br/></p>', True),
        ('<a href="https://a.example/">x</a><a href="#b">y</a>', True),
        ("<script>x</script>", False),
        ('<p onclick="x">x</p>', False),
        ('<a href="java&#10;script:x">x</a>', False),
        ('<iframe src="https://a.example/">x</iframe>', False),
        ('<b xmlns="urn:other">x</b>', False),
        ("&nbsp;", False),
        (" ", False),
        ("<p>" * 100 + "x" + "</p>" * 100, False),
        ("<p>" * 60_000, False),
    ],
)
def test_a_narrative_is_text_that_does_nothing(inner: str, right: bool) -> None:
    issues = told(text={"status": "generated", "div": DIV.format(inner)})
    assert issues == ([] if right else [("value", "Patient.text.div")])


def test_no_fault_quotes_what_the_resource_holds() -> None:
    wrong = {
        "resourceType": "Patient",
        "gender": "Geheim",
        "birthDate": "Geheim",
        "name": [{"family": 7, "Geheim Geheim": 1}],
        "photo": [{"data": "Geheim"}],
    }
    texts = [issue.text + issue.expression for issue in faults(wrong)]
    assert len(texts) == 6
    assert "Geheim" not in "".join(texts)


def test_very_many_faults_are_not_all_told() -> None:
    issues = faults(PATIENT | {"name": [{"family": 1}] * 1000})
    assert len(issues) == MOST_FAULTS + 1
    assert issues[-1].severity == "information"


@pytest.mark.parametrize(
    "body", [None, [], 1, "x", {}, {"resourceType": 1}, {"resourceType": "Basic"}]
)
def test_another_thing_than_the_type_is_refused(body: Any) -> None:
    with pytest.raises(InvalidResource):
        check(body, type="Patient")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*PATIENT, "extension", "_gender", "contained", "url", "valueString"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_whatever_comes_is_told_and_nothing_breaks(value: Any) -> None:
    body = PATIENT | (value if isinstance(value, dict) else {"name": value})
    issues = faults(body)
    assert all(issue.text and issue.code for issue in issues)
    if not issues:
        again = xml.parse(xml.dump(body).encode())
        assert validation.faults(again) == []


@given(st.binary() | st.text().map(str.encode))
def test_whatever_bytes_come_are_read_or_refused(content: bytes) -> None:
    for parse in (exact_json.parse, xml.parse):
        with suppress(InvalidInput):
            parse(content)
