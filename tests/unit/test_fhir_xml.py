"""FHIR's XML and JSON are two spellings of one resource: HL7's own examples survive the way there and back."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from salus.fhir import exact_json, validation, xml
from salus.kernel.errors import InvalidInput

EXAMPLES = Path(__file__).parents[2] / "node_modules/hl7.fhir.r4.examples"
# One of each kind that has a service here, and those that are hard: decimals, contained resources, big documents.
CHOSEN = """
Patient-example Patient-newborn Practitioner-f001 Organization-hl7 PractitionerRole-example DocumentReference-example
Immunization-example Immunization-protocol AuditEvent-example Binary-example Binary-f006 Measure-hiv-indicators
MeasureReport-hiv-indicators Observation-decimal Observation-example Bundle-example Bundle-xds Composition-example
StructureDefinition-Patient CodeSystem-administrative-gender SearchParameter-Patient-active OperationOutcome-example
MedicationRequest-medrx0311 Parameters-example Questionnaire-f201 DiagnosticReport-ultrasound
""".split()  # noqa: SIM905


def example(name: str) -> Any:
    return exact_json.parse((EXAMPLES / f"{name}.json").read_bytes())


def exact(value: Any) -> Any:
    """With decimals as they are spelled: 1.0 is not 1.00. A narrative may be spelled otherwise."""
    match value:
        case dict():
            return {name: exact(held) for name, held in value.items() if name != "div"}
        case list():
            return [exact(held) for held in value]
        case Decimal():
            return f"decimal {value}"
    return value


def known(names: list[str]) -> list[str]:
    return [name for name in names if (EXAMPLES / f"{name}.json").exists()]


@pytest.mark.parametrize("name", known(CHOSEN))
def test_an_example_survives_both_ways(name: str) -> None:
    body = example(name)
    document = xml.dump(body)
    again = xml.parse(document.encode())
    assert exact(again) == exact(body)
    assert xml.dump(again) == document
    assert exact(xml.parse(xml.dump(body, indent=2).encode())) == exact(body)
    assert exact(exact_json.parse(exact_json.dump(body, indent=1).encode())) == exact(body)


def test_the_examples_are_there() -> None:
    assert len(known(CHOSEN)) > 20


@pytest.mark.prove
def test_every_example_survives_both_ways() -> None:
    count = 0
    for file in sorted(EXAMPLES.glob("[A-Z]*.json")):
        if file.stat().st_size > 2**21:
            continue
        body = exact_json.parse(file.read_bytes(), most_characters=2**21)
        if not validation.faults(body):
            assert exact(xml.parse(xml.dump(body).encode())) == exact(body), file.name
            count += 1
    assert count > 5000


def test_what_is_written_is_what_the_standard_shows() -> None:
    body = {
        "resourceType": "Patient",
        "id": "p",
        "birthDate": "1980",
        "_birthDate": {"id": "b", "extension": [{"url": "urn:x", "valueDecimal": Decimal("1.50")}]},
        "name": [{"given": ['A"<&\n', None], "_given": [None, {"id": "g"}]}],
        "contained": [{"resourceType": "Basic", "code": {"text": "\x01"}}],
    }
    document = xml.dump(body)
    assert document == (
        '<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="p"/>'
        '<contained><Basic xmlns="http://hl7.org/fhir"><code><text value="\ufffd"/></code></Basic></contained>'
        '<name><given value="A&quot;&lt;&amp;&#10;"/><given id="g"/></name>'
        '<birthDate value="1980" id="b"><extension url="urn:x"><valueDecimal value="1.50"/></extension>'
        "</birthDate></Patient>"
    )
    fromstring(document)


def test_the_narrative_stays_what_it_is() -> None:
    div = (
        '<div xmlns="http://www.w3.org/1999/xhtml"><p class="a" xml:lang="fr">é &amp; &lt;b&gt;<br/>'
        "<i>x</i> y</p><table><tr><td></td></tr></table></div>"
    )
    body = {"resourceType": "Basic", "text": {"status": "generated", "div": div}}
    assert xml.parse(xml.dump(body).encode())["text"]["div"] == div


def test_a_narrative_that_is_none_does_no_harm() -> None:
    body = {"resourceType": "Basic", "text": {"status": "generated", "div": "<div><p></div><x>"}}
    assert "not well-formed" in xml.parse(xml.dump(body).encode())["text"]["div"]


@pytest.mark.parametrize(
    ("inner", "place"),
    [
        ('<colour value="red"/>', "Basic.colour"),
        ('<code><coding><code value=""/></coding></code>', "Basic.code.coding[0].code"),
        ('<created value="x"/>', "Basic.created"),
        ('<created value="2024" other="x"/>', "Basic.created"),
        ('<created value="2024"/><created value="2025"/>', "Basic.created"),
        ("<code>red</code>", "Basic.code"),
        ('<code xmlns="urn:other"><text value="x"/></code>', "Basic"),
        ("<code/>", "Basic.code"),
        ("<text><status value='generated'/><div>no</div></text>", "Basic.text.div"),
        ("<text><status value='generated'/></text>", "Basic.text.div"),
        ('<extension><valueInteger value="1.5"/></extension>', "Basic.extension[0].url"),
    ],
)
def test_what_is_wrong_in_xml_is_told_as_in_json(inner: str, place: str) -> None:
    document = f'<Basic xmlns="http://hl7.org/fhir">{inner}</Basic>'
    issues = validation.faults(xml.parse(document.encode()))
    assert place in [issue.expression for issue in issues]


@pytest.mark.parametrize(
    "document",
    [
        "",
        "text",
        "<a>",
        "<Basic/>",
        '<Nonsense xmlns="http://hl7.org/fhir"/>',
        '<!DOCTYPE a><Basic xmlns="http://hl7.org/fhir"/>',
        '<Bundle xmlns="http://hl7.org/fhir"><entry><resource/></entry></Bundle>',
        '<Bundle xmlns="http://hl7.org/fhir"><entry><resource><x/><y/></resource></entry></Bundle>',
    ],
)
def test_what_is_no_resource_is_refused(document: str) -> None:
    with pytest.raises(InvalidInput):
        xml.parse(document.encode())


def test_decimals_are_written_as_they_came() -> None:
    for digits in ("1.0", "1.00", "-0.010", "100", "1E+5"):
        body = exact_json.parse(f'{{"resourceType":"Basic","x":{digits}}}'.encode())
        assert re.findall(r'"x":([^}]+)', exact_json.dump(body)) == [digits]
        assert json.loads(exact_json.dump(body))["x"] == float(digits)
