"""OperationOutcome: what went wrong, or was not done (https://hl7.org/fhir/R4/operationoutcome.html)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from salus.kernel.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing, in plain words that never quote what a resource holds."""

    code: str  # https://hl7.org/fhir/R4/valueset-issue-type.html
    text: str
    expression: str = ""  # where, in FHIRPath: Patient.name[0].family
    severity: str = "error"
    diagnostics: str = ""  # words that a profile prescribes


class InvalidResource(InvalidInput):
    """All faults of a resource at once, or as many as are told."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(issues[0].text, at=issues[0].expression)
        self.issues = tuple(issues)


def outcome(severity: str, code: str, *texts: str) -> dict[str, Any]:
    return outcome_of([Issue(severity=severity, code=code, text=text) for text in texts])


def outcome_of(issues: Iterable[Issue]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [_said(issue) for issue in issues]}


def _said(issue: Issue) -> dict[str, Any]:
    place = {"expression": [issue.expression]} if issue.expression else {}
    prescribed = {"diagnostics": issue.diagnostics} if issue.diagnostics else {}
    return {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": issue.text},
        **prescribed,
        **place,
    }
