"""Bundles of an independent generator (Synthea), into an empty installation and into the nation.

What is expected is counted here from the files by a few plain lines that know nothing of the import.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from config.importing import ACTOR, import_bundle
from salus.activity_report.edition import Edition
from salus.directory.finding import Question, find
from salus.fhir.transaction import Tally
from salus.kernel.clock import now
from salus.kernel.month import Month
from salus.mpi.queries import Criteria, person_identified, search
from salus.shared_record.queries import documents_of, open_document
from salus.vaccination.queries import vaccinations_of
from tests.conftest import as_role, salus
from tests.counted import count_edition

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "synthea"
FILES = sorted(FOLDER.glob("*.json"))
CLINICAL = (
    "CarePlan",
    "Condition",
    "DiagnosticReport",
    "Goal",
    "ImagingStudy",
    "Immunization",
    "MedicationRequest",
    "Observation",
    "Procedure",
)
SYSTEM = "https://github.com/synthetichealth/synthea"

pytestmark = pytest.mark.skipif(not FILES, reason="the Bundles lie beside the project, not in it")


@dataclass(frozen=True, kw_only=True)
class Expected:
    resources: Counter[str]
    distinct: Counter[str]  # professionals and organisations occur in several files
    vaccinated: int  # people with at least one dose


def _resources(file: Path) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads(file.read_text())["entry"]]


@pytest.fixture(scope="module")
def expected() -> Expected:
    received = [resource for file in FILES for resource in _resources(file)]
    shared = {
        (r["resourceType"], r["identifier"][0]["system"], r["identifier"][0]["value"])
        for r in received
        if r["resourceType"] in ("Practitioner", "Organization")
    }
    doses = [r for r in received if r["resourceType"] == "Immunization"]
    return Expected(
        resources=Counter(r["resourceType"] for r in received),
        distinct=Counter(kind for kind, _, _ in shared),
        vaccinated=len({dose["patient"]["reference"] for dose in doses}),
    )


def import_all() -> Tally:
    total = Tally()
    for file in FILES:
        total += import_bundle(file.read_bytes())
    return total


def edition() -> Edition:
    """The report of the present month, as it would be were the month over."""
    month = Month.of(now().date())
    with as_role("reporter"):
        return count_edition(month, as_of=month.end(ZoneInfo(settings.TIME_ZONE)))


@pytest.fixture(scope="module")
def imported(database: Path) -> Tally:
    return import_all()


def test_every_resource_is_accounted_for(imported: Tally, expected: Expected) -> None:
    resources, distinct = expected.resources, expected.distinct
    assert imported.created == Counter(
        {
            ("Patient", "person"): resources["Patient"],
            ("Patient", "shared record"): resources["Patient"],
            ("Practitioner", "professional"): distinct["Practitioner"],
            ("Organization", "organisation"): distinct["Organization"],
            ("Encounter", "document"): resources["Encounter"],
            ("Immunization", "vaccination"): resources["Immunization"],
            **{(kind, "in a document"): resources[kind] for kind in CLINICAL},
        }
    )
    assert imported.there == Counter(
        {
            ("Practitioner", "professional"): resources["Practitioner"] - distinct["Practitioner"],
            ("Organization", "organisation"): resources["Organization"] - distinct["Organization"],
        }
    )
    assert imported.not_used == Counter(
        {
            ("Claim", "financial"): resources["Claim"],
            ("ExplanationOfBenefit", "financial"): resources["ExplanationOfBenefit"],
            ("AllergyIntolerance", "belongs to no encounter that was filed"): resources[
                "AllergyIntolerance"
            ],
        }
    )


def test_the_report_counts_exactly_them(imported: Tally, expected: Expected) -> None:
    counted = edition()
    assert _figures(counted) == _moved(expected)
    assert counted.figure("records_with_document_share").value == 100
    assert counted.figure("records_residence_other_share").value == 100  # all live in the US


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem.split("_")[-1][:8])
def test_a_person_is_found_with_documents_and_doses(imported: Tally, file: Path) -> None:
    resources = _resources(file)
    (patient,) = (r for r in resources if r["resourceType"] == "Patient")
    encounters = [r for r in resources if r["resourceType"] == "Encounter"]
    doses = [r for r in resources if r["resourceType"] == "Immunization"]
    identifier = next(i["value"] for i in patient["identifier"] if i["system"] == SYSTEM)
    person = person_identified([(SYSTEM, identifier)])
    assert person is not None

    family = patient["name"][0]["family"]
    found = search(actor=ACTOR, criteria=Criteria(family=family.upper()), at=now())
    assert person in {summary.id for summary in found}

    documents = documents_of(actor=ACTOR, person=person, at=now())
    assert sorted((str(d.created_on), d.title) for d in documents) == sorted(
        (e["period"]["start"][:10], e["type"][0]["text"]) for e in encounters
    )
    card = vaccinations_of(actor=ACTOR, person=person, at=now())
    assert card
    assert Counter((str(act.occurred_on), act.vaccine) for act in card.acts) == Counter(
        (dose["occurrenceDateTime"][:10], dose["vaccineCode"]["coding"][0]["display"])
        for dose in doses
    )

    observations = [r for r in resources if r["resourceType"] == "Observation"]
    read = []
    for document in documents:
        opened = open_document(actor=ACTOR, person=person, document=document.id, at=now())
        assert opened.content
        read += [entry["resource"] for entry in json.loads(opened.content)["entry"]]
    by_id = {resource["id"]: resource for resource in read}
    assert [by_id[observation["id"]] for observation in observations] == observations


def test_professionals_are_in_the_directory(imported: Tally) -> None:
    practitioner = next(
        r for file in FILES for r in _resources(file) if r["resourceType"] == "Practitioner"
    )
    family = practitioner["name"][0]["family"]
    assert any(family in hit.name for hit in find(Question(text=family), at=now()).hits)


def test_twice_is_once(imported: Tally, expected: Expected) -> None:
    before = _figures(edition())
    again = import_all()
    assert not again.created
    assert again.there == imported.created + imported.there
    assert again.not_used == imported.not_used
    assert _figures(edition()) == before


def test_into_the_nation_each_figure_moves_by_the_right_number(
    nation: Path, expected: Expected
) -> None:
    before = _figures(edition())
    import_all()
    after = _figures(edition())
    moved = {name: after[name] - before.get(name, 0) for name in after}
    assert {name: by for name, by in moved.items() if by} == _moved(expected)


def _figures(edition: Edition) -> dict[str, int]:
    """What was counted in numbers: figures, and of charts the sum over the last month."""
    counted = {f.id: f.value for f in edition.figures if isinstance(f.value, int) and f.value}
    for chart in edition.charts:
        last = [point.value for point in chart.series if point.period == edition.period]
        if all(isinstance(value, int) for value in last) and any(last):
            counted[f"chart {chart.id}"] = sum(value for value in last if isinstance(value, int))
    return counted


def _moved(expected: Expected) -> dict[str, int]:
    people, doses = expected.resources["Patient"], expected.resources["Immunization"]
    documents = expected.resources["Encounter"]
    return {
        "professionals_registered_total": expected.distinct["Practitioner"],
        "records_total": people,
        "documents_total": documents,
        "vaccination_records_total": expected.vaccinated,
        "vaccinations_total": doses,
        "chart documents_stock": documents,
        "chart vaccination_records_stock": expected.vaccinated,
        "chart vaccinations_recorded": doses,
        "chart vaccinations_by_type": doses,
        "chart vaccinations_by_age": doses,
    }


def test_the_command_tells_what_became_of_the_files(installation: Path, tmp_path: Path) -> None:
    whole = FILES[0].read_bytes()
    bad = {
        "truncated": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"Dear doctor,",
        "compressed": b"\x1f\x8b\x08\x00rest",
        "deep": b"[" * 10_000 + b"]" * 10_000,
        "patient": json.dumps(_resources(FILES[0])[0]).encode(),
    }
    for name, content in bad.items():
        (tmp_path / f"{name}.json").write_bytes(content)
    broken = [*(tmp_path / f"{name}.json" for name in bad), tmp_path, tmp_path / "absent.json"]
    done = salus("import", *broken[:3], FILES[1], *broken[3:], data=installation)
    assert done.returncode == 1
    complaints = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in complaints] == [str(path) for path in broken]
    assert "1 of 9 files imported" in done.stdout
    counts = Counter(resource["resourceType"] for resource in _resources(FILES[1]))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["Encounter", "document", str(counts["Encounter"]), "0"] in lines
    assert ["Claim", "financial", str(counts["Claim"])] in lines
    (patient,) = (r for r in _resources(FILES[1]) if r["resourceType"] == "Patient")
    assert patient["name"][0]["family"] not in done.stdout

    again = salus("import", FILES[1], data=installation)
    assert (again.returncode, again.stderr) == (0, "")
    lines = [line.split() for line in again.stdout.splitlines()]
    assert ["Encounter", "document", "0", str(counts["Encounter"])] in lines
