"""Every kind of FHIR resource that leaves Salus, judged by HL7's validator: in its answers and in its documents.

SALUS_CONFORMANCE_LOG takes the table of what was judged and found.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from salus.shared_record.models import DocumentContent, Format
from salus.shared_record.store import LIVE_PACK, ContentStore, StoredContent
from tests.conformance.evidence import Verdict, page
from tests.conformance.fhir_server import JSON, Answer, FhirServer, entries, published
from tests.conformance.fhir_validator import Issue, validate
from tests.conftest import Site, as_role, salus
from tests.fhir_bundles import bundle, encoded, visit

pytestmark = [pytest.mark.conformance, pytest.mark.java]

OF_A_KIND = 3  # documents of each type, language and origin


@pytest.fixture(scope="module")
def answers(site: Site, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """Of a site with reports, and with a patient that came in a Bundle."""
    received = tmp_path_factory.mktemp("received") / "visit.json"
    received.write_bytes(encoded(bundle(visit())))
    for command in (("report", "2024-12"), ("report", "2025-01"), ("import", received)):
        done = salus(*command, data=site.data)
        assert done.returncode == 0, done.stderr
    return [*published(FhirServer(base=f"{site.url}/fhir")), *_documents(site.data)]


def _documents(data: Path) -> Iterator[Answer]:
    """Some FHIR documents of the content store: of the simulation, and made by the import."""
    store, seen = ContentStore(data), Counter[tuple[Any, ...]]()
    with as_role("superuser", data):
        filed = DocumentContent.objects.filter(document__format=Format.FHIR)
        for row in filed.select_related("document").order_by("pk"):
            origin = "import" if row.pack == LIVE_PACK else "simulation"
            kind = (origin, row.document.type, row.document.language)
            seen[kind] += 1
            if seen[kind] > OF_A_KIND:
                continue
            stored = StoredContent(
                pack=row.pack,
                position=row.position,
                size=row.size,
                sha256=bytes(row.sha256),
                wrapped_key=bytes(row.wrapped_key),
            )
            yield Answer(
                interaction=f"document of the {origin}",
                about="Bundle",
                path="",
                status=200,
                media_type=JSON,
                body=store.open(document=row.pk, person=row.document.person_id, stored=stored),
            )


@pytest.fixture(scope="module")
def definitions(answers: list[Answer]) -> list[bytes]:
    """What the site itself publishes of the kind: a validator that resolves our URLs gets these."""
    searched = [answer for answer in answers if answer.interaction == "search-type"]
    given = [one for answer in searched if answer.media_type == JSON for one in entries(answer)]
    return [json.dumps(one).encode() for one in given if "url" in one]


@pytest.fixture(scope="module")
def verdicts(answers: list[Answer], definitions: list[bytes]) -> list[Verdict]:
    named = {f"{number:04}": answer for number, answer in enumerate(answers)}
    found = validate({name: answer.body for name, answer in named.items()}, definitions)
    verdicts = [Verdict(answer=named[name], issues=found[name]) for name in named]
    if log := os.environ.get("SALUS_CONFORMANCE_LOG"):
        Path(log).write_text(page(verdicts))
    return verdicts


def test_there_is_no_error(verdicts: list[Verdict]) -> None:
    errors = {
        (verdict.answer.interaction, verdict.answer.about, issue.path, issue.text)
        for verdict in verdicts
        for issue in verdict.issues
        if issue.is_error
    }
    assert not errors


def test_there_was_something_of_every_type_to_judge(answers: list[Answer]) -> None:
    (rest,) = answers[0].resource["rest"]
    served = {resource["type"] for resource in rest["resource"]}
    inside = {
        one["resourceType"]
        for answer in answers
        if answer.interaction == "search-type"
        for one in entries(answer)
    }
    assert served and not served - inside
    origins = {answer.interaction for answer in answers}
    assert origins >= {"document of the simulation", "document of the import"}


def test_each_refusal_is_an_outcome(answers: list[Answer]) -> None:
    refusals = [answer for answer in answers if answer.status >= 400]
    assert {answer.type for answer in refusals} == {"OperationOutcome"}
    assert {answer.status for answer in refusals} >= {400, 404, 406}
    assert {answer.interaction for answer in refusals} == {"refusal"}


# The validator has its definitions, and ours


def errors_in(body: Any, definitions: list[bytes]) -> dict[str, Issue]:
    found = validate({"broken": json.dumps(body).encode()}, definitions)
    return {issue.path: issue for issue in found["broken"] if issue.is_error}


def test_a_resource_that_is_wrong_is_found_out() -> None:
    errors = errors_in(
        {
            "resourceType": "Patient",
            "gender": "woman",
            "birthDate": "1980-02-30",
            "communication": [{"preferred": True}],
            "link": [{"other": {"reference": "Patient/1"}, "type": "seealso", "since": "2020"}],
        },
        [],
    )
    assert errors.keys() == {
        "Patient.gender",
        "Patient.birthDate",
        "Patient.communication[0]",
        "Patient.link[0]",
    }
    assert "communication.language: minimum required = 1" in errors["Patient.communication[0]"].text


def test_a_report_that_does_not_fit_its_measure_is_found_out(
    answers: list[Answer], definitions: list[bytes]
) -> None:
    report = next(
        answer.resource
        for answer in answers
        if answer.interaction == "read" and answer.about == "MeasureReport"
    )
    assert not errors_in(report, definitions)
    report["group"][0]["code"]["coding"][0]["code"] = "nothing_is_counted_so"
    assert errors_in(report, definitions)
