"""StructureDefinitions of our extensions, for what neither R4 nor Plan Net has an element."""

from collections.abc import Iterator

from salus.directory.fhir.saying import ACCESSIBLE, LIMIT, SUCCESSOR
from salus.fhir.resource import Body

# Where it stands, and the one type of its value.
_OURS = {
    SUCCESSOR: ("The role that follows", "PractitionerRole", "Reference"),
    LIMIT: ("What the licence does not permit", "Practitioner.qualification", "string"),
    ACCESSIBLE: ("Whether a wheelchair gets in", "Location", "boolean"),
}


def definitions() -> Iterator[Body]:
    for url, (title, place, of) in _OURS.items():
        name = url.rpartition("/")[2]
        yield {
            "resourceType": "StructureDefinition",
            "id": name,
            "url": url,
            "name": name.title().replace("-", ""),
            "title": title,
            "status": "active",
            "fhirVersion": "4.0.1",
            "kind": "complex-type",
            "abstract": False,
            "context": [{"type": "element", "expression": place}],
            "type": "Extension",
            "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
            "derivation": "constraint",
            "differential": {
                "element": [
                    {"id": "Extension", "path": "Extension"},
                    {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                    {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
                    {
                        "id": "Extension.value[x]",
                        "path": "Extension.value[x]",
                        "min": 1,
                        "type": [{"code": of}],
                    },
                ]
            },
        }
