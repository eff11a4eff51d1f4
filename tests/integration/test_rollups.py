"""Roll-ups: equal to the rows while these are there, and to what was published when they are gone."""

from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import get_default_timezone

from salus.activity_report.archive import edition_of, folder_of
from salus.activity_report.counting import Count, Evidence, count, gather, snapshot
from salus.activity_report.edition import Edition, indicators
from salus.activity_report.models import RollUp
from salus.activity_report.pruned import RollUpMissing, pruned
from salus.activity_report.publication import count_anew, differences, from_roll_ups, publish
from salus.activity_report.rollup import complete_until
from salus.activity_report.run import report
from salus.activity_report.verify import verify
from salus.kernel.month import Month
from tests.conftest import as_role, salus

FIRST, MONTHS, LAST = Month(2015, 1), (Month(2024, 12), Month(2025, 1)), Month(2025, 2)
NOW = datetime(2025, 3, 20, tzinfo=get_default_timezone())
Counted = dict[str, tuple[Count, Evidence]]

pytestmark = pytest.mark.usefixtures("reporter")


@pytest.fixture(scope="module")
def published(nation: Path) -> list[Edition]:
    with as_role("reporter"), override_settings(LANGUAGES=settings.LANGUAGES[:1]):
        assert complete_until() is None
        return [publish(count_anew(month, now=NOW)) for month in MONTHS]


def counted() -> Counted:
    """All that figures, charts and self-checks of the last three months know of the rows."""
    found = {}
    for month in (*MONTHS, LAST):
        with snapshot() as cursor:
            found[str(month)] = count(cursor, month, as_of=NOW), gather(cursor, month)
    return found


def cells(found: Counted) -> list[Any]:
    return [
        (
            one.cells(indicators()),
            one.flows_before,
            evidence.stocks_before,
            evidence.movements,
            {name: dict(days) for name, days in evidence.daily.items()},
        )
        for one, evidence in found.values()
    ]


def drop(rows: psycopg.Connection, first: Month, last: Month) -> None:
    """By retention: the partitions of these months."""
    for month in last.last(last - first + 1):
        rows.execute(f"drop table audit_event_{month.year}_{month.month:02}")


def of_tallies() -> dict[tuple[str, date], list[Any]]:
    names = {i.tally.name for i in indicators().values() if i.tally and i.tally.prunable_from}
    found = RollUp.objects.filter(counted__in=names)
    return {(one.counted, one.period): one.rows for one in found}


def test_roll_ups_say_what_the_rows_say(published: list[Edition], rows: psycopg.Connection) -> None:
    """Each of them, asked row by row."""
    days: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for at, kind, agent, denied, repeated in rows.execute(
        "select at, kind::text, agent::text, denied, repeated from audit_event"
    ):
        if not denied and not repeated:
            day = at.astimezone(get_default_timezone()).date().isoformat()
            days[kind, agent][day] += 1
            days[kind, ""][day] += 1
    found = of_tallies()
    assert {day for _, day in found} == {
        month.first_day for month in MONTHS[1].last(MONTHS[1] - FIRST + 1)
    }
    for kind, agent in (
        ("eligibility_check", "pharmacy"),
        ("eligibility_check", "laboratory"),
        ("eligibility_check", "rescue"),
        ("document_opened", "patient"),
        ("document_opened", "professional"),
        ("index_request", ""),
    ):
        by = f" and agent = '{agent}'" if agent else ""
        name = f"audit_event.at where kind = '{kind}'{by} and not denied and not repeated"
        kept = {day: n for (tally, _), days in found.items() if tally == name for day, _, n in days}
        closed = {d: n for d, n in days[kind, agent].items() if d < "2025-02-01"}
        assert kept == closed
        assert kept


def test_a_published_month_is_known_at_once(published: list[Edition]) -> None:
    for month, edition in zip(MONTHS, published, strict=True):
        with CaptureQueriesContext(connection) as asked:
            assert from_roll_ups(month) == edition
        tables = {
            query["sql"].split(' FROM "')[1].split('"')[0] for query in asked.captured_queries
        }
        assert tables == {
            "activity_report_archivededition",
            "activity_report_rollup",
            "simulation_nation",
        }


