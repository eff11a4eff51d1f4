"""`Patient/$match`: who of the index may be meant by a Patient, and how sure that is (IHE PDQm, ITI-119).

https://hl7.org/fhir/R4/patient-operation-match.html. Graded by the bands of the matcher: who would be linked is a
`certain` match; who would be shown to stewards is `probable` where it is more likely than not, else `possible`. Who
would be neither is `certainly-not` meant, and not shown. Each says why, field by field, in an extension of ours.
"""

from collections.abc import Sequence

from salus.country import country
from salus.fhir import datatypes
from salus.fhir.element import Element
from salus.fhir.resource import Arguments, Body, Call, Input, Operation
from salus.kernel.errors import InvalidInput
from salus.kernel.scopes import Interaction
from salus.mpi.candidates import Candidate, candidates
from salus.mpi.fhir.explanation import explanation
from salus.mpi.fhir.linked import Linked, linked
from salus.mpi.fhir.receiving import former_names, maiden_name
from salus.mpi.lookups import check_asks
from salus.mpi.matching.record import Traits
from salus.mpi.matching.score import Band, Match
from salus.mpi.queries import people_meant

MOST = 10  # candidates, whatever `count` says
MATCH_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def _perform(call: Call, asked: Arguments) -> Body:
    check_asks(call.asker)
    count = asked.one("count", MOST)
    if count < 1:
        raise InvalidInput("count is at least one", at="Parameters.parameter")
    patient = asked.one("resource")
    traits = _traits(patient)
    _check_says_something(patient, traits)
    matches: dict[int, Match] = {}

    def find() -> list[int]:
        found = candidates(traits, datatypes.identifiers(patient))
        if asked.one("onlyCertainMatches", False):
            found = _only_certain(found)
        matches.update({one.person: one.match for one in found[: min(count, MOST)]})
        return list(matches)

    people = people_meant(actor=call.asker, find=find, at=call.at, request_id=call.request_id)
    entries = [_entry(call, linked(human), matches[human.root]) for human in people]
    bundle: Body = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return bundle | ({"entry": entries} if entries else {})


def _only_certain(found: Sequence[Candidate]) -> list[Candidate]:
    """Of several of whom each is certain none is: nobody can say which one is meant."""
    certain = [one for one in found if one.match.band is Band.LINK]
    return certain if len(certain) == 1 else []


def _entry(call: Call, human: Linked, match: Match) -> Body:
    return {
        "fullUrl": f"{call.base}/Patient/{human.root}",
        "resource": human.shown(human.root).body,
        "search": {
            "extension": [{"url": MATCH_GRADE, "valueCode": grade(match)}, explanation(match)],
            "mode": "match",
            "score": round(match.probability, 6),
        },
    }


def grade(match: Match) -> str:
    """https://hl7.org/fhir/R4/valueset-match-grade.html"""
    match match.band:
        case Band.LINK:
            return "certain"
        case Band.REVIEW:
            return "probable" if match.probability >= 0.5 else "possible"
    return "certainly-not"


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
