"""What the nation must amount to: country data, and the growth curves that lead to it and on from it.

December 2024 is the calibration month: at scale 1 the rows that a figure counts are exactly as many as published
(``EXACT``), or as many as print the same (``ROUNDED``, our choice within the rounding). Everything is pure: from a
scale to the number of rows per month.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salus.kernel.month import Month
from salus.simulation.timeline import FIRST, Floats, Ints

CALIBRATION = Month(2024, 12)

EXACT = {
    "patient_accounts_total": 209_214,
    "professional_accounts_total": 3_129,
    "assistants_declared_total": 26_373,
    "professionals_declared_total": 3_967,
    "patients_with_declared_professional_total": 47_027,
    "vaccination_records_total": 52_096,
    "vaccinations_total": 331_174,
    "record_transfer_consents_total": 45_482,
    "index_requests_in_month": 441_679,
    "uses_rescue_total": 299_643,
    "uses_pharmacy_in_month": 461_478,
    "uses_laboratory_in_month": 177_891,
    "uses_rescue_in_month": 5_121,
    "mail_users_total": 36_093,
    "file_share_users_total": 1_635,
    "professionals_registered_total": 25_005,
}
ROUNDED = {
    "records_total": 1_203_417,
    "documents_total": 14_612_938,
    "records_with_document": 788_238,  # 65.5 %
    "records_closed": 2_166,  # 0.18 %
    "uses_pharmacy_total": 20_987_654,
    "uses_laboratory_total": 7_012_345,
}
RESIDENCE = {"LU": 55.6, "FR": 21.9, "BE": 10.3, "DE": 9.4, "other": 2.8}  # percent of records
# November 2024: the change that December prints, in percent.
CHANGE = {"uses_pharmacy": -2.72, "uses_laboratory": -9.38, "uses_rescue": -2.62}
# The calibration month's flows that no published figure fixes: ours, so that the charts are plausible.
FLOWS = {"opened_by_patients": 214_600, "opened_by_professionals": 48_210}

_FLAT = (1.0,) * 12
# January to December; what people do in the health system follows winter and the long holidays.
_CARE = (1.08, 1.02, 1.06, 1.02, 1.0, 0.99, 0.92, 0.80, 1.02, 1.07, 1.05, 0.97)
_SIGN_UP = (1.18, 1.06, 1.05, 0.97, 0.94, 0.90, 0.82, 0.80, 1.05, 1.14, 1.10, 0.99)
_VACCINATION = (0.98, 0.92, 0.95, 0.92, 0.90, 0.88, 0.72, 0.68, 1.05, 1.48, 1.42, 1.10)
_RESCUE = (1.04, 0.96, 0.98, 0.98, 1.0, 1.03, 1.06, 1.02, 0.99, 0.98, 0.99, 0.97)


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Relative monthly volume: one weight per year (its middle), in between linear, times the season."""

    start: Month
    years: dict[int, float]
    season: tuple[float, ...] = _FLAT

    def weights(self, months: int) -> Floats:
        middle = [(year - FIRST.year) * 12 + 5.5 for year in self.years]
        index = np.arange(months)
        level: Floats = np.interp(index, middle, list(self.years.values()))
        season = np.array([self.season[(FIRST + int(i)).month - 1] for i in index])
        return np.where(index >= self.start - FIRST, level * season, 0.0)


