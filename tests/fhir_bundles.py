"""Small FHIR R4 Bundles for tests, of people who do not exist."""

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Resource = dict[str, Any]
SNOMED = "http://snomed.info/sct"
HL7 = "http://terminology.hl7.org/CodeSystem"
CVX = "http://hl7.org/fhir/sid/cvx"


def url(name: str) -> str:
    """The fullUrl of what a test calls ``name``."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


def reference(name: str) -> Resource:
    return {"reference": url(name)}


def concept(system: str, code: str, display: str) -> Resource:
    coding = {"system": system, "code": code, "display": display}
    return {"coding": [{name: value for name, value in coding.items() if value}]}


def bundle(resources: dict[str, Resource], **members: Any) -> Resource:
    """A transaction Bundle of resources by name."""
    entries = [
        {
            "fullUrl": url(name),
            "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        for name, resource in resources.items()
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries} | members


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def visit() -> dict[str, Resource]:
    """One visit of one patient, with a resource of each kind; a fresh copy for each caller."""
    belongs = {"subject": reference("patient"), "encounter": reference("visit")}
    return {
        "patient": {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:test:patients", "value": "P-1"}],
            "name": [
                {"use": "official", "family": "Braun", "given": ["Ada", "Maria"]},
                {"use": "maiden", "family": "Weis"},
            ],
            "gender": "female",
            "birthDate": "1980-02-29",
            "address": [{"line": ["1, rue du Test"], "city": "Metz", "country": "FR"}],
        },
        "hospital": {
            "resourceType": "Organization",
            "identifier": [{"system": "urn:test:places", "value": "H-1"}],
            "type": [concept(f"{HL7}/organization-type", "prov", "")],
            "name": "Test hospital",
        },
        "doctor": {
            "resourceType": "Practitioner",
            "identifier": [{"system": "urn:test:doctors", "value": "D-1"}],
            "name": [{"family": "Klein", "given": ["Jo"], "prefix": ["Dr."]}],
            "gender": "male",
            "qualification": [{"code": concept(SNOMED, "17561000", "Cardiologist")}],
        },
        "visit": {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "type": [concept(SNOMED, "185349003", "Check up")],
            "subject": reference("patient"),
            "participant": [{"individual": reference("doctor")}],
            "period": {"start": "2020-03-01T09:00:00+01:00", "end": "2020-03-01T09:15:00+01:00"},
            "serviceProvider": reference("hospital"),
        },
        "diagnosis": {
            "resourceType": "Condition",
            "clinicalStatus": concept(f"{HL7}/condition-clinical", "active", ""),
            "code": concept(SNOMED, "38341003", "Hypertension <severe>"),
            "onsetDateTime": "2020-03-01",
            **belongs,
        },
        "pressure": {
            "resourceType": "Observation",
            "status": "final",
            "category": [concept(f"{HL7}/observation-category", "vital-signs", "Vital Signs")],
            "code": concept("http://loinc.org", "55284-4", "Blood pressure"),
            "effectiveDateTime": "2020-03-01T09:05:00+01:00",
            "component": [
                {
                    "code": concept("http://loinc.org", "8480-6", "Systolic"),
                    "valueQuantity": {"value": 150.5, "unit": "mmHg"},
                },
            ],
            **belongs,
        },
        "plan": {
            "resourceType": "CarePlan",
            "status": "active",
            "intent": "plan",
            "category": [concept(SNOMED, "1", "Less salt")],
            "goal": [reference("goal")],
            "addresses": [reference("diagnosis")],
            **belongs,
        },
        "goal": {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": {"text": "Pressure below 140"},
            "subject": reference("patient"),
        },
        "dose": {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": concept(CVX, "140", "Influenza"),
            "patient": reference("patient"),
            "encounter": reference("visit"),
            "occurrenceDateTime": "2020-03-01",
            "lotNumber": "L7",
            "performer": [{"actor": reference("doctor")}],
            "protocolApplied": [{"doseNumberPositiveInt": 2}],
        },
        "allergy": {
            "resourceType": "AllergyIntolerance",
            "category": ["food"],
            "code": concept(SNOMED, "300913006", "Shellfish allergy"),
            "patient": reference("patient"),
        },
        "claim": {"resourceType": "Claim", "status": "active", "patient": reference("patient")},
    }