def test_the_command_draws_a_published_month_from_its_roll_ups(
    published: list[Edition], nation: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.csv"
    asked = ("--from-rollups", "--format", "csv", "--out", out)
    assert "rows were not asked" in salus("report", "2024-12", *asked, data=nation).stderr
    assert out.read_bytes() == (folder_of(published[0]) / "report.csv").read_bytes()
    refused = salus("report", "2024-11", *asked, data=nation)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_a_row_that_comes_late_is_noticed_and_rolled_up_with_its_revision(
    published: list[Edition], rows: psycopg.Connection
) -> None:
    assert complete_until() == MONTHS[1]
    rows.execute(
        "insert into audit_event (at, kind, agent)"
        " values ('2024-12-31 23:59:59+01', 'index_request', 'hospital')"
    )
    before = of_tallies()
    noticed = report(month=MONTHS[0], language="fr", format="csv").note
    assert "1 cells would differ" in noticed
    assert of_tallies() == before
    assert complete_until() == MONTHS[0] + -1  # its rows must stay until it is rolled up again
    report(month=MONTHS[0], language="fr", format="csv", reason="A hospital was late")
    assert complete_until() == MONTHS[1]
    assert from_roll_ups(MONTHS[0]) == edition_of(MONTHS[0])
    changed = [key for key, days in of_tallies().items() if days != before[key]]
    assert [day for _, day in changed] == [MONTHS[0].first_day]


def test_no_month_is_dropped_while_a_report_counts(
    published: list[Edition], rows: psycopg.Connection
) -> None:
    rows.execute("set lock_timeout = '50ms'")
    with snapshot() as cursor:
        pruned(cursor, [i.tally for i in indicators().values() if i.tally], LAST)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            drop(rows, FIRST, FIRST)
    rows.execute("reset lock_timeout")


@pytest.mark.prove
def test_dropping_closed_months_changes_no_figure(
    published: list[Edition], rows: psycopg.Connection
) -> None:
    was, kept, pages = counted(), of_tallies(), _pages()
    assert not any(found.rolled_up for found, _ in was.values())
    last = FIRST + -1
    # Long ago, as a retention rule has it; then the first chart month; then the published months themselves.
    for until in (Month(2021, 12), Month(2024, 3), MONTHS[1]):
        drop(rows, last + 1, until)
        last = until
        now = counted()
        assert cells(now) == cells(was)
        for edition in (edition_of(month) for month in MONTHS):
            verdict = verify(folder_of(edition) / "edition.json")
            assert (verdict.differences, verdict.changed_files) == ((), ())
            period = edition.period
            marked = set(verdict.rolled_up)
            assert ("uses_pharmacy_total", period, "") in marked
            assert (("uses_pharmacy_in_month", period, "") in marked) == (period <= str(until))
            for chart_month in edition.month.last(12):
                cell = ("documents_opened_by_patients", str(chart_month), "")
                assert (cell in marked) == (chart_month <= until)
            assert not any(name.startswith(("documents_total", "records")) for name, _, _ in marked)
        assert _pages() == pages
        assert complete_until() == MONTHS[1]
    edition = publish(count_anew(LAST, now=NOW))
    document = folder_of(edition) / "edition.json"
    assert verify(document).differences == ()
    assert '"uses_rescue_total",' in document.read_text().split('"rolled_up"')[1]
    assert {key: of_tallies()[key] for key in kept} == kept  # no recount of what is gone
    assert complete_until() == LAST


def _pages() -> list[str]:
    answers = [Client(SERVER_NAME="localhost").get(f"/report/{month}") for month in MONTHS]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content.decode().split("<main")[1].split("</main")[0] for answer in answers]


@pytest.mark.prove  # of the months that were dropped before
def test_the_command_says_what_was_not_recounted(published: list[Edition], nation: Path) -> None:
    document = folder_of(edition_of(MONTHS[1])) / "edition.json"
    done = salus("report", "--verify", document, data=nation)
    assert done.returncode == 0
    assert "rows are gone by a retention rule" in done.stdout
    assert "uses_pharmacy_total" in done.stdout
    assert "vaccinations_total" not in done.stdout


def test_a_row_that_comes_late_into_a_dropped_month_counts_once_and_is_noticed(
    published: list[Edition], rows: psycopg.Connection
) -> None:
    (found, evidence) = counted()[str(MONTHS[0])]
    rows.execute(
        "insert into audit_event (at, kind, agent)"
        " values ('2024-12-24 12:00+01', 'eligibility_check', 'pharmacy')"
    )
    (late, with_it) = counted()[str(MONTHS[0])]
    for name in ("uses_pharmacy_total", "uses_pharmacy_in_month"):
        assert late.figures[name] == (found.figures[name] or 0) + 1
    day = date(2024, 12, 24)
    name = "uses_pharmacy_total"
    assert with_it.daily[name].get(day, 0) == evidence.daily[name].get(day, 0) + 1
    changed = differences(count_anew(MONTHS[0], now=NOW).edition, edition_of(MONTHS[0]))
    assert {name for name, _, _ in changed} == {"uses_pharmacy_total", "uses_pharmacy_in_month"}
    rows.execute("delete from audit_event where at = '2024-12-24 12:00+01'")


@pytest.mark.prove  # of the months that were dropped before
def test_rows_that_went_without_a_roll_up_are_missed(
    published: list[Edition], rows: psycopg.Connection
) -> None:
    rows.execute("delete from activity_report_rollup where period = '2019-07-01'")
    for ask in (counted, complete_until, lambda: count_anew(MONTHS[0], now=NOW)):
        with pytest.raises(RollUpMissing, match="2019-07"):
            ask()
