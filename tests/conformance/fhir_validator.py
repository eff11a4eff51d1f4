"""HL7's validator of FHIR R4, as `make conformance` brings it along (tests/conformance/validator)."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_PROGRAM = Path(__file__).parent / "validator" / "Validate.java"
# A code outside a value set that is only proposed. The validator says so by a warning or less, as the strength of the
# binding has it; its own terminology service adds an error, which it would leave out had it the one of HL7 to ask.
_ONLY_PROPOSED = {
    "Terminology_TX_NoValid_17",
    "Terminology_TX_NoValid_18",
    "Terminology_TX_NoValid_3_CC",
}
_OF_THE_SERVICE = "Terminology_PassThrough_TX_Message"
# What it cannot judge by itself and yet calls an error.
_UNJUDGED = (
    "Unable to resolve package id",  # where an extension may stand: it asks a package server
    "http://hl7.org/fhir/expression-language#application/",  # any media type is one (BCP 13)
)


@dataclass(frozen=True, kw_only=True)
class Issue:
    """https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue"""

    severity: str
    path: str  # Bundle.entry[3].resource.status
    kind: str  # what the validator calls this sort of finding, '' where it has no name for it
    text: str

    @property
    def is_error(self) -> bool:
        return self.severity in ("fatal", "error")


def validate(
    resources: Mapping[str, bytes], definitions: Iterable[bytes] = ()
) -> dict[str, list[Issue]]:
    """What is found in each resource, in JSON or XML, by its name, which must do as a file's.

    ``definitions``, in JSON, are known to the validator beside those of R4 itself.
    """
    with TemporaryDirectory() as home:
        judged, known = Path(home, "judged"), Path(home, "known")
        _fill(judged, resources)
        _fill(known, {str(number): body for number, body in enumerate(definitions)})
        jars = Path(os.environ["SALUS_FHIR_VALIDATOR"]) / "*"
        done = subprocess.run(
            ["java", f"-Duser.home={home}", "-cp", jars, _PROGRAM, judged, known],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    lines = dict(line.split("\t", 1) for line in done.stdout.splitlines())
    assert lines.keys() == resources.keys()
    return {name: _issues(json.loads(line)) for name, line in lines.items()}


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, body in files.items():
        (folder / name).write_bytes(body)


def _issues(outcome: Any) -> list[Issue]:
    found = [_issue(issue) for issue in outcome["issue"]]
    proposed = {issue.path for issue in found if issue.kind in _ONLY_PROPOSED}
    return [i for i in found if not (i.kind == _OF_THE_SERVICE and i.path in proposed)]


def _issue(issue: Any) -> Issue:
    text = issue["diagnostics"]
    kinds = [coding["code"] for coding in issue.get("details", {}).get("coding", [])]
    return Issue(
        severity="warning" if any(part in text for part in _UNJUDGED) else issue["severity"],
        path=next(iter(issue.get("expression", [])), ""),
        kind=next(iter(kinds), ""),
        text=text,
    )
