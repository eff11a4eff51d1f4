"""An Immunization as software sends it: one that is performed, or a past one that it knows of."""

from dataclasses import dataclass
from datetime import date

from salus.directory.fhir import FINDS
from salus.fhir.datatypes import codings, concept_text
from salus.fhir.element import Element
from salus.fhir.identities import identity_of
from salus.fhir.references import row_meant
from salus.fhir.resource import Call
from salus.mpi.fhir import find_person
from salus.terminology import ATC, VACCINES
from salus.vaccination.models import ActType

_DISPLAYS = {(ATC, vaccine.atc): vaccine.display for vaccine in VACCINES}


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What there is to record, with the names that `salus.vaccination.actions.record_immunization` gives it."""

    person: int
    act_type: ActType
    vaccine_system: str
    vaccine_code: str
    vaccine_display: str
    occurred_on: date
    practitioner: int | None
    lot_number: str
    dose_number: int | None
    identifier: str | None


def read_recording(call: Call, immunization: Element) -> Recording:
    if immunization.text("status") != "completed":
        raise immunization.wrong("status", "only completed vaccinations are recorded")
    if immunization.value.get("isSubpotent") is True:
        raise immunization.wrong("isSubpotent", "cannot be kept as it is meant")
    vaccine = immunization.child("vaccineCode")
    system, code, display = next(codings(vaccine), ("", "", ""))
    if not code:
        raise immunization.wrong("vaccineCode", "must be coded")
    known = _DISPLAYS.get((system, code))
    doses = [p.positive("doseNumberPositiveInt") for p in immunization.children("protocolApplied")]
    identifiers = immunization.children("identifier")
    return Recording(
        person=_person(call, immunization),
        act_type=_act_type(immunization),
        vaccine_system=system,
        vaccine_code=code,
        vaccine_display=known or display or concept_text(vaccine),
        occurred_on=_occurred_on(immunization),
        practitioner=_performer(call, immunization),
        lot_number=immunization.text("lotNumber"),
        dose_number=next(iter(doses), None),
        identifier=next(map(identity_of, identifiers), None),
    )


def _person(call: Call, immunization: Element) -> int:
    patient = immunization.child("patient")
    person = row_meant(call, immunization, patient, type="Patient", find=find_person)
    if person is None:
        raise immunization.wrong("patient", "must refer to a Patient")
    return person


def _act_type(immunization: Element) -> ActType:
    """Who tells of what another did is no primary source."""
    primary = immunization.value.get("primarySource") is True
    return ActType.PERFORMED if primary else ActType.HISTORICAL


def _occurred_on(immunization: Element) -> date:
    day = immunization.day("occurrenceDateTime")
    if day is None:
        raise immunization.wrong("occurrenceDateTime", "the day of the vaccination is needed")
    return day


def _performer(call: Call, immunization: Element) -> int | None:
    meant = [
        row_meant(
            call,
            immunization,
            performer.child("actor"),
            type="Practitioner",
            find=FINDS["Practitioner"],
        )
        for performer in immunization.children("performer")
    ]
    performers = {row for row in meant if row}
    if len(performers) > 1:
        raise immunization.wrong("performer", "at most one Practitioner")
    return next(iter(performers), None)
