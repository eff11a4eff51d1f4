"""The self-checks on the rows of the synthetic nation: as they are, and after somebody has tampered with them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from salus.activity_report import checks
from salus.activity_report.assembling import assemble
from salus.activity_report.calendar import public_holidays
from salus.activity_report.counting import Count, Evidence, count, gather, snapshot
from salus.activity_report.edition import Check, Edition, Outcome
from salus.kernel.month import Month
from tests.conftest import as_role

MONTH = Month(2024, 12)
NOW = datetime(2025, 3, 20, tzinfo=UTC)
DAY = "2024-12-10"


@pytest.fixture(scope="module")
def published(nation: Path) -> dict[str, Edition]:
    """What was published of the month before, when nobody had tampered with anything yet."""
    found, _ = _counted(MONTH + -1)
    return {str(found.month): _edition(found)}


def test_no_month_of_the_nation_raises_an_alarm(nation: Path) -> None:
    published: dict[str, Edition] = {}
    for month in Month(2025, 2).last(26):
        found, evidence = _counted(month)
        edition = _edition(found)
        assert _failed(found, evidence, edition, published) == []
        published[str(month)] = edition


@pytest.mark.parametrize(
    ("tampering", "rule", "indicators"),
    [
        pytest.param(
            f"delete from audit_event where kind = 'index_request' and at::date = '{DAY}'",
            "daily",
            {"index_requests_in_month"},
            id="a day's events are deleted",
        ),
        pytest.param(
            "delete from audit_event where agent = 'pharmacy'"
            " and at >= '2024-12-01' and at < '2025-01-01' and id % 5 < 3",
            "usual_range",
            {"uses_pharmacy_total", "uses_pharmacy_in_month"},
            id="three in five events of a month are deleted",
        ),
        pytest.param(
            "insert into audit_event (at, kind, agent, repeated, denied)"
            " select '2024-11-20', kind, agent, repeated, denied from audit_event"
            " where kind = 'document_opened' and agent = 'patient' and not denied limit 1",
            "past_unchanged",
            {"documents_opened_by_patients"},
            id="a row comes late, with an old date",
        ),
        pytest.param(
            "update shared_record_document set ended_at = '2024-11-20', ended_reason = 2"
            " where id = (select max(id) from shared_record_document"
            " where filed_at < '2024-11-01' and ended_at is null)",
            "past_unchanged",
            {"documents_total", "documents_stock"},
            id="a document's end is dated back",
        ),
        pytest.param(
            "delete from vaccination_transferconsent where given_at < '2024-11-01'",
            "no_fall",
            {"record_transfer_consents_total"},
            id="old consents are deleted rather than withdrawn",
        ),
    ],
)
def test_tampered_rows_are_found(
    nation: Path, published: dict[str, Edition], tampering: str, rule: str, indicators: set[str]
) -> None:
    with as_role("superuser"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('TimeZone', %s, true)", [settings.TIME_ZONE])
        cursor.execute(tampering)
        assert cursor.rowcount > 0
        found, evidence = count(cursor, MONTH, as_of=NOW), gather(cursor, MONTH)
        transaction.set_rollback(True)
    failed = _failed(found, evidence, _edition(found), published)
    assert {check.indicator for check in failed if check.rule == rule} == indicators


def _counted(month: Month) -> tuple[Count, Evidence]:
    with as_role("reporter"), snapshot() as cursor:
        return count(cursor, month, as_of=NOW), gather(cursor, month)


def _edition(found: Count) -> Edition:
    return assemble(found, [], counted_at=NOW.isoformat())


def _failed(
    found: Count, evidence: Evidence, edition: Edition, published: dict[str, Edition]
) -> list[Check]:
    holidays = public_holidays(found.month.year - 2, found.month.year)
    judged = checks.check(found, evidence, edition, published, holidays)
    return [check for check in judged if check.outcome is Outcome.FAILED]
