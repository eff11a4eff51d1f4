"""The rules in words: what each checks, and what it says of what it found."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel.numbers import format_decimal
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from salus.activity_report.edition import Check, Outcome
from salus.activity_report.printed import month_name, print_day
from salus.country.report import Text
from salus.kernel.month import Month


@dataclass(frozen=True, kw_only=True)
class Rule:
    """``failed`` and ``not_judged`` have places for the facts of a check and for the indicator's ``title``."""

    name: Text
    checks: Text
    failed: Text
    not_judged: Text = ""  # '' where there is always enough to judge by


RULES: Mapping[str, Rule] = {
    "stock_and_flows": Rule(
        name=_("Stock and flows"),
        checks=_("The month before, plus what joined and minus what left, is this month's number."),
        failed=_(
            "“%(title)s” stands at %(value)s, but %(before)s at the end of the month before, plus"
            " %(gained)s that joined, minus %(lost)s that left, make %(makes)s."
        ),
    ),
    "past_unchanged": Rule(
        name=_("Past unchanged"),
        checks=_("The rows still say of the months before what was published of them."),
        failed=_(
            "“%(title)s” was published as %(published)s for %(period)s, but the rows now say"
            " %(counted)s: that month needs a revision first."
        ),
        not_judged=_("No month before has been published with this number."),
    ),
    "parts_and_totals": Rule(
        name=_("Parts and totals"),
        checks=_("The parts, or the days of the month, add up to the total."),
        failed=_(
            "“%(title)s”: the parts for %(period)s add up to %(parts)s, but the total is %(whole)s."
        ),
    ),
    "shares": Rule(
        name=_("Shares"),
        checks=_("The shares of one whole add up to 100, also as they are printed."),
        failed=_(
            "“%(title)s”: the shares for %(period)s add up to %(parts)s instead of %(whole)s."
        ),
        not_judged=_("There is nobody yet to have a share of."),
    ),
    "no_fall": Rule(
        name=_("No fall without cause"),
        checks=_("The total has not fallen further than what is recorded to have left it."),
        failed=_(
            "“%(title)s” falls by %(fall)s in %(period)s, from %(before)s to %(value)s, but only"
            " %(lost)s are recorded to have left."
        ),
    ),
    "daily": Rule(
        name=_("Every day"),
        checks=_("No day or run of days is empty that is busy in other weeks."),
        failed=_(
            "“%(title)s”: %(value)s from %(first)s to %(last)s, where the weeks before lead one to"
            " expect about %(usual)s."
        ),
        not_judged=_(
            "Too few, or too uneven, to judge: about %(usual)s are expected, and even a month without"
            " any could be chance."
        ),
    ),
    "usual_range": Rule(
        name=_("Usual range"),
        checks=_("The month is much like the month before, or like the same month of last year."),
        failed=_(
            "“%(title)s”: %(value)s were recorded in %(period)s, after %(before)s in the month"
            " before; %(low)s to %(high)s would have been usual."
        ),
        not_judged=_(
            "Too little to compare with: %(months)s earlier months since the first one recorded, and"
            " it takes %(needed)s."
        ),
    ),
}


def sentence(check: Check, title: str) -> str:
    """What was found, in the active language; ``title`` is the indicator's."""
    rule = RULES[check.rule]
    texts = {
        Outcome.PASSED: rule.checks,
        Outcome.FAILED: rule.failed,
        Outcome.NOT_JUDGED: rule.not_judged,
    }
    facts = {name: _printed(fact) for name, fact in check.facts}
    return str(texts[check.outcome]) % (facts | {"title": title})


def _printed(fact: int | float | str) -> str:
    language = get_language() or "en"
    if not isinstance(fact, str):
        return format_decimal(fact, "#,##0.#########", locale=language)
    if re.fullmatch(r"\d{4}-\d{2}", fact):
        return month_name(Month.parse(fact), language)
    return print_day(date.fromisoformat(fact), language)
