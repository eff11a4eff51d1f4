"""By what Immunizations are searched: of one patient, so no condition and no order needs an index."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from salus.directory.fhir.practitioner import chain
from salus.fhir import conditions, facts
from salus.fhir.conditions import NOTHING
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.identities import identified
from salus.fhir.parameters import DEFINITIONS, by_id, by_last_updated
from salus.fhir.resource import Parameter
from salus.mpi.fhir.parameters import whose
from salus.vaccination.models import Immunization

ORDER = ("-occurred_on", "-id")  # as on the pages
STATUSES = "http://hl7.org/fhir/event-status"


def searched(acts: QuerySet[Immunization]) -> QuerySet[Immunization]:
    """The same with the column that `_lastUpdated` asks for."""
    return acts.annotate(updated_at=Coalesce("entered_in_error_at", "recorded_at"))


def _with_status(code: str) -> Q:
    known = {
        "completed": Q(entered_in_error_at=None),
        "entered-in-error": Q(entered_in_error_at__isnull=False),
    }
    return known.get(code, NOTHING)


_not = frozenset({Modifier.NOT})

PARAMETERS = {
    "_id": by_id(),
    "_lastUpdated": by_last_updated(conditions.instants("updated_at"), sort=("updated_at",)),
    "patient": whose(
        "record",
        "patient",
        definition=f"{DEFINITIONS}/clinical-patient",
        documentation="Whose vaccination it is.",
    ),
    "identifier": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/clinical-identifier",
        documentation="The sender's id of the act.",
        facts=facts.tokens("identifier"),
        condition=identified("identifier"),
    ),
    "date": Parameter(
        type=ParameterType.DATE,
        definition=f"{DEFINITIONS}/clinical-date",
        documentation="The day of the vaccination.",
        facts=facts.times("occurrenceDateTime"),
        condition=conditions.days("occurred_on"),
        sort=("occurred_on",),
    ),
    "status": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Immunization-status",
        documentation="completed, or entered-in-error.",
        facts=facts.tokens("status", system=STATUSES),
        condition=conditions.standing_for(STATUSES, _with_status),
        modifiers=_not,
    ),
    "vaccine-code": Parameter(
        type=ParameterType.TOKEN,
        definition=f"{DEFINITIONS}/Immunization-vaccine-code",
        documentation="The vaccine, by ATC or as its sender coded it.",
        facts=facts.tokens("vaccineCode"),
        condition=conditions.identifiers("vaccine_system", "vaccine_code"),
        modifiers=_not,
    ),
    "performer": Parameter(
        type=ParameterType.REFERENCE,
        definition=f"{DEFINITIONS}/Immunization-performer",
        documentation="Who gave the vaccine.",
        facts=facts.references("performer.actor"),
        condition=conditions.refers("practitioner", type="Practitioner"),
        targets=("Practitioner",),
        chains=chain("practitioner"),
    ),
}
