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
    own = "Extension.extension"
    of_field = (
        *_part(f"{own}:field", "name", "code", least=1, most="1"),
        *_part(f"{own}:field", "level", "string", least=1, most="1"),
        *_part(f"{own}:field", "weight", "decimal", least=1, most="1"),
    )
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
                *_part("Extension", "weight", "decimal", least=1, most="1"),
                {"id": f"{own}:field", "path": own, "sliceName": "field", "min": 0, "max": "*"},
                *of_field,
                {"id": f"{own}:field.url", "path": f"{own}.url", "fixedUri": "field"},
                {"id": f"{own}:field.value[x]", "path": f"{own}.value[x]", "max": "0"},
                *_part("Extension", "guard", "string", least=0, most="*"),
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": EXPLANATION},
                {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
            ]
        },
    }


def _part(within: str, name: str, of: str, *, least: int, most: str) -> tuple[Body, ...]:
    """An extension in the one of this id, with a value of one type."""
    here = f"{within}.extension:{name}"
    path = f"{within.replace(':field', '')}.extension"
    return (
        {"id": here, "path": path, "sliceName": name, "min": least, "max": most},
        {"id": f"{here}.extension", "path": f"{path}.extension", "max": "0"},
        {"id": f"{here}.url", "path": f"{path}.url", "fixedUri": name},
        {"id": f"{here}.value[x]", "path": f"{path}.value[x]", "min": 1, "type": [{"code": of}]},
    )
