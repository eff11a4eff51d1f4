"""Parts of a resource: what _summary and _elements leave of it (https://hl7.org/fhir/R4/search.html#summary)."""

from salus.fhir.resource import Body
from salus.fhir.search import Summary

_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_ALWAYS = {"resourceType", "id", "meta"}


def of(body: Body, summary: Summary, elements: tuple[str, ...]) -> Body:
    """The body as asked for, marked SUBSETTED when anything was left out."""
    if elements:
        kept = {name: value for name, value in body.items() if name in _ALWAYS | {*elements}}
    elif summary is Summary.DATA:
        kept = {name: value for name, value in body.items() if name != "text"}
    elif summary is Summary.TEXT:
        kept = {name: value for name, value in body.items() if name in _ALWAYS | {"text"}}
    else:
        return body
    meta = body.get("meta", {})
    return kept | {"meta": meta | {"tag": [*meta.get("tag", ()), _SUBSETTED]}}
