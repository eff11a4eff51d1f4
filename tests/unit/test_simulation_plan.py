"""The plan of the simulation meets the published month, at every scale."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from salus.kernel.month import Month
from salus.simulation.calibration import (
    CALIBRATION,
    CHANGE,
    EXACT,
    RESIDENCE,
    ROUNDED,
    Plan,
    plan,
    proportion,
)
from salus.simulation.timeline import FIRST

REFERENCE = Path(__file__).parents[3] / "shared/reference/activity-report-2024-12.json"
AT = CALIBRATION - FIRST
SCALES = [1, 20, 100, 1000]
STOCKS = {
    "patient_accounts": EXACT["patient_accounts_total"],
    "professional_accounts": EXACT["professional_accounts_total"],
    "documents": ROUNDED["documents_total"],
    "document_holders": ROUNDED["records_with_document"],
    "closed": ROUNDED["records_closed"],
    "assistants": EXACT["assistants_declared_total"],
    "circle_professionals": EXACT["professionals_declared_total"],
    "circle_patients": EXACT["patients_with_declared_professional_total"],
    "vaccination_records": EXACT["vaccination_records_total"],
    "transfer_consents": EXACT["record_transfer_consents_total"],
    "uses_pharmacy": ROUNDED["uses_pharmacy_total"],
    "uses_laboratory": ROUNDED["uses_laboratory_total"],
    "uses_rescue": EXACT["uses_rescue_total"],
    "mail_users": EXACT["mail_users_total"],
    "file_share_users": EXACT["file_share_users_total"],
    "practitioners": EXACT["professionals_registered_total"],
}
IN_MONTH = {
    "index_requests": EXACT["index_requests_in_month"],
    "uses_pharmacy": EXACT["uses_pharmacy_in_month"],
    "uses_laboratory": EXACT["uses_laboratory_in_month"],
    "uses_rescue": EXACT["uses_rescue_in_month"],
}


@pytest.fixture(scope="module", params=SCALES)
def scaled(request: pytest.FixtureRequest) -> Plan:
    return plan(denominator=request.param, until=Month(2026, 10))


def published() -> dict[str, dict[str, Any]]:
    if not REFERENCE.exists():
        pytest.skip("the published report is not part of the project")
    report = json.loads(REFERENCE.read_text())
    return {figure["id"]: figure for service in report["services"] for figure in service["figures"]}


def test_the_exact_targets_are_the_published_figures() -> None:
    exact = {name: f["value"] for name, f in published().items() if f["kind"] == "exact"}
    assert exact == EXACT


def test_the_rounded_targets_print_as_the_published_figures() -> None:
    figures = published()
    assert f"{ROUNDED['records_total'] / 1e6:.1f}M" == figures["records_total"]["printed"]
    assert f"{ROUNDED['documents_total'] / 1e6:.1f}M" == figures["documents_total"]["printed"]
    for caller in ("pharmacy", "laboratory"):
        name = f"uses_{caller}_total"
        assert f"{ROUNDED[name] / 1e6:.0f}M" == figures[name]["printed"]
    for name, part, digits in (
        ("records_with_document_share", "records_with_document", 1),
        ("records_deactivated_by_patient_share", "records_closed", 2),
    ):
        share = 100 * ROUNDED[part] / ROUNDED["records_total"]
        assert f"{share:.{digits}f}%".replace(".", ",") == figures[name]["printed"]
    for country, share in RESIDENCE.items():
        printed = figures[f"records_residence_{country.lower()}_share"]["printed"]
        assert f"{share}%" == printed
    for caller, change in CHANGE.items():
        assert f"{change}%" == figures[f"{caller}_in_month"]["change_printed"]


@pytest.mark.parametrize("series", STOCKS)
def test_the_calibration_month_is_met(scaled: Plan, series: str) -> None:
    assert scaled.total(series) == proportion(STOCKS[series], scaled.denominator)


@pytest.mark.parametrize("series", IN_MONTH)
def test_the_flows_of_the_calibration_month_are_met(scaled: Plan, series: str) -> None:
    assert scaled.flows[series][AT] == proportion(IN_MONTH[series], scaled.denominator)


@pytest.mark.parametrize("caller", CHANGE)
def test_the_printed_change_comes_out(caller: str) -> None:
    flow = plan(denominator=1, until=CALIBRATION).flows[caller]
    assert round(100 * (flow[AT] / flow[AT - 1] - 1), 2) == CHANGE[caller]


def test_a_proportion_is_rounded_half_up() -> None:
    assert [proportion(value, 100) for value in (149, 150, 249, 250)] == [1, 2, 2, 3]


def test_parts_add_up(scaled: Plan) -> None:
    acts = sum(scaled.total(act) for act in ("historical", "performed", "msvac"))
    assert acts == proportion(EXACT["vaccinations_total"], scaled.denominator)
    records = proportion(ROUNDED["records_total"], scaled.denominator)
    assert sum(scaled.residence.values()) == records
    assert {
        country: round(100 * count / ROUNDED["records_total"], 1)
        for country, count in plan(denominator=1, until=CALIBRATION).residence.items()
    } == RESIDENCE


def test_nothing_is_negative_and_all_goes_on(scaled: Plan) -> None:
    for series, flow in scaled.flows.items():
        assert len(flow) == Month(2026, 10) - FIRST + 1, series
        assert flow.min() >= 0, series
        if scaled.denominator == 1:
            assert flow[AT + 1 :].min() > 0, series
            year_before = flow[AT - 11 : AT + 1].sum()
            assert 0.2 < flow[AT + 1 : AT + 13].sum() / year_before < 1.8, series


@pytest.mark.parametrize(
    ("series", "percent"), [("opened_by_patients", 73), ("opened_by_professionals", 105)]
)
def test_openings_of_2024_exceed_those_of_2023(series: str, percent: int) -> None:
    flow = plan(denominator=1, until=CALIBRATION).flows[series]
    assert (
        round(100 * (flow[AT - 11 : AT + 1].sum() / flow[AT - 23 : AT - 11].sum() - 1)) == percent
    )


def test_no_series_breaks_after_the_calibration_month() -> None:
    """The two winters around it differ by little more than a year's growth."""
    for series, flow in plan(denominator=1, until=Month(2026, 10)).flows.items():
        before, after = flow[AT - 2 : AT + 1].sum(), flow[AT + 10 : AT + 13].sum()
        year_before = flow[AT - 14 : AT - 11].sum()
        assert 0.7 < (after / before) / (before / year_before) < 1.3, series


def test_new_professionals_of_the_circle_never_outnumber_its_new_patients(scaled: Plan) -> None:
    assert (scaled.flows["circle_professionals"] <= scaled.flows["circle_patients"]).all()


def test_a_plan_reaches_the_calibration_month_even_when_the_simulation_ends_before() -> None:
    early, late = (plan(denominator=100, until=month) for month in (Month(2022, 6), CALIBRATION))
    assert all(np.array_equal(early.flows[name], late.flows[name]) for name in late.flows)
