"""The report's PDF, judged by veraPDF, the reference validator of PDF/A (ISO 19005) and PDF/UA (ISO 14289).

Each language is one document, held against PDF/UA-1 and PDF/A-2a.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import typst
from django.conf import settings

from salus.activity_report.run import report
from salus.kernel.month import Month
from tests.conftest import as_role

pytestmark = [pytest.mark.conformance, pytest.mark.java]

MONTH = Month(2024, 12)
PROFILES = ["ua1", "2a"]
LANGUAGES = [language for language, _ in settings.LANGUAGES]
UNTAGGED = b"#set page(width: 9cm, height: 5cm)\n= 14.6 M\n#rect(fill: blue)"


def judged(papers: Iterable[Path], profile: str) -> dict[str, list[str]]:
    """What veraPDF finds in each file: clause, and what it asks for."""
    done = subprocess.run(
        [
            *("java", "-cp", os.environ["SALUS_VERAPDF"]),
            *("org.verapdf.apps.GreenfieldCliWrapper", "--format", "json", "--flavour", profile),
            *papers,
        ],
        capture_output=True,
        text=True,
        check=False,  # a file with faults is exit code 1
    )
    assert done.stdout, done.stderr
    return {
        Path(job["itemDetails"]["name"]).stem: [
            f"{rule['clause']}-{rule['testNumber']}: {rule['description']}"
            for rule in job["validationResult"][0]["details"]["ruleSummaries"]
        ]
        for job in json.loads(done.stdout)["report"]["jobs"]
    }


@pytest.fixture(scope="module")
def papers(nation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """The report of December 2024 in each language."""
    folder = tmp_path_factory.mktemp("papers")
    with as_role("reporter"):
        yield [
            report(
                month=MONTH, language=language, format="pdf", out=folder / f"{language}.pdf"
            ).path
            for language in LANGUAGES
        ]


@pytest.fixture(scope="module", params=PROFILES)
def verdicts(papers: list[Path], request: pytest.FixtureRequest) -> dict[str, list[str]]:
    return judged(papers, request.param)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_found_in_the_report(verdicts: dict[str, list[str]], language: str) -> None:
    assert verdicts[language] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_that_keeps_no_standard_is_found_out(profile: str, tmp_path: Path) -> None:
    paper = tmp_path / "untagged.pdf"
    paper.write_bytes(typst.compile(UNTAGGED, format="pdf"))
    assert judged([paper], profile)["untagged"]
