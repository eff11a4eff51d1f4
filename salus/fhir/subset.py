"""Parts of a resource: what _summary and _elements leave of it (https://hl7.org/fhir/R4/search.html#summary)."""

from salus.fhir.definitions import definition
from salus.fhir.resource import Body
from salus.fhir.search import Summary

# https://hl7.org/fhir/R4/resource.html#simple-tags
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_ALWAYS = ("resourceType", "id", "meta")


def of(body: Body, summary: Summary, elements: tuple[str, ...]) -> Body:
    """The body as asked for, with all that must be there; marked SUBSETTED when anything was left out."""
    members = definition(body["resourceType"]).members.values()
    needed = {*_ALWAYS, *(member.name for member in members if member.least)}
    match summary:
        case _ if elements:
            wanted = needed | {*elements}
        case Summary.TRUE:
            wanted = needed | {member.name for member in members if member.summary}
        case Summary.TEXT:
            wanted = needed | {"text"}
        case Summary.DATA:
            wanted = {name.removeprefix("_") for name in body if name != "text"}
        case _:
            return body
    # What is said of a primitive element, as its extensions, stands beside it under its name with an underscore.
    kept = {name: value for name, value in body.items() if name.removeprefix("_") in wanted}
    if len(kept) == len(body):
        return body
    meta = body.get("meta", {})
    return kept | {"meta": meta | {"tag": [*meta.get("tag", ()), _SUBSETTED]}}
