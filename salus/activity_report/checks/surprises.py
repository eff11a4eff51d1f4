"""What happens by chance less than once in a million times: days without any, and sudden changes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby, pairwise
from math import ceil, exp, floor, hypot, log, sqrt
from statistics import fmean, median

from salus.activity_report.checks.case import Case, Fact, not_judged, verdict
from salus.activity_report.counting import HISTORY_MONTHS
from salus.activity_report.edition import Check
from salus.kernel.month import Month

_IMPROBABLE = 1e-6
_LIKE_DAYS = 8  # two months of weeks: long enough to know a weekday, short enough to follow growth
_SUNDAY = 6

_FEWEST_MONTHS = 6
# How far a month's square root may be from where it was expected. By chance: five standard deviations of the
# difference of two Poisson counts' roots. By its own ways: three times as far as the months before were, but a
# fifth in any case, for working days, holidays and season. The two are independent: their squares add.
_BY_CHANCE = 5 * sqrt(1 / 2)
_TIMES_USUAL = 3
_UNSTEADY = 0.2
_MAD_TO_DEVIATION = 1.4826  # of a normal distribution

Days = Mapping[date, int]


def daily(case: Case) -> Iterator[Check]:
    """No day, nor run of days, lies empty that like days before the month were busy on.

    If an empty run were like the days before, each of the events seen on n like days might as well have fallen
    into its m days: that none did has the probability (n / (n + m)) ** events.
    """
    for name, days in case.evidence.daily.items():
        like, clumping = _like_days(days, case), _clumping(days, case)
        month = _days_of(case.count.month)
        if _chance_of_none(month, like, clumping, case) >= _IMPROBABLE:
            yield not_judged("daily", name, usual=round(_usual(month, like, case)))
            continue
        runs = (
            run
            for run in _empty_runs(days, month)
            if _chance_of_none(run, like, clumping, case) < _IMPROBABLE
        )
        yield from verdict(
            "daily",
            name,
            [
                {
                    "first": run[0].isoformat(),
                    "last": run[-1].isoformat(),
                    "value": 0,
                    "usual": round(_usual(run, like, case)),
                }
                for run in runs
            ],
        )


def _empty_runs(days: Days, month: Sequence[date]) -> list[list[date]]:
    """The days of the month without any, those that follow each other together."""
    runs = groupby(month, key=lambda day: not days.get(day))
    return [list(run) for is_empty, run in runs if is_empty]


def _days_of(month: Month) -> list[date]:
    count = month.last_day.day
    return [month.first_day + timedelta(days=i) for i in range(count)]


def _weekday(day: date, case: Case) -> int:
    """Whose like days the day is judged by: a public holiday's are the Sundays."""
    return _SUNDAY if day in case.holidays else day.weekday()


def _days_before(case: Case) -> Iterator[date]:
    """Back from the last before the month, without public holidays, which are like no other day."""
    opens = case.count.month.first_day
    history = (opens - (case.count.month + -HISTORY_MONTHS).first_day).days
    days = (opens - timedelta(days=back) for back in range(1, history + 1))
    return (day for day in days if day not in case.holidays)


def _like_days(days: Days, case: Case) -> Mapping[int, list[int]]:
    """By weekday, the counts of the last like days."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for day in _days_before(case):
        if len(found[day.weekday()]) < _LIKE_DAYS:
            found[day.weekday()].append(days.get(day, 0))
    return found


def _clumping(days: Days, case: Case) -> float:
    """How many come together, as in batches: the variance of a weekday's counts within a month over their mean.

    1 where each comes by itself (Poisson).
    """
    groups: defaultdict[tuple[Month, int], list[int]] = defaultdict(list)
    for day in _days_before(case):
        groups[Month.of(day), day.weekday()].append(days.get(day, 0))
    squares = freedom = 0.0
    for counts in groups.values():
        if usual := fmean(counts):
            squares += sum((count - usual) ** 2 for count in counts) / usual
            freedom += len(counts) - 1
    return max(1.0, squares / freedom) if freedom else 1.0


def _usual(run: Sequence[date], like: Mapping[int, list[int]], case: Case) -> float:
    """How many the like days lead one to expect."""
    return sum(fmean(like[_weekday(day, case)]) for day in run)


def _chance_of_none(
    run: Sequence[date], like: Mapping[int, list[int]], clumping: float, case: Case
) -> float:
    weekdays = [_weekday(day, case) for day in run]
    exponent: float = sum(
        sum(counts) * log(len(counts) / (len(counts) + weekdays.count(weekday)))
        for weekday, counts in like.items()
    )
    return exp(exponent / clumping)


def usual_range(case: Case) -> Iterator[Check]:
    """A month is what the month before leads one to expect, or what the same month of last year does.

    Compared as square roots, which chance moves by the same amount whether counts are small or large.
    """
    for name, days in case.evidence.daily.items():
        *earlier, value = _by_month(days, case.count.month)
        if len(earlier) < _FEWEST_MONTHS:
            yield not_judged("usual_range", name, months=len(earlier), needed=_FEWEST_MONTHS)
            continue
        low, high = _range(earlier, _clumping(days, case))
        facts: dict[str, Fact] = {
            "period": case.period,
            "value": value,
            "before": earlier[-1],
            "low": ceil(low),
            "high": floor(high),
        }
        yield from verdict("usual_range", name, [] if low <= value <= high else [facts])


def _by_month(days: Days, month: Month) -> list[int]:
    """Since the first row; the reported month last."""
    sums = dict.fromkeys(month.last(HISTORY_MONTHS + 1), 0)
    for day, number in days.items():
        sums[Month.of(day)] += number
    first = min((Month.of(day) for day in days), default=month)
    return [number for each, number in sums.items() if each >= first or each == month]


def _range(earlier: list[int], clumping: float) -> tuple[float, float]:
    """The lowest and the highest that were to be expected after the ``earlier`` months."""
    roots = [sqrt(number) for number in earlier]
    steps = [after - before for before, after in pairwise(roots)]
    usual_step = median(steps)
    expected = [roots[-1] + usual_step]
    a_year_before, lately = sum(earlier[:2]), sum(earlier[-2:])
    if len(earlier) == HISTORY_MONTHS and a_year_before:
        growth = lately / a_year_before
        expected.append(roots[-12] * sqrt(growth))
    spread = _MAD_TO_DEVIATION * median(abs(step - usual_step) for step in steps)
    by_chance = _BY_CHANCE * sqrt(clumping)
    widths = [hypot(by_chance, max(_TIMES_USUAL * spread, _UNSTEADY * root)) for root in expected]
    low = min(max(0.0, root - width) for root, width in zip(expected, widths, strict=True))
    high = max(root + width for root, width in zip(expected, widths, strict=True))
    return low**2, high**2
