"""One act of the vaccination record as an Immunization."""

from salus.fhir.dates import instant
from salus.fhir.identities import identifier
from salus.fhir.resource import Body, Version
from salus.vaccination.models import ActType, Immunization

ORIGINS = "http://terminology.hl7.org/CodeSystem/immunization-origin"
PERFORMER_FUNCTIONS = "http://terminology.hl7.org/CodeSystem/v2-0443"
_ORIGIN = {ActType.HISTORICAL: "record", ActType.MSVAC: "jurisdiction"}


def immunization(row: Immunization, *, as_recorded: bool = False) -> Version:
    """``row`` with its professional. ``as_recorded``: its first version, before it was marked as an error."""
    error_at = None if as_recorded else row.entered_in_error_at
    act_type = ActType(row.act_type)
    body: Body = {
        "resourceType": "Immunization",
        "id": str(row.pk),
        "meta": {
            "versionId": "2" if error_at else "1",
            "lastUpdated": instant(error_at or row.recorded_at),
        },
    }
    if row.identifier:
        body["identifier"] = [identifier(row.identifier)]
    body |= {
        "status": "entered-in-error" if error_at else "completed",
        "vaccineCode": _vaccine(row),
        "patient": {"reference": f"Patient/{row.patient}"},
        "occurrenceDateTime": row.occurred_on.isoformat(),
        "recorded": instant(row.recorded_at),
        "primarySource": act_type is ActType.PERFORMED,
    }
    if origin := _ORIGIN.get(act_type):
        body["reportOrigin"] = {"coding": [{"system": ORIGINS, "code": origin}]}
    if row.lot_number:
        body["lotNumber"] = row.lot_number
    if row.practitioner:
        body["performer"] = [_performer(row.practitioner_id, row.practitioner.full_name)]
    if row.dose_number:
        body["protocolApplied"] = [{"doseNumberPositiveInt": row.dose_number}]
    return Version(body=body)


def _vaccine(row: Immunization) -> Body:
    coding = {"system": row.vaccine_system, "code": row.vaccine_code}
    concept: Body = {"coding": [{name: value for name, value in coding.items() if value}]}
    return concept | ({"text": row.vaccine_display} if row.vaccine_display else {})


def _performer(practitioner: int | None, name: str) -> Body:
    administering = {"coding": [{"system": PERFORMER_FUNCTIONS, "code": "AP"}]}
    actor = {"reference": f"Practitioner/{practitioner}", "display": name}
    return {"function": administering, "actor": actor}
