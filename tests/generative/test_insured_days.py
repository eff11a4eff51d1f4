"""Periods of somebody with two records, withdrawn ones too, as they lie in the tables: each day, plainly counted."""

import os
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.eligibility.models import Affiliation
from salus.eligibility.queries import insured
from salus.kernel.clock import now
from salus.kernel.rows import rows_of
from tests import eligibility
from tests.fhir_eligibility import number_of
from tests.links import linked, registered

EXAMPLES = 300 if "SALUS_PROVE" in os.environ else 15
# Over a leap day, and over the turn of a year.
DAYS = [
    start + timedelta(n) for start in (date(2023, 12, 27), date(2024, 2, 25)) for n in range(12)
]
PERIODS = st.lists(
    st.tuples(
        st.integers(0, 1),  # of which record
        st.sampled_from(DAYS),
        st.none() | st.sampled_from((1, 2, 4, 60)),
        st.booleans(),
    ),
    max_size=5,
)


@pytest.fixture(scope="module")
def records(database: Path) -> tuple[int, int]:
    """Two rows in the index of one human being."""
    one, other = registered(), registered()
    linked(one, other)
    return one, other


def test_each_day_is_answered_by_the_periods_of_both_records_that_stand(
    records: tuple[int, int],
) -> None:
    at, keys = now(), count()
    eligibility.register_heard(at)

    @settings(max_examples=EXAMPLES)
    @given(PERIODS)
    def ask(told: list[tuple[int, date, int | None, bool]]) -> None:
        with rows_of(records):
            Affiliation.objects.update(withdrawn=True)  # nothing is ever deleted
            for whose, since, days, withdrawn in told:
                Affiliation.objects.create(
                    person_id=records[whose],
                    key=f"D{next(keys)}",
                    since=since,
                    until=since + timedelta(days) if days else None,
                    withdrawn=withdrawn,
                )
        covered = {
            day
            for day in DAYS
            for _, since, days, withdrawn in told
            if not withdrawn and 0 <= (day - since).days < (days or 10**6)
        }
        for record in records:
            with insured(*number_of(record)) as person:
                said = {day for day in DAYS if person.verdict(day=day, at=at).reason == "covered"}
            assert said == covered

    ask()
