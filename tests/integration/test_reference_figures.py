"""The nation at 1/100 has, in its calibration month, a hundredth of the published figures of a real agency.

Without SALUS_PROVE it is the one at 1/1000 that has a thousandth.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import new_folder, salus

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "activity-report-2024-12.json"
DENOMINATOR = 100 if "SALUS_PROVE" in os.environ else 1000
_FACTORS = {"M": 1_000_000, "%": 1}

pytestmark = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the published report lies beside the project, not in it"
)


def _published() -> list[dict[str, Any]]:
    if not REFERENCE.exists():
        return []
    services = json.loads(REFERENCE.read_text())["services"]
    return [figure for service in services for figure in service["figures"]]


def _printed(text: str) -> tuple[Decimal, Decimal]:
    """A printed number and half of its last place: "14.6M" is 14,600,000 give or take 50,000."""
    number = Decimal(text[:-1].replace(",", "."))
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    factor = _FACTORS[text[-1]]
    return number * factor, Decimal(5).scaleb(exponent - 1) * factor


@pytest.fixture(scope="module")
def counted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Decimal]:
    data = new_folder() if "SALUS_PROVE" in os.environ else request.getfixturevalue("nation")
    out = tmp_path_factory.mktemp("report") / "report.json"
    if "SALUS_PROVE" in os.environ:
        done = salus("simulate", "--scale", f"1/{DENOMINATOR}", "--until", "2024-12", data=data)
        assert done.returncode == 0, done.stderr
    done = salus("report", "2024-12", "--format", "json", "--out", out, data=data)
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text(), parse_float=Decimal)
    return {figure["id"]: Decimal(figure["value"]) for figure in report["figures"]}


@pytest.mark.parametrize("published", _published(), ids=lambda figure: figure["id"])
def test_its_part_of_the_published_figure(
    counted: dict[str, Decimal], published: dict[str, Any]
) -> None:
    value = counted[published["id"]]
    if published["kind"] == "exact":
        assert abs(value - Decimal(published["value"]) / DENOMINATOR) < 1
    elif published["unit"] == "percent":
        expected, rounding = _printed(published["printed"])
        one_record = Decimal(100) / counted["records_total"]
        assert abs(value - expected) <= rounding + one_record
    else:
        expected, rounding = _printed(published["printed"])
        assert abs(value * DENOMINATOR - expected) <= rounding + DENOMINATOR
