"""How old what the directory says is, and how far a status of the authority reaches."""

from datetime import UTC, date, datetime, timedelta

import pytest

from salus.directory.freshness import YEAR, freshness, is_over, number_due
from salus.directory.models import Kind
from salus.directory.rules import Said, is_unlikely, state_on
from salus.directory.statuses import end_of_suspension, leaving, succession, suspension
from salus.kernel.errors import InvalidInput

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
LEA = Said(
    said={"family": "Weber", "telephone": "+352 27", "email": None, "status": "active"},
    known_at=AT - timedelta(days=700),
)


def due(*history: Said, at: datetime = AT) -> set[str]:
    return {one.field for one in freshness(Kind.PRACTITIONER, history, at=at) if one.due}


def test_what_ages_is_due_a_year_after_somebody_last_spoke_of_it() -> None:
    # A name does not age; that there is no e-mail address was said, and may have changed.
    assert due(LEA) == {"telephone", "email"}
    again = Said(said={}, again=["telephone"], known_at=AT - YEAR)
    assert due(LEA, again) == {"telephone", "email"}
    assert due(LEA, again, at=AT - timedelta(seconds=1)) == {"email"}


def test_what_nobody_ever_said_is_not_asked_about() -> None:
    assert "languages" not in due(LEA)
    assert number_due(freshness(Kind.PRACTITIONER, [LEA], at=AT)) == 2


@pytest.mark.parametrize(
    ("status", "over"),
    [("active", False), ("suspended", False), ("retired", True), ("ended", True), (None, True)],
)
def test_an_entry_is_over_when_it_has_left(status: str | None, over: bool) -> None:
    said = Said(said={"status": status}, known_at=AT)
    assert is_over(Kind.PRACTITIONER, [LEA, said], AT.date()) is over


def replayed(*lines: object) -> list[Said]:
    retires = Said(said={"status": "retired"}, since=date(2026, 1, 1), known_at=AT)
    return [
        LEA,
        retires,
        *(Said(said=one.said, since=one.since, until=one.until, known_at=AT) for one in lines),  # type: ignore[attr-defined]
    ]


def status(history: list[Said], day: date) -> str | None:
    return state_on(history, day).get("status")


def test_a_suspension_for_good_ends_where_a_retirement_known_ahead_begins() -> None:
    (line,) = suspension(
        Kind.PRACTITIONER, 1, replayed(), since=date(2025, 7, 1), until=None, reason="x"
    )
    assert line.until == date(2026, 1, 1)
    assert line.said == {"status": "suspended", "status_reason": "x"}
    (fixed,) = suspension(
        Kind.PRACTITIONER, 1, replayed(), since=date(2025, 7, 1), until=date(2025, 8, 1), reason="x"
    )
    assert fixed.until == date(2025, 8, 1)


def test_the_end_of_a_suspension_gives_back_no_more_than_it_took() -> None:
    suspended = suspension(
        Kind.PRACTITIONER, 1, replayed(), since=date(2025, 7, 1), until=None, reason="x"
    )
    history = replayed(*suspended)
    resumed = end_of_suspension(Kind.PRACTITIONER, 1, history, since=date(2025, 9, 1))
    after = replayed(*suspended, *resumed)
    days = [date(2025, 8, 1), date(2025, 10, 1), date(2026, 2, 1)]
    assert [status(after, day) for day in days] == ["suspended", "active", "retired"]
    with pytest.raises(InvalidInput, match="no suspension is in force"):
        end_of_suspension(Kind.PRACTITIONER, 1, history, since=date(2025, 6, 30))


def test_a_successor_may_be_named_with_the_end_of_the_role_or_alone() -> None:
    alone, both = succession(1, successor=2, since=None), succession(1, successor=2, since=AT)
    assert [line.said for line in alone] == [{"successor": 2}]
    assert [line.said for line in both] == [{"successor": 2}, {"status": "ended"}]
    (retired,) = leaving(Kind.PRACTITIONER, 1, status="retired", since=AT.date())
    assert (retired.said, retired.since, retired.until) == ({"status": "retired"}, AT.date(), None)


@pytest.mark.parametrize(
    ("ended", "known", "unlikely"),
    [(5, 5, False), (6, 60, False), (6, 59, True), (7, 60, True), (0, 0, False)],
)
def test_a_file_that_ends_more_than_five_and_a_tenth_may_be_cut_short(
    ended: int, known: int, unlikely: bool
) -> None:
    assert is_unlikely(ended, known) is unlikely
