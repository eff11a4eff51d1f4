"""Readable text of clinical resources, for the narrative of a document's sections.

https://hl7.org/fhir/R4/narrative.html. Resources are read as far as they say something in a common
way; what is not shown here is in the resource itself, which goes along as received.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape

from salus.fhir.datatypes import concept_text
from salus.fhir.element import Element

_WHAT = ("code", "vaccineCode", "medicationCodeableConcept", "type", "description", "procedureCode")
_WHEN = ("effectiveDateTime", "onsetDateTime", "occurrenceDateTime", "performedDateTime")
_WHEN_TOO = ("authoredOn", "started", "recordedDate", "startDate", "date", "issued")
_PERIODS = ("effectivePeriod", "performedPeriod", "onsetPeriod", "period")
_CONTROLS = dict.fromkeys(range(32), " ")  # which XML does not allow


def table(resources: Sequence[Element]) -> str:
    """An XHTML div with a row for each resource: what, result, status, when."""
    rows = "".join(_row(resource) for resource in resources)
    head = "<tr><th>What</th><th>Result or detail</th><th>Status</th><th>When</th></tr>"
    return (
        '<div xmlns="http://www.w3.org/1999/xhtml"><table>'
        f"<thead>{head}</thead><tbody>{rows}</tbody></table></div>"
    )


def paragraph(text: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{_xhtml(text)}</p></div>'


def _row(resource: Element) -> str:
    cells = (
        what(resource),
        "; ".join(filter(None, _details(resource))),
        _status(resource),
        _when(resource),
    )
    return "<tr>" + "".join(f"<td>{_xhtml(cell)}</td>" for cell in cells) + "</tr>"


def what(resource: Element) -> str:
    """What a clinical resource is about: a diagnosis, a test, a medicine."""
    for name in _WHAT:
        if isinstance(resource.value.get(name), dict):
            return concept_text(resource.child(name))
    for name in ("category", "type"):
        for concept in resource.children(name) if _is_list(resource, name) else []:
            if text := concept_text(concept):
                return text
    return next(_body_sites(resource), resource.text("resourceType"))


def quantity(element: Element) -> str:
    """A Quantity, rounded for reading: never below 2 decimals or 4 digits."""
    value = element.value.get("value")
    if not isinstance(value, Decimal | int) or isinstance(value, bool):
        return ""
    unit = element.text("unit") or element.text("code")
    return f"{element.text('comparator')}{_rounded(Decimal(value))} {unit}".strip()


def _rounded(value: Decimal) -> str:
    if not value:
        return "0"
    decimals = max(2, 3 - value.adjusted())
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def _details(resource: Element) -> Iterator[str]:
    yield from _value(resource)
    for component in _children(resource, "component"):
        yield " ".join([concept_text(component.child("code")), *_value(component)])
    for result in _children(resource, "result"):
        yield result.words("display")
    for dosage in _children(resource, "dosageInstruction"):
        yield dosage.words("text")
    for activity in _children(resource, "activity"):
        yield concept_text(activity.child("detail").child("code"))
    for reason in _children(resource, "reasonCode"):
        yield concept_text(reason)
    if "conclusion" in resource.value:
        yield resource.words("conclusion")


def _value(resource: Element) -> Iterator[str]:
    if "valueQuantity" in resource.value:
        yield quantity(resource.child("valueQuantity"))
    if "valueCodeableConcept" in resource.value:
        yield concept_text(resource.child("valueCodeableConcept"))
    for name in ("valueString", "valueDateTime"):
        if name in resource.value:
            yield resource.words(name)
    if "valueInteger" in resource.value:
        yield str(resource.value["valueInteger"])
    if "valueBoolean" in resource.value:
        yield "yes" if resource.value["valueBoolean"] is True else "no"


def _status(resource: Element) -> str:
    for name in ("clinicalStatus", "achievementStatus"):
        if name in resource.value:
            return concept_text(resource.child(name))
    return resource.text("status") or resource.text("lifecycleStatus")


def _when(resource: Element) -> str:
    for name in _PERIODS:
        if isinstance(resource.value.get(name), dict):
            return resource.child(name).text("start")[:10]
    return next((resource.text(n)[:10] for n in (*_WHEN, *_WHEN_TOO) if n in resource.value), "")


def _body_sites(resource: Element) -> Iterator[str]:
    for series in _children(resource, "series"):
        if text := series.child("bodySite").text("display"):
            yield f"Imaging of {text.lower()}"


def _children(resource: Element, name: str) -> list[Element]:
    return resource.children(name) if _is_list(resource, name) else []


def _is_list(resource: Element, name: str) -> bool:
    """Whether the member is an array of objects: `category` of an allergy is one of codes."""
    value = resource.value.get(name)
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _xhtml(text: str) -> str:
    return escape(text.translate(_CONTROLS), quote=False)
