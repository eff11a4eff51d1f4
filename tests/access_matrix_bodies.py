"""What is sent in cells of the access matrix."""

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

from salus.country.lu import INSURER
from salus.eligibility.proofs import proof_of
from salus.eligibility.questions import AffiliationQuestion
from salus.eligibility.rules import Reason, Status, Verdict
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from salus.mpi.models import PersonIdentifier

SOAP_MESSAGE = b"""
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">
  <e:Body><GetRights xmlns="urn:salus:eligibility:1"/></e:Body>
</e:Envelope>
"""


def questions() -> dict[str, Any]:
    """On insurance, with a proof that was used half an hour ago."""
    signed_at = now() - timedelta(hours=1)
    proof = proof_of(
        AffiliationQuestion(system="urn:test:matrix", value="0"),
        Verdict(status=Status.NOT_AFFILIATED, reason=Reason.NOT_COVERED),
        day=signed_at.date(),
        at=signed_at,
        as_of=signed_at,
        lasts=timedelta(days=1),
    )
    used_at = (signed_at + timedelta(minutes=30)).isoformat()
    named = {"family": "Zwilling", "given": "Anna", "birth_date": "1980-02-29", "mission": "1"}
    return {
        "POST /eligibility/v1/affiliation": {"identifier": {"value": "0000000000000"}},
        "POST /eligibility/v1/prescribing": {"practitioner": {"value": "nobody"}},
        "POST /eligibility/v1/batch": {"lines": [{"id": "1", "type": "affiliation"}]},
        "POST /eligibility/v1/look-up": named,
        "POST /eligibility/v1/proofs": {"proof": proof, "used_at": used_at},
    }


def subscription(**changed: str) -> dict[str, Any]:
    endpoint, payload = "https://ward.example/feed", "application/fhir+json"
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Our wards.",
        "criteria": "Patient",
        "channel": {"type": "message", "endpoint": endpoint, "payload": payload},
        **changed,
    }


def message(patient: dict[str, Any]) -> dict[str, Any]:
    """The feed of ITI-93."""
    header = {
        "resourceType": "MessageHeader",
        "id": "matrix-1",
        "eventUri": "urn:ihe:iti:pmir:2019:patient-feed",
        "source": {"endpoint": "urn:test:matrix"},
        "focus": [{"reference": "Bundle/matrix-2"}],
    }
    entry = {
        "fullUrl": f"urn:uuid:{uuid4()}",
        "resource": patient,
        "request": {"method": "POST", "url": "Patient"},
        "response": {"status": "201"},
    }
    history = {"resourceType": "Bundle", "id": "matrix-2", "type": "history", "entry": [entry]}
    both = [header, history]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": one} for one in both],
    }


def source(patient: int) -> dict[str, Any]:
    """Of ITI-83: by the patient's own number."""
    with rows_of([patient]):
        number = PersonIdentifier.objects.filter(person=patient).first()
    assert number
    said = {"name": "sourceIdentifier", "valueString": f"{number.system}|{number.value}"}
    return {"resourceType": "Parameters", "parameter": [said]}


def document(person: int) -> dict[str, Any]:
    attachment = {
        "contentType": "application/pdf",
        "language": "fr-LU",
        "data": base64.b64encode(b"%PDF-1.7 a report").decode(),
        "title": "Formule sanguine",
        "creation": "2024-12-01T08:30:00+01:00",
    }
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": "urn:test:lab", "value": str(uuid4())},
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "26436-6"}]}],
        "subject": {"reference": f"Patient/{person}"},
        "content": [{"attachment": attachment}],
    }


def coverage_request() -> dict[str, Any]:
    """Of a person whom nobody knows."""
    return {
        "resourceType": "CoverageEligibilityRequest",
        "status": "active",
        "purpose": ["validation"],
        "patient": {"identifier": {"system": "urn:test:matrix", "value": "nobody"}},
        "created": "2025-01-01",
        "insurer": {"identifier": {"system": INSURER.system, "value": INSURER.value}},
    }


def prescriber() -> dict[str, Any]:
    nobody = {"system": "urn:test:matrix", "value": "nobody"}
    asked = {"name": "prescriber", "valueIdentifier": nobody}
    return {"resourceType": "Parameters", "parameter": [asked]}


def dose(patient: int) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "identifier": [{"system": "urn:test:matrix", "value": "matrix-1"}],
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://www.whocc.no/atc", "code": "J07BB02"}]},
        "patient": {"reference": f"Patient/{patient}"},
        "occurrenceDateTime": "2023-10-02",
        "primarySource": False,
    }
