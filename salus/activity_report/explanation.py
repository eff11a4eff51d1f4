"""What stands behind a figure, in words: its definition, its SQL, and what the self-checks found."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from salus.activity_report import checks, layout
from salus.activity_report.edition import Check, Edition, Outcome, indicators
from salus.activity_report.printed import capitalised, month_name, print_day
from salus.kernel.indicator import Indicator, Kind, Measure


@dataclass(frozen=True, kw_only=True)
class PrintedCheck:
    name: str
    outcome: Outcome
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """All that a reader needs to count a figure or a chart again."""

    id: str
    title: str
    reference: str
    definition: str
    population: str
    unit: str
    sources: tuple[str, ...]
    sql: str
    cell_of: tuple[str, str] | None  # the chart (id, title) from which a figure is read off
    checks: tuple[PrintedCheck, ...]

    @property
    def verdict(self) -> str:
        """What the self-checks found, in a few words."""
        failed = sum(check.outcome is Outcome.FAILED for check in self.checks)
        passed = sum(check.outcome is Outcome.PASSED for check in self.checks)
        if failed:
            return ngettext(
                "%(count)s self-check failed", "%(count)s self-checks failed", failed
            ) % {"count": failed}
        if not passed:
            return ""
        return ngettext("%(count)s self-check passed", "%(count)s self-checks passed", passed) % {
            "count": passed
        }


def explanation_of(name: str, edition: Edition, language: str) -> Explanation:
    indicator = indicators()[name]
    return Explanation(
        id=name,
        title=layout.title_of(indicator, language),
        reference=reference_of(indicator, edition, language)
        if indicator.kind is Kind.FIGURE
        else "",
        definition=layout.definition_of(indicator, language),
        population=gettext(indicator.population),
        unit=gettext(indicator.unit),
        sources=indicator.sources,
        sql=indicator.sql,
        cell_of=(indicator.cell_of, layout.title_of(indicators()[indicator.cell_of], language))
        if indicator.cell_of
        else None,
        checks=tuple(
            PrintedCheck(
                name=str(checks.RULES[check.rule].name),
                outcome=check.outcome,
                sentence=told(check, language),
            )
            for check in edition.checks
            if check.indicator == name
        ),
    )


def told(check: Check, language: str) -> str:
    return checks.sentence(check, layout.title_of(indicators()[check.indicator], language))


def reference_of(indicator: Indicator, edition: Edition, language: str) -> str:
    if indicator.measure is Measure.FLOW:
        return capitalised(month_name(edition.month, language))
    return gettext("Total on %(day)s") % {"day": print_day(edition.cut_off, language)}
