"""FHIR R4 into the shared record: each encounter's content becomes one document."""

from django.db import IntegrityError

from salus.fhir.bundle import Entry
from salus.fhir.document import contents_of, encounter_document, title_of
from salus.fhir.transaction import Acceptance, NotUsed, Taken, Transaction
from salus.kernel.errors import Conflict, NotFound
from salus.shared_record.actions import file_document, open_record
from salus.shared_record.models import Format
from salus.terminology import DOCUMENT_TYPES

# https://hl7.org/fhir/R4/valueset-encounter-status.html
STATUSES = (
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
)
EPISODE = next(key for key, known in DOCUMENT_TYPES.items() if known.loinc == "34133-9")
LANGUAGE = "en"  # of the headings that we write


def take_patient(transaction: Transaction, entry: Entry) -> Taken | NotUsed:
    """The law opens a record for everyone."""
    person = transaction.row_of(entry)
    created = open_record(actor=transaction.actor, person=person, at=transaction.at)
    return Taken(row=person, created=created)


def take_encounter(transaction: Transaction, entry: Entry) -> Taken | NotUsed:
    """File what belongs to a finished encounter as one FHIR document, once."""
    encounter, bundle = entry.resource, transaction.bundle
    status = encounter.code("status", STATUSES)
    if status != "finished":
        return NotUsed(reason=f"status is {status}")
    created_on = encounter.child("period").day("start")
    if created_on is None:
        return NotUsed(reason="the day of the encounter is not known")
    if created_on > transaction.at.date():
        raise encounter.wrong("period", "a finished encounter lies in the future")
    patient = bundle.find(encounter.child("subject"), type="Patient")
    person = transaction.row(encounter.child("subject"), type="Patient")
    if patient is None or person is None:
        raise encounter.wrong("subject", "must refer to a Patient")
    participants = [part.child("individual") for part in encounter.children("participant")]
    practitioners = [transaction.row(p, type="Practitioner") for p in participants]
    provider = encounter.child("serviceProvider")
    authors = [
        *(bundle.find(participant, type="Practitioner") for participant in participants),
        bundle.find(provider, type="Organization"),
    ]
    contents = contents_of(bundle, entry)
    try:
        row, created = file_document(
            actor=transaction.actor,
            at=transaction.at,
            person=person,
            created_on=created_on,
            type=EPISODE,
            format=Format.FHIR,
            language=encounter.text("language")[:2].lower() or LANGUAGE,
            title=title_of(entry),
            practitioner=next(filter(None, practitioners), None),
            organization=transaction.row(provider, type="Organization"),
            master_identifier=entry.identity(),
            content=encounter_document(
                bundle=bundle,
                encounter=entry,
                patient=patient,
                authors=list(filter(None, authors)),
                contents=contents,
            ),
        )
    except (Conflict, NotFound):
        return NotUsed(reason="the person's record takes no documents now")
    except IntegrityError:
        raise encounter.wrong(
            "identifier", "the same as that of another person's document"
        ) from None
    return Taken(row=row, created=created, contents=contents)


ACCEPTS = (
    Acceptance(type="Patient", becomes="shared record", take=take_patient),
    Acceptance(type="Encounter", becomes="document", take=take_encounter),
)
NOT_TAKEN = dict.fromkeys(
    (
        "AllergyIntolerance",
        "CarePlan",
        "Condition",
        "DiagnosticReport",
        "Goal",
        "ImagingStudy",
        "MedicationRequest",
        "Observation",
        "Procedure",
    ),
    "belongs to no encounter that was filed",
)
