"""The self-checks: what is about to be published, held against itself, its rows and all that was published before.

A *contradiction* is certain: two numbers that must agree do not (contradictions.py). A *surprise* is improbable:
less than one in a million if nothing is wrong (surprises.py). Both refuse publication, and say what stands
against what; a surprise that has a reason is published by override. Pure: no rows, no clock.
`docs/explanation/self-checks.md` says why each threshold is what it is.
"""

from collections.abc import Collection, Mapping
from datetime import date

from salus.activity_report.checks.case import Case
from salus.activity_report.checks.contradictions import (
    no_fall,
    parts_and_totals,
    past_unchanged,
    shares,
    stock_and_flows,
)
from salus.activity_report.checks.surprises import daily, usual_range
from salus.activity_report.checks.words import RULES, Rule, sentence
from salus.activity_report.counting import Count, Evidence
from salus.activity_report.edition import Check, Edition

__all__ = ["RULES", "Rule", "check", "sentence"]

_JUDGES = (stock_and_flows, past_unchanged, parts_and_totals, shares, no_fall, daily, usual_range)


def check(
    count: Count,
    evidence: Evidence,
    edition: Edition,
    published: Mapping[str, Edition],
    holidays: Collection[date],
) -> tuple[Check, ...]:
    """What every rule finds of every indicator that it applies to; one check for each thing that failed.

    ``edition`` is the one about to be published, ``published`` the last revision of each published month,
    ``holidays`` the public ones of the months of ``evidence``.
    """
    case = Case(
        count=count,
        evidence=evidence,
        edition=edition,
        published=published,
        holidays=frozenset(holidays),
    )
    return tuple(found for judge in _JUDGES for found in judge(case))
