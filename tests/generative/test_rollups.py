"""Whatever months are dropped after their roll-up: figures, charts and the evidence of self-checks stay."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.timezone import get_default_timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.activity_report.counting import Count, Evidence, count, gather
from salus.activity_report.edition import indicators
from salus.activity_report.rollup import keep, roll_ups
from salus.kernel.month import Month
from tests.conftest import as_role

MONTH = Month(2024, 12)
ZONE = get_default_timezone()
NOW = datetime(2025, 3, 20, tzinfo=ZONE)
WINDOW = MONTH.last(30)
# Of each kind that is counted one, and what is not.
KINDS = st.sampled_from(
    [
        ("eligibility_check", "pharmacy"),
        ("eligibility_check", "rescue"),
        ("document_opened", "patient"),
        ("index_request", "hospital"),
        ("sign_in", "patient"),
    ]
)


@pytest.fixture(autouse=True)
def _owner(database: Path) -> Iterator[None]:
    """Whoever may drop a partition, and see every row."""
    with as_role("superuser"):
        yield


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """The first and the last moment of a day more often than others: there months meet."""
    month = draw(st.sampled_from(WINDOW))
    day = draw(st.sampled_from([1, 15, month.last_day.day]))
    opens = datetime(month.year, month.month, day, tzinfo=ZONE)
    last = timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999)
    return opens + draw(st.sampled_from([timedelta(), timedelta(hours=9), last]))


@settings(max_examples=25)
@given(
    events=st.lists(st.tuples(instants(), KINDS, st.booleans()), min_size=1, max_size=30),
    dropped=st.sets(st.sampled_from(WINDOW)),
)
def test_dropped_months_count_on(
    events: list[tuple[datetime, tuple[str, str], bool]], dropped: set[Month]
) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local time zone 'Europe/Luxembourg'")
        cursor.execute(  # without anything, there is no report
            "insert into audit_event (at, kind, agent)"
            " values ('2020-01-01', 'eligibility_check', 'laboratory')"
        )
        for at, (kind, agent), repeated in events:
            cursor.execute(
                "insert into audit_event (at, kind, agent, repeated) values (%s, %s, %s, %s)",
                [at, kind, agent, repeated],
            )
        before, evidence = _counted(cursor)
        keep(roll_ups(before, evidence))
        for month in dropped:
            cursor.execute(f"drop table audit_event_{month.year}_{month.month:02}")
        after, evidence_after = _counted(cursor)
        assert after.cells(indicators()) == before.cells(indicators())
        assert after.flows_before == before.flows_before
        assert evidence_after.stocks_before == evidence.stocks_before
        assert evidence_after.movements == evidence.movements
        assert evidence_after.daily == evidence.daily
        assert {period for _, period, _ in after.rolled_up} == (
            {str(month) for month in dropped & set(MONTH.last(12))}
            | ({str(MONTH)} if dropped else set())
        )
        transaction.set_rollback(True)


def _counted(cursor: CursorWrapper) -> tuple[Count, Evidence]:
    return count(cursor, MONTH, as_of=NOW), gather(cursor, MONTH)
