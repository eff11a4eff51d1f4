"""The table of what the validator judged and found, as a page of docs/evidence/."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.conformance.fhir_server import JSON, Answer, entries
from tests.conformance.fhir_validator import Issue
from tools.measuring import commit, machine, written

_QUOTED = re.compile(r"(?<!\w)'.*?'(?!\w)|\"[^\"]*\"|\S+#\S+|urn:uuid:\S+")
_JUDGED = ("from", "of", "resource", "format", "judged", "in them", "errors", "warnings")
_FOUND = ("severity", "finding", "in", "times")
_SEVERITIES = ("fatal", "error", "warning", "information")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    answer: Answer
    issues: list[Issue]

    def count(self, *severities: str) -> int:
        return sum(issue.severity in severities for issue in self.issues)


def page(verdicts: Sequence[Verdict]) -> str:
    errors = sum(verdict.count("fatal", "error") for verdict in verdicts)
    return f"""\
# FHIR R4, judged by HL7's validator: {f"{errors} errors" if errors else "no error"}

Commit {commit()}, {datetime.now(UTC):%Y-%m-%dT%H:%MZ}, {machine()}. Made by `make conformance`.

{written([_JUDGED, *_judged(verdicts)])}

## Findings

Nothing outside was asked. LOINC, SNOMED CT and other systems that do not come with FHIR are unknown here: nobody
checked their codes, which the validator says each time. What it quotes is left out.

{written([_FOUND, *_found(verdicts)])}
"""


def _judged(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, ...]]:
    rows: dict[tuple[str, str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        answer = verdict.answer
        row = (answer.interaction, answer.about, answer.type, answer.media_type)
        rows.setdefault(row, []).append(verdict)
    for row, here in rows.items():
        inside = Counter(
            one["resourceType"]
            for verdict in here
            if verdict.answer.media_type == JSON
            for one in entries(verdict.answer)
        )
        errors = sum(verdict.count("fatal", "error") for verdict in here)
        warnings = sum(verdict.count("warning") for verdict in here)
        held = ", ".join(f"{number} {kind}" for kind, number in sorted(inside.items()))
        yield (*row, str(len(here)), held, str(errors), str(warnings))


def _found(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, ...]]:
    origins: dict[tuple[str, str], Counter[str]] = {}
    for verdict in verdicts:
        for issue in verdict.issues:
            finding = issue.severity, _QUOTED.sub("…", issue.text).replace("|", "\\|")
            origins.setdefault(finding, Counter())[verdict.answer.interaction] += 1
    worst_first = sorted(
        origins.items(), key=lambda one: (_SEVERITIES.index(one[0][0]), -one[1].total())
    )
    for (severity, text), here in worst_first:
        yield severity, text, ", ".join(sorted(here)), str(here.total())
