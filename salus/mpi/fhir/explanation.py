"""Why the matcher takes somebody for the one who is meant, as an extension of an entry of `$match`."""

from salus.fhir.resource import Body
from salus.mpi.matching.score import Match

EXPLANATION = "https://salus.example/StructureDefinition/match-explanation"


def explanation(match: Match) -> Body:
    """What each field says, heaviest first: a level of agreement and bits for or against, no value of anybody."""
    fields: list[Body] = [
        {
            "url": "field",
            "extension": [
                {"url": "name", "valueCode": _code(one.field)},
                {"url": "level", "valueString": str(one.level)},
                {"url": "weight", "valueDecimal": round(one.weight, 3)},
            ],
        }
        for one in sorted(match.evidence, key=lambda one: -abs(one.weight))
        if one.weight
    ]
    guards = [{"url": "guard", "valueString": guard} for guard in match.guards]
    weight = {"url": "weight", "valueDecimal": round(match.weight, 3)}
    return {"url": EXPLANATION, "extension": [weight, *fields, *guards]}


def _code(field: str) -> str:
    return str(field).replace(" ", "-").replace("_", "-")


def definition() -> Body:
    """StructureDefinition of the extension."""
    parts = ("weight", "field", "guard")
    return {
        "resourceType": "StructureDefinition",
        "id": "match-explanation",
        "url": EXPLANATION,
        "name": "MatchExplanation",
        "title": "Why somebody may be meant",
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "Bundle.entry.search"}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "max": "1"},
                {
                    "id": "Extension.extension",
                    "path": "Extension.extension",
                    "comment": f"One of {', '.join(parts)}; of a field its name, level and weight.",
                    "min": 1,
                },
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": EXPLANATION},
                {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
            ]
        },
    }
