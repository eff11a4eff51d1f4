"""Who is insured on a day, against days written down one by one; and what an answer is worth in silence."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from salus.country.eligibility import EligibilityRules
from salus.eligibility.rules import Period, affiliation, service

RULES = EligibilityRules(
    silent_after=timedelta(hours=36),
    last_known_for=timedelta(days=30),
    prescribing={},
    recognised=frozenset(),
    not_from_abroad=(),
)
# Over the turn of the year and a leap day; the outer days stand for all before and after.
DAYS = [date(2023, 12, 27) + timedelta(n) for n in range(70)]
AT = datetime(2024, 3, 4, 12, tzinfo=UTC)
INNER = st.sampled_from(DAYS[1:-1])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    since = draw(st.none() | INNER)
    lasts = draw(st.none() | st.sampled_from((1, 2, 29, 60)))
    until = (since or DAYS[1]) + timedelta(lasts) if lasts else None
    return Period(since=since, until=until)


def written_down(period: Period) -> set[date]:
    day, days = period.since or DAYS[0], set()
    while day <= DAYS[-1] and day != period.until:
        days.add(day)
        day += timedelta(1)
    return days


def said(told: list[Period], day: date) -> str:
    return str(affiliation(told, day=day, at=AT, heard=AT, rules=RULES).status)


@given(st.lists(periods(), max_size=4))
@example([Period(since=date(2024, 1, 1), until=date(2024, 2, 29))])
@example([Period(since=date(2024, 2, 29), until=date(2024, 3, 1))])
@example([Period(since=DAYS[5], until=DAYS[9]), Period(since=DAYS[9], until=DAYS[12])])
@example([Period(since=DAYS[5], until=DAYS[9]), Period(since=DAYS[10])])
def test_each_day_is_answered_as_the_periods_say(told: list[Period]) -> None:
    days = set().union(*map(written_down, told))
    answers = {day: said(told, day) for day in DAYS}
    assert {day for day, status in answers.items() if status == "affiliated"} == days
    assert set(answers.values()) <= {"affiliated", "not-affiliated"}


@given(
    st.none()
    | st.integers(-(10**5), 32 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
    | st.builds(
        lambda around, beside: around + timedelta(microseconds=beside),
        st.sampled_from((RULES.silent_after, RULES.last_known_for)),
        st.integers(-1, 1),
    ),
    st.booleans(),
)
def test_what_a_silent_register_said_last_holds_for_a_time(
    silence: timedelta | None, insured: bool
) -> None:
    told = [Period(since=DAYS[0])] if insured else []
    heard = None if silence is None else AT - silence
    verdict = affiliation(told, day=AT.date(), at=AT, heard=heard, rules=RULES)
    stands = service(at=AT, heard=heard, rules=RULES)
    if silence is None or silence > timedelta(days=30):
        assert (verdict.status, verdict.reason) == ("cannot-tell", "register-silent")
        assert stands == "unable" and not verdict.last_known
        return
    assert (verdict.status, verdict.reason) == (
        ("affiliated", "covered") if insured else ("not-affiliated", "not-covered")
    )
    assert verdict.last_known == (silence > timedelta(hours=36))
    assert stands == ("degraded" if verdict.last_known else "able")
