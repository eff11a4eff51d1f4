"""A FHIR document of one encounter: https://hl7.org/fhir/R4/documents.html

The same encounter gives the same bytes. Its resources are in it as they were received.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from salus.fhir import exact_json, narrative
from salus.fhir.bundle import Absent, Bundle, Entry
from salus.fhir.datatypes import URI, codings, concept_text

LOINC = "http://loinc.org"
VITAL_SIGNS = "vital-signs"  # http://terminology.hl7.org/CodeSystem/observation-category

# Kind of content -> LOINC code and title of its section, in the order of the document.
SECTIONS = {
    "Condition": ("11450-4", "Problems"),
    "AllergyIntolerance": ("48765-2", "Allergies and intolerances"),
    "MedicationRequest": ("10160-0", "Medications"),
    "Immunization": ("11369-6", "Immunizations"),
    "Procedure": ("47519-4", "Procedures"),
    VITAL_SIGNS: ("8716-3", "Vital signs"),
    "DiagnosticReport": ("30954-2", "Diagnostic reports"),
    "Observation": ("30954-2", "Results and observations"),
    "ImagingStudy": ("18726-0", "Imaging studies"),
    "CarePlan": ("18776-5", "Plan of care"),
    "Goal": ("61146-7", "Goals"),
}
_OTHER = ("", "Other content")
_KNOWN_APART = ("Practitioner", "Organization")  # the directory has them


def contents_of(bundle: Bundle, encounter: Entry) -> list[Entry]:
    """What says that it belongs to the encounter, and what that refers to and belongs to none."""
    own = bundle.by_encounter.get(encounter.index, [])
    linked = _closure(bundle, own)[len(own) :]
    return own + [
        e for e in linked if e.index not in bundle.in_encounters and e.type not in _KNOWN_APART
    ]


def encounter_document(
    *,
    bundle: Bundle,
    encounter: Entry,
    patient: Entry | Absent,
    authors: Sequence[Entry | Absent],
    contents: Sequence[Entry],
) -> bytes:
    """The document Bundle in JSON: Composition, then each resource once, as received.

    ``contents`` get the sections; what else they refer to (the diagnosis of an earlier encounter, a
    place) goes along, other encounters do not.
    """
    period = encounter.resource.child("period")
    date = period.text("end" if period.day("end") else "start")
    composition_id = str(uuid5(NAMESPACE_URL, f"{encounter.identity()}#Composition"))
    composition = {
        "resourceType": "Composition",
        "id": composition_id,
        "status": "final",
        "type": _concept("34133-9", "Summary of episode note"),
        "subject": _reference_to(patient),
        "encounter": {"reference": encounter.full_url},
        "date": date,
        "author": list(map(_reference_to, authors)) or [{"display": "Not stated"}],
        "title": title_of(encounter) or "Summary of episode note",
        "section": list(_sections(contents)) or [_empty_section()],
    }
    people = [known for known in (patient, *authors) if isinstance(known, Entry)]
    included = _closure(bundle, [*people, encounter, *contents])
    return exact_json.dump(
        {
            "resourceType": "Bundle",
            "identifier": {"system": URI, "value": encounter.identity()},
            "type": "document",
            "timestamp": date if "T" in date else f"{date}T00:00:00Z",
            "entry": [
                {"fullUrl": f"urn:uuid:{composition_id}", "resource": composition},
                *({"fullUrl": e.full_url, "resource": e.resource.value} for e in included),
            ],
        }
    ).encode()


def title_of(encounter: Entry) -> str:
    """The encounter's type in words; '' when it says none."""
    return next(filter(None, map(concept_text, encounter.resource.children("type"))), "")


def _sections(contents: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    by_section: dict[tuple[str, str], list[Entry]] = {key: [] for key in SECTIONS.values()}
    for entry in contents:
        by_section.setdefault(SECTIONS.get(_kind(entry), _OTHER), []).append(entry)
    for (code, title), entries in by_section.items():
        if entries:
            yield {
                "title": title,
                **({"code": _concept(code, title)} if code else {}),
                "text": {
                    "status": "generated",
                    "div": narrative.table([entry.resource for entry in entries]),
                },
                "entry": [{"reference": entry.full_url} for entry in entries],
            }


def _empty_section() -> dict[str, Any]:
    text = "The sender stated nothing but the encounter itself."
    return {
        "title": "Content",
        "text": {"status": "generated", "div": narrative.paragraph(text)},
    }


def _kind(entry: Entry) -> str:
    if entry.type == "Observation":
        for category in entry.resource.children("category"):
            if any(code == VITAL_SIGNS for _, code, _ in codings(category)):
                return VITAL_SIGNS
    return entry.type


def _closure(bundle: Bundle, entries: Sequence[Entry]) -> list[Entry]:
    included = {entry.index: entry for entry in entries}
    waiting = list(included.values())
    while waiting:
        for linked in bundle.linked(waiting.pop()):
            if linked.index not in included and linked.type not in ("Encounter", "Patient"):
                included[linked.index] = linked
                waiting.append(linked)
    return list(included.values())


def _reference_to(target: Entry | Absent) -> dict[str, Any]:
    if isinstance(target, Entry):
        return {"reference": target.full_url}
    identifier = {"system": target.system, "value": target.value}
    return {"type": target.type, "identifier": identifier}


def _concept(code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code, "display": display}]}
