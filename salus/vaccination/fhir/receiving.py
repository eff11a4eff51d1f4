"""FHIR R4 Immunization of the vaccination record."""

from django.db import IntegrityError

from salus.fhir.bundle import Entry
from salus.fhir.datatypes import codings, concept_text
from salus.fhir.element import Element
from salus.fhir.transaction import Acceptance, NotUsed, Taken, Transaction
from salus.kernel.errors import InvalidInput
from salus.vaccination.actions import open_vaccination_record, record_immunization
from salus.vaccination.models import ActType

# https://hl7.org/fhir/R4/valueset-immunization-status.html
STATUSES = ("completed", "entered-in-error", "not-done")


def take_immunization(transaction: Transaction, entry: Entry) -> Taken | NotUsed:
    """Record the dose as one that another system knows: a historical act, not one performed here."""
    immunization = entry.resource
    status = immunization.code("status", STATUSES)
    if status != "completed":
        return NotUsed(reason=f"status is {status}")
    person = transaction.row(immunization.child("patient"), type="Patient")
    if person is None:
        raise immunization.wrong("patient", "must refer to a Patient")
    occurred_on = immunization.day("occurrenceDateTime")
    if occurred_on is None:
        return NotUsed(reason=_without_day(immunization))
    vaccine = immunization.child("vaccineCode")
    coding = next(codings(vaccine), None)
    if coding is None:
        return NotUsed(reason="the vaccine is not coded")
    system, code, display = coding
    performers = [
        transaction.row(performer.child("actor"), type="Practitioner")
        for performer in immunization.children("performer")
    ]
    doses = [p.positive("doseNumberPositiveInt") for p in immunization.children("protocolApplied")]
    open_vaccination_record(actor=transaction.actor, at=transaction.at, person=person)
    try:
        row, created = record_immunization(
            actor=transaction.actor,
            at=transaction.at,
            person=person,
            act_type=ActType.HISTORICAL,
            vaccine_system=system,
            vaccine_code=code,
            vaccine_display=display or concept_text(vaccine),
            occurred_on=occurred_on,
            practitioner=next(filter(None, performers), None),
            lot_number=immunization.text("lotNumber"),
            dose_number=next(iter(doses), None),
            identifier=entry.identity(),
        )
    except InvalidInput as error:
        raise immunization.wrong("occurrenceDateTime", str(error)) from None
    except IntegrityError:
        raise immunization.wrong(
            "identifier", "the same as that of another person's dose"
        ) from None
    return Taken(row=row, created=created)


ACCEPTS = (Acceptance(type="Immunization", becomes="vaccination", take=take_immunization),)


def _without_day(immunization: Element) -> str:
    if not immunization.value.keys() & {"occurrenceDateTime", "occurrenceString"}:
        raise immunization.wrong("occurrenceDateTime", "missing (is this FHIR R4?)")
    return "the day of the vaccination is not known"