CURVES = {
    "patient_accounts": Curve(
        start=Month(2016, 1),
        years={
            2016: 4,
            2019: 7,
            2020: 22,
            2021: 34,
            2022: 26,
            2023: 27,
            2024: 31,
            2025: 29,
            2026: 27,
        },
        season=_SIGN_UP,
    ),
    "professional_accounts": Curve(
        start=Month(2016, 1),
        years={2016: 12, 2019: 20, 2021: 34, 2023: 38, 2024: 47, 2025: 42, 2026: 36},
        season=_SIGN_UP,
    ),
    "documents": Curve(
        start=Month(2020, 3),
        years={2020: 92, 2021: 178, 2022: 262, 2023: 322, 2024: 371, 2025: 405, 2026: 428},
        season=_CARE,
    ),
    "document_holders": Curve(
        start=Month(2020, 3),
        years={2020: 26, 2021: 20, 2022: 12, 2023: 8.5, 2024: 6.5, 2025: 5.2, 2026: 4.6},
        season=_CARE,
    ),
    "closed": Curve(
        start=Month(2020, 6), years={2020: 70, 2021: 55, 2022: 34, 2023: 26, 2024: 22, 2026: 20}
    ),
    "assistants": Curve(
        start=Month(2018, 1),
        years={2018: 1, 2020: 4, 2022: 6, 2024: 8, 2026: 7.5},
        season=_SIGN_UP,
    ),
    "circle_patients": Curve(
        start=Month(2020, 6),
        years={2020: 5, 2021: 9, 2022: 10, 2023: 12, 2024: 15, 2026: 14},
        season=_SIGN_UP,
    ),
    "vaccination_records": Curve(
        start=Month(2019, 10),
        years={2019: 1, 2020: 2, 2021: 4, 2022: 9, 2023: 14, 2024: 20, 2025: 23, 2026: 24},
        season=_VACCINATION,
    ),
    "historical": Curve(
        start=Month(2019, 10),
        years={2019: 1, 2020: 2, 2021: 4, 2022: 10, 2023: 15, 2024: 20, 2025: 22, 2026: 22},
        season=_VACCINATION,
    ),
    "performed": Curve(
        start=Month(2019, 10),
        years={2019: 1, 2020: 2, 2021: 5, 2022: 10, 2023: 16, 2024: 24, 2025: 30, 2026: 34},
        season=_VACCINATION,
    ),
    "msvac": Curve(
        start=Month(2022, 3),
        years={2022: 14, 2023: 18, 2024: 15, 2025: 10, 2026: 7},
        season=_SIGN_UP,
    ),
    "transfer_consents": Curve(
        start=Month(2020, 4),
        years={2020: 2, 2021: 4, 2022: 9, 2023: 14, 2024: 19, 2025: 21, 2026: 22},
        season=_VACCINATION,
    ),
    "index_requests": Curve(
        start=Month(2019, 1),
        years={
            2019: 150,
            2020: 195,
            2021: 260,
            2022: 330,
            2023: 385,
            2024: 440,
            2025: 480,
            2026: 505,
        },
        season=_CARE,
    ),
    "uses_pharmacy": Curve(
        start=Month(2020, 1),
        years={2020: 190, 2021: 300, 2022: 395, 2023: 430, 2024: 455, 2025: 468, 2026: 476},
        season=_CARE,
    ),
    "uses_laboratory": Curve(
        start=Month(2020, 6),
        years={2020: 60, 2021: 95, 2022: 140, 2023: 165, 2024: 182, 2025: 190, 2026: 195},
        season=_CARE,
    ),
    "uses_rescue": Curve(
        start=Month(2019, 1),
        years={
            2019: 2.6,
            2020: 3.2,
            2021: 4.0,
            2022: 4.6,
            2023: 4.9,
            2024: 5.1,
            2025: 5.3,
            2026: 5.4,
        },
        season=_RESCUE,
    ),
    # Over 2024 patients opened 73 % more documents a month, professionals 105 % more.
    "opened_by_patients": Curve(
        start=Month(2018, 2),
        years={2018: 2, 2020: 14, 2021: 40, 2022: 64, 2023: 96.5, 2024: 178, 2025: 258, 2026: 310},
        season=_CARE,
    ),
    "opened_by_professionals": Curve(
        start=Month(2020, 8),
        years={2020: 1, 2021: 4, 2022: 9, 2023: 17, 2024: 38, 2025: 61, 2026: 78},
        season=_CARE,
    ),
    "mail_users": Curve(
        start=Month(2015, 2), years={2015: 14, 2018: 6, 2021: 4, 2024: 2.4, 2026: 2.2}
    ),
    "file_share_users": Curve(
        start=Month(2016, 3), years={2016: 3, 2019: 3, 2022: 2, 2024: 1.2, 2026: 1}
    ),
    "practitioners": Curve(
        # The register was filled from older ones, then grew with the country.
        start=Month(2015, 3),
        years={2015: 40, 2016: 6, 2018: 2.2, 2024: 2.0, 2026: 2.0},
    ),
}
_ACT_TYPE_SHARES = {"historical": 0.535, "performed": 0.355, "msvac": 0.11}


def largest_remainder(total: int, weights: npt.ArrayLike) -> Ints:
    """``total`` in whole parts proportional to ``weights`` (Hare quota, ties to the first)."""
    shares = np.asarray(weights, dtype=float)
    quota = total * shares / shares.sum()
    parts: Ints = np.floor(quota).astype(np.int64)
    missing = total - int(parts.sum())
    parts[np.argsort(-(quota - parts), kind="stable")[:missing]] += 1
    return parts


