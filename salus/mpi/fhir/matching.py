"""`Patient/$match`: who of the index may be meant by a Patient, and how sure that is (IHE PDQm, ITI-119).

https://hl7.org/fhir/R4/patient-operation-match.html. Graded by the bands of the matcher: who would be linked is a
`certain` match; who would be shown to stewards is `probable` where it is more likely than not, else `possible`. Who
would be neither is `certainly-not` meant, and not shown. Each says why, field by field, in an extension of ours.
"""

from salus.country import country
from salus.fhir import datatypes
from salus.fhir.element import Element
from salus.fhir.resource import Arguments, Body, Call, Input, Operation
from salus.kernel.errors import InvalidInput
from salus.kernel.scopes import Interaction
from salus.mpi.fhir.linked import humans_shown
from salus.mpi.fhir.receiving import former_names, maiden_name
from salus.mpi.lookups import people_matched
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, Match

MOST = 10  # candidates, whatever `count` says
MATCH_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
EXPLANATION = "https://salus.example/StructureDefinition/match-explanation"


def _perform(call: Call, asked: Arguments) -> Body:
    count = asked.one("count", MOST)
    if count < 1:
        raise InvalidInput("count is at least one", at="Parameters.parameter")
    patient = asked.one("resource")
    traits = _traits(patient)
    _check_says_something(patient, traits)
    found = people_matched(
        actor=call.asker,
        traits=traits,
        identifiers=datatypes.identifiers(patient),
        only_certain=asked.one("onlyCertainMatches", False),
        most=min(count, MOST),
        at=call.at,
        request_id=call.request_id,
    )
    shown = humans_shown([one.person for one in found])
    entries = [
        {
            "fullUrl": f"{call.base}/Patient/{one.person}",
            "resource": shown[one.person].shown(one.person).body,
            "search": {
                "extension": [
                    {"url": MATCH_GRADE, "valueCode": grade(one.match)},
                    explanation(one.match),
                ],
                "mode": "match",
                "score": round(one.match.probability, 6),
            },
        }
        for one in found
    ]
    bundle: Body = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return bundle | ({"entry": entries} if entries else {})


def grade(match: Match) -> str:
    """https://hl7.org/fhir/R4/valueset-match-grade.html"""
    match match.band:
        case Band.LINK:
            return "certain"
        case Band.REVIEW:
            return "probable" if match.probability >= 0.5 else "possible"
    return "certainly-not"


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


def _traits(patient: Element) -> Traits:
    """Of whatever is said: of all that is compared nothing has to be."""
    name = (
        datatypes.best_name(patient)
        if patient.children("name")
        else Element(path=patient.path, value={})
    )
    born, gender = patient.day("birthDate"), patient.text("gender")
    home = datatypes.address(patient)
    numbers = dict(reversed(datatypes.identifiers(patient)))
    return Traits(
        given=" ".join(name.texts("given")),
        family=name.text("family"),
        birth_family=maiden_name(patient),
        former_families=tuple(family for family, _given in former_names(patient)),
        birth_date=born,
        birth_text="" if born else patient.text("birthDate"),
        sex="" if gender == "unknown" else gender,
        street=home.line if home else "",
        postal_code=home.postal_code if home else "",
        city=home.city if home else "",
        country=home.country if home else "",
        phone=datatypes.contact(patient, "phone"),
        email=datatypes.contact(patient, "email"),
        national_id=numbers.get(country().MATRICULE_SYSTEM, ""),
        multiple_birth=patient.positive("multipleBirthInteger"),
    )


def _check_says_something(patient: Element, traits: Traits) -> None:
    if not (traits.family or traits.given or traits.birth_date or datatypes.identifiers(patient)):
        raise InvalidInput(
            "says neither a name nor a birth date nor an identifier", at=patient.path
        )


MATCH = Operation(
    code="match",
    definition="http://hl7.org/fhir/OperationDefinition/Patient-match",
    documentation=f"Who may be meant by a Patient, at most {MOST} (IHE PDQm, ITI-119).",
    inputs=(
        Input(name="resource", types=("Patient",), least=1),
        Input(name="onlyCertainMatches", types=("boolean",)),
        Input(name="count", types=("integer",)),
    ),
    perform=_perform,
    needs=(Interaction.SEARCH,),
    on_type=True,
)
