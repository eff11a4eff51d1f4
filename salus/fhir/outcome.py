"""OperationOutcome: what went wrong, or was not done (https://hl7.org/fhir/R4/operationoutcome.html)."""

from salus.fhir.resource import Body


def outcome(severity: str, code: str, *texts: str) -> Body:
    """``code`` of https://hl7.org/fhir/R4/valueset-issue-type.html."""
    issues = [{"severity": severity, "code": code, "details": {"text": text}} for text in texts]
    return {"resourceType": "OperationOutcome", "issue": issues}
