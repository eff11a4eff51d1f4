"""FHIR R4 Practitioner: who is registered, as the public page shows it (https://hl7.org/fhir/R4/practitioner.html)."""

from collections.abc import Mapping

from salus.directory.fhir.elements import active, profession, without_empty
from salus.directory.models import Practitioner
from salus.directory.queries import registered_practitioners
from salus.fhir import facts
from salus.fhir.conditions import Condition, among, either, identifiers, instants, starts
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.dates import instant
from salus.fhir.parameters import DEFINITIONS, by_id, by_last_updated
from salus.fhir.resource import Parameter, Version
from salus.fhir.sources import stamped

_FAMILY = starts("family_key", original="family")
_GIVEN = starts("given_key", original="given", any_word=True)


def practitioner(row: Practitioner) -> Version:
    name = {
        "text": row.full_name,
        "family": row.family,
        "given": row.given.split(),
        "prefix": row.prefix.split(),
    }
    return stamped(
        {
            "resourceType": "Practitioner",
            "id": str(row.pk),
            "meta": {"lastUpdated": instant(row.registered_at)},
            "identifier": [{"system": row.system, "value": row.value}],
            "active": True,
            "name": [without_empty(name)],
            "qualification": [{"code": profession(row.profession)}],
        }
    )


PARAMETERS = {
    "_id": by_id(),
    "_lastUpdated": by_last_updated(instants("registered_at"), sort=("registered_at",)),
    "identifier": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Practitioner-identifier",
        documentation="The number that a register gave.",
        facts=facts.tokens("identifier"),
        condition=identifiers("system", "value"),
        modifiers=frozenset({Modifier.NOT}),
        sort=("system", "value"),
    ),
    "family": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-family",
        documentation="The start of the family name, whatever its case and accents.",
        facts=facts.strings("name.family"),
        condition=_FAMILY,
        modifiers=frozenset({Modifier.EXACT, Modifier.CONTAINS}),
        sort=("family_key",),
    ),
    "given": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/individual-given",
        documentation="The start of a given name, whatever its case and accents.",
        facts=facts.from_each_word("name.given"),
        condition=_GIVEN,
        modifiers=frozenset({Modifier.CONTAINS}),
        sort=("given_key",),
    ),
    "name": Parameter(
        type=ParameterType.STRING,
        definition=f"{DEFINITIONS}/Practitioner-name",
        documentation="The start of the family name or of a given name.",
        facts=lambda body: [
            *facts.strings("name.family")(body),
            *facts.from_each_word("name.given")(body),
        ],
        condition=either(_FAMILY, _GIVEN),
        modifiers=frozenset({Modifier.CONTAINS}),
        sort=("family_key", "given_key"),
    ),
    "active": active(f"{DEFINITIONS}/Practitioner-active"),
}


def chain(column: str) -> Mapping[str, Condition]:
    """From a foreign key of another type to what the directory shows of the professional."""
    return {"Practitioner": among(column, registered_practitioners, PARAMETERS)}