def proportion(value: float, denominator: int) -> int:
    """``value`` at scale 1/denominator, half rounded up."""
    return int(np.floor(value / denominator + 0.5))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Rows per month from FIRST, for each series; ``residence`` is records at the calibration month."""

    denominator: int
    months: int
    flows: dict[str, Ints]
    residence: dict[str, int]

    def total(self, series: str) -> int:
        """Of the whole series up to the calibration month."""
        return int(self.flows[series][: CALIBRATION - FIRST + 1].sum())


def plan(*, denominator: int, until: Month) -> Plan:
    """The plan at scale 1/denominator, up to ``until`` but at least to the calibration month."""
    months = max(until, CALIBRATION) - FIRST + 1

    def stock(curve: str, value: int) -> Ints:
        return _to_total(CURVES[curve].weights(months), value, denominator)

    flows = {
        "patient_accounts": stock("patient_accounts", EXACT["patient_accounts_total"]),
        "professional_accounts": stock(
            "professional_accounts", EXACT["professional_accounts_total"]
        ),
        "documents": stock("documents", ROUNDED["documents_total"]),
        "document_holders": stock("document_holders", ROUNDED["records_with_document"]),
        "closed": stock("closed", ROUNDED["records_closed"]),
        "assistants": stock("assistants", EXACT["assistants_declared_total"]),
        "circle_patients": stock(
            "circle_patients", EXACT["patients_with_declared_professional_total"]
        ),
        "vaccination_records": stock("vaccination_records", EXACT["vaccination_records_total"]),
        "transfer_consents": stock("transfer_consents", EXACT["record_transfer_consents_total"]),
        "mail_users": stock("mail_users", EXACT["mail_users_total"]),
        "file_share_users": stock("file_share_users", EXACT["file_share_users_total"]),
        "practitioners": stock("practitioners", EXACT["professionals_registered_total"]),
    }
    flows |= _vaccinations(months, denominator)
    flows["circle_professionals"] = _in_step_with(
        flows["circle_patients"], proportion(EXACT["professionals_declared_total"], denominator)
    )
    for caller in ("pharmacy", "laboratory", "rescue"):
        flows[f"uses_{caller}"] = _uses(f"uses_{caller}", months, denominator)
    for series, value in FLOWS.items() | {("index_requests", EXACT["index_requests_in_month"])}:
        flows[series] = _through(CURVES[series].weights(months), value, denominator)
    records = proportion(ROUNDED["records_total"], denominator)
    parts = largest_remainder(records, list(RESIDENCE.values()))
    return Plan(
        denominator=denominator,
        months=months,
        flows=flows,
        residence=dict(zip(RESIDENCE, parts.tolist(), strict=True)),
    )


_AT = CALIBRATION - FIRST


def _to_total(weights: Floats, value: int, denominator: int) -> Ints:
    """Flows that sum to ``value`` in the calibration month, and go on at the same unit after it."""
    before, after = weights[: _AT + 1], weights[_AT + 1 :]
    total = proportion(value, denominator)
    unit = value / before.sum() / denominator
    return np.concatenate([_rounded(before * (total / before.sum())), _rounded(after * unit)])


def _through(weights: Floats, value: int, denominator: int) -> Ints:
    """Flows of which the calibration month's is ``value``."""
    flows = weights * (value / weights[_AT] / denominator)
    before, after = _rounded(flows[:_AT]), _rounded(flows[_AT + 1 :])
    return np.concatenate([before, [proportion(value, denominator)], after])


def _rounded(flows: Floats) -> Ints:
    """Whole flows whose running sum is never off by more than a half."""
    return np.diff(np.floor(np.cumsum(flows) + 0.5), prepend=0).astype(np.int64)


def _uses(series: str, months: int, denominator: int) -> Ints:
    """Flows with a given total and the two last months of it given."""
    weights = CURVES[series].weights(months)
    in_month = EXACT[f"{series}_in_month"]
    total = (EXACT | ROUNDED)[f"{series}_total"]
    month_before = round(in_month / (1 + CHANGE[series] / 100))
    last_two = [proportion(month_before, denominator), proportion(in_month, denominator)]
    rest = proportion(total, denominator) - sum(last_two)
    before = _rounded(weights[: _AT - 1] * (rest / weights[: _AT - 1].sum()))
    # Later months go on from the level of the last two years, not from these two months alone.
    year = slice(_AT - 11, _AT + 1)
    level = before[_AT - 11 :].sum() + sum(last_two)
    after = weights[_AT + 1 :] * (level / weights[year].sum())
    return np.concatenate([before, last_two, _rounded(after)])


def _vaccinations(months: int, denominator: int) -> dict[str, Ints]:
    total = proportion(EXACT["vaccinations_total"], denominator)
    parts = largest_remainder(total, list(_ACT_TYPE_SHARES.values()))
    return {
        act_type: _to_total(CURVES[act_type].weights(months), int(part) * denominator, denominator)
        for act_type, part in zip(_ACT_TYPE_SHARES, parts, strict=True)
    }


def _in_step_with(flow: Ints, total: int) -> Ints:
    """A smaller flow that never exceeds ``flow`` and sums to ``total`` in the calibration month.

    The same professionals are declared again and again: new ones become rarer (square root).
    """
    stock = np.cumsum(flow)
    wanted = np.floor(total * np.sqrt(stock / stock[_AT]) + 0.5).astype(np.int64)
    new = np.zeros_like(flow)
    backlog = 0
    for month, (step, available) in enumerate(zip(np.diff(wanted, prepend=0), flow, strict=True)):
        backlog += int(step)
        new[month] = min(backlog, int(available))
        backlog -= int(new[month])
    return new
