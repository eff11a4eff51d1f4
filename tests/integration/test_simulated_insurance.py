"""Periods of cover in the nation's rows: what the decision says of their first and last days, who was asked about."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import psycopg
import pytest

from salus.country.lu import MATRICULE_SYSTEM
from salus.eligibility.queries import insured

END = datetime(
    2024, 12, 31, 23, tzinfo=UTC
)  # of the simulated time, until when the register was heard
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Row:
    since: date
    until: date | None
    withdrawn: bool

    @property
    def borders(self) -> set[date]:
        edges = {self.since, self.until or self.since}
        return edges | {edge - DAY for edge in edges}


@pytest.fixture(scope="module")
def people(rows: psycopg.Connection) -> dict[str, list[Row]]:
    """By number what the register says of everybody."""
    found: dict[str, list[Row]] = {}
    for value, since, until, withdrawn in rows.execute(
        "select value, since, until, withdrawn from eligibility_affiliation"
        " join mpi_personidentifier using (person_id) where system = %s",
        [MATRICULE_SYSTEM],
    ):
        found.setdefault(value, []).append(Row(since=since, until=until, withdrawn=withdrawn))
    return found


def plainly(told: list[Row], day: date) -> str:
    for row in told:
        if not row.withdrawn and row.since <= day and (row.until is None or row.until > day):
            return "affiliated"
    return "not-affiliated"


def answered(number: str, days: Iterator[date]) -> dict[date, str]:
    with insured(MATRICULE_SYSTEM, number) as person:
        return {day: str(person.verdict(day=day, at=END).status) for day in days}


def test_the_days_at_which_something_begins_or_ends_are_answered(
    people: dict[str, list[Row]],
) -> None:
    """Of everybody with more than one period, or with one that ended."""
    asked = {
        number: told
        for number, told in people.items()
        if len(told) > 1 or told[0].until is not None
    }
    said = {}
    for number, told in asked.items():
        days = sorted(set(chain.from_iterable(row.borders for row in told)))
        said[number] = answered(number, iter(days))
        assert said[number] == {day: plainly(told, day) for day in days}
    assert len(said) > 200
    assert {"affiliated", "not-affiliated"} == set(
        chain.from_iterable(of.values() for of in said.values())
    )


def test_each_story_is_there(people: dict[str, list[Row]]) -> None:
    today = END.date()
    pairs = [
        (one, other)
        for told in people.values()
        for one in told
        for other in told
        if one is not other and not one.withdrawn and not other.withdrawn and one.until
    ]
    assert any(other.since == one.until for one, other in pairs)
    assert any(one.since < other.since < (one.until or today) for one, other in pairs)
    told_of_gaps = [told for told in people.values() if len(told) > 1]
    assert any(
        plainly(told, row.until) == "not-affiliated" and plainly(told, today) == "affiliated"
        for told in told_of_gaps
        for row in told
        if row.until
    )
    everything = [row for told in people.values() for row in told]
    assert any(row.withdrawn for row in everything)
    assert any(row.since > today or (row.until and row.until > today) for row in everything)


def test_checks_were_of_people_who_are_insured_but_for_a_few(rows: psycopg.Connection) -> None:
    asked, without = rows.execute("""
        select count(*), count(*) filter (where not exists (
            select from eligibility_affiliation cover where cover.person_id = event.person_id
              and not withdrawn and since <= at::date and (until is null or until > at::date)))
        from audit_event event where kind = 'eligibility_check'
    """).fetchone() or (0, 0)  # fmt: skip
    assert asked > 10_000 and 0 < without < 0.02 * asked
